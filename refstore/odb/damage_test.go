package odb

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// check reads id from a fresh DB and wants the right object or a DamagedError.
func (r *repo) check(id object.Hash, what string, at int) (sound bool) {
	r.t.Helper()
	d := Open(r.objects(), Options{})
	defer d.Close()
	d.Has(id)
	o, err := d.Read(bg, id)
	if err == nil {
		if object.SHA1.Sum(o.Kind, o.Content) != id {
			r.t.Fatalf("%s %d: another object", what, at)
		}
		return true
	}
	var bad *DamagedError
	var large *TooLargeError
	if !errors.As(err, &bad) && !errors.As(err, &large) && !errors.Is(err, ErrNotFound) {
		r.t.Fatalf("%s %d: %v", what, at, err)
	}
	return false
}

// replace writes a file anew, so that mappings of the old one stay as they are.
func replace(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o444); err != nil {
		t.Fatal(err)
	}
}

// spoil calls check with the file cut short at each step and each byte changed.
func (r *repo) spoil(path string, step int, check func(what string, at int)) {
	good, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(good); i += step {
		replace(r.t, path, good[:i])
		check("cut at", i)
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		replace(r.t, path, bad)
		check("bit flipped at", i)
	}
	replace(r.t, path, good)
}

// A loose file with any byte changed or its end missing is never taken for the object.
func TestDamagedLoose(t *testing.T) {
	for n, step := range map[int]int{0: 1, 100: 1, 5000: 13} {
		r := newRepo(t)
		id := mustWrite(t, r.open(Options{}), object.Blob, bytes.Repeat([]byte("abc"), n))
		path := r.open(Options{}).own().loosePath(id)
		r.spoil(path, step, func(what string, at int) {
			sound := r.check(id, what, at)
			if sound && (what != "bit flipped at" || n < 5000) {
				t.Fatalf("%d bytes, %s %d: not noticed", n, what, at)
			}
		})
		good, _ := os.ReadFile(path)
		replace(t, path, append(good, 0))
		if r.check(id, "longer by", 1) {
			t.Fatal("garbage at the end is not noticed")
		}
	}
}

// So is an index or pack, with ids of both formats.
func TestDamagedPack(t *testing.T) {
	r := newRepo(t)
	tip := r.chain("refs/heads/main", 8)
	r.git("repack", "-q", "-adf")
	ids := append(r.all(), tip)
	base := strings.TrimSuffix(glob(t, r.objects()+"/pack/*.pack")[0], ".pack")
	for _, ext := range []string{".idx", ".pack"} {
		r.spoil(base+ext, 3, func(what string, at int) {
			if what == "cut at" {
				if r.check(tip, ext+" "+what, at) {
					t.Fatalf("%s %s %d: not noticed", ext, what, at)
				}
				return
			}
			for _, id := range ids[len(ids)-6:] {
				r.check(id, ext+" "+what, at)
			}
		})
	}
	r.sameAsGit(r.open(Options{}))
}

// A sound copy is found behind a damaged one, in either order.
func TestSoundCopyBehindDamage(t *testing.T) {
	r := newRepo(t)
	tip := r.chain("refs/heads/main", 8)
	pack := readGlob(t, r.objects()+"/pack/*.pack")
	d := r.open(Options{})
	path := d.own().loosePath(tip)
	o, err := d.Read(bg, tip)
	if err != nil || d.Write(o) != nil {
		t.Fatal(err)
	}
	replace(t, path, []byte("nothing"))
	if !r.check(tip, "loose copy damaged", 0) {
		t.Fatal("the packed copy was not found")
	}
	if err := d.Write(o); err != nil {
		t.Fatal(err)
	}
	bad := bytes.Clone(pack)
	for i := packHead; i < len(bad)-20; i++ {
		bad[i] = 0xff
	}
	replace(t, glob(t, r.objects()+"/pack/*.pack")[0], bad)
	d2 := r.open(Options{})
	if _, err := d2.Read(bg, ""); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	d2.Has(r.all()[0]) // the damaged pack is the hot one now
	if _, err := d2.Read(bg, tip); err != nil {
		t.Fatal(err)
	}
}

// A pack that is cut short while it is mapped is an error, not the end of the process.
func TestPackCutWhileMapped(t *testing.T) {
	r := newRepo(t)
	r.chain("refs/heads/main", 2000)
	ids := r.all()
	d := r.open(Options{})
	if _, err := d.Read(bg, ids[0]); err != nil {
		t.Fatal(err)
	}
	pack := glob(t, r.objects()+"/pack/*.pack")[0]
	if err := os.Chmod(pack, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(pack, 4096); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, id := range ids {
		var bad *DamagedError
		if _, err := d.Read(bg, id); errors.As(err, &bad) {
			failed++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if failed == 0 {
		t.Fatal("nothing was noticed")
	}
}

// handmade is a pack of version 2 with its index, of entries given as bytes.
func handmade(ids []string, entries [][]byte) (idx, pack []byte) {
	pack = binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(len(entries)))
	idx = []byte(indexMagic + "\x00\x00\x00\x02")
	var table, near []byte
	for i, e := range entries {
		raw, _ := hex.DecodeString(ids[i])
		table = append(table, raw...)
		near = binary.BigEndian.AppendUint32(near, uint32(len(pack)))
		pack = append(pack, e...)
	}
	for b := range 256 {
		n := 0
		for i := range ids {
			if int(table[i*idSize]) <= b {
				n++
			}
		}
		idx = binary.BigEndian.AppendUint32(idx, uint32(n))
	}
	h := sha1.New()
	h.Write(pack)
	pack = h.Sum(pack)
	idx = append(append(append(idx, table...), make([]byte, 4*len(ids))...), near...)
	idx = append(idx, pack[len(pack)-idSize:]...)
	h = sha1.New()
	h.Write(idx)
	return h.Sum(idx), pack
}

// Deltas in a loop, claims of great size and offsets outside give errors at once.
func TestHostilePacks(t *testing.T) {
	one, two := strings.Repeat("11", 20), strings.Repeat("22", 20)
	raw := func(id string) string { b, _ := hex.DecodeString(id); return string(b) }
	stream := string(appendFlat(nil, nil, []byte("\x00\x00")))
	for name, entries := range map[string][]string{
		"loop of two":        {"\x72" + raw(two) + stream, "\x72" + raw(one) + stream},
		"loop of one":        {"\x72" + raw(one) + stream},
		"base elsewhere":     {"\x72" + raw(strings.Repeat("33", 20)) + stream},
		"offset zero":        {"\x62\x00" + stream},
		"offset before":      {"\x62\x7f" + stream},
		"offset overflow":    {"\x62" + strings.Repeat("\xff", 30) + "\x00" + stream},
		"into the head":      {"\x62\x01" + stream},
		"size overflow":      {"\xbf" + strings.Repeat("\xff", 30) + "\x00" + stream},
		"size of 64 bits":    {"\xbf" + strings.Repeat("\xff", 8) + "\x00" + stream},
		"claims 60 MiB":      {"\xbf\xff\xff\xff\x0f" + stream},
		"type zero":          {"\x02" + stream},
		"type five":          {"\x52" + stream},
		"no end":             {"\xb2"},
		"base cut short":     {"\x72" + "abc"},
		"nothing follows":    {"\x32"},
		"not zlib":           {"\x32" + "garbage garbage"},
		"another object":     {"\x32" + stream},
		"wants a longer one": {"\x33" + stream},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepo(t)
			var bytes [][]byte
			for _, e := range entries {
				bytes = append(bytes, []byte(e))
			}
			ids := []string{one, two}[:len(entries)]
			idx, pack := handmade(ids, bytes)
			os.WriteFile(r.objects()+"/pack/pack-1.pack", pack, 0o444)
			os.WriteFile(r.objects()+"/pack/pack-1.idx", idx, 0o444)
			d := r.open(Options{})
			_, err := d.Read(bg, object.Hash(one))
			var bad *DamagedError
			var large *TooLargeError
			if !errors.As(err, &bad) && !errors.As(err, &large) || bad != nil && bad.ID != object.Hash(one) {
				t.Fatal(err)
			}
			t.Log(err)
			if !d.Has(object.Hash(one)) {
				t.Fatal("not there")
			}
		})
	}
}

// The bytes of handmade packs are what git takes, so that the test above shows
// what it should.
func TestHandmadePack(t *testing.T) {
	r := newRepo(t)
	o := object.SHA1.NewObject(object.Blob, []byte("xy"))
	idx, pack := handmade([]string{string(o.ID)}, [][]byte{append([]byte("\x32"), appendFlat(nil, nil, o.Content)...)})
	os.WriteFile(r.objects()+"/pack/pack-1.pack", pack, 0o444)
	os.WriteFile(r.objects()+"/pack/pack-1.idx", idx, 0o444)
	r.sameAsGit(r.open(Options{}))
	got := r.open(Options{})
	if x, err := got.Read(bg, o.ID); err != nil || string(x.Content) != "xy" {
		t.Fatal(err)
	}
}
