package refstore

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

func writeExecutable(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// waitFor waits for another process to get somewhere.
func waitFor(t testing.TB, there func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !there(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

// git gc --prune=now in two steps, as its git prune works: first it finds out
// what is unreachable, then it deletes that. The wrapper of git stops in between.
const slowPrune = `#!/bin/sh
if [ "$1" = prune ]; then
	GIT_EXEC_PATH='%[1]s' '%[1]s/git' prune -n --expire=now | cut -d' ' -f1 >'%[2]s/list'
	: >'%[2]s/found'
	while test -e '%[2]s/found' && ! test -e '%[2]s/go'; do sleep 0.01; done
	while read -r id; do
		rm -f "objects/$(echo "$id" | cut -c1-2)/$(echo "$id" | cut -c3-)"
	done <'%[2]s/list'
	exit 0
fi
GIT_EXEC_PATH='%[1]s' exec '%[1]s/git' "$@"
`

// slowGC starts a git gc and returns when it knows what it will delete; finish
// lets it do so.
func (r *gitRepo) slowGC() (finish func()) {
	r.Helper()
	dir := r.TempDir()
	real := r.Git("--exec-path")
	script := filepath.Join(dir, "git")
	writeExecutable(r, script, fmt.Sprintf(slowPrune, real, dir))
	cmd := exec.Command("git", "--exec-path="+dir, "gc", "-q", "--prune=now")
	cmd.Dir = r.commonDir()
	if err := cmd.Start(); err != nil {
		r.Fatal(err)
	}
	waitFor(r, func() bool { return exists(filepath.Join(dir, "found")) })
	return func() {
		writeExecutable(r, filepath.Join(dir, "go"), "")
		if err := cmd.Wait(); err != nil {
			r.Errorf("git gc: %v", err)
		}
	}
}

// A git gc --prune=now that looked at the refs before they moved would delete
// what they moved to; keep is what saves it, whenever that gc deletes.
func TestKeepFromGC(t *testing.T) {
	for _, throughGit := range []bool{false, true} {
		for _, when := range []string{"before the refs move", "after Update"} {
			t.Run(fmt.Sprintf("%s/git %v", when, throughGit), func(t *testing.T) {
				t.Parallel()
				r := plain(t)
				mustPut(t, r.open(Options{}), "refs/swarm/t", "a/b", "before")
				var finish func()
				opts := Options{ThroughGit: throughGit, Failpoint: func(point string) {
					if point == "written" && finish == nil { // once: it may be written again
						finish = r.slowGC()
						if when != "after Update" {
							finish()
						}
					}
				}}
				mustPut(t, r.open(opts), "refs/swarm/t", "a/c", "after")
				if when == "after Update" {
					finish()
				}
				if got := r.Git("show", "refs/swarm/t:a/c"); got != "after" {
					t.Errorf("read %q", got)
				}
				r.clean()
			})
		}
	}
}

// Without keep such a gc does take them: the test above tests something.
func TestWithoutKeep(t *testing.T) {
	r := plain(t)
	s := r.open(Options{})
	mustAppend(t, s, "refs/swarm/a", "one")
	w, queue := s.writerOf(t), r.queue()
	tip := r.tip("refs/swarm/a")
	e := Entry{Body: "two", Number: 2, Author: "A"}
	sig := object.Signature{Name: "A", Email: "a@b", When: s.Now()}
	data := object.CommitData{Tree: s.repo.Algo.EmptyTree(), Parents: []object.Hash{tip}, Author: sig, Committer: sig, Message: e.message()}
	next := s.repo.Algo.NewObject(object.Commit, data.Encode())
	if err := w.Write(bg, []object.Object{next}); err != nil {
		t.Fatal(err)
	}
	finish := r.slowGC()
	if err := w.Swap(bg, queue, []refs.Update{{Ref: "refs/swarm/a", Prev: tip, Next: next.ID}}); err != nil {
		t.Fatal(err)
	}
	finish()
	if _, err := r.TryGit("cat-file", "-e", string(next.ID)); err == nil {
		t.Error("the gc of this test takes nothing")
	}
	_, err := s.Entry(bg, "refs/swarm/a", next.ID)
	damagedAs(t, "taken", err, "refs/swarm/a")
}

// A bare git prune says nowhere that it is running, so nothing can be kept from one that
// looked at the refs before they moved and deletes after the change was made. What it
// deletes before that is written again; what it takes after it is named as damage.
func TestBarePrune(t *testing.T) {
	for _, throughGit := range []bool{false, true} {
		for _, when := range []string{"renamed", "after Update"} {
			t.Run(fmt.Sprintf("%s/git %v", when, throughGit), func(t *testing.T) {
				t.Parallel()
				r := plain(t)
				mustAppend(t, r.open(Options{}), "refs/swarm/a", "one")
				var found []string
				prune := func() {
					for _, id := range found {
						r.Must(os.Remove(r.path("objects/" + id[:2] + "/" + id[2:])))
					}
				}
				mustAppend(t, r.open(Options{ThroughGit: throughGit, Failpoint: func(point string) {
					switch {
					case point == "written" && found == nil: // once: it may be written again
						for line := range strings.Lines(r.Git("prune", "-n", "--expire=now")) {
							id, _, _ := strings.Cut(line, " ")
							found = append(found, id)
						}
					case point == when:
						prune()
					}
				}}), "refs/swarm/a", "two")
				if len(found) == 0 {
					t.Fatal("the prune of this test takes nothing")
				}
				if when == "renamed" {
					r.clean()
					return
				}
				prune()
				tip := r.tip("refs/swarm/a")
				_, err := r.open(Options{}).Entry(bg, "refs/swarm/a", tip)
				damagedAs(t, "taken", err, "refs/swarm/a")
			})
		}
	}
}

// Replaced cursors are deleted when they are old, while no git gc runs; one that is
// in use is not.
func TestRetire(t *testing.T) {
	r := plain(t)
	r.Git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/main")
	now := time.Unix(1_900_000_000, 0)
	s := r.open(Options{Now: func() time.Time { return now }})
	var ids []object.Hash
	replace := func() {
		err := s.Update(bg, "A", func(tx *Tx) error {
			e, err := tx.Replace("refs/swarm/seen/A", Entry{Body: "x", Fields: seenFields()})
			if err == nil {
				ids = append(ids, e.ID)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		replace()
	}
	r.Git("update-ref", "refs/tags/mine", string(ids[1]))
	now = now.Add(20*time.Minute + time.Second)
	host, err := os.Hostname()
	r.Must(err)
	r.write("gc.pid", fmt.Sprintf("%d %s", os.Getpid(), host))
	replace()
	if _, err := r.TryGit("cat-file", "-e", string(ids[0])); err != nil {
		t.Error("a cursor was deleted beside a git gc")
	}
	r.Must(os.Remove(r.path("gc.pid")))
	replace()
	now = now.Add(time.Minute)
	replace()
	for i, want := range []bool{false, true, false, true, true, true, true} { // the fourth was replaced just now
		if _, err := r.TryGit("cat-file", "-e", string(ids[i])); (err == nil) != want {
			t.Errorf("cursor %d is there: %v", i, err == nil)
		}
	}
	r.clean()
}

// A cursor that a commit-graph lists, as scheduled maintenance makes one, is left to
// git: without it git fsck fails.
func TestRetireListed(t *testing.T) {
	for name, write := range map[string][]string{
		"one file": {"commit-graph", "write", "--reachable"},
		"a chain":  {"commit-graph", "write", "--reachable", "--split=no-merge"},
		"damaged":  nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := plain(t)
			now := time.Unix(1_900_000_000, 0)
			s := r.open(Options{Now: func() time.Time { return now }})
			var ids []object.Hash
			replace := func() {
				r.Must(s.Update(bg, "A", func(tx *Tx) error {
					e, err := tx.Replace("refs/swarm/seen/A", Entry{Body: "x", Fields: seenFields()})
					if err == nil {
						ids = append(ids, e.ID)
					}
					return err
				}))
			}
			replace()
			replace()
			if write != nil {
				r.Git(write...)
				r.Git("commit", "-q", "--allow-empty", "-m", "more")
				r.Git(write...)
			} else {
				r.write("objects/info/commit-graph", "CGPH")
			}
			replace()
			now = now.Add(20*time.Minute + time.Second)
			replace()
			for i, want := range []bool{write == nil, true} { // the second is listed
				if _, err := r.TryGit("cat-file", "-e", string(ids[i])); (err == nil) != want {
					t.Errorf("cursor %d is there: %v", i, err == nil)
				}
			}
			if write == nil {
				r.Must(os.Remove(r.path("objects/info/commit-graph")))
			}
			r.Git("fsck", "--strict")
			r.clean()
			r.Git("gc", "-q", "--prune=now")
			r.Git("fsck", "--strict")
		})
	}
}

// Who reads what a killed transaction has moved, and a git gc has taken the objects
// of, completes it and finds no damage: in a journal, and in the trees and blobs of
// a table.
func TestReadBesidePrune(t *testing.T) {
	const ref = "refs/swarm/t"
	for _, throughGit := range []bool{false, true} {
		for _, gone := range []string{"refs/swarm/t", "refs/swarm/t^{tree}", "refs/swarm/t:a", "refs/swarm/t:a/c"} {
			t.Run(fmt.Sprintf("%s/git %v", gone, throughGit), func(t *testing.T) {
				t.Parallel()
				r := plain(t)
				mustPut(t, r.open(Options{}), ref, "a/b", "before")
				func() {
					defer func() { _ = recover() }()
					_ = put(r.open(Options{ThroughGit: throughGit, Failpoint: func(point string) {
						if point == "renamed" {
							id := r.Git("rev-parse", gone)
							r.Must(os.Remove(r.path("objects/" + id[:2] + "/" + id[2:])))
							panic("killed")
						}
					}}), ref, "a/c", "after")
					t.Error("not killed")
				}()
				s := r.open(Options{ThroughGit: throughGit})
				tip, err := s.Tip(bg, ref)
				r.Must(err)
				table, err := s.TableAt(bg, ref, tip)
				r.Must(err)
				if got, err := table.Get("a/c"); err != nil || string(got) != "after" {
					t.Errorf("read %q, %v", got, err)
				}
				r.clean()
			})
		}
	}
}

// A cursor that was replaced, and taken by a git gc, after its ref was read is read
// as what has taken its place.
func TestReadReplacedCursor(t *testing.T) {
	const ref = "refs/swarm/seen/A"
	r := plain(t)
	s := r.open(Options{})
	replace := func() {
		r.Must(s.Update(bg, "A", func(tx *Tx) error {
			_, err := tx.Replace(ref, Entry{Body: "x", Fields: seenFields()})
			return err
		}))
	}
	replace()
	old, err := s.Tip(bg, ref)
	r.Must(err)
	replace()
	r.Git("prune", "--expire=now")
	if e, err := r.open(Options{}).Entry(bg, ref, old); err != nil || e.Number != 2 {
		t.Errorf("read %+v, %v", e, err)
	}
	tip, err := s.Tip(bg, ref)
	r.Must(err)
	r.Must(os.Remove(r.path("objects/" + string(tip[:2]) + "/" + string(tip[2:]))))
	_, err = r.open(Options{}).Entry(bg, ref, tip)
	damagedAs(t, "gone for good", err, ref)
}
