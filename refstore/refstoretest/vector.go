package refstoretest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Vector is a file of refstore/testdata/vectors: a value, and the bytes that it
// is stored as. FORMAT.md says how the files are built.
type Vector struct {
	Name  string
	Bytes []byte
	value []byte // JSON
}

// Vectors are the vectors of that kind: the files whose names begin with kind. There is at least
// one.
func Vectors(t testing.TB, kind string) []Vector {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(here), "..", "testdata", "vectors", kind+"*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no vectors of kind %s: %v", kind, err)
	}
	var all []Vector
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		value, stored, ok := bytes.Cut(content, []byte("\n"))
		if !ok {
			t.Fatalf("%s has one line", path)
		}
		all = append(all, Vector{filepath.Base(path), stored, value})
	}
	return all
}

// Value reads the vector's value, all of whose keys must be v's.
func (v Vector) Value(t testing.TB, value any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(v.value))
	d.DisallowUnknownFields()
	if err := d.Decode(value); err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
}
