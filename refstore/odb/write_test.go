package odb

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// Whatever size is written, compressed or stored, git reads it and its checks pass.
func TestGitReadsWhatIsWritten(t *testing.T) {
	r := newRepo(t)
	d := r.open(Options{Fsync: true})
	for _, n := range []int{0, 1, 100, 4087, 4088, 4089, 4096, 65535, 65536, 1 << 20} {
		for _, content := range [][]byte{noise(n), bytes.Repeat([]byte("x"), n)} {
			id := mustWrite(t, d, object.Blob, content)
			if got := gitIn(t, r.dir, nil, "cat-file", "blob", string(id)); !bytes.Equal(got, content) {
				t.Fatalf("git reads %d other bytes", n)
			}
			if !hasLoose(d, id) {
				t.Fatal("not loose")
			}
			info, err := os.Stat(d.own().loosePath(id))
			if stored := n+len("blob 65535\x00") <= storedMost; err != nil || stored && info.Size() < int64(n) || n == 1<<20 && content[0] == 'x' && info.Size() > int64(n)/10 {
				t.Errorf("%d bytes take %d, %v", n, info.Size(), err)
			}
		}
	}
	blob := object.SHA1.Sum(object.Blob, nil)
	mustWrite(t, d, object.Blob, nil)
	entry, _ := hex.DecodeString(string(blob))
	var tree object.Hash
	for n, stored := range map[int]bool{1: true, 120: true, 200: true, 1985: true, 1986: false} { // 33 bytes each
		var content []byte
		for i := range n {
			content = append(fmt.Appendf(content, "100644 %05d\x00", i), entry...)
		}
		tree = mustWrite(t, d, object.Tree, content)
		r.git("update-ref", fmt.Sprintf("refs/swarm/tree%d", n), string(tree))
		if lines := gitIn(t, r.dir, nil, "ls-tree", string(tree)); bytes.Count(lines, []byte("\n")) != n {
			t.Fatalf("git reads another tree than that of %d entries", n)
		}
		info, err := os.Stat(d.own().loosePath(tree))
		if err != nil || (info.Size() > int64(len(content))) != stored {
			t.Errorf("a tree of %d bytes takes %d, %v", len(content), info.Size(), err)
		}
	}
	when := time.Unix(1700000000, 0).UTC()
	s := object.Signature{Name: "A", Email: "a@example.com", When: when}
	c := object.CommitData{Tree: tree, Author: s, Committer: s, Message: "m\n"}
	tip := mustWrite(t, d, object.Commit, c.Encode())
	r.git("update-ref", "refs/swarm/x", string(tip))
	r.git("fsck", "--strict", "--full")
	r.sameAsGit(d)
	r.git("gc", "-q", "--prune=now")
	r.git("fsck", "--strict", "--full")
	r.sameAsGit(d)
}

// Write makes an old loose object young, so that prune keeps it.
func TestWriteFreshens(t *testing.T) {
	r := newRepo(t)
	d := r.open(Options{})
	id := mustWrite(t, d, object.Blob, []byte("kept"))
	path := d.own().loosePath(id)
	old := time.Now().Add(-30 * 24 * time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, d, object.Blob, []byte("kept"))
	r.git("prune", "--expire=1.hour.ago")
	if !hasLoose(d, id) {
		t.Fatal("pruned")
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o333 != 0 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	r.git("gc", "-q", "--prune=now")
	if d.Has(id) {
		t.Fatal("not pruned, though unreachable")
	}
}

// Write repairs a damaged copy instead of relying on it.
func TestWriteReplacesDamage(t *testing.T) {
	r := newRepo(t)
	d := r.open(Options{Fsync: true})
	id := mustWrite(t, d, object.Blob, []byte("content"))
	path := d.own().loosePath(id)
	os.Remove(path)
	os.WriteFile(path, nil, 0o444)
	mustWrite(t, d, object.Blob, []byte("content"))
	r.git("fsck", "--strict")
	if _, err := d.Read(bg, id); err != nil {
		t.Fatal(err)
	}
}

// Write refuses what it could not read again.
func TestWriteRefuses(t *testing.T) {
	d := newRepo(t).open(Options{})
	o := object.SHA1.NewObject(object.Blob, []byte("x"))
	o.Content = []byte("y")
	if d.Write(o) == nil {
		t.Fatal("wrote an object under another's id")
	}
	if d.Write(object.SHA1.NewObject("note", nil)) == nil {
		t.Fatal("wrote an unknown kind")
	}
	var large *TooLargeError
	if err := d.Write(object.SHA1.NewObject(object.Blob, make([]byte, MaxSize+1))); !errors.As(err, &large) {
		t.Fatal(err)
	}
}

// RemoveLoose removes one copy, and none is no error; CountLoose17 counts as git does.
func TestLooseHousekeeping(t *testing.T) {
	r := newRepo(t)
	d := r.open(Options{})
	want := 0
	for i := range 600 {
		if id := mustWrite(t, d, object.Blob, []byte{byte(i), byte(i >> 8)}); strings.HasPrefix(string(id), "17") {
			want++
		}
	}
	os.WriteFile(r.objects()+"/17/tmp_obj_abcdef", nil, 0o444)
	if n, err := d.CountLoose17(); n != want || err != nil || n == 0 {
		t.Fatalf("%d instead of %d, %v", n, want, err)
	}
	id := mustWrite(t, d, object.Blob, []byte("garbage"))
	for range 2 {
		if err := d.RemoveLoose(id); err != nil || d.Has(id) {
			t.Fatalf("%v, has %v", err, d.Has(id))
		}
	}
	if d.RemoveLoose("../config") == nil {
		t.Fatal("removed what is no object")
	}
}
