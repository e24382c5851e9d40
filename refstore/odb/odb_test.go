package odb

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/object"
)

var bg = context.Background()

// noise is n bytes that do not compress.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// Whatever git wrote is read the same, in every layout that git makes of it.
func TestReadsWhatGitWrites(t *testing.T) {
	r := newRepo(t)
	tip := r.chain("refs/heads/main", 300)
	r.git("tag", "-a", "-m", "a tag", "v1", string(tip))
	d := r.open(Options{})
	unreachable := mustWrite(t, d, object.Blob, []byte("for a cruft pack"))
	steps := [][]string{
		{"count-objects"},
		{"gc", "-q", "--cruft", "--prune=never"},
		{"gc", "-q", "--prune=now"},
		{"repack", "-q", "-adf", "--depth=50"},
		{"-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-adf", "--depth=50"},
		{"-c", "pack.indexVersion=1", "repack", "-q", "-adf"},
		{"repack", "-q", "-ad", "--max-pack-size=1m", "-b"},
		{"multi-pack-index", "write"},
		{"-c", "core.compression=0", "repack", "-q", "-adF", "--depth=4000", "--window=2"},
	}
	for _, step := range steps {
		r.git(step...)
		r.sameAsGit(d)
		r.sameAsGit(r.open(Options{}))
		if slices.Contains(step, "--cruft") && (hasLoose(d, unreachable) || !d.Has(unreachable)) {
			t.Fatal("no cruft pack was made")
		}
	}
	if n := strings.Count(r.git("count-objects", "-v"), "count: 0"); n != 1 {
		t.Fatal("git did not pack")
	}
}

// Loose objects that git wrote at any level are read.
func TestReadsLooseOfGit(t *testing.T) {
	r := newRepo(t)
	r.chain("refs/heads/main", 20)
	pack := readGlob(t, r.objects()+"/pack/*.pack")
	for _, level := range []string{"0", "1", "6", "9"} {
		for _, f := range glob(t, r.objects()+"/pack/*") {
			os.Remove(f)
		}
		for _, dir := range glob(t, r.objects()+"/??") {
			os.RemoveAll(dir)
		}
		r.gitStdin(pack, "-c", "core.looseCompression="+level, "unpack-objects", "-q")
		r.sameAsGit(r.open(Options{}))
	}
}

// Offsets that need 64 bits are found in the index's second table.
func TestLargeOffsets(t *testing.T) {
	r := newRepo(t)
	r.chain("refs/heads/main", 100)
	r.git("repack", "-q", "-adf")
	pack := glob(t, r.objects()+"/pack/*.pack")[0]
	idx := strings.TrimSuffix(pack, ".pack") + ".idx"
	os.Remove(idx)
	r.git("index-pack", "--index-version=2,0x40", "-o", idx, pack)
	r.sameAsGit(r.open(Options{}))
}

// A missing object is ErrNotFound, and an id that is none is too.
func TestNotFound(t *testing.T) {
	r := newRepo(t)
	d := r.open(Options{})
	for _, id := range []object.Hash{"", "../../config", object.SHA1.EmptyTree(), object.SHA256.EmptyTree()} {
		if _, err := d.Read(bg, id); !errors.Is(err, ErrNotFound) {
			t.Fatalf("%q: %v", id, err)
		}
		if d.Has(id) || hasLoose(d, id) {
			t.Fatalf("has %q", id)
		}
	}
	nowhere := Open(filepath.Join(t.TempDir(), "absent"), Options{})
	if _, err := nowhere.Read(bg, object.SHA1.EmptyTree()); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	if err := nowhere.Write(object.SHA1.NewObject(object.Tree, nil)); err == nil {
		t.Fatal("wrote into a directory that is not there")
	}
}

// A running DB follows what other processes do: loose to packed, packed to
// packed, new packs, packs without index.
func TestFollowsGit(t *testing.T) {
	r := newRepo(t)
	d := r.open(Options{})
	id := mustWrite(t, d, object.Blob, []byte("one"))
	r.git("update-ref", "refs/tags/one", string(id))
	read := func(id object.Hash) {
		t.Helper()
		if _, err := d.Read(bg, id); err != nil || !d.Has(id) {
			t.Fatalf("%v, has %v", err, d.Has(id))
		}
	}
	read(id)
	r.git("gc", "-q", "--prune=now")
	if hasLoose(d, id) {
		t.Fatal("still loose after gc")
	}
	read(id)
	for i := range 5 {
		tip := r.chain("refs/heads/x"+string(rune('a'+i)), 10)
		read(tip)
		os.WriteFile(r.objects()+"/pack/pack-1234.pack", []byte("PACK"), 0o444)
		os.WriteFile(r.objects()+"/pack/tmp_idx_1", nil, 0o444)
		r.git("repack", "-q", "-adf")
		read(tip)
		read(id)
	}
	r.sameAsGit(d)
}

// An object larger than MaxSize that git wrote is refused, loose and packed,
// and still there.
func TestTooLarge(t *testing.T) {
	r := newRepo(t)
	id := object.Hash(r.gitStdin(make([]byte, MaxSize+1), "hash-object", "-w", "--stdin"))
	r.git("update-ref", "refs/tags/large", string(id))
	for range 2 {
		d := r.open(Options{})
		var large *TooLargeError
		if _, err := d.Read(bg, id); !errors.As(err, &large) || large.Size != MaxSize+1 || !d.Has(id) {
			t.Fatalf("%v, has %v", err, d.Has(id))
		}
		r.git("gc", "-q", "--prune=now")
	}
}

// The fallback is asked last, its answer is verified and its error kept.
func TestFallback(t *testing.T) {
	r := newRepo(t)
	want := object.SHA1.NewObject(object.Blob, []byte("elsewhere"))
	answer, fail := want, error(nil)
	calls := 0
	d := r.open(Options{Fallback: func(context.Context, object.Hash) (object.Object, error) {
		calls++
		return answer, fail
	}})
	if o, err := d.Read(bg, want.ID); err != nil || string(o.Content) != "elsewhere" {
		t.Fatal(err)
	}
	answer.Content = []byte("forged")
	var bad *DamagedError
	if _, err := d.Read(bg, want.ID); !errors.As(err, &bad) {
		t.Fatal(err)
	}
	fail = os.ErrPermission
	if _, err := d.Read(bg, want.ID); !errors.Is(err, os.ErrPermission) {
		t.Fatal(err)
	}
	local := mustWrite(t, d, object.Blob, []byte("here"))
	if _, err := d.Read(bg, local); err != nil || calls != 3 || d.Has(want.ID) {
		t.Fatalf("%v, %d calls", err, calls)
	}
}

// A partial clone is read as far as it goes, and the rest through the fallback.
func TestPartialClone(t *testing.T) {
	full := newRepo(t)
	tip := full.chain("refs/heads/main", 20)
	full.git("config", "uploadpack.allowFilter", "true")
	c := &repo{t, filepath.Join(t.TempDir(), "c")}
	gitIn(t, "", nil, "clone", "-q", "--bare", "--filter=blob:none", "file://"+full.dir, c.dir)
	blob := object.Hash(full.git("rev-parse", string(tip)+":f1"))
	d := c.open(Options{})
	if _, err := d.Read(bg, tip); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Read(bg, blob); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	d = c.open(Options{Fallback: func(_ context.Context, id object.Hash) (object.Object, error) {
		return object.SHA1.NewObject(object.Blob, gitIn(t, c.dir, nil, "cat-file", "blob", string(id))), nil
	}})
	if o, err := d.Read(bg, blob); err != nil || o.ID != blob {
		t.Fatal(err)
	}
}

// A pack that cannot be used does not make an object absent: the fallback is
// asked, and if it fails the pack is named.
func TestUnusablePack(t *testing.T) {
	r := newRepo(t)
	tip := r.chain("refs/heads/main", 10)
	o, err := r.open(Options{}).Read(bg, tip)
	if err != nil {
		t.Fatal(err)
	}
	idx := glob(t, r.objects()+"/pack/*.idx")[0]
	replace(t, idx, []byte("no index"))
	fail := error(nil)
	d := r.open(Options{Fallback: func(context.Context, object.Hash) (object.Object, error) { return o, fail }})
	if _, err := d.Read(bg, tip); err != nil {
		t.Fatal(err)
	}
	fail = ErrNotFound
	var bad *DamagedError
	if _, err := d.Read(bg, tip); !errors.As(err, &bad) || bad.ID != "" || bad.Path != idx {
		t.Fatal(err)
	}
	if err := d.Write(o); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Read(bg, tip); err != nil {
		t.Fatal(err)
	}
}

// A closed DB and an ended context say so.
func TestCloseAndContext(t *testing.T) {
	r := newRepo(t)
	tip := r.chain("refs/heads/main", 10)
	d := r.open(Options{})
	o, err := d.Read(bg, tip)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(bg)
	cancel()
	if _, err := d.Read(ended, tip); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Read(bg, tip); !errors.Is(err, os.ErrClosed) || d.Has(tip) {
		t.Fatal(err)
	}
	if !errors.Is(d.Write(o), os.ErrClosed) {
		t.Fatal("wrote after Close")
	}
	if object.SHA1.Sum(o.Kind, o.Content) != tip {
		t.Fatal("the content changed with Close")
	}
}

// A caller may change what it got: the next one gets the object again.
func TestContentIsTheCallers(t *testing.T) {
	r := newRepo(t)
	tip := r.chain("refs/heads/main", 60)
	r.git("repack", "-q", "-adf")
	d := r.open(Options{})
	for range 3 {
		o, err := d.Read(bg, tip)
		if err != nil {
			t.Fatal(err)
		}
		clear(o.Content)
	}
	r.sameAsGit(d)
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func readGlob(t testing.TB, pattern string) []byte {
	t.Helper()
	b, err := os.ReadFile(glob(t, pattern)[0])
	if err != nil {
		t.Fatal(err)
	}
	return b
}
