package land

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// TestGate: the gate is asked, under the lock, about what would land; its no leaves
// all as it was and marks the session, its yes clears the mark.
func TestGate(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	b.commit("by B", "B", "changed\n")
	before := b.push().After
	a.commit("by A", "A", "changed\n")
	no := errors.New("not reviewed")
	var base, tip string
	gated := func(answer error) func() (*Landed, error) {
		return func() (*Landed, error) {
			l := a.lander()
			l.Gate = func(ctx context.Context, session, from, to string) error {
				if session != "A" {
					t.Errorf("asked about %s", session)
				}
				base, tip = from, to
				if holder, err := a.conductor().Holder(ctx); err != nil || holder == nil || holder.Session != "A" {
					t.Errorf("the lock is held by %+v (%v)", holder, err)
				}
				return answer
			}
			return l.Push(t.Context(), a.target(), lock.Wait{})
		}
	}
	var gate *GateError
	if err := a.unchanged(gated(no)); !errors.As(err, &gate) || !errors.Is(err, no) || gate.Error() != "not reviewed" {
		t.Error(err)
	}
	if s := a.session(); s.Status != bus.Blocked || s.Note != "push: not reviewed" {
		t.Errorf("%+v", s)
	}
	if subject := a.git("log", "--format=%s", base+".."+tip); base != before || subject != "by A" {
		t.Errorf("it was asked about %s..%s: %q", base, tip, subject)
	}
	landed, err := gated(nil)()
	if err != nil || landed.After != tip {
		t.Errorf("%+v, %v", landed, err)
	}
	if s := a.session(); s.Status != bus.Running || s.Note != "" {
		t.Errorf("%+v", s)
	}
	a.linear("by A", "by B")
}

// TestGateAfterVerify: a verdict that is taken back while the verify command runs counts,
// and nothing lands.
func TestGateAfterVerify(t *testing.T) {
	t.Parallel()
	a, _ := oneField(t)
	a.commit("by A", "A", "changed\n")
	ran := filepath.Join(t.TempDir(), "ran")
	no := errors.New("rejected meanwhile")
	l := a.lander()
	l.Verify = "touch '" + ran + "'"
	l.Gate = func(context.Context, string, string, string) error {
		if _, err := os.Lstat(ran); err == nil {
			return no
		}
		return nil
	}
	err := a.unchanged(func() (*Landed, error) { return l.Push(t.Context(), a.target(), lock.Wait{}) })
	if gate := (*GateError)(nil); !errors.As(err, &gate) || !errors.Is(err, no) {
		t.Error(err)
	}
	if _, err := os.Lstat(ran); err != nil {
		t.Error("the command did not run")
	}
}

// TestLandLockLostAtLast: a lock that is lost while the gate is asked is missed
// before anything is pushed.
func TestLandLockLostAtLast(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	a.commit("by A", "A", "changed\n")
	before := a.state()
	l := a.lander()
	l.Gate = func(context.Context, string, string, string) error {
		b.steal("A")
		return nil
	}
	if _, err := l.Push(t.Context(), a.target(), lock.Wait{}); !errors.Is(err, lock.ErrLost) {
		t.Error(err)
	}
	if a.state() != before {
		t.Error("something was changed")
	}
	a.linear()
}

// TestLandByWorktreeAdd: where refs are no files, git makes the scratch worktree.
// It lands the same and leaves nothing, also after a conflict.
func TestLandByWorktreeAdd(t *testing.T) {
	t.Parallel()
	a, b := besides(t)
	push := func() (*Landed, error) {
		l := b.lander()
		l.Repo.RefFormat = "reftable"
		return l.Push(t.Context(), b.target(), lock.Wait{})
	}
	b.commit("line 1", "base", nine(map[int]string{1: "B"}))
	var conflict *ConflictError
	if err := b.unchanged(push); !errors.As(err, &conflict) {
		t.Error(err)
	}
	b.git("reset", "-q", "--hard", "HEAD~1")
	b.commit("line 2", "base", nine(map[int]string{2: "B"}))
	landed, err := push()
	if err != nil || len(landed.Healed) != 1 || b.read("base") != bothLines {
		t.Errorf("%+v, %v; base is %q", landed, err, b.read("base"))
	}
	b.tidy()
	a.linear("[Session A] one", "line 2")
}

// TestTrainSettings: an entry is rebased with the settings of its owner's worktree, also by
// another session's push, or a process that has none of its own; and with no other's.
func TestTrainSettings(t *testing.T) {
	t.Parallel()
	y := newYard(t, 3)
	a, b, c := y.fields[0], y.fields[1], y.fields[2]
	a.git("config", "extensions.worktreeConfig", "true")
	b.git("config", "--worktree", "merge.default", "union")
	b.git("config", "--worktree", "user.name", "Bea")
	for _, f := range y.fields {
		f.commit("end of "+f.id, "base", nine(map[int]string{9: "9\n" + f.id}))
	}
	worktrees := map[string]string{"a": a.dir, "b": b.dir, "c": c.dir}
	ends := y.push("", func(l *Lander) {
		l.Door.Worktree = func(session string) string { return worktrees[session] }
	})
	var conflict *ConflictError
	if ends["a"].err != nil || ends["b"].err != nil || !errors.As(ends["c"].err, &conflict) {
		t.Fatalf("%+v", ends)
	}
	if got := landGit(t, y.hub, "show", "main:base"); got != "1\n2\n3\n4\n5\n6\n7\n8\n9\na\nb" {
		t.Errorf("base is %q", got)
	}
	if got := landGit(t, y.hub, "log", "-1", "--format=%cn", "--grep=end of b", "main"); got != "Bea" {
		t.Errorf("committed by %q", got)
	}
	y.settled(ends)
}

// TestGateHolds: what the gate has said is looked at once more in the transaction before the
// push, or of it. Where it is not so any more, the gate is asked again, and decides.
func TestGateHolds(t *testing.T) {
	t.Parallel()
	for name, here := range map[string]func(*testing.T) (*field, *Lander){
		"hub": func(t *testing.T) (*field, *Lander) { f := newHubFields(t, "A")[0]; return f.field, f.lander() },
		"other remote": func(t *testing.T) (*field, *Lander) {
			f := newHubFields(t, "A")[0]
			l := f.lander()
			l.AtHub = false
			return f.field, l
		},
		"no hub": func(t *testing.T) (*field, *Lander) { f, _ := oneField(t); return f, f.lander() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, l := here(t)
			f.commit("by A", "A", "changed\n")
			var answer error
			asked, taken := 0, true
			l.Gate = func(context.Context, string, string, string) error {
				asked++
				return answer
			}
			l.GateHolds = func(_ context.Context, tx *refstore.Tx, sessions []string, lands bool) (bool, error) {
				if !slices.Equal(sessions, []string{"A"}) || lands != l.AtHub || tx == nil {
					t.Errorf("of %q, on the hub: %v", sessions, lands)
				}
				if taken {
					answer = errors.New("taken back")
				}
				return !taken, nil
			}
			_, err := l.Push(t.Context(), f.target(), lock.Wait{})
			var gate *GateError
			if !errors.As(err, &gate) || !errors.Is(err, answer) || asked != 2 {
				t.Errorf("asked %d times: %v", asked, err)
			}
			if log := f.hubLog("main"); log[0] == "by A" {
				t.Errorf("main has %q", log)
			}
			answer, taken = nil, false
			if _, err := l.Push(t.Context(), f.target(), lock.Wait{}); err != nil || asked != 3 {
				t.Errorf("asked %d times: %v", asked, err)
			}
			if log := f.hubLog("main"); log[0] != "by A" {
				t.Errorf("main has %q", log)
			}
		})
	}
}
