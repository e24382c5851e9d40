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

// A ref whose folder does not exist yet is watched, and not polled for.
func TestWatchNewFolder(t *testing.T) {
	r := plain(t)
	s := r.open(Options{})
	w := s.Watch("refs/swarm/inbox/A", "refs/swarm/context")
	defer w.Close()
	if w.files == nil {
		if probe, err := fsnotify.NewWatcher(); err != nil {
			t.Skip("the system gives no notifications")
		} else {
			_ = probe.Close()
		}
		t.Fatal("it polls")
	}
	drain(w)
	mustAppend(t, s, "refs/swarm/inbox/A", "x")
	mustWake(t, w, "the first message")
}

// A change wakes whoever watches: ours and git's, in a linked worktree as in the
// main one, and after git pack-refs has removed the ref's file and folder.
func TestWatch(t *testing.T) {
	for name, makeRepo := range map[string]func(testing.TB) *gitRepo{"plain": plain, "linked": linked} {
		t.Run(name, func(t *testing.T) {
			r := makeRepo(t)
			refs := []string{"refs/swarm/context", "refs/swarm/inbox/A"}
			s := r.open(Options{})
			if err := appendAll(s, "A", "one", refs...); err != nil {
				t.Fatal(err)
			}
			w := s.Watch(refs...)
			defer w.Close()
			if w.files == nil {
				t.Skip("the system gives no notifications")
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
	const ref, n = "refs/swarm/inbox/A", 60
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
	ctx, cancel := context.WithTimeout(bg, soon)
	defer cancel()
	for number := 0; number < n+1; {
		tip, err := s.Tip(bg, ref)
		if err != nil {
			t.Fatal(err)
		}
		e, err := s.Entry(bg, ref, tip)
		if err != nil {
			t.Fatal(err)
		}
		if number = e.Number; number == n+1 {
			break
		}
		if err := w.Wait(ctx); err != nil {
			t.Fatalf("slept at number %d: %v", number, err)
		}
	}
	if err := <-failed; err != nil {
		t.Error(err)
	}
}

// Without notifications Wait returns every now and then, and ends with ctx.
func TestWatchPolls(t *testing.T) {
	r := plain(t)
	if err := os.WriteFile(filepath.Join(r.Git("rev-parse", "--absolute-git-dir"), "refs", "file"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	w := r.open(Options{}).Watch("refs/file/no/folder")
	defer w.Close()
	if w.files != nil {
		t.Error("a folder that cannot be made is watched")
	}
	mustWake(t, w, "poll")
	ctx, cancel := context.WithCancel(bg)
	cancel()
	if err := w.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
