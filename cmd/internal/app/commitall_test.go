package app

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// TestCommitAll: commit --all refuses each file of another's that git commit --all would
// take, none that it would not but those that git status names, and commits the same.
func TestCommitAll(t *testing.T) {
	t.Parallel()
	const (
		sub   = "git init -q ../lib; git -C ../lib commit -q --allow-empty -m one; git -c protocol.file.allow=always submodule -q add ../lib sub; git commit -qm sub; "
		sides = "git checkout -q -b o; echo o >a; git commit -qam o; git checkout -q main; echo m >a; git commit -qam m; git merge -q o || :; "
		moved = sub + "git -C sub commit -q --allow-empty -m two; echo b >a; "
	)
	for _, c := range []struct {
		name, then, more string
		dir              string // from which it is run
		index            string // that the environment names
	}{
		{name: "changed, deleted and renamed", then: "echo b >a; rm x; mv p q"},
		{name: "staged otherwise", then: "echo b >a; git add a; echo c >a; git mv x y; git rm -q --cached p"},
		{name: "meant to be added", then: "echo b >new; git add -N new; echo b >a"},
		{name: "meant to be added, and deleted", then: "echo b >new; git add -N new; rm a"},
		{name: "a conflict", then: sides},
		{name: "a conflict, and deleted", then: sides + "rm x"},
		{name: "a merge", then: "git checkout -q -b o; echo o >a; git commit -qam o; git checkout -q main; echo m >x; git commit -qam m; git merge -q --no-commit o; echo b >p"},
		{name: "a link in place of a folder", then: "mv d m; ln -s m d"},
		{name: "an index of version 4", then: "git update-index --index-version 4; echo b >a; rm x"},
		{name: "an index in parts", then: "git update-index --split-index; echo b >a; rm x"},
		{name: "left out of the work tree", then: "git update-index --skip-worktree a; echo b >a; echo b >x"},
		{name: "a sparse checkout", then: "git sparse-checkout set --no-cone /a /d; echo b >a; echo b >x", more: "x"},
		{name: "a sparse index", then: "git sparse-checkout set --sparse-index d/g; echo b >a; echo b >d/g/h"},
		{name: "a submodule that moved", then: moved},
		{name: "a submodule that moved and is ignored", then: moved + "git config submodule.sub.ignore all"},
		{name: "a submodule that moved, and all are ignored", then: moved + "git config diff.ignoreSubmodules all", more: "sub"},
		{name: "a submodule with other files", then: sub + "echo b >sub/new; git -C sub add new; echo b >a"},
		{name: "a submodule with other files, and deleted", then: sub + "echo b >sub/new; rm a"},
		{name: "a submodule that is gone", then: sub + "rm -r sub"},
		{name: "a filter with another opinion of an empty file", then: "git config filter.x.clean 'echo one'; echo 'a filter=x' >.git/info/attributes; : >a; touch -d '1 hour ago' a; git commit -qam x; touch -d '1 minute' .git/index; git config filter.x.clean 'echo two'"},
		{name: "line ends that git keeps the same", then: "git config core.autocrlf input; printf 'a\\r\\n' >a; echo b >x", more: "a"},
		{name: "names that git quotes", then: "for f in 'a b' ü \"$(printf 'a\\tb')\"; do echo b >\"$f\"; git add \"$f\"; git commit -qm x; echo c >\"$f\"; done"},
		{name: "a detached HEAD", then: "git checkout -q --detach; echo b >a; rm x"},
		{name: "git-lfs", then: "git lfs install --local; git lfs track a; git add .gitattributes; git commit -qm lfs; git add --renormalize .; git commit -qm pointers; echo b >a"},
		{name: "in a folder", then: "echo b >a; rm d/e; echo b >d/g/h", dir: "d"},
		{name: "a linked worktree", then: "git worktree add -q ../w; echo b >../w/a; rm ../w/x; echo b >p", dir: "../w"},
		{name: "another index", then: "cp .git/index .git/other; GIT_INDEX_FILE=.git/other git rm -q --cached x; echo b >a", dir: "d", index: ".git/other"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.name == "git-lfs" {
				if _, err := exec.LookPath("git-lfs"); err != nil {
					t.Skip("there is no git-lfs")
				}
			}
			w := newAll(t, c.then, c.dir, c.index)
			before := w.Git("rev-parse", "HEAD")
			index := w.Git("rev-parse", "--path-format=absolute", "--git-path", "index")
			if c.index != "" {
				index = filepath.Join(w.Git("rev-parse", "--show-toplevel"), c.index)
			}
			kept, err := os.ReadFile(index)
			w.Must(err)
			info, err := os.Stat(index)
			w.Must(err)
			merging, _ := os.ReadFile(filepath.Join(filepath.Dir(index), "MERGE_HEAD"))
			back := func() {
				w.Git("update-ref", "HEAD", before)
				w.Must(os.WriteFile(index, kept, 0o666))
				w.Must(os.Chtimes(index, time.Time{}, info.ModTime()))
				if len(merging) > 0 {
					w.Must(os.WriteFile(filepath.Join(filepath.Dir(index), "MERGE_HEAD"), merging, 0o666))
				}
			}
			took := func() []string {
				out := w.Git("diff-tree", "-r", "-z", "--no-commit-id", "--name-only", "--no-renames", "--ignore-submodules=none", before, "HEAD")
				return strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
			}
			known := strings.Split(strings.TrimSuffix(w.Git("ls-files", "--full-name", "-z", ":/"), "\x00"), "\x00")
			w.commit()
			want := took()
			if len(want) == 0 {
				t.Fatal("git takes nothing")
			}
			for _, file := range want {
				back()
				w.claims(file)
				if out, code := w.all(); code != exitNo || !strings.Contains(out, "B") || w.Git("rev-parse", "HEAD") != before {
					t.Errorf("'%s', which git takes, is another's: exit code %d: %s", file, code, out)
				}
			}
			back()
			var others []string
			for _, file := range known {
				if !slices.Contains(want, file) && !slices.Contains(strings.Fields(c.more), file) {
					others = append(others, file)
				}
			}
			w.claims(others...)
			if out, code := w.all(); code != 0 || !slices.Equal(took(), want) {
				t.Errorf("exit code %d, it commits %q, git %q: %s", code, took(), want, out)
			}
		})
	}
}

// allTaken is a repository in which a session commits all.
type allTaken struct {
	*refstoretest.Repo
	env []string
}

func newAll(t *testing.T, then, dir, index string) *allTaken {
	t.Helper()
	w := &allTaken{refstoretest.Init(t, filepath.Join(t.TempDir(), "r")), os.Environ()}
	sh := exec.Command("sh", "-ec", `mkdir -p d/g .git/info; for f in a d/e d/g/h p x; do echo a >$f; done; ln -s x l
touch -h -d '1 hour ago' a d/e d/g/h l p x; git add .; git commit -qm start; `+then)
	sh.Dir = w.Dir
	if out, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	w.Dir = filepath.Join(w.Dir, dir)
	if index != "" {
		w.env = append(w.env, "GIT_INDEX_FILE="+index)
	}
	w.run("init", "--sessions", "A:front B:back")
	return w
}

func (w *allTaken) run(args ...string) (out string, code int) {
	w.Helper()
	var stdout, stderr bytes.Buffer
	app := &App{Name: "git-swarm", Env: w.env, Dir: w.Dir, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: time.Now}
	code = app.Run(context.Background(), args)
	return stdout.String() + stderr.String(), code
}

// commit has git commit all.
func (w *allTaken) commit() {
	w.Helper()
	cmd := exec.Command("git", "commit", "-q", "-a", "-m", "by git")
	cmd.Dir, cmd.Env = w.Dir, w.env
	if out, err := cmd.CombinedOutput(); err != nil {
		w.Fatalf("git commit: %v: %s", err, out)
	}
}

func (w *allTaken) all() (string, int) {
	w.Helper()
	return w.run("--session", "A", "commit", "--all", "text")
}

// claims has B hold the files, and no others.
func (w *allTaken) claims(files ...string) {
	w.Helper()
	b := (&town{Repo: w.Repo}).bus()
	claims := lock.NewClaims(b, time.Hour, false)
	_, _, err := claims.ReleaseAll(context.Background(), "B")
	w.Must(err)
	_, err = claims.Grant(context.Background(), "B", lock.Request{Paths: files})
	w.Must(err)
}
