package text

import (
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
)

// TestHeldLine: nobody was last seen before the claim was made.
func TestHeldLine(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	e := &lock.HeldError{Path: "x", Claim: lock.Claim{Path: "x", Session: "B", Since: now.Add(-40 * time.Second)}}
	for seen, want := range map[time.Duration]string{
		20 * time.Second: "'x' is claimed by B (for 40 s, seen 20 s ago)",
		60 * time.Second: "'x' is claimed by B (for 40 s, seen 40 s ago)",
	} {
		e.Seen = now.Add(-seen)
		if got := HeldLine(now, e); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
