package merge

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

func TestMain(m *testing.M) { refstoretest.Main(m, nil) }

// checkout is a repository in whose work tree branches are merged.
type checkout struct{ *refstoretest.Repo }

// newCheckout makes a repository on branch main with one commit.
func newCheckout(t testing.TB) *checkout {
	t.Helper()
	c := &checkout{refstoretest.NewRepo(t)}
	c.Write("README", "start\n")
	c.Commit("start")
	return c
}

func (c *checkout) read(name string) string {
	c.Helper()
	content, err := os.ReadFile(filepath.Join(c.Dir, name))
	c.Must(err)
	return string(content)
}

func (c *checkout) repo() *repo.Repo {
	c.Helper()
	r, err := repo.Discover(os.Environ(), c.Dir)
	c.Must(err)
	return r
}

// blob is one stage of a file in the index, to the byte.
func (c *checkout) blob(name string, stage int) []byte {
	c.Helper()
	out, err := c.repo().GitParsed(c.Context(), "cat-file", "blob", fmt.Sprintf(":%d:%s", stage, name)).Output()
	c.Must(err)
	return out
}

// nine is a file with a number on each of nine lines, some of them changed.
func nine(lines map[int]string) string {
	var b strings.Builder
	for i := 1; i <= 9; i++ {
		if text, ok := lines[i]; ok {
			b.WriteString(text + "\n")
		} else {
			fmt.Fprintf(&b, "%d\n", i)
		}
	}
	return b.String()
}
