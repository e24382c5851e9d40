package refstore

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// A message that decodes is the one encoding of its entry.
func FuzzDecodeEntry(f *testing.F) {
	for _, body := range oddBodies() {
		if len(body) < 1000 {
			e := Entry{Body: body, Label: "note", Number: 3, Fields: []Field{{"To", "A"}}}
			f.Add(e.message())
			f.Add(body)
		}
	}
	f.Add("x\n\nNumber: 03\nFormat: 1\n")
	f.Add("x\n\nNumber: 1\nNumber: 2\nFormat: 1\n")
	f.Add("x\n\nNumber: 1\nEscaped: nul\nFormat: 1\n")
	f.Fuzz(func(t *testing.T, message string) {
		e, err := decodeEntry("id", &object.CommitData{Message: message, Author: object.Signature{Name: "A"}})
		if err != nil {
			return
		}
		if again := e.message(); again != message {
			t.Errorf("%q is read, and written as %q", message, again)
		}
	})
}

// Whatever check lets through comes back as it was, and git's own limits on a
// commit message (no NUL) are kept.
func FuzzEntryRoundTrip(f *testing.F) {
	for _, body := range oddBodies() {
		if len(body) < 1000 {
			f.Add(body, "note", "To", "A", 1)
			f.Add(body, "", "", "", 7)
		}
	}
	f.Fuzz(func(t *testing.T, body, label, key, value string, number int) {
		e := &Entry{ID: "id", Body: body, Label: label, Number: max(1, number), Author: "A", At: time.Unix(1, 0)}
		if key != "" || value != "" {
			e.Fields = []Field{{key, value}, {"Last", "x"}}
		}
		if e.check() != nil {
			return
		}
		message := e.message()
		if strings.Contains(message, "\x00") {
			t.Errorf("NUL in %q", message)
		}
		got, err := decodeEntry("id", &object.CommitData{Message: message, Author: object.Signature{Name: "A"}, Committer: object.Signature{When: e.At}})
		if err != nil {
			t.Fatalf("%+v was stored as %q and cannot be read: %v", e, message, err)
		}
		if !reflect.DeepEqual(got, e) {
			t.Errorf("%+v came back as %+v", e, got)
		}
	})
}

// A redo log that decodes is the one encoding of its transaction.
func FuzzDecodeRedo(f *testing.F) {
	algo := object.SHA1
	blob := algo.NewObject(object.Blob, []byte("object blob 0\n\nupdate"))
	r := &redo{[]update{{ref: "refs/swarm/a", next: blob.ID}, {ref: "refs/swarm/b", prev: blob.ID, next: blob.ID}}, []object.Object{blob, algo.NewObject(object.Tree, nil)}}
	f.Add(r.encode())
	f.Add([]byte("object blob +1\nx\n"))
	f.Add([]byte("update ../../x - " + string(blob.ID) + "\n"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		r, err := decodeRedo(payload, algo)
		if err != nil {
			return
		}
		if again := r.encode(); !bytes.Equal(again, payload) {
			t.Errorf("%q is read, and written as %q", payload, again)
		}
		for _, u := range r.updates {
			if err := CheckRef(u.ref); err != nil {
				t.Error(err)
			}
		}
	})
}

// linear reads packed-refs line by line: the value of a name is what the search
// must find, in a file that git could have written.
func linear(content string, algo object.Algo) (refs []Ref, ok bool) {
	if content != "" && !strings.HasSuffix(content, "\n") {
		return nil, false
	}
	for i, line := range strings.Split(strings.TrimSuffix(content, "\n"), "\n") {
		switch id, name, _ := strings.Cut(line, " "); {
		case i == 0 && strings.HasPrefix(line, "#"), content == "":
		case strings.HasPrefix(line, "^") && len(refs) > 0:
		case !algo.Valid(object.Hash(id)) || name == "":
			return nil, false
		default:
			refs = append(refs, Ref{name, object.Hash(id)})
		}
	}
	return refs, true
}

func FuzzPackedRefs(f *testing.F) {
	a, b := strings.Repeat("a", 40), strings.Repeat("b", 40)
	const header = "# pack-refs with: peeled fully-peeled sorted \n"
	f.Add(header+a+" refs/heads/main\n"+b+" refs/tags/v1\n^"+a+"\n"+a+" refs/tags/v2\n", "refs/tags/v1")
	f.Add("# pack-refs with: peeled \n"+a+" refs/z\n"+b+" refs/a\n", "refs/a")
	f.Add(a+" refs/z\n"+b+" refs/a\n^"+a+"\n^"+b+"\n", "refs/")
	f.Add(header+"^"+a+"\n", "x")
	f.Add(header+a+" refs/heads/ma", "refs/heads/ma")
	f.Add(header+"\n\n\n", "x")
	f.Add(header, "")
	f.Add("#", "x")
	f.Fuzz(func(t *testing.T, content, name string) {
		if name == "" || strings.Contains(name, "\n") {
			return
		}
		path := filepath.Join(t.TempDir(), "packed-refs")
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		refs, ok := linear(content, object.SHA1)
		p, err := openPackedRefs(path, object.SHA1)
		if err != nil {
			if ok {
				t.Errorf("refused: %v", err)
			}
			return
		}
		defer p.close()
		byName := func(a, b Ref) int { return strings.Compare(a.Name, b.Name) }
		ok = ok && (!p.sorted || slices.IsSortedFunc(refs, byName))
		comparePacked(t, p, refs, name, ok)
		for _, ref := range refs {
			comparePacked(t, p, refs, ref.Name, ok)
			comparePacked(t, p, refs, ref.Name+"!", ok)
		}
	})
}

// comparePacked searches as the store does; what a broken file (ok is false)
// holds is not said, but that it neither panics nor hangs.
func comparePacked(t *testing.T, p *packedRefs, refs []Ref, name string, ok bool) {
	tip, err := p.tip(name)
	var below []Ref
	err2 := p.list(name, func(n string, id object.Hash) { below = append(below, Ref{n, id}) })
	if !ok {
		return
	}
	want := object.Hash("")
	var wantBelow []Ref
	for _, ref := range refs {
		if ref.Name == name && want == "" {
			want = ref.Tip
		}
		if strings.HasPrefix(ref.Name, name) {
			wantBelow = append(wantBelow, ref)
		}
	}
	if err != nil || err2 != nil || tip != want || !slices.Equal(below, wantBelow) {
		t.Errorf("%q: %q, %v, not %q; below it %v, %v, not %v", name, tip, err, want, below, err2, wantBelow)
	}
}

// state is a struct as tables hold them.
type state struct {
	Versioned
	Session string    `toml:"session"`
	Since   time.Time `toml:"since"`
	Epoch   int       `toml:"epoch"`
	Paths   []string  `toml:"paths,omitempty"`
}

// A state that decodes is the one encoding of its value.
func FuzzDecodeState(f *testing.F) {
	whole, err := EncodeState(state{Versioned{FormatVersion}, "A", Time(time.Unix(1e9, 5)), 3, []string{"a\nb", "'\"\x00"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte("version = 1\nsession = \"A\"\nsince = 2001-09-09T01:46:40+00:00\nepoch = 0x3\n"))
	f.Add([]byte("version = 2\n"))
	f.Add([]byte("version = 1\n# comment\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		var v state
		if DecodeState(content, &v) != nil {
			return
		}
		again, err := EncodeState(v)
		if err != nil || !bytes.Equal(again, content) {
			t.Errorf("%q is read, and written as %q, %v", content, again, err)
		}
	})
}
