package land

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
)

// wip makes every kind of uncommitted change, none of them where another session
// has landed something.
func (f *field) wip() {
	f.Helper()
	f.write("staged", "staged\n")
	f.git("add", "staged")
	f.write("staged", "and changed since\n")
	f.write("base", "1\n2\n3\n4\n5\n6\n7\n8\n9\nunstaged\n")
	f.write("un tracked/ü\nx", "untracked\n")
	f.write("meant", "later\n")
	f.git("add", "-N", "meant")
	f.git("rm", "-q", "--cached", "gone")
	if err := os.Remove(filepath.Join(f.dir, "removed")); err != nil {
		f.Fatal(err)
	}
	f.write(".git-ignored", "ignored\n")
}

// dirtyGround has A with work in progress and a commit, beside what B landed.
func dirtyGround(t *testing.T) (a, b *field) {
	a, b = oneField(t)
	a.write("gone", "x\n")
	a.write("removed", "x\n")
	a.commit("files", ".gitignore", ".git-ignored\nignored\n")
	a.push()
	b.pull()
	b.commit("by B", "B", "changed\n")
	b.push()
	a.commit("by A", "A", "changed\n")
	a.wip()
	return a, b
}

// TestLandKeepsWIP: what is staged, changed, removed, intended, untracked or
// ignored is the same to the byte, in the index as in the files.
func TestLandKeepsWIP(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"push", "pull"} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			a, _ := dirtyGround(t)
			status, staged, unstaged := a.git("status", "--porcelain", "-z", "--ignored"), a.git("diff", "--cached"), a.git("diff")
			var landed *Landed
			if verb == "push" {
				landed = a.push()
			} else {
				landed = a.pull()
			}
			if !landed.Rebased || landed.Stayed != nil {
				t.Errorf("%+v", landed)
			}
			if now := a.git("status", "--porcelain", "-z", "--ignored"); now != status {
				t.Errorf("status %q became %q", status, now)
			}
			if a.git("diff", "--cached") != staged || a.git("diff") != unstaged {
				t.Error("the changes are others now")
			}
			if a.read("B") != "changed\n" || a.read("un tracked/ü\nx") != "untracked\n" || a.read(".git-ignored") != "ignored\n" {
				t.Error("the files are others now")
			}
		})
	}
}

// TestLandInTheWay: a change or a file where the new tip would put one is never
// overwritten: nothing is pushed, and nothing is changed.
func TestLandInTheWay(t *testing.T) {
	t.Parallel()
	for name, dirty := range map[string]func(f *field){
		"changed":                func(f *field) { f.write("B", "mine\n") },
		"staged":                 func(f *field) { f.write("B", "mine\n"); f.git("add", "B") },
		"staged, file as it was": func(f *field) { f.write("B", "mine\n"); f.git("add", "B"); f.write("B", "of B\n") },
		"staged removal":         func(f *field) { f.git("rm", "-q", "--cached", "B") },
		"untracked":              func(f *field) { f.write("new", "mine\n") },
		"staged new":             func(f *field) { f.write("new", "mine\n"); f.git("add", "new") },
		"folder":                 func(f *field) { f.write("new/x", "mine\n") },
		"file for folder":        func(f *field) { f.write("dir", "mine\n") },
		"with wip": func(f *field) {
			f.write("base", "mine\n")
			f.git("add", "base")
			f.write("x", "x")
			f.write("B", "mine\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := oneField(t)
			b.write("dir/x", "of B\n")
			b.write("B", "changed\n")
			b.commit("by B", "new", "of B\n")
			b.push()
			a.commit("by A", "A", "changed\n")
			dirty(a)
			for _, try := range []func() (*Landed, error){a.tryPush, a.tryPull} {
				err := a.unchanged(try)
				var inTheWay *InTheWayError
				if !errors.As(err, &inTheWay) || inTheWay.Line == "" {
					t.Errorf("%v", err)
				}
			}
			a.linear("by B")
			if s := a.session(); s.Status != "running" {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestLandIndexLocked: an index.lock that was left behind is named, nothing is changed,
// and the session is not blocked. Once it is gone the push lands.
func TestLandIndexLocked(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	b.commit("by B", "B", "changed\n")
	b.push()
	a.commit("by A", "A", "changed\n")
	before, path := a.state(), filepath.Join(a.git("rev-parse", "--absolute-git-dir"), "index.lock")
	touch(t, path)
	for _, try := range []func() (*Landed, error){a.tryPush, a.tryPull} {
		landed, err := try()
		var locked *gitlock.LockedError
		if !errors.As(err, &locked) || locked.Path != path || blocks(err) {
			t.Errorf("%+v, %v", landed, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Error(err)
	}
	if after := a.state(); after != before || a.session().Status != bus.Running {
		t.Errorf("%+v, and it changed\n%sinto\n%s", a.session(), before, after)
	}
	a.linear("by B")
	a.push()
	a.linear("by A", "by B")
}

// TestLandAlreadyThere: files that are already as the new tip has them are in
// nobody's way if they are tracked, and a fast-forward touches no file at all.
func TestLandAlreadyThere(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	b.commit("by B", "B", "changed\n")
	b.push()
	a.write("B", "changed\n")
	a.git("add", "B")
	a.write("base", "mine\n")
	if landed := a.push(); landed.Stayed != nil {
		t.Errorf("%+v", landed)
	}
	if status := a.git("status", "--porcelain"); status != " M base" {
		t.Errorf("status %q", status)
	}
}

// TestLandBehindInTheWay: with nothing to land, a branch that cannot follow
// stays, and says so.
func TestLandBehindInTheWay(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	b.commit("by B", "B", "changed\n")
	b.push()
	a.write("B", "mine\n")
	before := a.state()
	landed, err := a.tryPush()
	var inTheWay *InTheWayError
	if err != nil || !errors.As(landed.Stayed, &inTheWay) || a.state() != before {
		t.Errorf("%+v, %v", landed, err)
	}
	a.tidy()
}
