package lock

import (
	"bytes"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// The published vectors of claims, of the push lock and of releases are read, and written as
// they are.
func TestVectors(t *testing.T) {
	for _, vector := range refstoretest.Vectors(t, "state-claim") {
		c, err := decodeClaim("src/a.go", vector.Bytes)
		if err != nil {
			t.Fatalf("%s: %v", vector.Name, err)
		}
		if got, err := c.encode(); err != nil || !bytes.Equal(got, vector.Bytes) {
			t.Errorf("%s is written as %q, %v", vector.Name, got, err)
		}
	}
	for _, vector := range refstoretest.Vectors(t, "state-lock") {
		var s pushState
		if err := refstore.DecodeState(vector.Bytes, &s); err != nil {
			t.Fatalf("%s: %v", vector.Name, err)
		}
		if got, err := refstore.EncodeState(&s); err != nil || !bytes.Equal(got, vector.Bytes) {
			t.Errorf("%s is written as %q, %v", vector.Name, got, err)
		}
	}
	for _, vector := range refstoretest.Vectors(t, "state-release") {
		path := claimsQueued + "src/a.go"
		if strings.HasSuffix(vector.Name, "-done") {
			path = sessionsQueued + "A"
		}
		s, err := decodeQueued(path, vector.Bytes)
		if err != nil {
			t.Fatalf("%s: %v", vector.Name, err)
		}
		if got, err := refstore.EncodeState(s); err != nil || !bytes.Equal(got, vector.Bytes) {
			t.Errorf("%s is written as %q, %v", vector.Name, got, err)
		}
	}
}
