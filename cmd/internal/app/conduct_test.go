package app

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
)

// TestRulesHash: clones of all versions have the same hash for the same rules.
func TestRulesHash(t *testing.T) {
	t.Parallel()
	const digest = "ad5d29967a064e51a7b85e9532cada03e48981261c68b6805f7a1369ab24aade" // of "go.sum: go mod tidy\x00*.lock: make lock\x00"
	made := &merge.Regenerator{Commands: []merge.RegenerateCommand{{Pattern: "go.sum", Line: "go mod tidy"}, {Pattern: "*.lock", Line: "make lock"}}, Limit: time.Minute}
	for _, c := range []struct {
		review bool
		level  heal.Level
		check  settings.HealCheck
		warn   bool
		made   *merge.Regenerator
		verify string
		text   string
	}{
		{false, heal.Safe, settings.ShowResolved, false, nil, "make test", "requireReview=false heal=safe healCheck=show claims=refuse\nmake test"},
		{true, heal.Both, settings.ReviewResolved, true, nil, "", "requireReview=true heal=both healCheck=review claims=warn\n"},
		{true, heal.Wide, settings.RefuseResolved, false, nil, "a\nb", "requireReview=true heal=wide healCheck=refuse claims=refuse\na\nb"},
		{false, heal.Off, settings.ShowResolved, false, nil, "x", "requireReview=false heal=off healCheck=show claims=refuse\nx"},
		{false, heal.Safe, settings.ShowResolved, false, made, "x", "requireReview=false heal=safe healCheck=show claims=refuse regenerate=" + digest + "\nx"},
	} {
		want := sha256.Sum256([]byte(c.text))
		if got := rulesHash(c.review, c.level, c.check, c.warn, c.made, c.verify); got != hex.EncodeToString(want[:]) {
			t.Errorf("%q has %s", c.text, got)
		}
	}
}
