package odb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// manyObjects is a repository with one pack of n small blobs, and their ids.
func manyObjects(b *testing.B, n int) (*repo, []object.Hash) {
	r := newRepo(b)
	var in bytes.Buffer
	ids := make([]object.Hash, n)
	for i := range n {
		content := fmt.Sprintf("small object number %d\n", i)
		fmt.Fprintf(&in, "blob\ndata %d\n%s\n", len(content), content)
		ids[i] = object.SHA1.Sum(object.Blob, []byte(content))
	}
	r.gitStdin(in.Bytes(), "fast-import", "--quiet")
	return r, ids
}

func commitContent(i int) []byte {
	return fmt.Appendf(nil, "tree %s\nauthor A <a@example.com> %d +0000\ncommitter A <a@example.com> %d +0000\n\nentry %d\n\n%s\n",
		object.SHA1.EmptyTree(), 1700000000+i, 1700000000+i, i, strings.Repeat("some text ", 15))
}

// BenchmarkReadLoose opens a DB and reads one loose commit, as a short command does.
func BenchmarkReadLoose(b *testing.B) {
	r := newRepo(b)
	id := mustWrite(b, r.open(Options{}), object.Commit, commitContent(1))
	byGit := object.Hash(r.gitStdin(bytes.Repeat(commitContent(1), 3), "hash-object", "-w", "--stdin"))
	for name, id := range map[string]object.Hash{"stored": id, "deflated": byGit} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				d := Open(r.objects(), Options{})
				if _, err := d.Read(bg, id); err != nil {
					b.Fatal(err)
				}
				d.Close()
			}
		})
	}
}

// BenchmarkReadPacked reads out of a pack of 200,000 objects: cold is the first
// read of a process, miss is an object that is nowhere, git is cat-file for one.
func BenchmarkReadPacked(b *testing.B) {
	r, ids := manyObjects(b, 200_000)
	at := func(i int) object.Hash { return ids[i*7919%len(ids)] }
	b.Run("cold", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			d := Open(r.objects(), Options{})
			if _, err := d.Read(bg, at(i)); err != nil {
				b.Fatal(err)
			}
			d.Close()
		}
	})
	d := r.open(Options{})
	b.Run("warm", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := d.Read(bg, at(i)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("miss", func(b *testing.B) {
		absent := object.SHA1.Sum(object.Blob, []byte("absent"))
		for b.Loop() {
			if d.Has(absent) {
				b.Fatal("there")
			}
		}
	})
	b.Run("git", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			r.git("cat-file", "blob", string(at(i)))
		}
	})
}

// BenchmarkWalk follows the first parents of a chain of 10,000 commits that are
// deltas on one another, against git rev-list and git log.
func BenchmarkWalk(b *testing.B) {
	const n = 10_000
	r := newRepo(b)
	var in bytes.Buffer
	for i := range n {
		message := fmt.Sprintf("entry %d\n\n%s\nNumber: %d\n", i, strings.Repeat("some text ", 15), i)
		fmt.Fprintf(&in, "commit refs/heads/x\ncommitter C <c@example.com> %d +0000\ndata %d\n%s\n", 1700000000+i, len(message), message)
	}
	r.gitStdin(in.Bytes(), "fast-import", "--quiet")
	r.git("repack", "-q", "-adf", "--depth=50")
	tip := object.Hash(r.git("rev-parse", "refs/heads/x"))
	b.Run("odb", func(b *testing.B) {
		for b.Loop() {
			d := Open(r.objects(), Options{})
			if got := walk(b, d, tip); got != n {
				b.Fatalf("%d commits", got)
			}
			d.Close()
		}
	})
	for name, args := range map[string][]string{
		"rev-list": {"rev-list", string(tip)},
		"log":      {"log", "--format=raw", string(tip)},
	} {
		b.Run("git-"+name, func(b *testing.B) {
			for b.Loop() {
				r.git(args...)
			}
		})
	}
}

// walk counts the first parents, looking at no more of a commit than that.
func walk(b *testing.B, d *DB, id object.Hash) (n int) {
	for ; id != ""; n++ {
		o, err := d.Read(bg, id)
		if err != nil {
			b.Fatal(err)
		}
		_, rest, _ := bytes.Cut(o.Content, []byte("\n"))
		line, _, _ := bytes.Cut(rest, []byte("\n"))
		parent, _ := bytes.CutPrefix(line, []byte("parent "))
		if id = ""; len(parent) == 2*idSize {
			id = object.Hash(parent)
		}
	}
	return n
}

// BenchmarkWrite writes commits that are new each time, against git hash-object -w.
func BenchmarkWrite(b *testing.B) {
	r := newRepo(b)
	n := os.Getpid() << 20
	for name, opts := range map[string]Options{"plain": {}, "fsync": {Fsync: true}} {
		b.Run(name, func(b *testing.B) {
			d := r.open(opts)
			for ; b.Loop(); n++ {
				mustWrite(b, d, object.Commit, commitContent(n))
			}
		})
	}
	b.Run("large", func(b *testing.B) {
		d := r.open(Options{})
		for ; b.Loop(); n++ {
			content := bytes.Repeat(commitContent(n), 40)
			mustWrite(b, d, object.Blob, binary.BigEndian.AppendUint64(content, uint64(n)))
		}
	})
	b.Run("again", func(b *testing.B) {
		d := r.open(Options{})
		for b.Loop() {
			mustWrite(b, d, object.Commit, commitContent(0))
		}
	})
	b.Run("git", func(b *testing.B) {
		for ; b.Loop(); n++ {
			r.gitStdin(commitContent(n), "hash-object", "-t", "commit", "-w", "--stdin")
		}
	})
}
