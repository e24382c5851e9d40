package odb

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// repo is a repository that git made, to be the witness.
type repo struct {
	t   testing.TB
	dir string
}

func newRepo(t testing.TB) *repo {
	t.Helper()
	r := &repo{t, filepath.Join(t.TempDir(), "r.git")}
	gitIn(t, "", nil, "init", "-q", "--bare", r.dir)
	return r
}

func (r *repo) objects() string { return filepath.Join(r.dir, "objects") }

func (r *repo) open(opts Options) *DB {
	d := Open(r.objects(), opts)
	r.t.Cleanup(func() { d.Close() })
	return d
}

// git runs git in the repository and returns its trimmed output.
func (r *repo) git(args ...string) string { return r.gitStdin(nil, args...) }

func (r *repo) gitStdin(in []byte, args ...string) string {
	r.t.Helper()
	return strings.TrimSpace(string(gitIn(r.t, r.dir, in, args...)))
}

func gitIn(t testing.TB, dir string, in []byte, args ...string) []byte {
	t.Helper()
	out, err := gitCommand(dir, in, args...).Output()
	if err != nil {
		if x, ok := err.(*exec.ExitError); ok {
			err = fmt.Errorf("%w: %s%s", err, out, x.Stderr)
		}
		t.Fatalf("git %q: %v", args, err)
	}
	return out
}

func gitCommand(dir string, in []byte, args ...string) *exec.Cmd {
	cmd := exec.Command("git", append([]string{"-c", "gc.auto=0", "-c", "fastimport.unpackLimit=1", "-c", "core.warnAmbiguousRefs=false"}, args...)...)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(in)
	cmd.Env = append(os.Environ(),
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=A U Thor", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=1700000000 +0000",
		"GIT_COMMITTER_NAME=C O Mitter", "GIT_COMMITTER_EMAIL=c@example.com", "GIT_COMMITTER_DATE=1700000000 +0000")
	return cmd
}

// chain makes n commits on a ref, each with a growing file, and returns the tip.
// Every commit but the last few is a good delta base for its neighbours.
func (r *repo) chain(ref string, n int) object.Hash {
	r.t.Helper()
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "commit %s\ncommitter C O Mitter <c@example.com> %d +0000\n", ref, 1700000000+i)
		message := fmt.Sprintf("entry %d\n\nThe same words in every message, so that deltas pay.\n%s", i, strings.Repeat("word ", 40))
		fmt.Fprintf(&b, "data %d\n%s\n", len(message), message)
		content := fmt.Sprintf("line %d of %d\n%s", i, n, strings.Repeat("constant text\n", 50+i%7))
		fmt.Fprintf(&b, "M 100644 inline f%d\ndata %d\n%s\n", i%5, len(content), content)
	}
	r.gitStdin(b.Bytes(), "fast-import", "--quiet")
	return object.Hash(r.git("rev-parse", ref))
}

// all are the ids of all objects, as git lists them.
func (r *repo) all() []object.Hash {
	r.t.Helper()
	out := r.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
	var ids []object.Hash
	for line := range strings.Lines(out) {
		ids = append(ids, object.Hash(strings.TrimSpace(line)))
	}
	return ids
}

// sameAsGit reads every object with d and compares it with what git says.
func (r *repo) sameAsGit(d *DB) {
	r.t.Helper()
	ids := r.all()
	if len(ids) == 0 {
		r.t.Fatal("no objects to compare")
	}
	var ask bytes.Buffer
	for _, id := range ids {
		fmt.Fprintln(&ask, id)
	}
	var got bytes.Buffer
	for _, id := range ids {
		o, err := d.Read(context.Background(), id)
		if err != nil {
			r.t.Fatal(err)
		}
		fmt.Fprintf(&got, "%s %s %d\n%s\n", o.ID, o.Kind, len(o.Content), o.Content)
		if !d.Has(id) {
			r.t.Fatalf("Has(%s) is false", id)
		}
	}
	if !bytes.Equal(got.Bytes(), gitIn(r.t, r.dir, ask.Bytes(), "cat-file", "--batch")) {
		r.t.Fatal("git reads other objects")
	}
}

func mustWrite(t testing.TB, d *DB, kind object.Kind, content []byte) object.Hash {
	t.Helper()
	o := object.SHA1.NewObject(kind, content)
	if err := d.Write(o); err != nil {
		t.Fatal(err)
	}
	return o.ID
}

// hasLoose reports whether the repository itself, not an alternate, holds a loose
// file for the object.
func hasLoose(d *DB, id object.Hash) bool {
	return object.SHA1.Valid(id) && exists(d.own().loosePath(id))
}
