package object

import "testing"

func TestEmptyTree(t *testing.T) {
	for _, a := range []Algo{SHA1, SHA256} {
		if got, want := a.EmptyTree(), a.Sum(Tree, nil); got != want {
			t.Errorf("%s: %s, want %s", a.Name, got, want)
		}
	}
}
