// Package command runs a command that the user has set, in a folder of ours.
//
// When [Run] returns, no process of the command's group is left; nor, a moment later, when we are
// killed. A process that has left the group, by setsid, is not ended.
package command

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ErrTimeout says that the command ran for longer than its limit, and was ended.
var ErrTimeout = errors.New("the command ran for too long")

// Run runs the line by the shell, as git runs its own, in dir, and without the variables that tie git to
// a repository or git swarm to a session. All that it prints goes to out. limit is how long it may run,
// 0 for ever. It returns ErrTimeout, or an [exec.ExitError] if the command failed.
func Run(ctx context.Context, line, dir string, env []string, limit time.Duration, out io.Writer) error {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, ErrTimeout)
		defer cancel()
	}
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", line)
	cmd.Dir = dir
	cmd.Env = slices.DeleteFunc(slices.Clone(env), func(variable string) bool {
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
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), ErrTimeout) {
		return ErrTimeout
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
