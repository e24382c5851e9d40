package launch

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestRemoveWithSubmodule: a worktree whose submodule is checked out is removed, unless
// the submodule has a file or a commit that is nowhere else.
func TestRemoveWithSubmodule(t *testing.T) {
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		t.Setenv("GIT_"+who+"_NAME", "T")
		t.Setenv("GIT_"+who+"_EMAIL", "t@example.com")
	}
	r := newWorktreeRepo(t)
	lib, app := t.TempDir(), filepath.Dir(r.CommonDir)
	gitIn(t, lib, "init", "-q", "-b", "main")
	if err := os.WriteFile(filepath.Join(lib, ".gitignore"), []byte("*.log\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	gitIn(t, lib, "add", ".")
	gitIn(t, lib, "commit", "-qm", "lib")
	gitIn(t, app, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", lib, "sub")
	gitIn(t, app, "commit", "-qm", "with a submodule")
	w, err := addWorktree(t, r, "A", "feat/a")
	if err != nil {
		t.Fatal(err)
	}
	gitIn(t, w.Path, "-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init")
	sub := filepath.Join(w.Path, "sub")
	refused := func(files, modules []string) {
		t.Helper()
		err := RemoveWorktree(t.Context(), r, w, func(string) bool { return false })
		var kept *KeptError
		if !errors.As(err, &kept) || !slices.Equal(kept.Files, files) || !slices.Equal(kept.Modules, modules) {
			t.Fatalf("%v: %+v", err, kept)
		}
	}
	if err := os.WriteFile(filepath.Join(sub, "x.log"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	refused([]string{"sub/x.log"}, nil)
	if err := os.Remove(filepath.Join(sub, "x.log")); err != nil {
		t.Fatal(err)
	}
	gitIn(t, sub, "commit", "-q", "--allow-empty", "-m", "mine")
	refused([]string{"sub"}, []string{"sub"})
	gitIn(t, w.Path, "commit", "-qam", "the submodule's own commit")
	refused(nil, []string{"sub"})
	gitIn(t, sub, "push", "-q", "origin", "HEAD:refs/heads/mine")
	if err := RemoveWorktree(t.Context(), r, w, func(string) bool { return false }); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(w.Path); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
