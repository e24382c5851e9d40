package object

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
)

// Mode is a tree entry's mode as git writes it.
type Mode string

// The modes that git swarm writes.
const (
	ModeFile Mode = "100644"
	ModeTree Mode = "40000"
)

// Entry is one line of a tree.
type Entry struct {
	Name string
	Mode Mode
	ID   Hash
}

// IsTree reports whether the entry is a folder.
func (e Entry) IsTree() bool { return e.Mode == ModeTree }

// sortKey is what git orders tree entries by: folders as if they ended in '/'.
func (e Entry) sortKey() string {
	if e.IsTree() {
		return e.Name + "/"
	}
	return e.Name
}

// Entries is a tree's content, in git's order.
type Entries []Entry

// Find returns the position of name, and whether it is there.
func (t Entries) Find(name string) (int, bool) {
	i := slices.IndexFunc(t, func(e Entry) bool { return e.Name == name })
	return i, i >= 0
}

// With is a copy of t in which e stands, alone under its name.
func (t Entries) With(e Entry) Entries {
	out := t.Without(e.Name)
	i, _ := slices.BinarySearchFunc(out, e, func(a, b Entry) int {
		return strings.Compare(a.sortKey(), b.sortKey())
	})
	return slices.Insert(out, i, e)
}

// Without is a copy of t without name.
func (t Entries) Without(name string) Entries {
	out := make(Entries, 0, len(t)+1)
	for _, e := range t {
		if e.Name != name {
			out = append(out, e)
		}
	}
	return out
}

// Encode is the tree object's content. t must be in git's order, as With and
// DecodeTree leave it.
func (t Entries) Encode() []byte {
	var b bytes.Buffer
	for _, e := range t {
		b.WriteString(string(e.Mode))
		b.WriteByte(' ')
		b.WriteString(e.Name)
		b.WriteByte(0)
		raw, _ := hex.DecodeString(string(e.ID))
		b.Write(raw)
	}
	return b.Bytes()
}

// DecodeTree reads a tree object's content and checks its order and names.
func (a Algo) DecodeTree(content []byte) (Entries, error) {
	var t Entries
	for len(content) > 0 {
		mode, rest, ok1 := bytes.Cut(content, []byte(" "))
		name, rest, ok2 := bytes.Cut(rest, []byte{0})
		if !ok1 || !ok2 || len(rest) < a.Size || len(name) == 0 || bytes.IndexByte(name, '/') >= 0 {
			return nil, &SyntaxError{Tree, "an entry is cut short or has no proper name"}
		}
		e := Entry{string(name), Mode(mode), Hash(hex.EncodeToString(rest[:a.Size]))}
		if n := len(t); n > 0 && t[n-1].sortKey() >= e.sortKey() {
			return nil, &SyntaxError{Tree, "entries are out of order"}
		}
		t = append(t, e)
		content = rest[a.Size:]
	}
	return t, nil
}
