package land

import (
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestLandSquashed: what was squashed on the remote has landed: by push and by pull the
// branch moves to the target, and only later commits are rebased.
func TestLandSquashed(t *testing.T) {
	t.Parallel()
	rewrite := "ed base 5 a; c one; ed base 5 b; c two; ed base 5 c; c three; "
	for name, c := range map[string]struct{ ours, later, lands string }{
		"one line rewritten":      {rewrite, "", ""},
		"files":                   {"w x x; c one; w y y; c two; ", "", ""},
		"made and removed":        {"w x x; c one; git rm -q x; w y y; c two; ", "", ""},
		"and work on top":         {rewrite, "w mine m; c later; ", "later"},
		"and work on the line":    {rewrite, "ed base 5 d; c later; ", "later"},
		"empty commits beside it": {rewrite + "git commit -q --allow-empty -m void; ", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for verb, try := range map[string]func(f *field) (*Landed, error){"push": (*field).tryPush, "pull": (*field).tryPull} {
				a, b := oneField(t)
				a.sh(c.ours)
				b.sh("ed base 1 theirs; c theirs; git merge -q --squash feat/A; git commit -q -m squashed; w B more; c more; git push -q origin HEAD:main")
				a.sh(c.later)
				a.git("fetch", "-q")
				landed, err := try(a)
				if err != nil {
					t.Fatalf("%s: %v", verb, err)
				}
				if got := a.git("log", "--reverse", "--format=%s", "feat/B..HEAD"); got != c.lands || a.git("diff", "feat/B", "HEAD", "--stat") == "" != (c.lands == "") {
					t.Errorf("%s left %q on top, want %q", verb, got, c.lands)
				}
				if want := strings.Count(c.lands, "later"); verb == "push" && landed.Commits != want {
					t.Errorf("%d commits landed, want %d", landed.Commits, want)
				}
				a.tidy()
			}
		})
	}
}

// TestLandUndone: commits that undo each other are no content of which it could be
// said that it has landed: they land, as git rebase has it.
func TestLandUndone(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	changeB(b)
	b.push()
	a.sh("w x x; c one; git rm -q x; c two")
	a.push()
	a.linear("by B", "one", "two")
}

// TestLandNewBranchCount: a new branch gains what the remote has nowhere.
func TestLandNewBranchCount(t *testing.T) {
	t.Parallel()
	a, _ := oneField(t)
	a.sh("w x x; c one; w y y; c two")
	landed, err := a.lander().Push(t.Context(), repo.Target{Remote: "origin", Branch: "topic"}, lock.Wait{})
	if err != nil || landed.Commits != 2 {
		t.Errorf("%+v (%v)", landed, err)
	}
}
