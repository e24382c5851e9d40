package land

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// putAway puts the branch of the first session in the queue, with no process that waits
// for it, and lets the sessions go.
func (y *yard) putAway() *queue.Entry {
	y.Helper()
	queued, landed, err := y.fields[0].lander().Put(y.Context(), y.fields[0].target())
	if err != nil || landed != nil {
		y.Fatal(landed, err)
	}
	if err := y.gate.Release(y.Context()); err != nil {
		y.Fatal(err)
	}
	return queued.Entry
}

// TestTrainBranchGone: what was put lands as it was put, whatever its session has done to
// the branch since. Where the branch cannot follow it stays as it is, until the next push.
func TestTrainBranchGone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		stays  bool   // at the next sync
		more   string // the subject that is still to land
	}{
		"moved on": {"git commit -q --allow-empty -m more", false, "more"},
		"rewound":  {"git reset -q --hard HEAD^", true, ""},
		"amended":  {"git commit -q --amend -m other", true, ""},
		"deleted":  {"git switch -q -c other origin/main; git branch -q -D feat/a; git reflog expire --expire=now --all; git gc -q --prune=now", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t, 2)
			a, b := y.fields[0], y.fields[1]
			b.git("push", "-q", "origin", "HEAD:main") // so that it has to be rebased
			y.putAway()
			a.sh(c.script)
			before := a.head()
			if err := b.lander().Conduct(t.Context(), b.target(), lock.Wait{Timeout: time.Minute}); err != nil {
				t.Fatal(err)
			}
			y.linear(subjects("a", "b")...)
			if now := a.head(); now != before {
				t.Errorf("another process moved the branch to %s", now)
			}
			landed, err := a.lander().Settle(t.Context(), a.target())
			if err != nil || (landed != nil && landed.Stayed != nil) != c.stays {
				t.Errorf("%+v, %v", landed, err)
			}
			if now := a.head(); c.stays && now != before {
				t.Errorf("it did not stay, but is %s", now)
			}
			a.push()
			b.push()
			want := subjects("a", "b")
			if c.more != "" {
				want = append(want, c.more)
			}
			y.linear(want...)
			y.settled(nil)
		})
	}
}

// TestTrainSessionUnknown: an entry whose session is no more, with its branch and its
// worktree, holds up nobody, and leaves nothing in the queue.
func TestTrainSessionUnknown(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]bool{"lands": false, "is refused": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t, 3)
			a := y.fields[0]
			if bad {
				a.commit("bad", "bad", "x\n")
			}
			y.putAway()
			landGit(t, a.app, "worktree", "remove", "--force", a.dir)
			landGit(t, a.app, "branch", "-q", "-D", "feat/a")
			if err := y.fields[1].bus().Retire(t.Context(), "a", func(*refstore.Tx) error { return nil }); err != nil {
				t.Fatal(err)
			}
			y.fields = y.fields[1:]
			want := subjects("b", "c")
			if !bad {
				want = append(want, "by a")
			}
			for _, f := range y.fields {
				l := f.lander()
				l.Verify = "! test -e bad"
				if landed, err := l.Push(t.Context(), f.target(), lock.Wait{Timeout: time.Minute}); err != nil || landed.Late != nil {
					t.Errorf("%s: %+v, %v", f.id, landed, err)
				}
			}
			y.linear(want...)
			y.settled(nil)
		})
	}
}

// TestTrainRemoteGone: the remote goes away while the verify command runs for three.
// Nothing lands, nobody is blocked, and all is as it was; once it is back all of them
// land.
func TestTrainRemoteGone(t *testing.T) {
	t.Parallel()
	y := newYard(t, 3)
	var before []string
	for _, f := range y.fields {
		before = append(before, f.state())
	}
	away := y.hub + ".away"
	for id, end := range y.push("mv '" + y.hub + "' '" + away + "'") {
		if end.err == nil || blocks(end.err) || !strings.Contains(end.err.Error(), "hub.git") {
			t.Errorf("%s: %+v, %v", id, end.landed, end.err)
		}
	}
	y.settled(nil)
	for i, f := range y.fields {
		if after := f.state(); after != before[i] || f.session().Status != bus.Running {
			t.Errorf("%s is %+v, and changed\n%sinto\n%s", f.id, f.session(), before[i], after)
		}
	}
	if err := os.Rename(away, y.hub); err != nil {
		t.Fatal(err)
	}
	for _, f := range y.fields {
		f.push()
	}
	y.linear(subjects("a", "b", "c")...)
	y.settled(nil)
}

// TestConductRemoteGone: the remote goes away within the push that nobody waits for, and
// comes back: it lands by a later try, once, and the session is told once.
func TestConductRemoteGone(t *testing.T) {
	t.Parallel()
	y := newYard(t, 2)
	y.putAway()
	a, b := y.fields[0], y.fields[1]
	dir, away := t.TempDir(), y.hub+".away"
	a.hook(a.hub, "pre-receive", "mv '"+a.hub+"' '"+away+"'; touch '"+dir+"/gone'; kill -9 $PPID; sleep 1")
	done := make(chan error)
	go func() { done <- b.lander().Conduct(t.Context(), a.target(), lock.Wait{Timeout: time.Minute}) }()
	awaitFile(t, filepath.Join(dir, "gone"))
	a.hookless(away, a.hub, "pre-receive")
	if err := <-done; err != nil {
		t.Error(err)
	}
	y.linear("by a")
	if news := a.news(); len(news) != 1 || !strings.Contains(news[0], "your feat/a landed on origin/main") {
		t.Errorf("a was told %q", news)
	}
	if landed, err := a.lander().Settle(t.Context(), a.target()); err != nil || landed == nil || landed.Stayed != nil {
		t.Errorf("%+v, %v", landed, err)
	}
	b.push()
	y.linear(subjects("a", "b")...)
	y.settled(nil)
}
