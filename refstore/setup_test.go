package refstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// gitRepo is a repository, and what is in its git dir.
type gitRepo struct {
	*refstoretest.Repo
	common [2]string // Dir, and its common git dir once asked for
}

func newRepo(t testing.TB, args ...string) *gitRepo {
	t.Helper()
	return &gitRepo{Repo: refstoretest.NewRepo(t, args...)}
}

// commonDir is where refs and the redo log are.
func (r *gitRepo) commonDir() string {
	r.Helper()
	if r.common[0] != r.Dir {
		r.common = [2]string{r.Dir, r.Git("rev-parse", "--path-format=absolute", "--git-common-dir")}
	}
	return r.common[1]
}

func (r *gitRepo) path(elem ...string) string {
	r.Helper()
	return filepath.Join(append([]string{r.commonDir()}, elem...)...)
}

// open is a store on the repository as a new process would open it.
func (r *gitRepo) open(opts Options) *Store {
	r.Helper()
	s, err := openDir(r.Dir, opts)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { s.Close() })
	return s
}

func openDir(dir string, opts Options) (*Store, error) {
	found, err := repo.Discover(repo.Env(os.Environ()), dir)
	if err != nil {
		return nil, err
	}
	return Open(found, opts), nil
}

// mustAppend appends one entry to a journal.
func mustAppend(t testing.TB, s *Store, ref, body string) *Entry {
	t.Helper()
	e, err := appendTo(s, "A", ref, body)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func appendTo(s *Store, by, ref, body string) (e *Entry, err error) {
	err = s.Update(bg, by, func(tx *Tx) error {
		e, err = tx.Append(ref, Entry{Body: body})
		return err
	})
	return e, err
}

// mustPut puts one blob in a table.
func mustPut(t testing.TB, s *Store, ref, path, content string) {
	t.Helper()
	if err := put(s, ref, path, content); err != nil {
		t.Fatal(err)
	}
}

func put(s *Store, ref, path, content string) error {
	return s.Update(bg, "A", func(tx *Tx) error {
		table, err := tx.Table(ref)
		if err != nil {
			return err
		}
		if err := table.Put(path, []byte(content)); err != nil {
			return err
		}
		_, err = tx.Record(ref, Entry{Body: "put " + path})
		return err
	})
}

// bodies are a chain's bodies from the first on, its numbers checked.
func bodies(t testing.TB, s *Store, ref string) []string {
	t.Helper()
	tip, err := s.Tip(bg, ref)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	if _, err := s.Walk(bg, ref, tip, "", func(e *Entry) bool { all = append(all, e.Body); return true }); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(all)
	return all
}

// tip is what git says the ref holds, "" if there is none.
func (r *gitRepo) tip(ref string) object.Hash {
	out, _ := r.TryGit("rev-parse", "-q", "--verify", ref)
	return object.Hash(out)
}

// litter is what a transaction must not leave behind: locks, temporary files,
// a log that is not empty.
func (r *gitRepo) litter() []string {
	r.Helper()
	var found []string
	common := r.commonDir()
	for _, top := range []string{"refs", "swarm"} {
		err := filepath.WalkDir(filepath.Join(common, top), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			if strings.HasSuffix(path, ".lock") || strings.HasPrefix(d.Name(), "tmp-") {
				found = append(found, path)
			}
			if d.Name() == "redo" {
				if info, err := d.Info(); err != nil || info.Size() > 0 {
					found = append(found, path)
				}
			}
			return nil
		})
		if err != nil {
			r.Fatal(err)
		}
	}
	return found
}

// clean fails the test if anything was left behind, or git finds a fault.
func (r *gitRepo) clean() {
	r.Helper()
	if left := r.litter(); left != nil {
		r.Errorf("left behind: %v", left)
	}
	r.GitFsck()
}

// write makes a file in the common git dir, and the folders on the way.
func (r *gitRepo) write(path, content string) {
	r.Helper()
	path = r.path(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		r.Fatal(err)
	}
}

// writerOf is the backend that the store writes with.
func (s *Store) writerOf(t testing.TB) refs.Backend {
	t.Helper()
	if err := s.chooseWriter(); err != nil {
		t.Fatal(err)
	}
	return s.writer
}

// queue is a file to hand to swap, where the test itself is the only writer.
func (r *gitRepo) queue() *os.File {
	r.Helper()
	f, err := os.OpenFile(r.path("swarm", "redo"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { f.Close() })
	return f
}

// rawCommit stores a commit as a transaction would make it, and moves no ref.
func rawCommit(t testing.TB, r *gitRepo, s *Store, parent object.Hash, body string, number int) object.Hash {
	t.Helper()
	e := Entry{Body: body, Number: number, Author: "raw"}
	sig := object.Signature{Name: "raw", Email: "raw@example.com", When: s.Now()}
	data := object.CommitData{Tree: s.repo.Algo.EmptyTree(), Author: sig, Committer: sig, Message: e.message()}
	if parent != "" {
		data.Parents = []object.Hash{parent}
	}
	return r.object("commit", data.Encode())
}

// object stores one with git.
func (r *gitRepo) object(kind string, content []byte) object.Hash {
	r.Helper()
	return object.Hash(r.Feed(string(content), "hash-object", "-w", "-t", kind, "--stdin", "--literally"))
}

// appendAll appends to several journals in one transaction: the same body, in
// commits of their own, so that none is kept by another's ref.
func appendAll(s *Store, by, body string, refs ...string) error {
	return s.Update(bg, by, func(tx *Tx) error {
		for _, ref := range refs {
			if _, err := tx.Append(ref, Entry{Body: body, Fields: []Field{{"Ref", ref}}}); err != nil {
				return err
			}
		}
		return nil
	})
}

// mktree stores a tree with that one line, whether or not what it names is there.
func (r *gitRepo) mktree(line string) string {
	r.Helper()
	return r.Feed(line+"\n", "mktree", "--missing")
}

// seenFields are the fields of a cursor.
func seenFields() []Field { return []Field{{"Context", "0"}, {"Inbox", "0"}, {"Read", "none"}} }
