package land

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// verified is a healed change of B's about to land, to be verified by a script.
func verified(t *testing.T, script string) (b *field, push func(context.Context) (*Landed, error), said *bytes.Buffer) {
	t.Helper()
	_, b = besides(t)
	b.commit("line 2", "base", nine(map[int]string{2: "B"}))
	said = &bytes.Buffer{}
	return b, func(ctx context.Context) (*Landed, error) {
		l := b.lander()
		l.Verify, l.Progress = script, said
		return l.Push(ctx, b.target(), lock.Wait{Timeout: time.Minute})
	}, said
}

// TestVerifySees: the command runs at the top of a checkout of exactly what would
// land, healed, with nothing of the session's around it, and before it lands.
func TestVerifySees(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out")
	b, push, _ := verified(t, `exec > '`+out+`'; git rev-parse HEAD; git status --porcelain --ignored; cat base; ls; git ls-remote -q origin main | cut -f1; git rev-parse --show-toplevel; pwd; echo "$GIT_DIR$GIT_WORK_TREE$GIT_SWARM_SESSION"`)
	b.write("wip", "untracked\n")
	b.write("A", "changed\n")
	b.git("config", "core.sparseCheckout", "true")
	before := landGit(t, b.hub, "rev-parse", "main")
	landed, err := push(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(b.git("rev-parse", "--absolute-git-dir"), "swarm-verify")
	if want := landed.After + "\n" + bothLines + "A\nB\nbase\n" + before + "\n" + dir + "\n" + dir + "\n\n"; string(text) != want {
		t.Errorf("it saw %q, want %q", text, want)
	}
	b.tidy()
	b.tidyVerify()
	if b.read("A") != "changed\n" || b.read("wip") != "untracked\n" {
		t.Error("what was not committed has changed")
	}
}

func (f *field) tidyVerify() {
	f.Helper()
	if list := f.git("worktree", "list", "--porcelain"); strings.Contains(list, "swarm-verify") {
		f.Errorf("a worktree was left:\n%s", list)
	}
	if _, err := os.Lstat(filepath.Join(f.git("rev-parse", "--absolute-git-dir"), "swarm-verify")); err == nil {
		f.Error("swarm-verify was left")
	}
}

// TestVerifyRefuses: what the command refuses does not land, and all is as it was.
func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	b, push, said := verified(t, "echo seen; echo why >&2; exit 3")
	before := landGit(t, b.hub, "rev-parse", "main")
	err := b.unchanged(func() (*Landed, error) { return push(t.Context()) })
	var refused *VerifyError
	if !errors.As(err, &refused) || refused.Status != 3 || strings.Join(refused.Healed, " ") != "base" {
		t.Errorf("%#v", err)
	}
	if said.String() != "seen\nwhy\n" {
		t.Errorf("it said %q", said)
	}
	if after := landGit(t, b.hub, "rev-parse", "main"); after != before {
		t.Error("the remote has changed")
	}
	if s := b.session(); s.Status != bus.Blocked || !strings.HasPrefix(s.Note, "push: swarm.verify ") {
		t.Errorf("the session is %s: %q", s.Status, s.Note)
	}
	b.tidyVerify()
	b.push()
	if s := b.session(); s.Status != bus.Running {
		t.Errorf("after that the session is %s", s.Status)
	}
}

// TestVerifyInterrupted: a push that is broken off ends the command with all that
// it has started, also what does not listen, and leaves all as it was.
func TestVerifyInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b, push, _ := verified(t, `cd '`+dir+`'; (trap "" TERM; exec sleep 1000) >/dev/null 2>&1 & echo $! > deaf; sleep 1000 & echo $! > child; touch begun; wait`)
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	go func() {
		awaitFile(t, filepath.Join(dir, "begun"))
		cancel(stop)
	}()
	if err := b.unchanged(func() (*Landed, error) { return push(ctx) }); !errors.Is(err, stop) {
		t.Error(err)
	}
	for _, name := range []string{"deaf", "child"} {
		ended(t, filepath.Join(dir, name))
	}
	b.tidyVerify()
	if s := b.session(); s.Status == bus.Blocked {
		t.Error("the session is blocked")
	}
}

// TestVerifyLeavesNothing: what the command leaves running ends with it.
func TestVerifyLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b, push, _ := verified(t, `(exec sleep 1000) >/dev/null 2>&1 & echo $! > '`+dir+`/left'`)
	if _, err := push(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended(t, filepath.Join(dir, "left"))
	b.tidy()
	b.tidyVerify()
}

// ended checks that the process whose number is in the file is gone, or is dead
// and only waits to be reaped.
func ended(t *testing.T, file string) {
	t.Helper()
	pid, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	state := ""
	for range 100 {
		text, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
		_, state, _ = strings.Cut(string(text), ") ")
		if err != nil || strings.HasPrefix(state, "Z") {
			return
		}
		time.Sleep(10 * time.Millisecond) // SIGKILL takes its moment
	}
	t.Errorf("%s: process %s is still there: %s", filepath.Base(file), strings.TrimSpace(string(pid)), state)
}

// TestVerifyLeft: a checkout that a killed push has left, whole or in part, is
// removed by the next command, whether that verifies or not.
func TestVerifyLeft(t *testing.T) {
	t.Parallel()
	for _, verb := range []func(*field) (*Landed, error){(*field).tryPush, (*field).tryPull} {
		_, b := besides(t)
		left := verifyScratch(b.repo(), 0)
		if err := left.record(t.Context(), b.head()); err != nil {
			t.Fatal(err)
		}
		if _, err := repo.Output(left.git(t.Context(), "read-tree", "-m", "-u", "HEAD")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(left.dir, "junk"), nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := verb(b); err != nil {
			t.Error(err)
		}
		b.tidyVerify()
	}
}

// TestVerifyElsewhere: with the repository named by the environment, the command
// gets none of that, and the push goes on with it.
func TestVerifyElsewhere(t *testing.T) {
	t.Parallel()
	b, _, _ := verified(t, "")
	home := b.dir
	b.env = repo.Env(b.env).With("GIT_DIR="+b.git("rev-parse", "--absolute-git-dir"), "GIT_WORK_TREE="+home, "GIT_SWARM_SESSION=B")
	b.dir = t.TempDir()
	b.env = repo.Env(b.env).With("PWD=" + b.dir)
	l := b.lander()
	b.dir = home
	l.Verify = `test -z "$GIT_DIR$GIT_WORK_TREE$GIT_SWARM_SESSION" && grep B base`
	landed, err := l.Push(t.Context(), repo.Target{Remote: "origin", Branch: "main"}, lock.Wait{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if tip := landGit(t, b.hub, "rev-parse", "main"); tip != landed.After || b.head() != tip {
		t.Errorf("%s landed, the target is %s", landed.After, tip)
	}
}
