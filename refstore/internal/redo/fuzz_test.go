package redo

import (
	"bytes"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// A description that decodes is the one encoding of its transaction.
func FuzzDecode(f *testing.F) {
	algo := object.SHA1
	blob := algo.NewObject(object.Blob, []byte("object blob 0\n\nupdate"))
	whole := (&Record{
		[]refs.Update{{Ref: "refs/swarm/a", Next: blob.ID}, {Ref: "refs/swarm/b", Prev: blob.ID, Next: blob.ID}},
		[]object.Object{blob, algo.NewObject(object.Tree, nil)},
	}).Encode()
	_, payload, _ := bytes.Cut(whole, []byte("\n"))
	f.Add(payload)
	f.Add([]byte("object blob +1\nx\n"))
	f.Add([]byte("update ../../x - " + string(blob.ID) + "\n"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		content := append([]byte(header(payload)), payload...)
		r, err := decode(content, algo)
		if err != nil {
			return
		}
		if r == nil {
			t.Fatalf("%q is taken for a description that was cut short", content)
		}
		if again := r.Encode(); !bytes.Equal(again, content) {
			t.Errorf("%q is read, and written as %q", content, again)
		}
		for _, u := range r.Updates {
			if err := refs.CheckName(u.Ref); err != nil {
				t.Error(err)
			}
		}
	})
}
