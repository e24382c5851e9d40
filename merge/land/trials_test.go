package land

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// TestTrainJobs: with several jobs prefixes are tried at once, each in a checkout of its
// own, and the result is that of one job. SWARM_RACE=long has it of a culprit in any place.
func TestTrainJobs(t *testing.T) {
	t.Parallel()
	culprits := []int{-1, 2}
	if refstoretest.Long() {
		culprits = []int{-1, 0, 1, 2, 3, 4}
	}
	for _, bad := range culprits {
		t.Run(fmt.Sprint(bad), func(t *testing.T) {
			t.Parallel()
			y := newYard(t, 5)
			y.fields[4].commit("last", "last", "x\n")
			if bad >= 0 {
				y.fields[bad].commit("bad", "bad", "x\n")
			}
			dir := t.TempDir()
			// The first run on the whole waits for one on less, and that for it.
			meet := fmt.Sprintf("cd '%s'; touch $whole; while ! test -e $other; do sleep 0.02; done; cd - >/dev/null; ! test -e bad", dir)
			ends := y.push("whole=no other=yes; test -e last && whole=yes other=no; "+meet, func(l *Lander) { l.VerifyJobs = 3 })
			for i, f := range y.fields {
				var failure *VerifyError
				if end := ends[f.id]; errors.As(end.err, &failure) != (i == bad) || i != bad && end.err != nil {
					t.Errorf("%s: %v", f.id, end.err)
				}
			}
			y.settled(ends)
			want := append(subjects("a", "b", "c", "d", "e"), "last")
			switch {
			case bad == 4:
				want = want[:4]
			case bad >= 0:
				want = slices.Delete(want, bad, bad+1)
			}
			y.linear(want...)
			if left, _ := filepath.Glob(filepath.Join(y.app, ".git", "swarm", "*.run")); bad < 0 && len(left) > 0 {
				t.Errorf("%q are left", left)
			}
		})
	}
}

// TestTrainLate: who comes while the verify command has only begun, for what it took last
// time, is verified together with those who are.
func TestTrainLate(t *testing.T) {
	t.Parallel()
	y := newYard(t, 2)
	if err := y.gate.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	y.fields[1].commit("late", "late", "x\n")
	begun := filepath.Join(t.TempDir(), "begun")
	target := y.fields[0].target()
	ended := make(chan error)
	push := func(f *field) {
		l := f.lander()
		l.Verify = "touch '" + begun + "'; while ! test -e late; do sleep 0.02; done" // else it never ends
		l.rememberTime(time.Hour)
		go func() {
			_, err := l.Push(context.Background(), target, lock.Wait{Timeout: time.Minute})
			ended <- err
		}()
	}
	push(y.fields[0])
	awaitFile(t, begun)
	pushes := y.countPushes()
	push(y.fields[1])
	for range y.fields {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if pushes() != 1 {
		t.Errorf("%d pushes", pushes())
	}
	y.settled(nil)
	y.linear(append(subjects("a", "b"), "late")...)
}

// TestBetween: prefixes are tried in the middle of the widest gap.
func TestBetween(t *testing.T) {
	for _, c := range []struct{ passes, fails, want int }{{0, 8, 4}, {0, 7, 3}, {3, 7, 5}, {5, 7, 6}, {5, 6, 0}, {0, 1, 0}} {
		if got := new(trials).between(c.passes, c.fails); got != c.want {
			t.Errorf("between %d and %d: %d, want %d", c.passes, c.fails, got, c.want)
		}
	}
	several := &trials{running: []*trial{{upTo: 9}, {upTo: 4}}}
	if got := several.between(0, 9); got != 6 && got != 2 {
		t.Errorf("beside 4 of 9: %d", got)
	}
}

// TestVerifyScratchLeft: checkouts that killed commands have left, of whatever slot, go
// with the next push or pull.
func TestVerifyScratchLeft(t *testing.T) {
	t.Parallel()
	a, _ := oneField(t)
	r := a.repo()
	for slot := range 3 {
		if err := os.MkdirAll(verifyScratch(r, slot).admin, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(verifyScratch(r, slot).dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	a.pull()
	if left, err := filepath.Glob(filepath.Join(globQuoted(r.GitDir), "swarm-verify*")); err != nil || len(left) > 0 {
		t.Errorf("%q are left, %v", left, err)
	}
}
