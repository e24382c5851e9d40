package refstore

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	gogitobject "github.com/go-git/go-git/v5/plumbing/object"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// Every other git reads what is written here: to the same bytes, without a
// complaint, and passes it on unchanged.
func TestOtherGits(t *testing.T) {
	for _, throughGit := range []bool{false, true} {
		t.Run(fmt.Sprint("git ", throughGit), func(t *testing.T) {
			t.Parallel()
			r := plain(t)
			r.tellStory(r.open(Options{ThroughGit: throughGit}))
			r.Git("fsck", "--strict")
			r.goGitReads()
			r.passedOn()
			r.Git("gc", "-q")
			r.goGitReads()
		})
	}
}

// tellStory writes a ref of each shape, with the oddest content they can have.
func (r *gitRepo) tellStory(s *Store) {
	r.Helper()
	main := object.Hash(r.Git("rev-parse", "main"))
	for i := range 3 {
		r.Must(s.Update(bg, "A", func(tx *Tx) error {
			table, err := tx.Table("refs/swarm/claims")
			if err != nil {
				return err
			}
			for _, name := range oddNames {
				if err := table.Put(name, fmt.Appendf(nil, "%d %s", i, name)); err != nil {
					return err
				}
			}
			if _, err := tx.Record("refs/swarm/claims", Entry{Body: "odd names", Fields: []Field{{"Epoch", fmt.Sprint(i + 1)}}}); err != nil {
				return err
			}
			for _, body := range oddBodies() {
				if _, err := tx.Append("refs/swarm/inbox/B", Entry{Body: body, Label: "reply", Fields: []Field{{"In-Reply-To", "1"}}}); err != nil {
					return err
				}
			}
			if _, err := tx.Replace("refs/swarm/seen/A", Entry{Body: "seen", Fields: []Field{{"Context", "none"}, {"Inbox", "0"}, {"Read", "none"}}}); err != nil {
				return err
			}
			notes, err := tx.Notes("refs/notes/swarm/reviews")
			if err != nil {
				return err
			}
			if err := notes.Put(main, fmt.Sprint("a note ", i, "\n")); err != nil {
				return err
			}
			tx.RecordNotes("refs/notes/swarm/reviews", "note")
			return nil
		}))
	}
	if got := r.Git("notes", "--ref=swarm/reviews", "show", "main"); got != "a note 2" {
		r.Errorf("git reads the note %q", got)
	}
}

// goGitReads opens the repository with go-git and compares every ref and every
// object with what git says. What go-git decodes it encodes to the same id.
func (r *gitRepo) goGitReads() {
	r.Helper()
	opened, err := gogit.PlainOpen(r.Dir)
	r.Must(err)
	var refs []string
	iter, err := opened.References()
	r.Must(err)
	r.Must(iter.ForEach(func(ref *plumbing.Reference) error {
		if ref.Type() == plumbing.HashReference && ref.Name() != "HEAD" {
			refs = append(refs, fmt.Sprint(ref.Hash(), " ", ref.Name()))
		}
		return nil
	}))
	want := strings.Split(r.refsNow(), "\n")
	if !sameElements(refs, want) {
		r.Errorf("go-git lists %q, git %q", refs, want)
	}
	seen := map[string]int{}
	for id, o := range r.allObjects() {
		kind, content := string(o.Kind), o.Content
		seen[kind]++
		stored, err := opened.Storer.EncodedObject(plumbing.AnyObject, plumbing.NewHash(string(id)))
		r.Must(err)
		reader, err := stored.Reader()
		r.Must(err)
		got, err := io.ReadAll(reader)
		if err != nil || !bytes.Equal(got, content) || stored.Type().String() != kind {
			r.Fatalf("%s %s: go-git reads %d bytes of a %s, %v; git %d", kind, id, len(got), stored.Type(), err, len(content))
		}
		var decoded interface {
			Encode(plumbing.EncodedObject) error
		}
		switch kind {
		case "commit":
			decoded, err = gogitobject.DecodeCommit(opened.Storer, stored)
		case "tree":
			decoded, err = gogitobject.GetTree(opened.Storer, stored.Hash())
		default:
			decoded, err = gogitobject.DecodeBlob(stored)
		}
		again := &plumbing.MemoryObject{}
		if err == nil {
			err = decoded.Encode(again)
		}
		if err != nil || again.Hash().String() != string(id) {
			r.Errorf("%s %s becomes %s, %v", kind, id, again.Hash(), err)
		}
	}
	for _, kind := range []string{"commit", "tree", "blob"} {
		if seen[kind] < 3 {
			r.Errorf("only %d objects of kind %s", seen[kind], kind)
		}
	}
}

// allObjects is everything that is reachable, as git reads it.
func (r *gitRepo) allObjects() map[object.Hash]object.Object {
	r.Helper()
	ids := r.Git("rev-list", "--objects", "--all", "--no-object-names")
	out := r.Feed(ids+"\n", "cat-file", "--batch") + "\n"
	all := map[object.Hash]object.Object{}
	for out != "" {
		header, rest, _ := strings.Cut(out, "\n")
		var o object.Object
		var size int
		if _, err := fmt.Sscan(header, &o.ID, &o.Kind, &size); err != nil {
			r.Fatalf("git cat-file says %q: %v", header, err)
		}
		o.Content, out = []byte(rest[:size]), rest[size+1:]
		all[o.ID] = o
	}
	if n := strings.Count(ids, "\n") + 1; len(all) != n {
		r.Fatalf("%d objects of %d", len(all), n)
	}
	return all
}

// passedOn sends everything to other repositories in all the ways of git, with
// its checks on. Each has the same refs afterwards.
func (r *gitRepo) passedOn() {
	r.Helper()
	dir := r.TempDir()
	want := r.refsNow()
	same := func(how string, other *gitRepo) {
		r.Helper()
		if got := other.refsNow(); got != want {
			r.Errorf("after %s the refs are\n%s\nand were\n%s", how, got, want)
		}
		other.Git("fsck", "--strict")
	}
	empty := func(name string) *gitRepo {
		other := &gitRepo{Repo: refstoretest.Init(r, filepath.Join(dir, name), "--bare")}
		other.Git("config", "receive.fsckObjects", "true")
		other.Git("config", "transfer.fsckObjects", "true")
		return other
	}

	pushed := empty("pushed")
	r.Git("push", "-q", pushed.Dir, "refs/*:refs/*")
	same("a push", pushed)

	fetched := empty("fetched")
	fetched.Git("fetch", "-q", r.Dir, "refs/*:refs/*")
	same("a fetch", fetched)

	bundle := filepath.Join(dir, "bundle")
	r.Git("bundle", "create", "-q", bundle, "--all")
	r.Git("bundle", "verify", "-q", bundle)
	r.Git("-c", "transfer.fsckObjects=true", "clone", "-q", "--mirror", bundle, filepath.Join(dir, "cloned"))
	same("a clone of a bundle", &gitRepo{Repo: &refstoretest.Repo{TB: r, Dir: filepath.Join(dir, "cloned")}})

	imported := empty("imported")
	imported.Feed(r.Git("fast-export", "--all")+"\n", "fast-import", "--quiet")
	same("fast-export and fast-import", imported)
}

func sameElements(a, b []string) bool {
	count := map[string]int{}
	for _, s := range a {
		count[s]++
	}
	for _, s := range b {
		count[s]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}
