package pool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Worker runs one client of a session, in a process of its own, which outlives the
// supervisor that has started it.
type Worker struct {
	Repo *repo.Repo
	Env  repo.Env
	// SetUp sets up the worktree, as init does. What it says goes to out.
	SetUp func(ctx context.Context, w launch.Worktree, out *os.File) error
}

// endWait is how long a client may take to end when it is told to.
const endWait = 10 * time.Second

// restWait is how long that may take which a client has left running. The next client
// waits for it.
const restWait = 2 * time.Second

// workerLock is the descriptor with which the worker inherits its lock.
const workerLock = 3

// Run makes the worktree of the session whose folder is dir, runs the client, and
// records how it ended. SIGTERM ends the client, and then the worker.
func (w *Worker) Run(ctx context.Context, dir string) error {
	syscall.CloseOnExec(workerLock) // the client does not hold it
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	f := folder(dir)
	if err := f.note(pidFile, os.Getpid()); err != nil {
		return err
	}
	r, err := f.load()
	if err != nil {
		return err
	}
	log, err := openLog(w.Repo, r.Task)
	if err != nil {
		return err
	}
	defer log.Close()
	begin := mark{Pool: "begin", Session: r.Session, Try: r.Try, At: time.Now()}
	if err := begin.add(log); err != nil {
		return err
	}
	exit := w.client(ctx, f, r, log)
	exit.At = time.Now()
	end := mark{Pool: "end", Session: r.Session, Try: r.Try, At: exit.At, Says: exit.String()}
	return errors.Join(end.add(log), f.write(exitFile, exit))
}

// client makes the worktree and runs the client in it.
func (w *Worker) client(ctx context.Context, f folder, r *Record, log *os.File) *Exit {
	at, err := launch.AddWorktree(ctx, w.Repo, launch.NewWorktree{Session: r.Session, Branch: r.Branch, Start: r.Base, Progress: log})
	if err == nil {
		err = w.SetUp(ctx, at, log)
	}
	if ctx.Err() != nil {
		return &Exit{Stopped: true}
	}
	if err != nil {
		return &Exit{Error: err.Error()}
	}
	prompt, err := os.ReadFile(f.path(promptFile))
	if err != nil {
		return &Exit{Error: err.Error()}
	}
	client := launch.Client{
		Session: r.Session, Agent: r.Agent, Command: r.Command, Trust: r.Trust, Allow: r.Allow, Commands: r.Commands,
		Dir: at.Path, Port: launch.PortOf(w.Repo, r.Session), Prompt: string(prompt), Env: w.Env.With(fmt.Sprintf("GIT_SWARM_TASK=%d", r.Task)),
	}
	timed, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	cmd, _ := client.HeadlessCommand(timed)
	cmd.Stdout, cmd.Stderr = log, log
	if cmd.Stdin != nil { // a file: a client that does not read it keeps nobody waiting
		in, err := os.Open(f.path(promptFile))
		if err != nil {
			return &Exit{Error: err.Error()}
		}
		defer in.Close()
		cmd.Stdin = in
	}
	return run(timed, ctx, f, cmd)
}

// run runs the client to its end. It is the first of a process group, which ends with
// it: nobody else would end what it has left running.
func run(timed, ctx context.Context, f folder, cmd *exec.Cmd) *Exit {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = endWait
	noted, err := startNoted(f, cmd)
	if err != nil {
		return &Exit{Error: err.Error(), NoClient: errors.Is(err, launch.ErrNoClient) || errors.Is(err, os.ErrNotExist)}
	}
	err = cmd.Wait()
	_ = file.EndRest(cmd.Process.Pid, restWait) // what stays is in the way of nobody
	exit := &Exit{Timeout: timed.Err() != nil && ctx.Err() == nil, Stopped: ctx.Err() != nil}
	var failed *exec.ExitError
	switch {
	case noted != nil:
		exit.Error = noted.Error()
	case errors.As(err, &failed):
		exit.Code = failed.ExitCode()
		if status, ok := failed.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			exit.Signal = status.Signal().String()
		}
	case err != nil && !exit.Timeout && !exit.Stopped:
		exit.Error = err.Error()
	}
	exit.NoClient = exit.Code == notFound
	return exit
}

// whenNoted is what a shell becomes the client with, once it is told to.
const whenNoted = `read -r line <&3 && exec 3<&- && exec "$@"`

// startNoted starts the client, and has it begin once it is written down which process it
// is: else, were the worker killed before, nobody could end it. noted is why it was not
// written down; then it ends without having begun.
func startNoted(f folder, cmd *exec.Cmd) (noted, err error) {
	told, tell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer tell.Close()
	cmd.Args = append([]string{"sh", "-c", whenNoted, "sh", cmd.Path}, cmd.Args[1:]...)
	cmd.Path, cmd.ExtraFiles = "/bin/sh", []*os.File{told}
	err = cmd.Start()
	_ = told.Close()
	if err != nil {
		return nil, err
	}
	if noted = f.note(clientFile, cmd.Process.Pid); noted == nil {
		_, _ = tell.WriteString("\n") // it may have been ended meanwhile
	}
	return noted, nil
}

// notFound is the status with which a shell, and env, end that do not find a program.
const notFound = 127

// String says how the client ended.
func (e *Exit) String() string {
	switch {
	case e.Error != "":
		return "could not be started: " + firstLine(e.Error)
	case e.Stopped:
		return "was ended with the pool"
	case e.Timeout:
		return "was ended, for its time was over"
	case e.Signal != "":
		return "was killed (" + e.Signal + ")"
	case e.Code != 0:
		return fmt.Sprintf("ended with status %d", e.Code)
	}
	return "ended"
}
