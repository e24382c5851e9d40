package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Worktree is a worktree that git swarm made, and what it is to be set up with.
type Worktree struct {
	Session string
	Path    string
	GitDir  string
	From    string // the checkout whose ignored files are copied, "" for none
	Command string // swarm.setup, "" for none
	Ports   int    // how many the session has for its own
	Env     repo.Env
	Out     io.Writer // receives what git and the command print
}

// Result says what Run did.
type Result struct {
	Ran        bool // there was something to do
	Ports      Ports
	Submodules bool
	Copied     []string
	Skipped    []Skipped // files that are wanted, and were not copied
	Command    bool      // it ran, and succeeded
}

// ErrUnderWay says that another process sets the worktree up at this moment.
var ErrUnderWay = errors.New("its set-up is under way")

// FailedError says which part of a set-up failed. The worktree is there, and the next
// Run does all of it again.
type FailedError struct {
	Part string // "submodules", "files" or "swarm.setup"
	Err  error
}

func (e *FailedError) Error() string { return e.Part + ": " + e.Err.Error() }
func (e *FailedError) Unwrap() error { return e.Err }

// Run sets the worktree up, unless that is done, or git swarm has not made it. A part
// that fails does not keep the others from being done; the error joins a *FailedError
// for each. Other errors are ErrUnderWay and ErrNoPorts.
func (w *Worktree) Run(ctx context.Context) (done Result, err error) {
	unlock, err := file.TryLockPath(filepath.Join(w.GitDir, RecordName+".lock"))
	if errors.Is(err, file.ErrLocked) {
		return done, ErrUnderWay
	}
	if err != nil {
		return done, err
	}
	defer unlock()
	record, err := ReadRecord(w.GitDir)
	if errors.Is(err, fs.ErrNotExist) {
		return done, nil
	}
	if err != nil {
		return done, err
	}
	before := record.State
	command := ""
	if w.Command != "" {
		command = hash([]byte(w.Command))
	}
	if before == Done && (command == "" || command == record.Command) {
		return done, nil
	}
	there, err := repo.Discover(withoutGit(w.Env), w.Path)
	if err != nil {
		return done, err
	}
	done.Ran = true
	if done.Ports, err = TakePorts(ctx, there, w.Session, w.Ports); err != nil {
		return done, err
	}
	if before != Done {
		err = errors.Join(w.submodules(ctx, there, &done), w.copyFiles(ctx, there, &record, &done))
	}
	if w.Command != "" {
		err = errors.Join(err, failed("swarm.setup", w.runCommand(ctx, there, done.Ports)))
		done.Command = err == nil
	}
	record.State, record.Command = Done, command
	if err != nil {
		record.State = Failed
	}
	return done, errors.Join(err, record.write(w.GitDir))
}

func failed(part string, err error) error {
	if err == nil {
		return nil
	}
	return &FailedError{part, err}
}

// withoutGit is the environment without what binds git to one repository.
func withoutGit(env repo.Env) repo.Env {
	for _, name := range []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"} {
		env = env.Without(name)
	}
	return env
}

// submodules initialises the submodules, and theirs, as git does it: with its
// protection of the user from local paths, and with those alone that submodule.active
// wants.
func (w *Worktree) submodules(ctx context.Context, r *repo.Repo, done *Result) error {
	if info, err := os.Lstat(filepath.Join(w.Path, ".gitmodules")); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	// Several worktrees that are set up at once write one configuration.
	_, err := gitlock.Output(ctx, r, []string{gitlock.Config(r)}, func() *exec.Cmd {
		return r.GitParsed(ctx, "submodule", "--quiet", "init")
	})
	if err == nil {
		cmd := r.Git(ctx, "submodule", "--quiet", "update", "--init", "--recursive")
		cmd.Stdout, cmd.Stderr = w.Out, w.Out
		_, err = repo.Output(cmd)
	}
	var git *repo.GitError
	if errors.As(err, &git) && git.Line() == "" { // it has said it on Out
		err = fmt.Errorf("git submodule update ended with %d", git.ExitCode)
	}
	done.Submodules = err == nil
	return failed("submodules", err)
}

// runCommand runs swarm.setup by the shell, as git runs its own, in a process group of
// its own. What it leaves running goes on.
func (w *Worktree) runCommand(ctx context.Context, r *repo.Repo, ports Ports) error {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", w.Command)
	cmd.Dir = w.Path
	cmd.Env = repo.Env(r.Git(ctx).Env).With("PWD="+w.Path, "GIT_SWARM_SESSION="+w.Session, "GIT_SWARM_WORKTREE="+w.Path, "GIT_SWARM_PORT="+strconv.Itoa(ports.First))
	cmd.Stdout, cmd.Stderr = w.Out, w.Out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		return context.Cause(ctx)
	case errors.Is(err, exec.ErrWaitDelay): // something that it left running holds our output
		return nil
	}
	return err
}

// wanted are the files of From that .worktreeinclude names and that git ignores there.
func (w *Worktree) wanted(ctx context.Context, from *repo.Repo) ([]string, error) {
	patterns := filepath.Join(w.From, IncludeName)
	if info, err := os.Lstat(patterns); err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	listed, err := repo.Fields(from.GitParsed(ctx, "ls-files", "-z", "--others", "--ignored", "--exclude-from="+patterns))
	if err != nil {
		return nil, err
	}
	listed = slices.DeleteFunc(listed, func(path string) bool {
		return strings.HasSuffix(path, "/") || slices.ContainsFunc(strings.Split(path, "/"), func(name string) bool { return strings.EqualFold(name, ".git") })
	})
	return ignored(ctx, from, listed)
}

// ignored are those of the paths that git ignores in the checkout.
func ignored(ctx context.Context, r *repo.Repo, paths []string) ([]string, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	cmd := r.GitParsed(ctx, "check-ignore", "-z", "--stdin")
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\x00") + "\x00")
	out, err := repo.Fields(cmd)
	var none *repo.GitError
	if errors.As(err, &none) && none.ExitCode == 1 {
		return nil, nil
	}
	return out, err
}
