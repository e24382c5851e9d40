package repo_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Of a swarm.toml that is too long, as anybody can commit one, only the size is read: here
// there is no more of it.
func TestTeamFileTooLong(t *testing.T) {
	t.Parallel()
	p := targetGround(t)
	id := strings.Repeat("ab", 20)
	var object bytes.Buffer
	z := zlib.NewWriter(&object)
	_, _ = z.Write([]byte("blob 300000000\x00the beginning"))
	z.Close()
	p.write(filepath.Join("app/.git/objects", id[:2], id[2:]), object.String())
	p.write("app/.git/tree", "100644 blob "+id+"\tswarm.toml\n")
	tree := p.git("app", "-c", "alias.m=!git mktree --missing <.git/tree", "m")
	commit := strings.TrimSpace(p.git("app", "commit-tree", "-m", "long", strings.TrimSpace(tree)))
	var bad *repo.TeamFileError
	if _, err := p.discover("app").TeamFileAt(context.Background(), commit); !errors.As(err, &bad) || bad.Ref != commit {
		t.Errorf("%v", err)
	}
}
