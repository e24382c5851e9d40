package app

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/merge/heal"
)

// TestRulesHash: clones of all versions have the same hash for the same rules.
func TestRulesHash(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		review bool
		level  heal.Level
		check  settings.HealCheck
		warn   bool
		verify string
		text   string
	}{
		{false, heal.Safe, settings.ShowResolved, false, "make test", "requireReview=false heal=safe healCheck=show claims=refuse\nmake test"},
		{true, heal.Both, settings.ReviewResolved, true, "", "requireReview=true heal=both healCheck=review claims=warn\n"},
		{true, heal.Wide, settings.RefuseResolved, false, "a\nb", "requireReview=true heal=wide healCheck=refuse claims=refuse\na\nb"},
		{false, heal.Off, settings.ShowResolved, false, "x", "requireReview=false heal=off healCheck=show claims=refuse\nx"},
	} {
		want := sha256.Sum256([]byte(c.text))
		if got := rulesHash(c.review, c.level, c.check, c.warn, c.verify); got != hex.EncodeToString(want[:]) {
			t.Errorf("%q has %s", c.text, got)
		}
	}
}
