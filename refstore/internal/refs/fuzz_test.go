package refs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/object"
)

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
