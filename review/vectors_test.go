package review

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// The published vectors are the lines of events, both ways.
func TestVectors(t *testing.T) {
	for _, vector := range refstoretest.Vectors(t, "review") {
		var v struct {
			Time   time.Time   `json:"time"`
			Review int         `json:"review"`
			Seq    int         `json:"seq"`
			Kind   Kind        `json:"kind"`
			By     string      `json:"by"`
			Text   string      `json:"text"`
			Writer string      `json:"writer"`
			Via    string      `json:"via"`
			To     []string    `json:"to"`
			Branch string      `json:"branch"`
			Target string      `json:"target"`
			Base   object.Hash `json:"base"`
			Tip    object.Hash `json:"tip"`
			Patch  object.Hash `json:"patch"`
		}
		vector.Value(t, &v)
		want := &Event{
			At: v.Time, Review: v.Review, Seq: v.Seq, Kind: v.Kind, By: v.By, Text: v.Text, Writer: v.Writer, Via: v.Via,
			To: v.To, Branch: v.Branch, Target: v.Target, Base: v.Base, Tip: v.Tip, Patch: v.Patch,
		}
		line := strings.TrimSuffix(string(vector.Bytes), "\n")
		if got := want.line(); got != line {
			t.Errorf("%s is written as %q, not %q", vector.Name, got, line)
		}
		got, err := parseLine(line)
		if err != nil {
			t.Fatalf("%s: %v", vector.Name, err)
		}
		if !got.At.Equal(want.At) {
			t.Errorf("%s is of %v, not %v", vector.Name, got.At, want.At)
		}
		if got.At = want.At; !reflect.DeepEqual(got, want) {
			t.Errorf("%s is read as %+v, not %+v", vector.Name, got, want)
		}
	}
}
