package land

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// VerifyError says that the user's verify command refused what would have landed.
type VerifyError struct {
	Command string
	Status  int
	Healed  []string // the files that had been healed
}

func (e *VerifyError) Error() string {
	line := fmt.Sprintf("swarm.verify '%s' ended with %d", e.Command, e.Status)
	if len(e.Healed) > 0 {
		line += ", with healed conflicts in " + strings.Join(e.Healed, ", ")
	}
	return line
}

// verify runs the user's command in a checkout of what would land, which it makes
// and removes again: the user's own may hold other things. begin removes what a
// killed one leaves.
func (l *Lander) verify(ctx context.Context, landed *Landed) error {
	if l.Verify == "" {
		return nil
	}
	s := verifyScratch(l.Repo)
	s.remove(ctx)
	defer s.close(ctx)
	err := s.record(ctx, landed.After)
	if err == nil {
		_, err = repo.Output(s.git(ctx, "-c", "core.sparseCheckout=false", "read-tree", "-m", "-u", "HEAD"))
	}
	if err != nil {
		return fmt.Errorf("check out what would land: %w", err)
	}
	err = l.runVerify(ctx, s.dir)
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		e := &VerifyError{Command: l.Verify, Status: exit.ExitCode()}
		for _, h := range landed.Healed {
			e.Healed = append(e.Healed, h.Path)
		}
		return e
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// runVerify runs the command by the shell, as git runs its own, in a process group
// of its own. When it returns, no process of that group is left.
func (l *Lander) runVerify(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", l.Verify)
	cmd.Dir = dir
	cmd.Env = slices.DeleteFunc(slices.Clone(l.Repo.Git(ctx).Env), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_SWARM_SESSION"}, name)
	})
	cmd.Stdout, cmd.Stderr = l.Progress, l.Progress
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }() // what it has left running, or what ignored SIGTERM
	if err := cmd.Wait(); !errors.Is(err, exec.ErrWaitDelay) {
		return err
	}
	return nil
}
