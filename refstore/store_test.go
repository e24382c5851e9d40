package refstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// Goroutines share a store: Update takes them one by one, though they are one
// process, and readers go on meanwhile.
func TestGoroutines(t *testing.T) {
	for _, throughGit := range []bool{false, true} {
		t.Run(fmt.Sprint("git ", throughGit), func(t *testing.T) {
			t.Parallel()
			r := plain(t)
			var inside atomic.Int32
			s := r.open(Options{ThroughGit: throughGit, Failpoint: func(point string) {
				switch point {
				case "logged":
					if inside.Add(1) != 1 {
						t.Error("two transactions at once")
					}
				case "kept":
					inside.Add(-1)
				}
			}})
			var wg sync.WaitGroup
			for g := range 4 {
				wg.Go(func() {
					for i := range 5 {
						if _, err := appendTo(s, "A", "refs/swarm/a", fmt.Sprint(g, i)); err != nil {
							t.Error(err)
						}
						bodies(t, s, "refs/swarm/a")
					}
				})
			}
			wg.Wait()
			if got := bodies(t, s, "refs/swarm/a"); len(got) != 20 {
				t.Errorf("%d entries", len(got))
			}
			r.clean()
		})
	}
}

// Who waits in the queue can be called off, or runs out of patience, and leaves
// nothing behind: neither a change nor a place in the queue.
func TestCancelInQueue(t *testing.T) {
	r := plain(t)
	s := r.open(Options{Timeout: 100 * time.Millisecond})
	mustAppend(t, s, "refs/swarm/a", "one")
	holder := r.open(Options{})
	err := holder.Update(bg, "H", func(tx *Tx) error {
		ctx, cancel := context.WithCancel(bg)
		time.AfterFunc(20*time.Millisecond, cancel)
		if err := update1(ctx, r.open(Options{})); !errors.Is(err, context.Canceled) || errors.Is(err, ErrBusy) {
			t.Errorf("called off: %v", err)
		}
		if err := update1(bg, s); !errors.Is(err, ErrBusy) {
			t.Errorf("out of patience: %v", err)
		}
		ctx, cancel = context.WithTimeout(bg, 20*time.Millisecond)
		defer cancel()
		if err := update1(ctx, r.open(Options{})); !errors.Is(err, ErrBusy) {
			t.Errorf("out of time: %v", err)
		}
		_, err := tx.Append("refs/swarm/a", Entry{Body: "two"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	mustAppend(t, r.open(Options{Timeout: time.Second}), "refs/swarm/a", "three")
	if got := bodies(t, s, "refs/swarm/a"); !slices.Equal(got, []string{"one", "two", "three"}) {
		t.Errorf("%q", got)
	}
	ctx, cancel := context.WithCancel(bg)
	cancel()
	if err := update1(ctx, s); !errors.Is(err, context.Canceled) {
		t.Errorf("called off before: %v", err)
	}
	r.clean()
}

func update1(ctx context.Context, s *Store) error {
	return s.Update(ctx, "W", func(tx *Tx) error {
		_, err := tx.Append("refs/swarm/a", Entry{Body: "never"})
		if err == nil {
			err = ctx.Err()
		}
		return err
	})
}

// A context that ends once the refs move no longer counts: the answer is what
// happened.
func TestCancelTooLate(t *testing.T) {
	for _, throughGit := range []bool{false, true} {
		for _, point := range []string{"renamed", "kept"} {
			r := plain(t)
			host, err := os.Hostname()
			if err != nil {
				t.Fatal(err)
			}
			r.write("gc.pid", fmt.Sprintf("%d %s", os.Getpid(), host)) // so that there is something left to do
			ctx, cancel := context.WithCancel(bg)
			s := r.open(Options{ThroughGit: throughGit, Failpoint: func(at string) {
				if at == point {
					cancel()
				}
			}})
			err = s.Update(ctx, "A", func(tx *Tx) error { _, err := tx.Append("refs/swarm/a", Entry{Body: "x"}); return err })
			if err != nil || r.tip("refs/swarm/a") == "" {
				t.Errorf("cancelled at %s: %v", point, err)
			}
			r.clean()
		}
	}
}

// git update-ref is killed, by a hook as it happens: before anything moved that
// is an error and nothing has changed; after, the change stands, is told as
// unsettled, and is not made twice.
func TestGitKilled(t *testing.T) {
	for _, state := range []string{"prepared", "committed"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			r := plain(t)
			refs := []string{"refs/swarm/b", "refs/swarm/a"}
			if err := appendAll(r.open(Options{}), "A", "one", refs...); err != nil {
				t.Fatal(err)
			}
			r.hook(`test "$1" != ` + state + ` || kill -9 $PPID`)
			err := appendAll(r.open(Options{}), "A", "two", refs...)
			if err == nil || errors.Is(err, ErrUnfinished) != (state == "committed") {
				t.Errorf("error: %v", err)
			}
			os.Remove(r.path("hooks/reference-transaction"))
			if err := appendAll(r.open(Options{}), "A", "three", refs...); err != nil {
				t.Fatal(err)
			}
			want := []string{"one", "three"}
			if state == "committed" {
				want = []string{"one", "two", "three"}
			}
			for _, ref := range refs {
				if got := bodies(t, r.open(Options{}), ref); !slices.Equal(got, want) {
					t.Errorf("%s: %q", ref, got)
				}
			}
			r.clean()
		})
	}
}

// A hook that refuses stops the transaction.
func TestHookRefuses(t *testing.T) {
	r := plain(t)
	r.hook(`test "$1" != prepared`)
	err := appendAll(r.open(Options{}), "A", "x", "refs/swarm/a", "refs/swarm/b")
	if err == nil || !strings.Contains(err.Error(), "hook") || errors.Is(err, ErrBusy) || r.refsNow() != r.Git("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads") {
		t.Errorf("error %v; refs %s", err, r.refsNow())
	}
	r.clean()
}

// What a hook leaves behind in the background does not keep our turn.
func TestHookInBackground(t *testing.T) {
	r := plain(t)
	r.write("stay", "")
	r.hook(fmt.Sprintf("(while test -e '%s/stay'; do sleep 0.01; done) </dev/null >/dev/null 2>&1 &", r.commonDir()))
	for range 2 {
		mustAppend(t, r.open(Options{Timeout: 2 * time.Second}), "refs/swarm/a", "x")
	}
	os.Remove(r.path("stay"))
	r.clean()
}

// A git update-ref outlives the process that started it. Its locks are not taken
// away and nobody moves refs until it is over.
func TestOrphanedGit(t *testing.T) {
	r := plain(t)
	mustAppend(t, r.open(Options{}), "refs/swarm/a", "one")
	// The hook waits the first time only, and not for longer than the test.
	r.hook(fmt.Sprintf(`test "$1" = prepared && ! test -e '%[1]s/prepared' || exit 0
: >'%[1]s/prepared'
while test -e '%[1]s/prepared' && ! test -e '%[1]s/go'; do sleep 0.01; done`, r.commonDir()))
	w := r.start("append", "git", "B", "1", "refs/swarm/a")
	waitFor(t, func() bool { return exists(r.path("prepared")) })
	_ = w.Process.Kill()
	_, _ = w.Process.Wait() // not w.Wait: the orphan holds its standard error
	if err := update1(bg, r.open(Options{Timeout: 200 * time.Millisecond})); !errors.Is(err, ErrBusy) {
		t.Errorf("beside the orphan: %v", err)
	}
	if !exists(r.path("refs/swarm/a.lock")) {
		t.Error("the orphan's lock was taken away")
	}
	r.write("go", "")
	mustAppend(t, r.open(Options{}), "refs/swarm/a", "three")
	// The orphan's answers reach nobody; whether it dies of that is git's affair.
	if got := bodies(t, r.open(Options{}), "refs/swarm/a"); !slices.Equal(got, []string{"one", "three"}) && !slices.Equal(got, []string{"one", "B-0", "three"}) {
		t.Errorf("%q", got)
	}
	r.clean()
}

// In a shared repository another user of the group takes part.
func TestSharedUsers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to be two users")
	}
	dir, err := os.MkdirTemp("", "shared")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	r := &gitRepo{Repo: refstoretest.Init(t, dir+"/r", "--shared=group")}
	mustAppend(t, r.open(Options{}), "refs/swarm/a", "one")
	cmd := refstoretest.Command(t, "append", r.Dir, "files", "B", "1", "refs/swarm/a")
	binary := dir + "/worker"
	content, err := os.ReadFile(cmd.Path)
	if err != nil {
		t.Fatal(err)
	}
	writeExecutable(t, binary, string(content))
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd.Path = binary
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 12345, Gid: uint32(os.Getgid())}}
	cmd.Dir = dir
	config := dir + "/gitconfig"
	if err := os.WriteFile(config, []byte("[user]\n\tname = B\n\temail = b@c\n[safe]\n\tdirectory = *\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(cmd.Env, "GIT_CONFIG_GLOBAL="+config, "HOME="+dir, "XDG_CONFIG_HOME="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("the other user: %v: %s", err, out)
	}
	mustAppend(t, r.open(Options{}), "refs/swarm/a", "three")
	if got := bodies(t, r.open(Options{}), "refs/swarm/a"); !slices.Equal(got, []string{"one", "B-0", "three"}) {
		t.Errorf("%q", got)
	}
}

// What several refs get alike is one object: it is logged and written once.
func TestSameCommitOnce(t *testing.T) {
	r := plain(t)
	var logged []byte
	s := r.open(Options{Failpoint: func(point string) {
		if point == "logged" {
			var err error
			if logged, err = os.ReadFile(r.path("swarm/redo")); err != nil {
				t.Error(err)
			}
		}
	}})
	err := s.Update(bg, "A", func(tx *Tx) error {
		_, err := tx.Append("refs/swarm/a", Entry{Body: "to all"})
		if err == nil {
			_, err = tx.Append("refs/swarm/b", Entry{Body: "to all"})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(logged), "\nobject commit "); n != 1 {
		t.Errorf("the commit is logged %d times", n)
	}
	if b, c := r.tip("refs/swarm/a"), r.tip("refs/swarm/b"); b == "" || b != c {
		t.Errorf("the tips are %s and %s", b, c)
	}
	r.clean()
}
