package hook

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// TestEdits: files are sorted by the checkout of the session's repository that they
// are in, whichever name leads to them. A repository inside is a folder, and files
// of none, or of another one, are left out; one that the user trusts counts.
func TestEdits(t *testing.T) {
	top := t.TempDir()
	git := refstoretest.Init(t, filepath.Join(top, "app"), "-b", "main")
	git.Git("-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-q", "--allow-empty", "-m", "start")
	git.Git("worktree", "add", "-q", "../linked")
	refstoretest.Init(t, filepath.Join(top, "app", "inner"))
	if err := os.Symlink(filepath.Join(top, "linked"), filepath.Join(top, "app", "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(top, "app", "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	refstoretest.Init(t, filepath.Join(top, "other"))
	trusted := refstoretest.Init(t, filepath.Join(top, "app", "trusted"))
	config := filepath.Join(t.TempDir(), "config")
	trusted.Git("config", "--file", config, "swarm.trusted", filepath.Join(top, "app", "trusted", ".git"))
	places := NewPlaces(append(os.Environ(), "GIT_CONFIG_GLOBAL="+config), filepath.Join(top, "app"))
	edits, err := places.Edits(filepath.Join(top, "app", "sub"), []string{
		"../../other/x", "../trusted/y",
		"a", "../new/folder/b", "", "../link/c", filepath.Join(top, "linked", "d"), "../inner/e", "../../outside", "../.git/config", "../x/../f",
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []Edit
	for _, e := range edits {
		got = append(got, Edit{nil, append([]string{filepath.Base(e.Repo.WorkTree)}, e.Files...)})
	}
	want := []Edit{{nil, []string{"trusted", "y"}}, {nil, []string{"app", "sub/a", "new/folder/b", "inner/e", "f"}}, {nil, []string{"linked", "c", "d"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
	if r, err := places.Repo(filepath.Join(top, "app", "sub")); err != nil || r != edits[1].Repo {
		t.Errorf("looked again for the same folder (%v)", err)
	}
}

// TestEditsUnreadable: a repository that cannot be read keeps nobody from the
// others.
func TestEditsUnreadable(t *testing.T) {
	top := t.TempDir()
	broken := refstoretest.Init(t, filepath.Join(top, "broken"))
	broken.Git("config", "core.repositoryFormatVersion", "99")
	refstoretest.Init(t, filepath.Join(top, "app"))
	edits, err := NewPlaces(os.Environ()).Edits(top, []string{"broken/a", "app/b"})
	if err == nil || len(edits) != 1 || !reflect.DeepEqual(edits[0].Files, []string{"b"}) {
		t.Errorf("%+v, %v", edits, err)
	}
}
