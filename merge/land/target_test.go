package land

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestLandWhere: only a branch with a commit, and nothing half done, can land.
func TestLandWhere(t *testing.T) {
	t.Parallel()
	conflict := func(t *testing.T) *field {
		a, b := oneField(t)
		a.commit("by A", "base", "A\n")
		b.commit("by B", "base", "B\n")
		return b
	}
	for name, c := range map[string]struct {
		make func(t *testing.T) *field
		want error
		what string
	}{
		"detached": {func(t *testing.T) *field { a, _ := oneField(t); a.git("checkout", "-q", "--detach"); return a }, ErrDetached, ""},
		"unborn":   {func(t *testing.T) *field { a, _ := oneField(t); a.git("checkout", "-q", "--orphan", "x"); return a }, ErrUnborn, ""},
		"bare": {func(t *testing.T) *field {
			a, _ := oneField(t)
			landGit(t, a.hub, "remote", "add", "origin", a.app)
			return &field{a.ground, a.hub, "A", os.Environ(), nil}
		}, ErrBare, ""},
		"merge": {func(t *testing.T) *field {
			b := conflict(t)
			_, _ = tryLandGit(b.dir, "merge", "-q", "feat/A")
			return b
		}, nil, "merge"},
		"rebase": {func(t *testing.T) *field {
			b := conflict(t)
			_, _ = tryLandGit(b.dir, "rebase", "-q", "feat/A")
			return b
		}, nil, "rebase"},
		"apply": {func(t *testing.T) *field {
			b := conflict(t)
			_, _ = tryLandGit(b.dir, "rebase", "-q", "--apply", "feat/A")
			return b
		}, nil, "rebase"},
		"cherry-pick": {func(t *testing.T) *field {
			b := conflict(t)
			_, _ = tryLandGit(b.dir, "cherry-pick", "feat/A")
			return b
		}, nil, "cherry-pick"},
		"revert": {func(t *testing.T) *field {
			b := conflict(t)
			b.commit("more", "base", "C\n")
			_, _ = tryLandGit(b.dir, "revert", "--no-edit", "HEAD~1")
			return b
		}, nil, "revert"},
		"bisect": {func(t *testing.T) *field { a, _ := oneField(t); a.git("bisect", "start"); return a }, nil, "bisect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := c.make(t)
			l := f.lander()
			_, pushed := l.Push(t.Context(), repo.Target{Remote: "origin", Branch: "main"}, lock.Wait{})
			_, pulled := l.Pull(t.Context(), repo.Target{Remote: "origin", Branch: "main"})
			for _, err := range []error{pushed, pulled} {
				var half *UnfinishedError
				if errors.As(err, &half) != (c.what != "") || (half != nil && half.What != c.what) {
					t.Errorf("%v, want a %s in progress", err, c.what)
				}
				if c.want != nil && !errors.Is(err, c.want) {
					t.Errorf("%v, want %v", err, c.want)
				}
			}
			if name != "bare" && f.session().Status != "running" {
				t.Error("the session is marked")
			}
		})
	}
}

// TestLandFromAnywhere: in a sub-folder, through a symbolic link, with GIT_DIR
// and GIT_WORK_TREE set.
func TestLandFromAnywhere(t *testing.T) {
	t.Parallel()
	for name, move := range map[string]func(f *field) *field{
		"sub-folder": func(f *field) *field { return &field{f.ground, filepath.Join(f.dir, "deep/er"), f.id, f.env, nil} },
		"link": func(f *field) *field {
			link := filepath.Join(f.TempDir(), "link")
			if err := os.Symlink(f.dir, link); err != nil {
				f.Fatal(err)
			}
			return &field{f.ground, link, f.id, f.env, nil}
		},
		"GIT_DIR": func(f *field) *field {
			env := f.env.With("GIT_DIR="+f.git("rev-parse", "--absolute-git-dir"), "GIT_WORK_TREE="+f.dir)
			return &field{f.ground, f.TempDir(), f.id, env, nil}
		},
		"relative GIT_DIR": func(f *field) *field {
			return &field{f.ground, filepath.Join(f.dir, "deep"), f.id, f.env.With("GIT_DIR=../.git", "GIT_WORK_TREE=.."), nil}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := oneField(t)
			a.commit("folder", "deep/er/x", "x\n")
			a.push()
			b.pull()
			b.commit("by B", "deep/er/B", "changed\n")
			b.push()
			a.commit("by A", "deep/er/A", "changed\n")
			a.write("base", "not committed\n")
			f := move(a)
			landed, err := f.lander().Push(t.Context(), f.target(), lock.Wait{})
			if err != nil || !landed.Rebased || landed.Stayed != nil {
				t.Fatalf("%+v, %v", landed, err)
			}
			a.linear("folder", "by A", "by B")
			if status := a.git("status", "--porcelain"); status != " M base" || a.read("deep/er/B") != "changed\n" {
				t.Errorf("status %q", status)
			}
			a.tidy()
		})
	}
}
