package redo

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// The published vectors are what the log holds, both ways.
func TestVectors(t *testing.T) {
	for _, vector := range refstoretest.Vectors(t, "redo") {
		var v struct {
			Updates [][3]string `json:"updates"` // ref, old value, new value
			Objects [][2]string `json:"objects"` // kind, content
		}
		vector.Value(t, &v)
		want := &Record{}
		for _, u := range v.Updates {
			want.Updates = append(want.Updates, refs.Update{Ref: u[0], Prev: object.Hash(u[1]), Next: object.Hash(u[2])})
		}
		for _, o := range v.Objects {
			want.Objects = append(want.Objects, object.SHA1.NewObject(object.Kind(o[0]), []byte(o[1])))
		}
		if got := want.Encode(); !bytes.Equal(got, vector.Bytes) {
			t.Errorf("%s is written as %q, not %q", vector.Name, got, vector.Bytes)
		}
		if got, err := decode(vector.Bytes, object.SHA1); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is read as %+v, %v, not %+v", vector.Name, got, err, want)
		}
	}
}
