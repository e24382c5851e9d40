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

// SortKey is what git orders tree entries by: folders as if they ended in '/'.
func (e Entry) SortKey() string {
	if e.IsTree() {
		return e.Name + "/"
	}
	return e.Name
}

// Entries is a tree's content, in git's order.
type Entries []Entry

// Find returns the position of name, and whether it is there.
func (t Entries) Find(name string) (int, bool) {
	if i, ok := t.at(name); ok {
		return i, true
	}
	return t.at(name + "/") // a folder
}

// at returns the position of what has that sort key, or where it would stand.
func (t Entries) at(key string) (int, bool) {
	return slices.BinarySearchFunc(t, key, func(e Entry, key string) int { return strings.Compare(e.SortKey(), key) })
}

// With puts e into t, alone under its name. It changes t's own array: a transaction puts
// thousands into one folder.
func (t Entries) With(e Entry) Entries {
	t = t.Without(e.Name)
	i, _ := t.at(e.SortKey())
	return slices.Insert(t, i, e)
}

// Without takes name out of t. It changes t's own array.
func (t Entries) Without(name string) Entries {
	for {
		i, ok := t.Find(name)
		if !ok {
			return t
		}
		t = slices.Delete(t, i, i+1)
	}
}

// Encode is the tree object's content. t must be in git's order, as With and
// DecodeTree leave it.
func (t Entries) Encode() []byte {
	size := 0
	for _, e := range t {
		size += len(e.Mode) + len(" ") + len(e.Name) + len("\x00") + hex.DecodedLen(len(e.ID))
	}
	b := make([]byte, 0, size)
	for _, e := range t {
		b = append(append(append(b, e.Mode...), ' '), e.Name...)
		b = append(b, 0)
		b, _ = hex.AppendDecode(b, []byte(e.ID))
	}
	return b
}

// countEntries is how many entries a tree object's content has, at most.
func (a Algo) countEntries(content []byte) (n int) {
	for ; len(content) > 0; n++ {
		name := bytes.IndexByte(content, 0)
		content = content[min(name+1+a.Size, len(content)):]
		if name < 0 {
			break
		}
	}
	return n
}

// DecodeTree reads a tree object's content and checks its order and names.
func (a Algo) DecodeTree(content []byte) (Entries, error) {
	t := slices.Grow(Entries(nil), a.countEntries(content))
	var before []byte
	for text := string(content); text != ""; { // modes and names are parts of it
		mode, rest, ok1 := strings.Cut(text, " ")
		name, rest, ok2 := strings.Cut(rest, "\x00")
		if !ok1 || !ok2 || len(rest) < a.Size || len(name) == 0 || strings.IndexByte(name, '/') >= 0 {
			return nil, &SyntaxError{Tree, "an entry is cut short or has no proper name"}
		}
		from := len(content) - len(rest)
		e := Entry{Name: name, Mode: Mode(mode)}
		raw := content[from : from+a.Size]
		if bytes.Equal(raw, before) { // what was written at once is often the same blob
			e.ID = t[len(t)-1].ID
		} else {
			e.ID = hashOf(raw)
		}
		before = raw
		if n := len(t); n > 0 && t[n-1].SortKey() >= e.SortKey() {
			return nil, &SyntaxError{Tree, "entries are out of order"}
		}
		t = append(t, e)
		text = rest[a.Size:]
	}
	return t, nil
}
