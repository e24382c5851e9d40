package lock

import (
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
)

// FuzzClaim: a claim that can be decoded is encoded to the same bytes.
func FuzzClaim(f *testing.F) {
	f.Add([]byte(claimText))
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := decodeClaim("x", content)
		if err != nil {
			return
		}
		again, err := c.encode()
		if err == nil && string(again) != string(content) || err != nil && len(content) <= maxState {
			t.Fatalf("%q is encoded as %q, %v", content, again, err)
		}
	})
}

// FuzzPushState: so is a state of the push lock.
func FuzzPushState(f *testing.F) {
	held := elsewhere(7)
	held.Version = refstore.FormatVersion
	content, err := refstore.EncodeState(&held)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := decodePush(LocksRef, pushPath, content)
		if err != nil {
			return
		}
		if again, err := refstore.EncodeState(s); err != nil || string(again) != string(content) {
			t.Fatalf("%q is encoded as %q, %v", content, again, err)
		}
	})
}
