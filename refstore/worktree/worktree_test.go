package worktree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

func TestMain(m *testing.M) { refstoretest.Main(m, work) }

// work makes the worktree args[1] of the repository args[0] in another process.
func work(_ string, args []string) error {
	r, err := repo.Discover(os.Environ(), args[0])
	if err != nil {
		return err
	}
	_, err = Make(context.Background(), r, plan(args[1]))
	return err
}

func plan(path string) Plan {
	name := filepath.Base(path)
	return Plan{Path: path, Branch: "feat/" + name, Start: "HEAD", Files: map[string]string{"swarm-session": name + "\n"}}
}

// ground is a repository with some files, and the folder of its worktrees.
func ground(t *testing.T) (r *repo.Repo, dir, trees string) {
	t.Helper()
	top := t.TempDir()
	dir, trees = filepath.Join(top, "app"), filepath.Join(top, "app.worktrees")
	git(t, "", "init", "-q", dir)
	for i := range 5 {
		write(t, filepath.Join(dir, fmt.Sprintf("d%d", i), "f"), strings.Repeat(fmt.Sprintf("line %d\n", i), 100))
	}
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-q", "-m", "start")
	r, err := repo.Discover(os.Environ(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return r, dir, trees
}

// whole fails unless there is a whole worktree at path, and fetch and fsck are content.
func whole(t *testing.T, dir, path string) {
	t.Helper()
	if got := git(t, path, "status", "--porcelain", "--branch"); got != "## feat/"+filepath.Base(path)+"\n" {
		t.Errorf("%s: %q", path, got)
	}
	if got := git(t, path, "ls-files"); strings.Count(got, "\n") != 5 {
		t.Errorf("%s: files %q", path, got)
	}
	git(t, dir, "fetch", "-q", ".", "HEAD")
	git(t, dir, "fsck")
	if got := git(t, dir, "worktree", "list", "--porcelain"); strings.Contains(got, "prunable") || strings.Contains(got, "locked") {
		t.Errorf("listed %s", got)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*git-swarm*"))
	if more, _ := filepath.Glob(filepath.Join(dir, ".git", "swarm", "worktree-*")); err != nil || len(left)+len(more) > 0 {
		t.Errorf("left %q %q (%v)", left, more, err)
	}
}

// TestMake: the worktree is as git worktree add makes it, with the further files, and
// the hook runs there.
func TestMake(t *testing.T) {
	t.Parallel()
	r, dir, trees := ground(t)
	hook := filepath.Join(dir, ".git", "hooks", "post-checkout")
	write(t, hook, "#!/bin/sh\npwd > \"$(git rev-parse --git-dir)/hook-ran\"; echo \"$@\" >> \"$(git rev-parse --git-dir)/hook-ran\"\n")
	if err := os.Chmod(hook, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(trees, "A")
	made, err := Make(t.Context(), r, plan(path))
	if err != nil || !made.NewBranch || made.Kept != "" {
		t.Fatalf("%+v, %v", made, err)
	}
	whole(t, dir, path)
	head := strings.TrimSpace(git(t, dir, "rev-parse", "HEAD"))
	if got := read(t, filepath.Join(dir, ".git", "worktrees", "A", "hook-ran")); got != path+"\n"+strings.Repeat("0", 40)+" "+head+" 1\n" {
		t.Errorf("the hook saw %q", got)
	}
	if got := read(t, filepath.Join(dir, ".git", "worktrees", "A", "swarm-session")); got != "A\n" {
		t.Errorf("identity %q", got)
	}
	// A record of that name that is another worktree's: git's own numbering.
	git(t, dir, "worktree", "add", "-q", filepath.Join(trees, "else", "B"), "-b", "b")
	if _, err := Make(t.Context(), r, plan(filepath.Join(trees, "B"))); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(git(t, filepath.Join(trees, "B"), "rev-parse", "--git-dir")); got != filepath.Join(dir, ".git", "worktrees", "B1") {
		t.Errorf("the record is %s", got)
	}
	git(t, dir, "config", "core.hooksPath", "nowhere")
	// One that git has completed after our kill only lacks the files.
	git(t, dir, "worktree", "add", "-q", filepath.Join(trees, "E"), "-b", "feat/E")
	if made, err := Make(t.Context(), r, plan(filepath.Join(trees, "E"))); err != nil || made.NewBranch {
		t.Errorf("%+v, %v", made, err)
	}
	if got := read(t, filepath.Join(dir, ".git", "worktrees", "E", "swarm-session")); got != "E\n" {
		t.Errorf("identity %q", got)
	}
	write(t, filepath.Join(trees, "C", "mine"), "x")
	var exists *ExistsError
	if _, err := Make(t.Context(), r, plan(filepath.Join(trees, "C"))); !errors.As(err, &exists) {
		t.Errorf("over a folder with content: %v", err)
	}
	p := plan(filepath.Join(trees, "D"))
	p.Branch = "feat/A"
	var used *InUseError
	if _, err := Make(t.Context(), r, p); !errors.As(err, &used) || used.Path != path {
		t.Errorf("of a branch that is checked out: %v", err)
	}
}

// TestMakeSparse: settings of the worktree that it comes from go along, as with git.
func TestMakeSparse(t *testing.T) {
	t.Parallel()
	_, dir, trees := ground(t)
	git(t, dir, "sparse-checkout", "set", "--no-cone", "/d1/", "/d2/")
	r, err := repo.Discover(os.Environ(), dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(trees, "A")
	if _, err := Make(t.Context(), r, plan(path)); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(path)
	if err != nil || len(entries) != 3 {
		t.Errorf("%v (%v)", entries, err)
	}
	if got := git(t, path, "status", "--porcelain"); got != "" {
		t.Errorf("status %q", got)
	}
}

// TestMakeAtOnce: many make many, and some the same.
func TestMakeAtOnce(t *testing.T) {
	t.Parallel()
	_, dir, trees := ground(t)
	var all []*refstoretest.Worker
	for i := range 8 {
		all = append(all, refstoretest.Start(t, "make", dir, filepath.Join(trees, strconv.Itoa(i%6))))
	}
	failed := 0
	for _, w := range all {
		if w.Wait() != nil {
			failed++ // the second of the same finds it there
		}
	}
	if failed > 2 {
		t.Errorf("%d failed", failed)
	}
	for i := range 6 {
		whole(t, dir, filepath.Join(trees, strconv.Itoa(i)))
	}
}

// TestMakeKilled: killed at any moment, alone or with all that it has started, the
// repository can be fetched into at once, and the next Make makes a whole worktree.
func TestMakeKilled(t *testing.T) {
	t.Parallel()
	_, dir, trees := ground(t)
	git(t, dir, "config", "filter.slow.smudge", "sleep 0.01; cat")
	write(t, filepath.Join(dir, ".git", "info", "attributes"), "f filter=slow\n")
	const kills = 12
	for i := range kills {
		path := filepath.Join(trees, strconv.Itoa(i))
		cmd := refstoretest.Command(t, "make", dir, path)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Duration(i)*20*time.Millisecond, func() {
			if i%2 == 0 {
				_ = syscall.Kill(cmd.Process.Pid, syscall.SIGKILL)
			} else {
				_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			}
		})
		_ = cmd.Wait()
		git(t, dir, "fetch", "-q", ".", "HEAD")
		if err := refstoretest.Start(t, "make", dir, path).Wait(); err != nil {
			if _, err := os.Lstat(path); err != nil { // else it was whole already
				t.Fatal(err)
			}
		}
		whole(t, dir, path)
	}
}

// TestMakeAnew: what git worktree add leaves when it is killed is made anew. Files that
// are not those of the branch are kept.
func TestMakeAnew(t *testing.T) {
	t.Parallel()
	r, dir, trees := ground(t)
	for name, spoil := range map[string]func(record, path string){
		"no-index": func(record, _ string) { remove(t, filepath.Join(record, "index")) },
		"cut": func(record, path string) {
			remove(t, filepath.Join(record, "index"))
			write(t, filepath.Join(path, "d1", "f"), "line 1\nli")
		},
		"begun-again": func(record, path string) { remove(t, filepath.Join(record, "index")); git(t, path, "add", "d3/f") },
		"edited": func(record, path string) {
			remove(t, filepath.Join(record, "index"))
			write(t, filepath.Join(path, "d1", "f"), "mine\n")
		},
		"no-head":   func(record, _ string) { write(t, filepath.Join(record, "HEAD"), strings.Repeat("0", 40)+"\n") },
		"no-common": func(record, _ string) { write(t, filepath.Join(record, "commondir"), "") },
	} {
		path := filepath.Join(trees, name)
		git(t, dir, "worktree", "add", "-q", path, "-b", "feat/"+name)
		record := filepath.Join(dir, ".git", "worktrees", name)
		write(t, filepath.Join(record, "locked"), "initializing\n")
		spoil(record, path)
		if name == "begun-again" { // all staged as deleted but one: it may be somebody's work
			if half, err := HalfMade(t.Context(), r, path); err != nil || half {
				t.Errorf("%s: %v, %v", name, half, err)
			}
			git(t, path, "reset", "-q")
			remove(t, filepath.Join(record, "locked"))
			continue
		}
		if half, err := HalfMade(t.Context(), r, path); err != nil || !half {
			t.Errorf("%s: %v, %v", name, half, err)
		}
		made, err := Make(t.Context(), r, plan(path))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if (made.Kept != "") != (name == "edited") {
			t.Errorf("%s: kept %q", name, made.Kept)
		}
		if made.Kept != "" && read(t, filepath.Join(made.Kept, "d1", "f")) != "mine\n" {
			t.Errorf("%s: not what was kept", name)
		}
		whole(t, dir, path)
	}
}

// TestMend: records on which a fetch fails go, others stay.
func TestMend(t *testing.T) {
	t.Parallel()
	r, dir, trees := ground(t)
	for _, name := range []string{"A", "B", "C", "D"} {
		git(t, dir, "worktree", "add", "-q", filepath.Join(trees, name), "-b", "feat/"+name)
	}
	records := filepath.Join(dir, ".git", "worktrees")
	write(t, filepath.Join(records, "A", "HEAD"), strings.Repeat("0", 40)+"\n")
	write(t, filepath.Join(records, "B", "commondir"), "")
	remove(t, filepath.Join(records, "C", "gitdir"))
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if _, err := Mend(t.Context(), r); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	git(t, dir, "fetch", "-q", ".", "HEAD")
	entries, err := os.ReadDir(records)
	if err != nil || len(entries) != 1 || entries[0].Name() != "D" {
		t.Errorf("%v (%v)", entries, err)
	}
	if lost, err := filepath.Glob(filepath.Join(dir, ".git", "swarm", "lost", "*-worktree-*")); err != nil || len(lost) != 3 {
		t.Errorf("in lost: %q (%v)", lost, err)
	}
	for _, name := range []string{"A", "B", "C"} {
		if _, err := Make(t.Context(), r, plan(filepath.Join(trees, name))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		whole(t, dir, filepath.Join(trees, name))
	}
}

// TestMendLocked: a worktree that is whole is not left locked by a git worktree add that
// was killed at its very end; by a user it stays.
func TestMendLocked(t *testing.T) {
	t.Parallel()
	r, dir, trees := ground(t)
	locked := func(name string) string { return filepath.Join(dir, ".git", "worktrees", name, "locked") }
	for _, name := range []string{"A", "B", "C"} {
		git(t, dir, "worktree", "add", "-q", filepath.Join(trees, name), "-b", "feat/"+name)
		write(t, locked(name), "initializing")
	}
	write(t, locked("C"), "on a stick")
	if _, err := Make(t.Context(), r, plan(filepath.Join(trees, "A"))); err != nil {
		t.Error(err)
	}
	if mended, err := Mend(t.Context(), r); err != nil || !slices.Equal(mended, []string{"B"}) {
		t.Errorf("mended %q (%v)", mended, err)
	}
	if left, err := filepath.Glob(locked("*")); err != nil || !slices.Equal(left, []string{locked("C")}) {
		t.Errorf("locked: %q (%v)", left, err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=T", "-c", "user.email=t@example.com"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("git %q: %v\n%s", args, err, exit.Stderr)
	}
	return string(out)
}

// git worktree remove takes the folder of all records with the last of them, also while
// another worktree is being made.
func TestEnterRecord(t *testing.T) {
	dir := t.TempDir()
	from, record := filepath.Join(dir, "worktree-A"), filepath.Join(dir, "worktrees", "A")
	if err := os.Mkdir(from, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := enterRecord(from, record); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(record); err != nil || !info.IsDir() {
		t.Error(err)
	}
	if err := enterRecord(from, record); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is not there is entered: %v", err)
	}
}
