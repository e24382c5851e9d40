package land

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// number is that of an environment variable, or otherwise.
func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestTrainModel: in each round all sessions push at once, again and again, some with a
// change that the verify command refuses, while processes are killed, stopped and woken
// at any moment (harms). Then each session pushes once more. Whatever happened: every
// change that is no good is refused, every other has landed exactly once, the target is
// linear, each branch is where its work has landed, what was not committed is as it was,
// and nothing is left in the queue. LANDING_ROUNDS is how many rounds there are, and
// LANDING_HARMS how many harms each has.
func TestTrainModel(t *testing.T) {
	t.Parallel()
	y := newYard(t, 5)
	if err := y.gate.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := &storm{yard: y, dir: t.TempDir(), current: map[*field]*landing{}, harms: map[string]int{}}
	y.hook(y.hub, "pre-receive", s.onOrder("remote, before", "kill -KILL $PPID"))
	y.hook(y.hub, "post-receive", s.onOrder("remote, after", "kill -KILL $PPID"))
	s.verify = "sleep 0.1; " + s.onOrder("verify", "kill -KILL $$") + "; ! test -e bad"
	var want []string
	for _, f := range y.fields {
		want = append(want, "by "+f.id)
		f.write("base", "not committed\n")
		f.write("staged", "staged\n")
		f.git("add", "staged")
	}
	for round := range number(t, "LANDING_ROUNDS", 2) {
		var bad *field
		if rand.IntN(2) == 0 {
			bad = y.fields[rand.IntN(len(y.fields))]
		}
		for _, f := range y.fields {
			subject := fmt.Sprintf("%s %d", f.id, round)
			want = append(want, subject)
			f.commitOnly(subject, f.id, subject+"\n")
			if f == bad {
				f.commitOnly("bad", "bad", "x\n")
			}
		}
		s.rage(bad, number(t, "LANDING_HARMS", 8))
		if bad != nil { // it stays away, and what it was put upon goes with it
			bad.git("reset", "-q", "--soft", "HEAD^")
			bad.git("rm", "-q", "-f", "bad")
		}
		for _, f := range y.fields {
			push := s.landing(f).start()
			if push.end(); push.ProcessState.ExitCode() != 0 {
				t.Errorf("round %d: at last, %s's push ends with %d", round, f.id, push.ProcessState.ExitCode())
			}
		}
		for _, f := range y.fields {
			f.git("fetch", "-q")
			if ahead := f.git("log", "--format=%s", "origin/main..HEAD"); ahead != "" {
				t.Errorf("round %d: %s is ahead by %q", round, f.id, ahead)
			}
			f.keptWIP()
		}
		y.linear(want...)
		y.settled(nil)
		if t.Failed() {
			break
		}
	}
	landGit(t, y.app, "fsck", "--strict", "--no-dangling")
	for _, what := range slices.Sorted(maps.Keys(s.harms)) {
		t.Logf("%d times: %s", s.harms[what], what)
	}
}

// commitOnly writes the file and commits it alone.
func (f *field) commitOnly(subject, name, text string) {
	f.Helper()
	f.write(name, text)
	f.git("add", name)
	f.git("commit", "-q", "-m", subject, name)
}

// storm has the sessions of a yard push while it does harm to their processes.
type storm struct {
	*yard
	dir    string // where it leaves orders
	verify string // the command

	mu      sync.Mutex
	current map[*field]*landing // that has not ended
	over    bool
	harms   map[string]int // how many of each there were
}

// onOrder is a script that does harm once where that was ordered.
func (s *storm) onOrder(harm, script string) string {
	return fmt.Sprintf("if rm '%s' 2>/dev/null; then echo >> '%s'; %s; fi", filepath.Join(s.dir, harm), filepath.Join(s.dir, "done "+harm), script)
}

func (s *storm) landing(f *field) *landing {
	push := f.landing("push")
	push.Env = append(push.Env, leaseEnv+"=2s", verifyEnv+"="+s.verify)
	return push
}

// rage has all sessions push, each again until it has landed, and does that many harms
// meanwhile. When they are done, nobody begins anew.
func (s *storm) rage(bad *field, harms int) {
	s.Helper()
	s.over = false
	var all sync.WaitGroup
	for _, f := range s.fields {
		all.Go(func() {
			for s.pushes(f, f == bad) {
			}
		})
	}
	for range harms {
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond) // any moment
		s.harm(s.fields[rand.IntN(len(s.fields))])
	}
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	all.Wait()
	s.count()
	s.clearHub()
}

// pushes pushes once, and reports whether it is to be done again.
func (s *storm) pushes(f *field, bad bool) (again bool) {
	push := s.landing(f)
	s.mu.Lock()
	if s.over {
		s.mu.Unlock()
		return false
	}
	s.current[f] = push.start()
	s.mu.Unlock()
	_ = push.Wait()
	s.mu.Lock()
	delete(s.current, f)
	s.mu.Unlock()
	landed := push.ProcessState.ExitCode() == 0
	if landed && bad {
		s.Errorf("what is bad of %s landed", f.id)
	}
	push.end()
	return !landed
}

// harm does one at random, mostly to f's push.
func (s *storm) harm(f *field) {
	s.mu.Lock()
	defer s.mu.Unlock()
	push := s.current[f]
	kind := rand.IntN(10)
	switch {
	case kind >= 7:
		what := []string{"verify", "remote, before", "remote, after"}[kind-7]
		touch(s, filepath.Join(s.dir, what))
	case push == nil:
	case kind < 3:
		push.signal(syscall.SIGKILL)
		s.harms["push, with all that it has started"]++
	case kind < 5:
		_ = push.Process.Kill()
		s.harms["push alone"]++
	case kind == 5:
		push.signal(syscall.SIGSTOP)
		time.AfterFunc(3*time.Second, func() { push.signal(syscall.SIGCONT) })
		s.harms["stopped"]++
	default:
		push.signal(syscall.SIGINT)
		s.harms["interrupted"]++
	}
}

// count counts the harms that were done on order, and takes back the other orders.
func (s *storm) count() {
	s.Helper()
	for _, what := range []string{"verify", "remote, before", "remote, after"} {
		_ = os.Remove(filepath.Join(s.dir, what))
		content, err := os.ReadFile(filepath.Join(s.dir, "done "+what))
		if err == nil {
			s.harms[what] = strings.Count(string(content), "\n")
		}
	}
}

// clearHub removes the lock that a process of the remote has left which was killed while
// it moved a ref, as its user would be told to do.
func (s *storm) clearHub() {
	s.Helper()
	err := filepath.WalkDir(s.hub, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".lock") {
			s.Logf("the remote was left with %s", d.Name())
			err = os.Remove(path)
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
}
