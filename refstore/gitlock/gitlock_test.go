package gitlock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

func TestMain(m *testing.M) { refstoretest.Main(m, work) }

// work runs, as another process, one git command that waits in a filter.
func work(verb string, args []string) error {
	r, err := repo.Discover(os.Environ(), args[0])
	if err != nil {
		return err
	}
	_, err = Output(context.Background(), r, []string{Index(r)}, func() *exec.Cmd {
		return r.GitParsed(context.Background(), "read-tree", "-m", "-u", "HEAD", "next")
	})
	return err
}

// slowRepo is a repository in which git stops in the middle of a checkout from HEAD
// to next, with the index locked, until the file "go" is there.
func slowRepo(t *testing.T) (r *repo.Repo, dir string) {
	t.Helper()
	dir = t.TempDir()
	git(t, dir, "init", "-q")
	git(t, dir, "commit", "-q", "--allow-empty", "-m", "start")
	write(t, filepath.Join(dir, ".git", "info", "attributes"), "* filter=slow\n")
	write(t, filepath.Join(dir, "f"), "text\n")
	git(t, dir, "add", "f")
	git(t, dir, "commit", "-q", "-m", "next")
	git(t, dir, "branch", "next")
	git(t, dir, "reset", "-q", "--hard", "HEAD^")
	git(t, dir, "config", "filter.slow.smudge", "touch .git/begun; until [ -e .git/go ]; do sleep 0.02; done; cat")
	r, err := repo.Discover(os.Environ(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return r, dir
}

// begun starts the command in a process group of its own and waits until it is in
// the filter.
func begun(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := refstoretest.Command(t, "read-tree", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { _, err := os.Lstat(filepath.Join(dir, ".git", "begun")); return err == nil })
	t.Cleanup(func() { write(t, filepath.Join(dir, ".git", "go"), "") })
	return cmd
}

// TestOutputOutlivesGroup: what kills the process group leaves git at its work, and
// no lock is cleared while it is. When it is done there is nothing left.
func TestOutputOutlivesGroup(t *testing.T) {
	t.Parallel()
	r, dir := slowRepo(t)
	cmd := begun(t, dir)
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	_ = cmd.Wait()
	if cleared, err := Clear(r); err != nil || len(cleared) != 0 {
		t.Fatalf("cleared %q (%v) beside a living git", cleared, err)
	}
	if AtWork(r, Config(r), Index(r)) != Index(r) || AtWork(r, Config(r)) != "" {
		t.Error("it is not known that git is still at work")
	}
	notes, err := readNotes(r)
	if err != nil || len(notes) != 1 {
		t.Fatalf("notes %q (%v)", notes, err)
	}
	text, err := os.ReadFile(notes[0])
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(text), "git ")
	write(t, notes[0], before) // as if we had been killed before it was known
	if cleared, err := Clear(r); err != nil || len(cleared) != 0 || AtWork(r, Index(r)) == "" {
		t.Errorf("cleared %q (%v), of a git that is still at work", cleared, err)
	}
	write(t, filepath.Join(dir, ".git", "go"), "")
	await(t, func() bool { return AtWork(r, Index(r)) == "" })
	if got := git(t, dir, "status", "--porcelain"); got != "A  f\n" {
		t.Errorf("after the checkout: %q", got)
	}
	if cleared, err := Clear(r); err != nil || len(cleared) != 0 {
		t.Errorf("cleared %q (%v)", cleared, err)
	}
	if _, err := os.Lstat(noteDir(r)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of the notes: %v", err)
	}
}

// TestClear: all processes are killed; the lock is found, told to be ours and
// cleared, and only that one.
func TestClear(t *testing.T) {
	t.Parallel()
	r, dir := slowRepo(t)
	cmd := begun(t, dir)
	refstoretest.KillAll(cmd.Process.Pid)
	_ = cmd.Wait()
	other := filepath.Join(dir, ".git", "HEAD.lock")
	write(t, other, "")
	locks := List(r)
	if len(locks) != 2 || locks[0].Path != other || locks[0].Ours || locks[1].Path != Index(r) || !locks[1].Ours {
		t.Errorf("listed %+v", locks)
	}
	if cleared, err := Clear(r); err != nil || !slices.Equal(cleared, []string{Index(r)}) {
		t.Fatalf("cleared %q (%v)", cleared, err)
	}
	if _, err := os.Lstat(other); err != nil {
		t.Error(err)
	}
	if notes, err := readNotes(r); err != nil || len(notes) != 0 {
		t.Errorf("notes %q (%v)", notes, err)
	}
	git(t, dir, "config", "--unset", "filter.slow.smudge")
	git(t, dir, "read-tree", "-m", "-u", "HEAD", "next")
}

// TestClearAfterRestart: a lock that was noted before this machine was started anew is
// cleared, whatever has the pid now; one of another machine or container stays, and is
// known to be ours.
func TestClearAfterRestart(t *testing.T) {
	t.Parallel()
	r, _ := slowRepo(t)
	mark := file.ProcessMark(os.Getpid())
	if !file.ProcessGone(os.Getpid(), "x"+mark) {
		t.Skip("from a container nothing is known of what was before")
	}
	space, start, _ := strings.Cut(mark, " ")
	for what, c := range map[string]struct {
		mark string
		want bool
	}{
		"before a restart": {"x" + mark, true}, "another machine": {"x" + space + "x " + start, false}, "a container before": {"x/1/y " + start, false},
	} {
		n, err := newNote(r, []string{Index(r)})
		if err != nil {
			t.Fatal(err)
		}
		write(t, n.f.Name(), fmt.Sprintf("by %[1]d %[2]s\nlock %[3]q\ngit %[1]d %[2]s\n", os.Getpid(), c.mark, Index(r)))
		write(t, Index(r), "")
		cleared, err := Clear(r)
		if err != nil || slices.Equal(cleared, []string{Index(r)}) != c.want {
			t.Errorf("%s: cleared %q (%v)", what, cleared, err)
		}
		if locks := List(r); c.want != (len(locks) == 0) || !c.want && !locks[0].Ours {
			t.Errorf("%s: listed %+v", what, locks)
		}
		n.remove()
		_ = os.Remove(Index(r))
	}
}

// TestClearBesideMaintenance: a long git gc does not keep locks that it never takes;
// those that it may take stay, and so does what a command that it starts may take.
func TestClearBesideMaintenance(t *testing.T) {
	t.Parallel()
	r, dir := slowRepo(t)
	ref := filepath.Join(dir, ".git", "refs", "heads", "x.lock")
	packed := filepath.Join(dir, ".git", "packed-refs.lock")
	locks := []string{Index(r), ref, packed}
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	git := filepath.Join(t.TempDir(), "git") // which the kernel takes for the command's name
	write(t, git, string(program))
	if err := os.Chmod(git, 0o700); err != nil {
		t.Fatal(err)
	}
	for verb, want := range map[string][]string{"gc": {Index(r), ref}, "pack-refs": nil, "maintenance": {Index(r), ref}} {
		tidying := &exec.Cmd{Path: git, Args: []string{"git-" + verb, "300"}, Dir: dir}
		if err := tidying.Start(); err != nil {
			t.Fatal(err)
		}
		dead := exec.Command("true")
		if err := dead.Run(); err != nil {
			t.Fatal(err)
		}
		n, err := newNote(r, locks)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(n.f.Name())
		if err != nil {
			t.Fatal(err)
		}
		write(t, n.f.Name(), strings.Replace(string(text), "by "+strconv.Itoa(os.Getpid()), "by "+strconv.Itoa(dead.Process.Pid), 1))
		for _, lock := range locks {
			write(t, lock, "")
		}
		if cleared, err := Clear(r); err != nil || !slices.Equal(cleared, want) {
			t.Errorf("beside git %s %q was cleared (%v), want %q", verb, cleared, err, want)
		}
		if got := AtWork(r, packed); got != packed {
			t.Errorf("beside git %s it is not known that %s stays: %q", verb, packed, got)
		}
		_ = tidying.Process.Kill()
		_ = tidying.Wait()
		if err := Await(t.Context(), r, locks...); err != nil {
			t.Errorf("after git %s: %v", verb, err)
		}
		if left := List(r); len(left) > 0 {
			t.Errorf("left after git %s: %+v", verb, left)
		}
	}
}

// TestClearLeavesOthers: where a git command of the user's is at work that may have
// taken the lock after ours was killed, the lock stays.
func TestClearLeavesOthers(t *testing.T) {
	t.Parallel()
	r, dir := slowRepo(t)
	dead := exec.Command("true")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	n, err := newNote(r, []string{Index(r)})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(n.f.Name())
	if err != nil {
		t.Fatal(err)
	}
	write(t, n.f.Name(), strings.Replace(string(text), "by "+strconv.Itoa(os.Getpid()), "by "+strconv.Itoa(dead.Process.Pid), 1))
	cmd := exec.Command("git", "read-tree", "-m", "-u", "HEAD", "next")
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { _, err := os.Lstat(filepath.Join(dir, ".git", "begun")); return err == nil })
	if cleared, err := Clear(r); err != nil || len(cleared) != 0 {
		t.Errorf("cleared %q (%v), which the user's git holds", cleared, err)
	}
	if locks := List(r); len(locks) != 1 || len(locks[0].Holders) != 1 || locks[0].Holders[0].String() != "git read-tree (process "+strconv.Itoa(cmd.Process.Pid)+")" {
		t.Errorf("listed %+v", locks)
	}
	write(t, filepath.Join(dir, ".git", "go"), "")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := Clear(r); err != nil {
		t.Error(err)
	}
	if notes, _ := readNotes(r); len(notes) != 0 {
		t.Errorf("notes %q", notes)
	}
}

// TestOutputWaits: a lock that goes is waited for, one that stays is named.
func TestOutputWaits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	git(t, dir, "init", "-q")
	r, err := repo.Discover(os.Environ(), dir)
	if err != nil {
		t.Fatal(err)
	}
	set := func() *exec.Cmd { return r.GitParsed(t.Context(), "config", "a.b", "c") }
	write(t, Config(r), "")
	var tries int
	_, err = Output(t.Context(), r, []string{Config(r)}, func() *exec.Cmd {
		if tries++; tries == 3 {
			if err := os.Remove(Config(r)); err != nil {
				t.Error(err)
			}
		}
		return set()
	})
	if err != nil || tries != 3 {
		t.Errorf("after %d tries: %v", tries, err)
	}
	write(t, Config(r), "")
	_, err = Output(t.Context(), r, []string{Config(r)}, set)
	var locked *LockedError
	if !errors.As(err, &locked) || !strings.HasSuffix(locked.Path, "config.lock") {
		t.Errorf("%v", err)
	}
}

// dying is a command that makes the lock and is ended by a signal before it sees to
// its removal, as git is in the moment in between.
func dying(lock string) *exec.Cmd {
	return exec.Command("sh", "-c", `: >"$1"; kill -TERM $$`, "sh", lock)
}

// TestEndedBySignal: what git leaves when a signal ends it, but not us, is cleared at
// once; beside another git that may have made the lock, when that has ended.
func TestEndedBySignal(t *testing.T) {
	t.Parallel()
	r, dir := slowRepo(t)
	config := Config(r)
	for what, run := range map[string]func(*repo.Repo, *exec.Cmd, []string) error{"detached": Detached, "attached": Attached} {
		if err := run(r, dying(config), []string{config}); err == nil {
			t.Errorf("%s: it was not ended", what)
		}
		if _, err := os.Lstat(config); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the lock: %v", what, err)
		}
		if notes, err := readNotes(r); err != nil || len(notes) != 0 {
			t.Errorf("%s: notes %q (%v)", what, notes, err)
		}
	}
	other := begun(t, dir)
	if err := Detached(r, dying(config), []string{config}); err == nil {
		t.Error("it was not ended")
	}
	if _, err := os.Lstat(config); err != nil {
		t.Errorf("beside a living git: %v", err)
	}
	write(t, filepath.Join(dir, ".git", "go"), "")
	if err := other.Wait(); err != nil {
		t.Error(err)
	}
	if cleared, err := Clear(r); err != nil || !slices.Equal(cleared, []string{config}) {
		t.Errorf("later: cleared %q (%v)", cleared, err)
	}
}

// TestEndedBeforeNoted: a command that had ended when its process was noted, by one that
// was killed then, holds nothing.
func TestEndedBeforeNoted(t *testing.T) {
	t.Parallel()
	r, _ := slowRepo(t)
	dead := exec.Command("sleep", "300")
	if err := dead.Start(); err != nil {
		t.Fatal(err)
	}
	mark := file.ProcessMark(dead.Process.Pid)
	_ = dead.Process.Kill()
	_ = dead.Wait()
	n, err := newNote(r, []string{Index(r)})
	if err != nil {
		t.Fatal(err)
	}
	write(t, n.f.Name(), fmt.Sprintf("by %d %s\nlock %q\n", dead.Process.Pid, mark, Index(r)))
	n.started(dead.Process.Pid)
	if lock := AtWork(r, Index(r)); lock != "" {
		t.Errorf("'%s' is waited for", lock)
	}
	write(t, Index(r), "")
	if cleared, err := Clear(r); err != nil || !slices.Equal(cleared, []string{Index(r)}) {
		t.Errorf("cleared %q (%v)", cleared, err)
	}
}

// TestOutputStops: when the context ends, git and what it has started end, and the
// lock with them.
func TestOutputStops(t *testing.T) {
	t.Parallel()
	r, dir := slowRepo(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := Output(ctx, r, []string{Index(r)}, func() *exec.Cmd { return r.GitParsed(ctx, "read-tree", "-m", "-u", "HEAD", "next") })
		ended <- err
	}()
	await(t, func() bool { _, err := os.Lstat(filepath.Join(dir, ".git", "begun")); return err == nil })
	cancel()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("it was not stopped")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
	if _, err := os.Lstat(Index(r)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock: %v", err)
	}
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	for range 1500 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it never came")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=T", "-c", "user.email=t@example.com"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// TestDetachedInPartialClone: where git may have to ask the remote it stays in our
// session, and in no other repository.
func TestDetachedInPartialClone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	full, clone := filepath.Join(dir, "full"), filepath.Join(dir, "clone")
	git(t, dir, "init", "-q", "full")
	git(t, full, "commit", "-q", "--allow-empty", "-m", "start")
	git(t, full, "config", "uploadpack.allowFilter", "true")
	git(t, dir, "clone", "-q", "--filter=blob:none", "file://"+full, clone)
	for in, want := range map[string]bool{full: true, clone: false} {
		r, err := repo.Discover(os.Environ(), in)
		if err != nil {
			t.Fatal(err)
		}
		cmd := r.GitParsed(t.Context(), "status")
		if err := Detached(r, cmd, nil); err != nil {
			t.Fatal(err)
		}
		if got := cmd.SysProcAttr != nil && cmd.SysProcAttr.Setsid; got != want {
			t.Errorf("in %s: a session of its own is %v", in, got)
		}
	}
}
