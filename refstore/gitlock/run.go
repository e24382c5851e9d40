package gitlock

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Patience is how long a command waits for a lock that another one holds.
const Patience = 3 * time.Second

// LockedError says that a lock was held longer than the command waited for it.
type LockedError struct {
	Path string // "" if git did not say
	Line string // what git said
}

func (e *LockedError) Error() string {
	if e.Path == "" {
		return e.Line
	}
	return fmt.Sprintf("'%s' is there: another git command is at work, or has left it behind", e.Path)
}

// Output is repo.Output for a local command that takes the locks and needs no
// terminal. A command that is refused because of a lock is built and run again; it
// has changed nothing. Waiting for too long gives a *LockedError.
//
// In a partial clone, where any command may have to ask the remote, git stays in our
// session: ssh needs the terminal.
func Output(ctx context.Context, r *repo.Repo, locks []string, build func() *exec.Cmd) (string, error) {
	until := time.Now().Add(Patience)
	for try := 1; ; try++ {
		cmd := build()
		out, err := repo.OutputBy(cmd, func() error { return Detached(r, cmd, locks) })
		path, refused := refusedBy(err)
		if !refused {
			return out, err
		}
		if _, err := Clear(r); err != nil {
			return "", err
		}
		if time.Now().After(until) {
			return "", &LockedError{path, err.Error()}
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-time.After(time.Duration(rand.IntN(10*min(try, 10))+1) * time.Millisecond):
		}
	}
}

// Detached runs a local command once, as Output does. Its error is that of cmd.Run.
func Detached(r *repo.Repo, cmd *exec.Cmd, locks []string) error {
	if partial, err := r.Partial(); !partial && err == nil {
		detach(cmd)
	}
	return run(r, cmd, locks)
}

// Attached runs a command that takes the locks and may use the terminal, sign, run
// the user's hooks or talk to a remote. Its error is that of cmd.Run.
func Attached(r *repo.Repo, cmd *exec.Cmd, locks []string) error { return run(r, cmd, locks) }

// Start starts a local command that goes on in the background, also when we end. Its
// note goes with the next Clear, or when it ends before us.
func Start(r *repo.Repo, cmd *exec.Cmd, locks []string) {
	detach(cmd)
	n, err := newNote(r, locks)
	if err != nil {
		return
	}
	n.giveTo(cmd)
	if cmd.Start() != nil {
		n.remove()
		return
	}
	n.started(cmd.Process.Pid)
	go func() { // in a process that lives on it must not stay a zombie
		_ = cmd.Wait()
		n.end(r, cmd.ProcessState)
	}()
}

func run(r *repo.Repo, cmd *exec.Cmd, locks []string) error {
	if cmd.Err != nil { // there is no git
		return cmd.Err
	}
	n, err := newNote(r, locks)
	if err != nil {
		return err
	}
	n.giveTo(cmd)
	if err := cmd.Start(); err != nil {
		n.remove()
		return err
	}
	n.started(cmd.Process.Pid)
	defer func() { n.end(r, cmd.ProcessState) }()
	return cmd.Wait()
}

// detach gives the command a session of its own, which ends as a whole.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if cmd.Cancel != nil {
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	}
}

// refusedBy reports whether git failed only because of a lock, and which if it says so.
func refusedBy(err error) (path string, refused bool) {
	var said *repo.GitError
	if !errors.As(err, &said) || said.ExitCode < 0 {
		return "", false
	}
	if _, after, ok := strings.Cut(said.Stderr, "Unable to create '"); ok {
		path, rest, _ := strings.Cut(after, "'")
		return path, strings.HasPrefix(rest, ": File exists")
	}
	if _, after, ok := strings.Cut(said.Stderr, "could not lock config file "); ok {
		path, rest, _ := strings.Cut(after, ": ")
		return path + ".lock", strings.HasPrefix(rest, "File exists")
	}
	return "", strings.Contains(said.Stderr, "cannot lock references")
}

// Await waits until no command is at work any more that was started by a process
// that is gone and may hold one of the locks, and until what such a command has left
// of them is cleared; it returns a *LockedError if that takes longer than [Patience].
func Await(ctx context.Context, r *repo.Repo, locks ...string) error {
	until := time.Now().Add(Patience)
	for lock := AtWork(r, locks...); lock != ""; lock = AtWork(r, locks...) {
		if time.Now().After(until) {
			return &LockedError{Path: lock}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
		if _, err := Clear(r); err != nil {
			return err
		}
	}
	return nil
}

// Index is the lock of the index of the checkout.
func Index(r *repo.Repo) string { return filepath.Join(r.GitDir, "index.lock") }

// Config is the lock of the repository's configuration.
func Config(r *repo.Repo) string { return filepath.Join(r.CommonDir, "config.lock") }

// Ref are the locks of a change of the ref, a full name, that may be checked out here.
func Ref(r *repo.Repo, ref string) []string {
	locks := []string{
		filepath.Join(r.GitDir, "HEAD.lock"),
		filepath.Join(r.CommonDir, ref+".lock"),
		filepath.Join(r.CommonDir, "packed-refs.lock"),
	}
	if r.RefFormat != "files" {
		for _, dir := range []string{r.GitDir, r.CommonDir} {
			locks = append(locks, filepath.Join(dir, "reftable", "tables.list.lock"))
		}
	}
	return locks
}

// Maintenance are the locks of git maintenance, which git commit runs at its end, too.
func Maintenance(r *repo.Repo) []string {
	var locks []string
	for _, name := range []string{"packed-refs.lock", "objects/maintenance.lock", "objects/info/commit-graphs/commit-graph-chain.lock", "objects/info/commit-graph.lock", "objects/pack/multi-pack-index.lock", "reftable/tables.list.lock"} {
		locks = append(locks, filepath.Join(r.CommonDir, name))
	}
	return locks
}
