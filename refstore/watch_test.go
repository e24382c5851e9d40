package refstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// soon is more than any notification takes.
const soon = 20 * time.Second

// mustWake fails the test unless Wait returns before long.
func mustWake(t *testing.T, w *Watcher, what string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(bg, soon)
	defer cancel()
	if err := w.Wait(ctx); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// needsNotifications skips the test where the system tells nobody of changes.
func needsNotifications(t *testing.T) {
	t.Helper()
	probe, err := fsnotify.NewWatcher()
	if err != nil {
		t.Skipf("the system gives no notifications: %v", err)
	}
	probe.Close()
}

// drain takes the wake-ups that are due, until a quiet moment.
func drain(w *Watcher) {
	for {
		ctx, cancel := context.WithTimeout(bg, 20*time.Millisecond)
		err := w.Wait(ctx)
		cancel()
		if err != nil {
			return
		}
	}
}

// A change wakes whoever watches: ours and git's, in a linked worktree as in the
// main one, and after git pack-refs has removed the ref's file and folder.
func TestWatch(t *testing.T) {
	for name, makeRepo := range map[string]func(testing.TB) *gitRepo{"plain": plain, "linked": linked} {
		t.Run(name, func(t *testing.T) {
			r := makeRepo(t)
			refs := []string{"refs/swarm/try/context", "refs/swarm/try/inbox/A"}
			s := r.open(Options{})
			if err := appendAll(s, "A", "one", refs...); err != nil {
				t.Fatal(err)
			}
			w := s.Watch(refs...)
			defer w.Close()
			needsNotifications(t)
			if w.files == nil {
				t.Fatal("it does not ask the system for notifications")
			}
			for i := range 3 {
				for _, ref := range refs {
					drain(w)
					mustAppend(t, r.open(Options{}), ref, "x")
					mustWake(t, w, fmt.Sprint(ref, " appended to, round ", i))
				}
				drain(w)
				r.Git("update-ref", refs[1], string(rawCommit(t, r, s, r.tip(refs[1]), "git", 3+2*i)))
				mustWake(t, w, "git update-ref")
				drain(w)
				r.Git("pack-refs", "--all")
				drain(w)
				if w.files == nil {
					t.Error("went over to polling")
				}
			}
			drain(w)
			mustAppend(t, s, "refs/swarm/unwatched", "x")
			ctx, cancel := context.WithTimeout(bg, 50*time.Millisecond)
			defer cancel()
			if err := w.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("another ref moved: %v", err)
			}
		})
	}
}

// Of changes that come one after the other, the last is never slept through:
// whoever waits, then looks, sees them all in the end, though git packs the refs
// all the time.
func TestWatchMissesNothing(t *testing.T) {
	r := plain(t)
	const ref, n = "refs/swarm/try/inbox/A", 60
	s := r.open(Options{})
	mustAppend(t, s, ref, "first")
	w := s.Watch(ref)
	defer w.Close()
	stop := refstoretest.Beside(t, func(int) { _, _ = r.TryGit("pack-refs", "--all") })
	failed := make(chan error, 1)
	go func() {
		writer, err := openDir(r.Dir, Options{})
		for i := 0; i < n && err == nil; i++ {
			_, err = appendTo(writer, "B", ref, fmt.Sprint(i))
		}
		stop() // from here on nothing else moves
		failed <- err
	}()
	newest := func() int {
		tip, err := s.Tip(bg, ref)
		if err != nil {
			t.Fatal(err)
		}
		e, err := s.Entry(bg, ref, tip)
		if err != nil {
			t.Fatal(err)
		}
		return e.Number
	}
	for number := newest(); number < n+1; number = newest() {
		ctx, cancel := context.WithTimeout(bg, soon)
		err := w.Wait(ctx)
		cancel()
		if err == nil {
			continue
		}
		select {
		case failure := <-failed:
			t.Fatalf("the writer ended at number %d: %v", newest(), failure)
		default:
		}
		if newest() > number { // else the writer is slow
			t.Fatalf("slept at number %d while the ref moved to %d: %v", number, newest(), err)
		}
	}
	if err := <-failed; err != nil {
		t.Error(err)
	}
}

// wakeUps counts how often Wait returns within that time.
func wakeUps(t *testing.T, w *Watcher, d time.Duration) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(bg, d)
	defer cancel()
	for n := 0; ; n++ {
		switch err := w.Wait(ctx); {
		case errors.Is(err, context.DeadlineExceeded):
			return n
		case err != nil:
			t.Fatal(err)
		}
	}
}

// Idle means idle: while nothing moves nobody is woken, whether a ref's folder
// does not exist yet or was packed away, and with notifications or without. The
// next change wakes.
func TestWatchIdle(t *testing.T) {
	for _, polling := range []bool{false, true} {
		for name, prepare := range map[string]func(t *testing.T, r *gitRepo, ref string){
			"there":   func(t *testing.T, r *gitRepo, ref string) { r.Git("update-ref", ref, "main") },
			"not yet": func(*testing.T, *gitRepo, string) {},
			"packed": func(t *testing.T, r *gitRepo, ref string) {
				r.Git("update-ref", ref, "main")
				r.Git("pack-refs", "--all")
				if exists(filepath.Dir(r.path(ref))) {
					t.Fatal("git left the folder")
				}
			},
		} {
			t.Run(fmt.Sprintf("%s/polling %v", name, polling), func(t *testing.T) {
				t.Parallel()
				r := plain(t)
				refs := []string{"refs/notes/swarm/reviews", "refs/swarm/inbox/A", "refs/heads/feat/a"}
				for _, ref := range refs {
					prepare(t, r, ref)
				}
				w := r.open(Options{}).Watch(refs...)
				defer w.Close()
				needsNotifications(t)
				if w.files == nil {
					t.Fatal("a folder that is not there keeps the others from being watched")
				}
				if polling {
					w.giveUp()
				}
				if n := wakeUps(t, w, 2*time.Second); n > 0 {
					t.Errorf("woken %d times though nothing moved", n)
				}
				for i, ref := range refs {
					next := r.Git("commit-tree", "-m", fmt.Sprint(i), "main^{tree}")
					r.Git("update-ref", ref, next)
					mustWake(t, w, ref)
					drain(w)
					r.Git("pack-refs", "--all")
					if n := wakeUps(t, w, 300*time.Millisecond); n > 2*len(refs) || (polling && n > 1) { // a file and a folder each
						t.Errorf("git pack-refs woke it %d times", n)
					}
				}
				if n := wakeUps(t, w, 500*time.Millisecond); n > 0 {
					t.Errorf("after that, woken %d times", n)
				}
			})
		}
	}
}

// Where a folder can be neither found nor made, or a ref not be read, the refs
// are read every now and then, and only a change wakes.
func TestWatchPolls(t *testing.T) {
	r := plain(t)
	r.write("refs/swarm/file", "garbage\n")
	w := r.open(Options{}).Watch("refs/swarm/file/below", "refs/swarm/file")
	defer w.Close()
	if w.files != nil {
		t.Fatal("a folder that is not there is watched")
	}
	if n := wakeUps(t, w, 500*time.Millisecond); n > 0 {
		t.Errorf("woken %d times though nothing moved", n)
	}
	r.write("refs/swarm/file", r.Git("rev-parse", "main")+"\n")
	mustWake(t, w, "a change")
	ctx, cancel := context.WithCancel(bg)
	cancel()
	if err := w.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// In a reftable, too.
func TestWatchReftable(t *testing.T) {
	r := reftable(t)
	for _, polling := range []bool{false, true} {
		w := r.open(Options{}).Watch("refs/heads/feat/a")
		defer w.Close()
		if polling {
			w.giveUp()
		}
		if n := wakeUps(t, w, 500*time.Millisecond); n > 0 {
			t.Errorf("polling %v: woken %d times though nothing moved", polling, n)
		}
		r.Git("update-ref", "refs/heads/feat/a", r.Git("commit-tree", "-m", fmt.Sprint(polling), "main^{tree}"))
		mustWake(t, w, "an update")
	}
}

// A folder made for watching is as open to others as the one that it is in.
func TestWatchShared(t *testing.T) {
	r := &gitRepo{Repo: refstoretest.NewRepo(t, "--shared=group")}
	r.open(Options{}).Watch("refs/heads/feat/deep/a").Close()
	want, err := os.Stat(r.path("refs/heads"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"refs/heads/feat", "refs/heads/feat/deep"} {
		if info, err := os.Stat(r.path(dir)); err != nil || info.Mode() != want.Mode() {
			t.Errorf("%s has %v, %v, want %v", dir, info.Mode(), err, want.Mode())
		}
	}
}
