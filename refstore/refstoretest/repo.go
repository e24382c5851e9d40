package refstoretest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Repo is a repository, seen from Dir, in a test that ends when git fails.
type Repo struct {
	testing.TB
	Dir string
}

// NewRepo makes an empty repository that goes with the test.
func NewRepo(t testing.TB, args ...string) *Repo {
	t.Helper()
	return Init(t, filepath.Join(t.TempDir(), "r"), args...)
}

// Init makes an empty repository in dir, without the sample hooks; args are
// further ones of git init.
func Init(t testing.TB, dir string, args ...string) *Repo {
	t.Helper()
	r := &Repo{t, dir}
	(&Repo{t, ""}).Git(append(append([]string{"init", "-q", "--template="}, args...), dir)...)
	return r
}

// Git is what git prints, without the last line feed.
func (r *Repo) Git(args ...string) string {
	r.Helper()
	return r.Feed("", args...)
}

// Feed is Git with that on standard input.
func (r *Repo) Feed(stdin string, args ...string) string {
	r.Helper()
	out, err := r.run(stdin, args)
	if err != nil {
		r.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// TryGit is Git where git may fail; the error tells what it said. Any goroutine
// may call it.
func (r *Repo) TryGit(args ...string) (string, error) { return r.run("", args) }

func (r *Repo) run(stdin string, args []string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = r.Dir
	cmd.Stdin = strings.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, stderr.String())
	}
	return strings.TrimSuffix(string(out), "\n"), err
}

// Write makes a file, given from Dir, and the folders that it is in.
func (r *Repo) Write(path, content string) {
	r.Helper()
	path = filepath.Join(r.Dir, path)
	r.Must(os.MkdirAll(filepath.Dir(path), 0o777))
	r.Must(os.WriteFile(path, []byte(content), 0o666))
}

// Commit commits everything in the work tree; args are further ones of git commit.
func (r *Repo) Commit(message string, args ...string) {
	r.Helper()
	r.Git("add", "-A")
	r.Git(append([]string{"commit", "-q", "-m", message}, args...)...)
}

// Err is the error of a call that returns a value, too.
func Err[T any](_ T, err error) error { return err }

// Must ends the test if there is an error.
func (r *Repo) Must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// Snapshot is all refs with what they hold, and how many objects there are.
func (r *Repo) Snapshot() string {
	r.Helper()
	return r.Git("for-each-ref") + "\n" + r.Git("count-objects", "-v")
}

// GitFsck fails the test unless git fsck finds nothing, not even a warning.
func (r *Repo) GitFsck() {
	r.Helper()
	cmd := exec.Command("git", "fsck", "--strict", "--no-dangling", "--no-progress")
	cmd.Dir = r.Dir
	out, err := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "notice: ") { // that HEAD is unborn
			err = errors.Join(err, errors.New(strings.TrimSpace(line)))
		}
	}
	if err != nil {
		r.Errorf("git fsck: %v", err)
	}
}
