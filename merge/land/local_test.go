package land

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

var localMain = repo.Target{Branch: "main"}

// here makes the fields one local repository, without a remote.
func here(t *testing.T) (main, a, b *field) {
	t.Helper()
	a, b = oneField(t)
	a.git("remote", "remove", "origin")
	return &field{a.ground, a.app, "orchestrator", a.env, nil}, a, b
}

func (f *field) pushHere() (*Landed, error) {
	f.Helper()
	return f.lander().Push(f.Context(), localMain, lock.Wait{})
}

// TestLandLocal: without a remote work lands on a local branch. Where that is checked
// out the checkout follows, and what is not committed there stays.
func TestLandLocal(t *testing.T) {
	t.Parallel()
	main, a, b := here(t)
	main.sh("w base wip; w untracked x; w staged y; git add staged")
	a.sh("w A changed; c 'by A'")
	b.sh("w B changed; c 'by B'; w later x; c more")
	for f, want := range map[*field]int{a: 1, b: 2} {
		landed, err := f.pushHere()
		if err != nil || landed.Commits != want || landed.Stayed != nil || f.head() != landed.After {
			t.Fatalf("%s: %+v (%v)", f.id, landed, err)
		}
		f.tidyHere()
	}
	if status := main.git("status", "--porcelain"); status != " M base\nA  staged\n?? untracked" || main.read("A") != "changed" || main.read("B") != "changed" {
		t.Errorf("main is\n%s", status)
	}
	if log := main.git("log", "--format=%s", "main"); strings.Count(log, "\n") != 3 || main.git("rev-list", "--min-parents=2", "main") != "" {
		t.Errorf("main has\n%s", log)
	}
	if _, err := a.lander().Pull(t.Context(), localMain); err != nil || a.head() != main.git("rev-parse", "main") {
		t.Errorf("pull: %v", err)
	}
	landed, err := main.pushHere()
	if err != nil || landed.Commits != 0 {
		t.Errorf("from the target itself: %+v (%v)", landed, err)
	}
	if landed, err = a.lander().Push(t.Context(), repo.Target{Branch: "new"}, lock.Wait{}); err != nil || main.git("rev-parse", "new") != landed.After {
		t.Errorf("a new branch: %+v (%v)", landed, err)
	}
	main.git("checkout", "-q", "--detach")
	a.sh("w A again; c again")
	if _, err := a.pushHere(); err != nil || main.git("rev-parse", "main") != a.head() || main.git("rev-parse", "HEAD") == main.git("rev-parse", "main") {
		t.Errorf("checked out nowhere: %v", err)
	}
}

// tidyHere is as tidy, and for the main checkout.
func (f *field) tidyHere() {
	f.Helper()
	f.tidy()
	(&field{f.ground, f.app, "orchestrator", f.env, nil}).tidy()
}

// TestLandLocalRefused: where the target's checkout cannot follow, nothing lands, and
// what stands in the way is named.
func TestLandLocalRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ main, why string }{
		"changed":        {"w A wip", "'A'"},
		"untracked":      {"w new wip", "'new'"},
		"merge":          {"git checkout -q -b side; w base x; c x; git checkout -q main; w base y; c y; git merge -q side || true", "a merge is in progress"},
		"rebase":         {"git checkout -q -b side; w base x; c x; git checkout -q main; w base y; c y; git rebase -q side || true", "a rebase is in progress"},
		"push beside it": {"", ErrBusy.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			main, a, _ := here(t)
			a.sh("w A changed; w new x; c 'by A'")
			main.sh(c.main)
			if c.main == "" {
				_, release, err := begin(t.Context(), main.repo())
				defer release()
				if err != nil {
					t.Fatal(err)
				}
			}
			before, tip := main.state(), main.git("rev-parse", "main")
			err := a.unchanged(a.pushHere)
			var there *TargetCheckoutError
			if !errors.As(err, &there) || there.Dir != main.dir || !strings.Contains(err.Error(), c.why) {
				t.Errorf("%v", err)
			}
			if after := main.state(); after != before || main.git("rev-parse", "main") != tip {
				t.Errorf("main became\n%s, it was\n%s", after, before)
			}
		})
	}
}

// TestLandLocalRaced: a target that another moves meanwhile is rebased upon again.
func TestLandLocalRaced(t *testing.T) {
	t.Parallel()
	main, a, _ := here(t)
	a.sh("w A changed; c 'by A'")
	a.meanwhile("test -e raced || { touch raced; cd ../app; w B raced; c raced; }")
	if landed, err := a.pushHere(); err != nil || !landed.Rebased {
		t.Errorf("%+v (%v)", landed, err)
	}
	if log := main.git("log", "--format=%s"); log != "by A\nraced\nstart" {
		t.Errorf("main has\n%s", log)
	}
}

// TestLandLocalKilled: a move of the target's checkout that was killed half-way is
// completed by the next push.
func TestLandLocalKilled(t *testing.T) {
	t.Parallel()
	main, a, _ := here(t)
	old := main.git("rev-parse", "main")
	a.sh("w A changed; c 'by A'")
	next := a.head()
	if err := os.WriteFile(filepath.Join(main.dir, ".git", "swarm-move"), []byte("main "+old+" "+next+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	main.git("update-index", "-q", "--refresh")
	main.git("read-tree", "-m", "-u", old, next)
	a.sh("w more x; c more")
	if _, err := a.pushHere(); err != nil {
		t.Fatal(err)
	}
	if status := main.git("status", "--porcelain"); status != "" || main.git("log", "--format=%s") != "more\nby A\nstart" {
		t.Errorf("status %q", status)
	}
	a.tidyHere()
}

// TestLandDetached: a detached HEAD lands where the target is named, and follows.
func TestLandDetached(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	changeB(b)
	b.push()
	a.git("checkout", "-q", "--detach")
	a.commit("by A", "A", "changed\n")
	branch := a.git("rev-parse", "feat/A")
	if err := a.unchanged(a.tryPush); !errors.Is(err, ErrDetached) {
		t.Errorf("%v", err)
	}
	l := a.lander()
	l.Detached = true
	landed, err := l.Push(t.Context(), a.target(), lock.Wait{})
	if err != nil || landed.Stayed != nil || a.head() != landed.After || a.git("rev-parse", "feat/A") != branch {
		t.Fatalf("%+v (%v)", landed, err)
	}
	if _, err := tryLandGit(a.dir, "symbolic-ref", "-q", "HEAD"); err == nil {
		t.Error("HEAD is on a branch")
	}
	a.linear("by A", "by B")
	a.tidy()
}
