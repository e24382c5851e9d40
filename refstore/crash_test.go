package refstore

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/internal/redo"
	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// crashRefs are in the order of a transaction: the first decides, and is not the
// first by name.
var crashRefs = []string{"refs/swarm/m-effect", "refs/notes/swarm/notice", "refs/swarm/try/inbox/B"}

// A process killed at any point of a transaction leaves all of it or nothing,
// the first ref's move decides, and the next Update clears up. That also holds
// when git prune has taken the objects meanwhile.
func TestKilledAtEachPoint(t *testing.T) {
	for _, c := range []struct {
		backend, point string
		times          int
		landed         int // from this occurrence on, the transaction has happened; 0: never
	}{
		{"files", "queued", 1, 0},
		{"files", "logged", 1, 0},
		{"files", "written", 1, 0},
		{"files", "locked", 3, 0},
		{"files", "renamed", 3, 1},
		{"files", "kept", 1, 1},
		{"git", "queued", 1, 0},
		{"git", "logged", 1, 0},
		{"git", "written", 1, 0},
		{"git", "renamed", 1, 1},
		{"git", "kept", 1, 1},
	} {
		for n := 1; n <= c.times; n++ {
			for _, prune := range []bool{false, true} {
				if prune && c.landed == 0 {
					continue // nothing to take
				}
				t.Run(fmt.Sprintf("%s/%s %d/prune %v", c.backend, c.point, n, prune), func(t *testing.T) {
					t.Parallel()
					testKill(t, c.backend, c.point, n, prune, c.landed > 0 && n >= c.landed)
				})
			}
		}
	}
}

func testKill(t *testing.T, backend, point string, n int, prune, landed bool) {
	r := plain(t)
	opts := Options{ThroughGit: backend == "git"}
	if err := appendAll(r.open(opts), "A", "before", crashRefs...); err != nil {
		t.Fatal(err)
	}
	foreign := r.foreignLocks()
	r.start("die", backend, "B", append([]string{point, strconv.Itoa(n), "1"}, crashRefs...)...).Killed(t)
	if prune {
		r.Git("prune", "--expire=now")
	}
	s := r.open(opts)
	if (point != "queued") != s.Pending() {
		t.Errorf("Pending: %v", s.Pending())
	}
	start := time.Now()
	if err := appendAll(s, "C", "after", crashRefs...); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the next Update took %v", took)
	}
	want := []string{"before", "B-0", "after"}
	if !landed {
		want = []string{"before", "after"}
	}
	for _, ref := range crashRefs {
		if got := bodies(t, s, ref); !slices.Equal(got, want) {
			t.Errorf("%s: %q, not %q", ref, got, want)
		}
	}
	r.reflogInOrder("refs/notes/swarm/notice")
	r.removeForeign(foreign)
	r.clean()
}

// foreignLocks makes locks like those of a git that is at work or was killed, on
// other refs.
func (r *gitRepo) foreignLocks() map[string]string {
	r.Helper()
	locks := map[string]string{"refs/swarm/other.lock": "", "refs/swarm/try/inbox/C.lock": string(r.tip("main")) + "\n", "refs/heads/main.lock": "garbage"}
	for path, content := range locks {
		r.write(path, content)
	}
	return locks
}

// removeForeign fails the test unless they are as they were.
func (r *gitRepo) removeForeign(locks map[string]string) {
	r.Helper()
	for path, content := range locks {
		if now, err := os.ReadFile(r.path(path)); err != nil || string(now) != content {
			r.Errorf("somebody else's %s is now %q, %v", path, now, err)
		}
		os.Remove(r.path(path))
	}
}

// reflogInOrder checks that the reflog has each commit of the ref once, in the
// order in which they were made, each as a move from the one before. A line can
// stand twice, or for a move that did not happen, as after a crash of git.
func (r *gitRepo) reflogInOrder(ref string) {
	r.Helper()
	content, err := os.ReadFile(r.path("logs", ref))
	if err != nil {
		r.Error(err)
	}
	made := strings.Fields(r.Git("rev-list", "--reverse", ref))
	at := strings.Repeat("0", len(made[0]))
	var logged []string
	for line := range strings.Lines(string(content)) {
		words := strings.Fields(line)
		if len(words) < 3 || !strings.Contains(line, " Tess T. Er <tess@example.com> ") || !strings.HasSuffix(line, "\tgit swarm\n") {
			r.Fatalf("reflog line %q", line)
		}
		from, to := words[0], words[1]
		switch {
		case to == at: // once more
		case from != at:
			r.Errorf("reflog line %q, but the ref held %s", line, at)
		case slices.Contains(made, to):
			logged, at = append(logged, to), to
		}
	}
	if !slices.Equal(logged, made) {
		r.Errorf("the reflog has %v, the ref %v", logged, made)
	}
}

// A lock that git took on the same ref after the kill is git's, and is not
// cleared with ours; once it is gone, the transaction is settled.
func TestForeignLockAfterKill(t *testing.T) {
	for _, point := range []string{"written", "renamed"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			r := plain(t)
			if err := appendAll(r.open(Options{}), "A", "before", crashRefs...); err != nil {
				t.Fatal(err)
			}
			r.start("die", "files", "B", append([]string{point, "1", "1"}, crashRefs...)...).Killed(t)
			lock := crashRefs[2] + ".lock"
			content := string(r.tip("main")) + "\n"
			r.write(lock, content)
			err := appendAll(r.open(Options{Timeout: 100 * time.Millisecond}), "C", "after", crashRefs...)
			if now, err2 := os.ReadFile(r.path(lock)); !errors.Is(err, ErrBusy) || err2 != nil || string(now) != content {
				t.Errorf("Update: %v; the lock is now %q, %v", err, now, err2)
			}
			os.Remove(r.path(lock))
			if err := appendAll(r.open(Options{}), "C", "after", crashRefs...); err != nil {
				t.Fatal(err)
			}
			want := map[string][]string{"written": {"before", "after"}, "renamed": {"before", "B-0", "after"}}[point]
			for _, ref := range crashRefs {
				if got := bodies(t, r.open(Options{}), ref); !slices.Equal(got, want) {
					t.Errorf("%s: %q, not %q", ref, got, want)
				}
			}
			r.clean()
		})
	}
}

// killedAfterFirst leaves a transaction of which only the first ref has moved.
func (r *gitRepo) killedAfterFirst() {
	r.Helper()
	r.Must(appendAll(r.open(Options{}), "A", "before", crashRefs...))
	r.start("die", "files", "B", append([]string{"renamed", "1", "1"}, crashRefs...)...).Killed(r)
}

// recovered checks that the others have followed.
func (r *gitRepo) recovered(first ...string) {
	r.Helper()
	for i, ref := range crashRefs {
		want := []string{"before", "B-0"}
		if i == 0 {
			want = append(want, first...)
		}
		if got := bodies(r, r.open(Options{}), ref); !slices.Equal(got, want) {
			r.Errorf("%s: %q, not %q", ref, got, want)
		}
	}
	r.clean()
}

// The killed transaction's objects are written again before a ref points at them:
// git moves no ref to an object that is gone.
func TestRecoverThroughGit(t *testing.T) {
	r := plain(t)
	r.killedAfterFirst()
	r.Git("prune", "--expire=now")
	r.Must(r.open(Options{ThroughGit: true}).Recover(bg))
	r.recovered()
}

// A transaction has happened, too, if git has moved its first ref on meanwhile.
func TestRecoverBelowTip(t *testing.T) {
	r := plain(t)
	r.killedAfterFirst()
	tip := r.tip(crashRefs[0])
	r.Git("update-ref", crashRefs[0], string(rawCommit(t, r, r.open(Options{}), tip, "by git", 3)), string(tip))
	r.Must(r.open(Options{}).Recover(bg))
	r.recovered("by git")
}

// A gc that looked at the refs before the recovery takes nothing of it.
func TestRecoverBesideGC(t *testing.T) {
	r := plain(t)
	r.killedAfterFirst()
	for _, ref := range crashRefs[1:] { // as a recovery that was killed in turn: gc does not begin beside locks
		r.Must(os.Remove(r.path(ref + ".lock")))
	}
	finish := r.slowGC()
	r.Must(r.open(Options{}).Recover(bg))
	finish()
	r.recovered()
}

// Processes that write without a pause are killed at random moments, hundreds
// of times. What was acknowledged is in all the refs, once, and the refs agree
// on everything: all of a transaction or nothing.
func TestKilledAtRandom(t *testing.T) {
	for _, backend := range []string{"files", "git"} {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			kills := map[string]int{"files": 50, "git": 20}[backend]
			if refstoretest.Long() {
				kills *= 40
			}
			testRandomKills(t, backend, kills)
		})
	}
}

func testRandomKills(t *testing.T, backend string, kills int) {
	r := plain(t)
	opts := Options{ThroughGit: backend == "git"}
	mustAppend(t, r.open(opts), crashRefs[0], "first")
	foreign := r.foreignLocks()
	acked := map[string]bool{}
	found := 0
	within := 30 * time.Millisecond // the machine may be fast or slow: about half of them get something done
	for i := range kills {
		acks := r.start("random", backend, fmt.Sprint("k", i), append([]string{within.String(), "1000000"}, crashRefs...)...).Killed(t)
		for _, a := range acks {
			acked[a.What] = true
		}
		if len(acks) == 0 {
			within = min(2*within, 5*time.Second)
		} else {
			within = max(within/2, 10*time.Millisecond)
		}
		if r.open(opts).Pending() {
			found++
		}
	}
	if found == 0 || len(acked) == 0 {
		t.Errorf("of %d kills %d came within a transaction; %d were acknowledged", kills, found, len(acked))
	}
	t.Logf("%d kills, %d of them within a transaction; %d acknowledged", kills, found, len(acked))
	checkAfterKills(t, r, opts, acked)
	r.removeForeign(foreign)
	r.clean()
}

func checkAfterKills(t *testing.T, r *gitRepo, opts Options, acked map[string]bool) {
	s := r.open(opts)
	start := time.Now()
	if err := appendAll(s, "Z", "last", crashRefs...); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the next Update took %v", took)
	}
	all := bodies(t, s, crashRefs[0])[1:]
	for _, ref := range crashRefs[1:] {
		if got := bodies(t, s, ref); !slices.Equal(got, all) {
			t.Errorf("%s has %d entries, the first ref %d", ref, len(got), len(all))
		}
	}
	left := maps.Clone(acked)
	seen := map[string]bool{}
	for _, body := range all {
		if seen[body] {
			t.Errorf("%s is there twice", body)
		}
		seen[body] = true
		delete(left, body)
	}
	if len(left) > 0 {
		t.Errorf("acknowledged and lost: %v", slices.Sorted(maps.Keys(left)))
	}
}

// A redo log that is torn, or was never one, was not acted upon and is cleared.
func TestRedoLogTorn(t *testing.T) {
	r := plain(t)
	s := r.open(Options{})
	mustAppend(t, s, "refs/swarm/a", "one")
	tip := r.tip("refs/swarm/a")
	next := rawCommit(t, r, s, tip, "never", 2)
	whole := string((&redo.Record{Updates: []refs.Update{{Ref: "refs/swarm/a", Prev: tip, Next: next}}}).Encode())
	for _, content := range []string{"x", "\n", whole[:len(whole)-1], whole[:20], whole + "x", strings.Replace(whole, "refs", "rofs", 1), string((&redo.Record{}).Encode()), strings.Repeat("\x00", 4096)} {
		r.write("swarm/redo", content)
		if err := s.Recover(bg); err != nil || s.Pending() {
			t.Errorf("%.40q: Recover: %v", content, err)
		}
		r.write("swarm/redo", content)
		mustAppend(t, s, "refs/swarm/a", "two")
	}
	r.write("swarm/redo", whole)
	r.write("refs/swarm/a.lock", string(next)+"\n") // ours, by the log
	mustAppend(t, s, "refs/swarm/a", "three")
	r.clean()
}

// Recover does nothing where nobody has written, and does not wait for the living.
func TestRecover(t *testing.T) {
	r := plain(t)
	s := r.open(Options{})
	if err := s.Recover(bg); err != nil {
		t.Errorf("before the first Update: %v", err)
	}
	var inside error
	opts := Options{Failpoint: func(point string) {
		if point == "written" {
			inside = s.Recover(bg)
		}
	}}
	mustAppend(t, r.open(opts), "refs/swarm/a", "x")
	if inside != nil || len(bodies(t, s, "refs/swarm/a")) != 1 {
		t.Errorf("during an Update: %v", inside)
	}
	r.clean()
}
