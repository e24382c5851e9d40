package merge

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Where an object is damaged, the error is git's own; one that is missing is named. What
// is asked next is answered.
func TestBlobs(t *testing.T) {
	c := newCheckout(t)
	var long strings.Builder
	for i := range 20_000 {
		fmt.Fprintln(&long, i*i)
	}
	good, bad := c.Feed("good\n", "hash-object", "-w", "--stdin"), c.Feed(long.String(), "hash-object", "-w", "--stdin")
	path := filepath.Join(c.Dir, ".git", "objects", bad[:2], bad[2:])
	c.Must(os.Chmod(path, 0o666))
	c.Must(os.Truncate(path, 1000))
	b := &blobs{git: c.repo().GitParsed}
	defer b.close()
	fine := func() {
		t.Helper()
		texts, err := b.read(t.Context(), good, good)
		if err != nil || len(texts) != 2 || string(texts[1]) != "good\n" {
			t.Errorf("%q, %v", texts, err)
		}
	}
	fine()
	_, err := b.read(t.Context(), good, bad)
	var said *repo.GitError
	if !errors.As(err, &said) || !strings.Contains(said.Stderr, bad) {
		t.Errorf("damaged: %v", err)
	}
	fine()
	missing := strings.Repeat("0", 39) + "1"
	if _, err := b.read(t.Context(), missing); err == nil || !strings.Contains(err.Error(), missing+" missing") {
		t.Errorf("missing: %v", err)
	}
	fine()
}
