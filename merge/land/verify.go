package land

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// VerifyError says that the user's verify command refused what would have landed.
type VerifyError struct {
	Command string
	Status  int           // -1 if it was ended
	Limit   time.Duration // swarm.verifyTimeout, if it was ended for that; else 0
	Healed  []string      // the files that had been healed
	Upon    []string      // the sessions on whose work it stood: without it that passed
	Log     string        // the file that has all that the command printed
	Tail    string        // the last lines of it

	said string // by another process
}

func (e *VerifyError) Error() string {
	if e.said != "" {
		return e.said
	}
	line := fmt.Sprintf("swarm.verify '%s' ended with %d", e.Command, e.Status)
	if e.Limit > 0 {
		line = fmt.Sprintf("swarm.verify '%s' was ended after %s", e.Command, e.Limit)
	}
	if len(e.Healed) > 0 {
		line += ", with healed conflicts in " + strings.Join(e.Healed, ", ")
	}
	if len(e.Upon) > 0 {
		line += fmt.Sprintf(", twice, on top of the work of %s, which passes without it", listSessions(e.Upon))
	}
	return line
}

// Elsewhere reports whether another process ran the command.
func (e *VerifyError) Elsewhere() bool { return e.said != "" }

// verifyLog is the file for what the verify command prints about the session's work.
func verifyLog(r *repo.Repo, session string) string {
	return filepath.Join(r.CommonDir, "swarm", "verify-"+session+".log")
}

// runOn runs the command on the stack, and remembers its tree if it has passed. slot
// tells apart those that run at once.
func (l *Lander) runOn(ctx context.Context, made stack, tree string, slot int) error {
	err := l.check(ctx, made.top(), tree, slot)
	var failure *VerifyError
	if errors.As(err, &failure) {
		for _, one := range made {
			for _, h := range one.healed {
				failure.Healed = append(failure.Healed, h.Path)
			}
		}
	}
	return err
}

// check runs the user's command in a checkout of the commit, which it makes and
// removes again: the user's own may hold other things. begin removes what a killed one
// leaves. A *VerifyError names the log, verify-<session>.run until the failure is somebody's.
// Those that run at once each have a slot of their own.
func (l *Lander) check(ctx context.Context, commit, tree string, slot int) error {
	s := verifyScratch(l.Repo, slot)
	s.remove(ctx)
	defer s.close(ctx)
	err := s.record(ctx, commit)
	if err == nil {
		_, err = repo.Output(s.git(ctx, "-c", "core.sparseCheckout=false", "read-tree", "-m", "-u", "HEAD"))
	}
	if err != nil {
		return fmt.Errorf("check out what would land: %w", err)
	}
	log, shown := strings.TrimSuffix(verifyLog(l.Repo, l.Session), ".log"), l.Progress
	if slot > 0 { // two at once could not be told apart
		log, shown = fmt.Sprintf("%s-%d", log, slot+1), nil
	}
	out, err := newRecording(log+".run", shown)
	if err != nil {
		return err
	}
	began := time.Now()
	err = l.runVerify(ctx, s.dir, out)
	tail := out.close()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case err == nil:
		l.remember(tree)
		l.rememberTime(time.Since(began))
	case errors.Is(err, errTimeout):
		return &VerifyError{Command: l.Verify, Status: -1, Limit: l.VerifyTimeout, Log: out.path, Tail: tail}
	case errors.As(err, &exit):
		return &VerifyError{Command: l.Verify, Status: exit.ExitCode(), Log: out.path, Tail: tail}
	}
	_ = os.Remove(out.path)
	return err
}

// blame keeps the log of a failure as that of the session's work.
func (l *Lander) blame(failure *VerifyError, session string) {
	path := verifyLog(l.Repo, session)
	if err := os.Rename(failure.Log, path); err == nil {
		failure.Log = path
	}
}

// errTimeout says that the verify command ran for too long.
var errTimeout = errors.New("the verify command ran for too long")

// runVerify runs the command by the shell, as git runs its own, in a process group
// of its own. When it returns, no process of that group is left, nor when we are killed.
func (l *Lander) runVerify(ctx context.Context, dir string, out io.Writer) error {
	if l.VerifyTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, l.VerifyTimeout, errTimeout)
		defer cancel()
	}
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", l.Verify)
	cmd.Dir = dir
	cmd.Env = slices.DeleteFunc(slices.Clone(l.Repo.Git(ctx).Env), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_SWARM_SESSION"}, name)
	})
	cmd.Stdout, cmd.Stderr = write, write
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err = cmd.Start()
	_ = write.Close()
	if err != nil {
		return err
	}
	released, err := endWithUs(cmd.Process.Pid)
	if err != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		return err
	}
	copied := make(chan struct{})
	go func() { _, _ = io.Copy(out, read); close(copied) }()
	err = cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it has left running, or what ignored SIGTERM
	released()
	select {
	case <-copied:
	case <-time.After(time.Second): // a process that has left the group still has the pipe
		_ = read.Close()
		<-copied
	}
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), errTimeout) {
		return errTimeout
	}
	return err
}

// endWithUs ends the process group when we are gone, however we end: a process in it
// waits for the end of a pipe of which we alone have the other side. The function
// returned is to be called when the group has been killed.
func endWithUs(group int) (released func(), err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	watch := exec.Command("/bin/sh", "-c", "trap '' HUP INT QUIT TERM; read -r none <&3; kill -KILL 0")
	watch.ExtraFiles = []*os.File{read} // descriptor 3
	watch.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: group}
	if err := watch.Start(); err != nil {
		_ = write.Close()
		return nil, err
	}
	return func() { _ = watch.Wait(); _ = write.Close() }, nil
}
