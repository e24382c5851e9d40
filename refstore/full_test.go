package refstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// onSmallDisk is a repository on a file system of its own, and what fills that
// up to the last byte or frees it again.
func onSmallDisk(t *testing.T) (r *gitRepo, fill, free func()) {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("no file system can be mounted: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	r = &gitRepo{Repo: refstoretest.Init(t, filepath.Join(dir, "r"))}
	filler := filepath.Join(dir, "filler")
	fill = func() {
		f, err := os.OpenFile(filler, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
		for err == nil {
			_, err = f.Write(make([]byte, 4096))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("fill the disk: %v", err)
		}
		f.Close()
	}
	return r, fill, func() {
		// Removed alone, it would keep its space for as long as a process that was
		// being started meanwhile, by another test, had it open too.
		if err := os.Truncate(filler, 0); err != nil {
			t.Errorf("free the disk: %v", err)
		}
		os.Remove(filler)
	}
}

// fullRefs: the reflog of the second needs space after the first has moved.
var fullRefs = []string{"refs/swarm/a", "refs/notes/swarm/b"}

// The disk is full from some point of a transaction on. Either nothing has
// changed and nothing is left, or the next Update with space completes it.
func TestDiskFull(t *testing.T) {
	for _, backend := range []string{"files", "git"} {
		for _, at := range []string{"queued 1", "logged 1", "written 1", "locked 1", "locked 2", "renamed 1", "renamed 2", "kept 1"} {
			point, n, _ := strings.Cut(at, " ")
			if backend == "git" && (point == "locked" || at == "renamed 2") {
				continue // no such points
			}
			t.Run(backend+"/"+at, func(t *testing.T) {
				t.Parallel()
				testDiskFull(t, backend, point, n)
			})
		}
	}
}

func testDiskFull(t *testing.T, backend, point, n string) {
	r, fill, free := onSmallDisk(t)
	opts := Options{ThroughGit: backend == "git"}
	if err := appendAll(r.open(opts), "A", "one", fullRefs...); err != nil {
		t.Fatal(err)
	}
	// The reflog stands at the end of a page.
	log := r.path("logs", fullRefs[1])
	line, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(log, append(line, strings.Repeat("x", 4095-len(line))+"\n"...), 0o666); err != nil {
		t.Fatal(err)
	}
	before := r.refsNow()
	left, _ := strconv.Atoi(n)
	full := opts
	full.Failpoint = func(at string) {
		if at == point {
			if left--; left == 0 {
				fill()
			}
		}
	}
	body := strings.Repeat("two ", 5000)
	err = appendAll(r.open(full), "A", body, fullRefs...)
	if left > 0 {
		t.Fatalf("%s was not reached", point)
	}
	want := []string{"one", body, "three"}
	switch {
	case err == nil, errors.Is(err, ErrUnfinished):
	default:
		want = []string{"one", "three"}
		if after := r.refsNow(); after != before {
			t.Errorf("%v, and yet refs were\n%s\nand are\n%s", err, before, after)
		}
		if litter := r.litter(); litter != nil {
			t.Errorf("left behind: %v", litter)
		}
	}
	t.Logf("%.200v", err)
	if err != nil && !strings.Contains(err.Error(), "o space left") && backend == "files" {
		t.Errorf("error: %v", err)
	}
	free()
	if err := appendAll(r.open(opts), "A", "three", fullRefs...); err != nil {
		t.Fatal(err)
	}
	for _, ref := range fullRefs {
		if got := bodies(t, r.open(opts), ref); !slices.Equal(got, want) {
			t.Errorf("%s has %d entries, not %d", ref, len(got), len(want))
		}
	}
	r.clean()
}

// A repository that cannot be written to can be read, and says so when it is
// written to.
func TestReadOnly(t *testing.T) {
	for _, throughGit := range []bool{false, true} {
		for _, before := range []string{"refs/swarm/a", "refs/swarm/other"} { // with a redo log, and with none
			t.Run(fmt.Sprint(before, throughGit), func(t *testing.T) {
				r := plain(t)
				if before == "refs/swarm/a" {
					mustAppend(t, r.open(Options{}), "refs/swarm/a", "one")
				}
				state := r.refsNow()
				readOnly(t, r.commonDir())
				s := r.open(Options{ThroughGit: throughGit})
				_, err := appendTo(s, "A", "refs/swarm/a", "two")
				if !errors.Is(err, syscall.EROFS) || errors.Is(err, ErrBusy) || errors.Is(err, ErrUnfinished) {
					t.Errorf("Update: %v", err)
				}
				if before == "refs/swarm/a" && !slices.Equal(bodies(t, s, before), []string{"one"}) {
					t.Error("the entry is not read")
				}
				if err := s.Recover(bg); err != nil || r.refsNow() != state {
					t.Errorf("Recover: %v", err)
				}
			})
		}
	}
}

func readOnly(t *testing.T, dir string) {
	t.Helper()
	err := syscall.Mount(dir, dir, "", syscall.MS_BIND, "")
	if err != nil {
		t.Skipf("no file system can be mounted: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	if err := syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("no file system can be made read-only: %v", err)
	}
}
