package land

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// moments stop a push at a moment, by a hook that makes dir/begun and waits for
// dir/go, or until the git that runs it is gone. With dir/stop it fails.
var moments = map[string]func(f *field, dir string){
	"fetch": func(f *field, dir string) {
		f.git("config", "remote.origin.uploadpack", f.wrapper(dir, "git-upload-pack"))
	},
	"rebase": func(f *field, dir string) { // a filter in the scratch worktree, which holds all files for the driver's sake
		f.write("../app/.git/info/attributes", "B filter=hold merge=hold\n")
		f.git("config", "commit.cleanup", "whitespace") // nothing is replayed
		f.git("config", "merge.hold.driver", "false")
		f.git("config", "filter.hold.smudge", f.wrapper(dir, "cat"))
	},
	"push":   func(f *field, dir string) { f.prePush(waitFor(dir)) },
	"remote": func(f *field, dir string) { f.hook(f.hub, "pre-receive", waitFor(dir)) },
}

func waitFor(dir string) string {
	return fmt.Sprintf("touch %[1]s/begun\nuntil [ -e %[1]s/go ] || ! kill -0 $PPID 2>/dev/null; do [ ! -e %[1]s/stop ] || exit 1; sleep 0.02; done", dir)
}

// wrapper is a program that waits as the hooks do and then is the other.
func (f *field) wrapper(dir, program string) string {
	f.Helper()
	path := filepath.Join(dir, "wrapper")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+waitFor(dir)+"\nexec "+program+" \"$@\"\n"), 0o777); err != nil {
		f.Fatal(err)
	}
	return path
}

// release takes the moments away.
func release(f *field) {
	for _, key := range []string{"remote.origin.uploadpack", "merge.hold.driver", "filter.hold.smudge", "commit.cleanup"} {
		_, _ = tryLandGit(f.dir, "config", "--unset", key)
	}
	for _, dir := range []string{filepath.Join(f.app, ".git"), f.hub} {
		_ = os.RemoveAll(filepath.Join(dir, "hooks"))
	}
}

// held starts a push of A's, beside what B landed and with work in progress, and
// waits until it is held at the moment.
func held(t *testing.T, moment string) (a, b *field, dir string, push *landing) {
	a, b = oneField(t)
	b.commit("by B", "B", "changed\n")
	b.push()
	a.commit("by A", "A", "changed\n")
	a.write("base", "not committed\n")
	a.write("staged", "staged\n")
	a.git("add", "staged")
	dir = t.TempDir()
	moments[moment](a, dir)
	push = a.landing("push", dir).start()
	awaitFile(t, filepath.Join(dir, "begun"))
	return a, b, dir, push
}

// breakOff starts a pull that is held at the moment, and ends it by SIGTERM, or
// all its processes by SIGKILL.
func (f *field) breakOff(moment string, kill bool) {
	f.Helper()
	dir := f.TempDir()
	moments[moment](f, dir)
	before := f.head()
	pull := f.landing("pull", dir).start()
	awaitFile(f, filepath.Join(dir, "begun"))
	code := 3
	if kill {
		code = -1
		pull.kill()
	} else {
		_ = pull.Process.Signal(syscall.SIGTERM)
		awaitFile(f, filepath.Join(dir, "interrupted"))
		touch(f, filepath.Join(dir, "stop"))
		pull.end()
	}
	if got := pull.ProcessState.ExitCode(); got != code || f.head() != before {
		f.Errorf("exit code %d", got)
	}
}

// TestLandInterrupted: SIGINT and SIGTERM at any moment undo what was begun and
// give up the lock; nothing is marked.
func TestLandInterrupted(t *testing.T) {
	t.Parallel()
	for moment := range moments {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(moment+" "+sig.String(), func(t *testing.T) {
				t.Parallel()
				a, b, dir, push := held(t, moment)
				_ = push.Process.Signal(sig)
				awaitFile(t, filepath.Join(dir, "interrupted"))
				touch(t, filepath.Join(dir, "go"))
				push.end()
				landed := strings.Contains(strings.Join(a.hubLog("main"), "\n"), "by A")
				if code := push.ProcessState.ExitCode(); code != 3 && !landed {
					t.Errorf("exit code %d", code)
				}
				a.tidy()
				a.keptWIP()
				if s := a.session(); s.Status != bus.Running {
					t.Errorf("%+v", s)
				}
				release(a)
				b.push()
				a.push()
				a.linear("by A", "by B")
				a.keptWIP()
			})
		}
	}
}

// keptWIP checks that what held left uncommitted is as it was.
func (f *field) keptWIP() {
	f.Helper()
	if status := f.git("status", "--porcelain"); status != " M base\nA  staged" || f.read("base") != "not committed\n" || f.read("staged") != "staged\n" {
		f.Errorf("status %q", status)
	}
}

// TestLandKilledAt: SIGKILL of the push alone, or of all its processes, at
// chosen moments. The next push of another session goes on at once, the next one
// here puts all in order, and everything lands once.
func TestLandKilledAt(t *testing.T) {
	t.Parallel()
	for moment := range moments {
		for _, whole := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, group %v", moment, whole), func(t *testing.T) {
				t.Parallel()
				a, b, dir, push := held(t, moment)
				if whole {
					push.kill()
				} else {
					_ = push.Process.Kill()
					_ = push.Wait()
				}
				a.keptWIP()
				touch(t, filepath.Join(dir, "go"))
				release(a)
				b.commit("more by B", "B", "changed again\n")
				began := time.Now()
				b.push()
				if took := time.Since(began); took > 15*time.Second {
					t.Errorf("another's push took %s", took)
				}
				push.end()
				a.push()
				a.linear("by A", "by B", "more by B")
				a.keptWIP()
			})
		}
	}
}

// TestLandKilledAnywhere: all processes of a push are killed at once, at any event
// of a git command. The next push lands what is left, once.
func TestLandKilledAnywhere(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	var want []string
	a.write("base", "not committed\n")
	a.write("staged", "staged\n")
	all, kills := 0, landKills()
	for i := range kills + 1 {
		b.commit(fmt.Sprintf("B %d", i), "B", fmt.Sprintf("%d\n", i))
		a.write("A", fmt.Sprintf("%d\n", i))
		a.git("commit", "-q", "-m", fmt.Sprintf("A %d", i), "A")
		a.git("add", "staged")
		want = append(want, fmt.Sprintf("A %d", i), fmt.Sprintf("B %d", i))
		b.push()
		if i == 0 {
			all = a.countEvents()
		} else {
			push := a.landing("push")
			push.killAt = all*(i-1)/kills + 1 + rand.IntN(all/kills+1)
			push.start().end()
		}
		a.unlock()
		a.push()
		a.keptWIP()
		a.linear(want...)
		if t.Failed() {
			return
		}
	}
	landGit(t, a.app, "fsck", "--strict", "--no-dangling")
}

// TestTrainKilledAtPoints: the process that lands for two is killed at each point of each
// of the store's transactions, from when it puts its entry to when it takes it out. The
// other's push lands both, and everything lands once. Without SWARM_RACE=long it is some
// of the points.
func TestTrainKilledAtPoints(t *testing.T) {
	t.Parallel()
	y := newYard(t, 2)
	if err := y.gate.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	a, b := y.fields[0], y.fields[1]
	want := subjects("a", "b")
	step := 1
	if os.Getenv("SWARM_RACE") != "long" {
		step = 7
	}
	for n := 1; ; n += step {
		subject := fmt.Sprintf("by a at %d", n)
		a.commit(subject, "a", subject)
		b.commit("b"+subject, "b", subject)
		want = append(want, subject, "b"+subject)
		push := a.landing("push")
		push.Env = append(push.Env, pointEnv+"="+strconv.Itoa(n), leaseEnv+"=2s")
		push.start().end()
		b.push()
		a.push()
		y.linear(want...)
		y.settled(nil)
		if push.ProcessState.ExitCode() == 0 {
			t.Logf("killed at %d points", (n-1)/step)
			if n == 1 {
				t.Error("there is no such point")
			}
			return
		}
		if t.Failed() {
			return
		}
	}
}

// landKills is how many kills there are.
func landKills() int {
	if os.Getenv("SWARM_RACE") == "long" {
		return 300
	}
	return 8
}

// unlock removes the lock files of git commands that were killed, as their user
// would be told to do.
func (f *field) unlock() {
	f.Helper()
	for _, dir := range []string{filepath.Join(f.app, ".git"), f.hub} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".lock") && !strings.HasPrefix(d.Name(), "swarm-") {
				err = os.Remove(path)
			}
			return err
		})
		if err != nil {
			f.Fatal(err)
		}
	}
}
