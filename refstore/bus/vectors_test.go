package bus

import (
	"bytes"
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// The published vectors of a session are read, and written as they are.
func TestSessionVectors(t *testing.T) {
	for _, vector := range refstoretest.Vectors(t, "state-session") {
		s, err := decodeSession("A", vector.Bytes)
		if err != nil {
			t.Fatalf("%s: %v", vector.Name, err)
		}
		if got, err := refstore.EncodeState(s); err != nil || !bytes.Equal(got, vector.Bytes) {
			t.Errorf("%s is written as %q, %v", vector.Name, got, err)
		}
	}
}
