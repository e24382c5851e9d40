package odb

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// seedPack is a small pack and index of git's making, with deltas.
func seedPack(f *testing.F, config string) (idx, pack []byte, ids []object.Hash) {
	r := newRepo(f)
	r.chain("refs/heads/main", 6)
	r.git("-c", config, "repack", "-q", "-adf")
	return readGlob(f, r.objects()+"/pack/*.idx"), readGlob(f, r.objects()+"/pack/*.pack"), r.all()
}

// FuzzIndex looks for ids in an index of any bytes.
func FuzzIndex(f *testing.F) {
	for _, config := range []string{"pack.indexVersion=1", "pack.indexVersion=2"} {
		idx, _, ids := seedPack(f, config)
		raw, _ := hex.DecodeString(string(ids[3]))
		f.Add(idx, raw)
	}
	f.Fuzz(func(t *testing.T, idx, id []byte) {
		x, err := newIndex(idx)
		if err != nil {
			return
		}
		for b := range 256 {
			probe := make([]byte, 20)
			copy(probe, id)
			if id = probe; b > 0 {
				probe[0] = byte(b)
			}
			_, _, _ = x.find(probe)
		}
		for i := range min(x.count, 100) {
			_, _ = x.offset(i)
		}
	})
}

// FuzzPack unpacks from any bytes at any offset, through an index of any bytes.
func FuzzPack(f *testing.F) {
	for _, config := range []string{"repack.useDeltaBaseOffset=true", "repack.useDeltaBaseOffset=false"} {
		idx, pack, ids := seedPack(f, config)
		x, err := newIndex(idx)
		if err != nil {
			f.Fatal(err)
		}
		for _, id := range ids {
			raw, _ := hex.DecodeString(string(id))
			at, _, _ := x.find(raw)
			f.Add(idx, pack, at)
		}
	}
	f.Fuzz(func(t *testing.T, idx, data []byte, at uint64) {
		x, err := newIndex(idx)
		if err != nil || len(data) < packHead+20 {
			return
		}
		// The checksums that tie the two are left out: the fuzzer cannot make them.
		d := Open(t.TempDir(), Options{})
		m := &packFile{index: x, data: data}
		u, err := d.unpack(d.inflater(), new(pack), m, at)
		if err == nil && !known(u.kind) {
			t.Fatal("an object of no kind")
		}
		_, _, _ = newPackFile(idx, data)
	})
}

// FuzzDelta holds applyDelta to the size that the delta states.
func FuzzDelta(f *testing.F) {
	f.Add([]byte("hello, world"), []byte("\x0c\x0b\x90\x05\x06, moon"))
	f.Add([]byte("abc"), []byte("\x03\x80\x80\x04\x80\x80"))
	f.Fuzz(func(t *testing.T, base, delta []byte) {
		before := bytes.Clone(base)
		out, err := applyDelta(base, delta)
		if err == nil && len(out) > MaxSize || !bytes.Equal(before, base) {
			t.Fatal("too much, or the base was changed")
		}
	})
}

// FuzzLoose reads any bytes as a loose file: what is accepted is an object that
// reads the same when written again.
func FuzzLoose(f *testing.F) {
	for _, n := range []int{0, 10, 5000, 1 << 16} {
		f.Add(new(deflater).deflate(object.Blob, make([]byte, n)))
	}
	f.Add(appendFlat(nil, []byte("commit 007\x00"), []byte("content")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		kind, content, err := new(inflater).decodeLoose(raw)
		if err != nil {
			return
		}
		again := new(deflater).deflate(kind, content)
		kind2, content2, err := new(inflater).decodeLoose(again)
		if err != nil || kind2 != kind || !bytes.Equal(content, content2) {
			t.Fatalf("%q %v: reads otherwise", kind, err)
		}
	})
}

// FuzzDeflate holds both ways to frame an object to what the reader takes.
func FuzzDeflate(f *testing.F) {
	f.Add([]byte("content"))
	f.Add(make([]byte, 1<<16))
	f.Fuzz(func(t *testing.T, content []byte) {
		kind, got, err := new(inflater).decodeLoose(new(deflater).deflate(object.Tag, content))
		if err != nil || kind != object.Tag || !bytes.Equal(got, content) {
			t.Fatalf("%q %v", kind, err)
		}
	})
}
