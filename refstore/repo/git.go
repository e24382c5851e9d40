package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Git is the user's git with these arguments, to be run in the directory that
// was given to [Discover] and in the same environment: GIT_DIR and GIT_WORK_TREE
// are set exactly where they were set before. Its messages come in the user's
// language and its editor and prompts work as ever.
//
// When ctx ends, git gets SIGTERM, so that it removes its lock files, and is
// killed ten seconds later. Where there is no git, starting it gives [ErrNoGit].
func (r *Repo) Git(ctx context.Context, args ...string) *exec.Cmd {
	return gitIn(ctx, r.env, r.dir, args)
}

// GitParsed is as [Repo.Git] for commands whose output is read by a program:
// messages are in English, nothing asks at the terminal, and objects are those
// that were named, whatever refs/replace puts in their place. It opens no editor
// unless the arguments make git want one: add GIT_EDITOR=true there.
func (r *Repo) GitParsed(ctx context.Context, args ...string) *exec.Cmd {
	return gitIn(ctx, parsedEnv(r.env), r.dir, args)
}

func parsedEnv(env Env) Env {
	return env.Without("LANGUAGE").With("LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_NO_REPLACE_OBJECTS=1")
}

func gitIn(ctx context.Context, env Env, dir string, args []string) *exec.Cmd {
	path := lookGit(env)
	if path == "" {
		return &exec.Cmd{Path: "git", Args: append([]string{"git"}, args...), Err: ErrNoGit}
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Args[0] = "git"
	cmd.Dir = dir
	cmd.Env = env
	if !sameDir(env.Get("PWD"), dir) {
		cmd.Env = env.With("PWD=" + dir)
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// sameDir reports whether pwd is a name of dir, maybe one through symbolic links
// that the user prefers.
func sameDir(pwd, dir string) bool {
	if pwd == dir || !filepath.IsAbs(pwd) {
		return pwd == dir
	}
	a, err := os.Stat(pwd)
	if err != nil {
		return false
	}
	b, err := os.Stat(dir)
	return err == nil && os.SameFile(a, b)
}

// lookGit is the absolute path of the git on PATH, or empty.
func lookGit(env Env) string {
	for _, dir := range filepath.SplitList(env.Get("PATH")) {
		if !filepath.IsAbs(dir) { // as os/exec: nothing from the current directory
			continue
		}
		if path := executableIn(dir, "git"); path != "" {
			return path
		}
	}
	return ""
}

// maxStderr is how much of git's standard error is kept in a [GitError].
const maxStderr = 64 << 10

// Output runs cmd and returns its standard output as it came, unless cmd.Stdout
// sends it elsewhere. A failure of git is a [GitError]; a git that was stopped
// because its context ended is one with ExitCode -1.
func Output(cmd *exec.Cmd) (string, error) { return OutputBy(cmd, cmd.Run) }

// OutputBy is [Output] for a command that run starts and waits for.
func OutputBy(cmd *exec.Cmd, run func() error) (string, error) {
	var stdout, stderr bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &stdout
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &stderr
	}
	err := run()
	if errors.Is(err, exec.ErrWaitDelay) { // git is done; something it left behind holds the pipe
		err = nil
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		text := stderr.String()
		err = &GitError{cmd.Args[1:], exit.ExitCode(), text[max(0, len(text)-maxStderr):]}
	}
	return stdout.String(), err
}

// Line runs a git command and returns its output without the last line feed.
// Errors are those of [Output].
func Line(cmd *exec.Cmd) (string, error) {
	out, err := Output(cmd)
	return strings.TrimSuffix(out, "\n"), err
}

// Fields runs a git command that was given -z and returns the fields of its
// output, without the NUL bytes that end them. Errors are those of [Output].
func Fields(cmd *exec.Cmd) ([]string, error) {
	out, err := Output(cmd)
	if err != nil || out == "" {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(out, "\x00"), "\x00"), nil
}

// askGit runs git rev-parse --git-dir in dir and returns its refusal: nil if git
// accepts the repository there, [ErrNotRepository], a [NotTrustedError] or a [GitError].
func askGit(env Env, dir string) error {
	_, err := Output(gitIn(context.Background(), parsedEnv(env), dir, []string{"rev-parse", "--git-dir"}))
	var said *GitError
	if !errors.As(err, &said) {
		return err
	}
	line := said.Line()
	switch {
	case strings.HasPrefix(line, "not a git repository (or any"):
		return ErrNotRepository
	case strings.HasPrefix(line, "not a git repository: "):
		return fmt.Errorf("%w: %s", ErrNotRepository, strings.TrimPrefix(line, "not a git repository: "))
	case strings.Contains(line, "ownership"), strings.HasPrefix(line, "unsafe repository"),
		strings.Contains(line, "bare repository"):
		return &NotTrustedError{line}
	}
	return said
}
