package land

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
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
