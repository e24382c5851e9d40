package app

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLostRepository: within a worktree whose repository was moved, it is said where that
// was, and how git finds it again; git init would be wrong there.
func TestLostRepository(t *testing.T) {
	t.Parallel()
	w := newTown(t, "files")
	linked := w.Dir + " linked"
	w.Git("worktree", "add", "-q", "-b", "linked", linked)
	sub := filepath.Join(linked, "sub")
	w.Must(os.Mkdir(sub, 0o777))
	w.Must(os.Rename(w.Dir, w.Dir+".moved"))
	w.Dir += ".moved"
	for dir, want := range map[string]string{
		sub:                 "this worktree looks for its repository in '" + strings.TrimSuffix(w.Dir, ".moved") + "/.git/worktrees/r-linked', and it is not there\nhint: if the repository was moved, in its main checkout: git worktree repair '" + linked + "'\n",
		filepath.Dir(w.Dir): "not a git repository (or any of the parent directories)\nhint: git init\n",
	} {
		var stdout, stderr bytes.Buffer
		a := &App{Name: "git-swarm", Env: os.Environ(), Dir: dir, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: time.Now}
		if code := a.Run(context.Background(), []string{"sync"}); code != exitFatal || stderr.String() != "git swarm: "+want {
			t.Errorf("in %s: exit code %d, %q", dir, code, stderr.String())
		}
	}
	w.Git("worktree", "repair", linked)
	w.Dir = sub
	w.ok("A", "sync")
}
