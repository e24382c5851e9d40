package land

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// closed makes claims bind f's pushes.
func (f *field) closed() *Lander {
	f.Helper()
	l := f.lander()
	l.Door = ClaimRule{Refuse: true, Worktree: func(session string) string { return filepath.Join(filepath.Dir(f.app), session) }}
	return l
}

// TestLandClaimed: what another session holds and has changed, or claimed before the
// commit was made, does not land, however it was committed; any other claim is told.
func TestLandClaimed(t *testing.T) {
	t.Parallel()
	date := func(at string) string { return "export GIT_COMMITTER_DATE='" + at + "'; " }
	early, late := date("2001-02-03 04:05:06 +0000"), date(time.Now().Add(time.Hour).Format("2006-01-02 15:04:05 -0700"))
	for name, c := range map[string]struct {
		claim            string
		holder, pusher   string
		refused, changed bool
	}{
		"claimed after the commit":     {"base", "", early + "ed base 9 x; c ours", false, false},
		"claimed before the commit":    {"base", "", late + "sed -i s/9/x/ base; git commit -qanm ours", true, false},
		"a folder":                     {"d", "", late + "w d/e/f x; c ours", true, false},
		"changed there":                {"base", "ed base 1 theirs", early + "ed base 9 x; c ours", true, true},
		"staged there":                 {"base", "ed base 1 theirs; git add base", early + "ed base 9 x; c ours", true, true},
		"new there":                    {"d", "w d/f theirs", early + "w d/f x; c ours", true, true},
		"committed there":              {"base", "ed base 1 theirs; c theirs", early + "ed base 9 x; c ours", true, true},
		"landed from there":            {"base", "ed base 1 theirs; c theirs; git push -q origin HEAD:main", early + "ed base 9 x; c ours", false, false},
		"landed from there, squashed":  {"base", "ed base 1 theirs; c theirs; t=$(git commit-tree -p HEAD~ -m squash HEAD^{tree}); git push -q origin $t:refs/heads/main", early + "ed base 9 x; c ours", false, false},
		"something else changed there": {"base", "ed A 1 theirs; w y y", early + "ed base 9 x; c ours", false, false},
		"not changed by the push":      {"base", "ed base 1 theirs", late + "w other x; c ours", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := oneField(t)
			b.claim(c.claim)
			if c.holder != "" {
				b.sh(c.holder)
			}
			a.sh(c.pusher)
			push := func() (*Landed, error) { return a.closed().Push(t.Context(), a.target(), lock.Wait{}) }
			if !c.refused {
				if _, err := push(); err != nil {
					t.Fatal(err)
				}
				return
			}
			err := a.unchanged(push)
			var claimed *ClaimedError
			if !errors.As(err, &claimed) || len(claimed.Files) != 1 || claimed.Files[0].Claim.Session != "B" || claimed.Files[0].Changed != c.changed {
				t.Fatalf("%v", err)
			}
			if landed, err := a.tryPush(); err != nil || len(landed.Notified) != 1 {
				t.Errorf("where claims do not bind: %+v (%v)", landed, err)
			}
		})
	}
}

// TestLandSubagents: claims of a subagent's session, and of another that works for the same
// one, keep nothing of theirs out; those of any other session do.
func TestLandSubagents(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	_, err := b.bus().Register(t.Context(), []bus.Registration{
		{ID: "A-1", Workstream: "a1", Agent: "claude", Parent: "A"},
		{ID: "A-2", Workstream: "a2", Agent: "claude", Parent: "A"},
		{ID: "B-1", Workstream: "b1", Agent: "claude", Parent: "B"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		holder, pusher string
		refused        bool
	}{{"A-1", "A", false}, {"A", "A-1", false}, {"A-1", "A-2", false}, {"B-1", "A", true}, {"B-1", "A-2", true}} {
		name := row.holder + " for " + row.pusher
		holder := &field{a.ground, a.dir, row.holder, a.env, nil}
		holder.claim(name)
		b.sh("export GIT_COMMITTER_DATE='" + time.Now().Add(time.Hour).Format("2006-01-02 15:04:05 -0700") + "'; w '" + name + "' x; c '" + name + "'")
		l := b.lander()
		l.Door = ClaimRule{Refuse: true, Worktree: func(string) string { return "" }}
		before, after := b.git("rev-parse", "HEAD~"), b.head()
		err := l.atDoor(t.Context(), row.pusher, before, after, after)
		var claimed *ClaimedError
		if errors.As(err, &claimed) != row.refused || !row.refused && err != nil {
			t.Errorf("%s pushes what %s holds: %v", row.pusher, row.holder, err)
		}
	}
}
