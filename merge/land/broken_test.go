package land

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
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
	"rebase": func(f *field, dir string) { f.hook(filepath.Join(f.app, ".git"), "post-checkout", waitFor(dir)) },
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
	_, _ = tryLandGit(f.dir, "config", "--unset", "remote.origin.uploadpack")
	for _, dir := range []string{filepath.Join(f.app, ".git"), f.hub} {
		_ = os.RemoveAll(filepath.Join(dir, "hooks"))
	}
}

// held starts a push of A's, beside what B landed and with work in progress, and
// waits until it is held at the moment.
func held(t *testing.T, moment string) (a, b *field, dir string, cmd *exec.Cmd) {
	a, b = oneField(t)
	b.commit("by B", "B", "changed\n")
	b.push()
	a.commit("by A", "A", "changed\n")
	a.write("base", "not committed\n")
	a.write("staged", "staged\n")
	a.git("add", "staged")
	dir = t.TempDir()
	moments[moment](a, dir)
	cmd = a.process()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitFile(t, filepath.Join(dir, "begun"))
	return a, b, dir, cmd
}

// breakOff starts a pull that is held at the moment, and ends it by SIGTERM, or
// all its processes by SIGKILL.
func (f *field) breakOff(moment string, kill bool) {
	f.Helper()
	dir := f.TempDir()
	moments[moment](f, dir)
	before := f.git("rev-parse", "HEAD")
	cmd := f.process(landingVerb + "=pull")
	if err := cmd.Start(); err != nil {
		f.Fatal(err)
	}
	awaitFile(f, filepath.Join(dir, "begun"))
	pid, sig, code := cmd.Process.Pid, syscall.SIGTERM, 3
	if kill {
		pid, sig, code = -pid, syscall.SIGKILL, -1
	}
	_ = syscall.Kill(pid, sig)
	time.AfterFunc(300*time.Millisecond, func() { _ = os.WriteFile(filepath.Join(dir, "stop"), nil, 0o666) })
	_ = cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != code || f.git("rev-parse", "HEAD") != before {
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
				a, b, dir, cmd := held(t, moment)
				_ = cmd.Process.Signal(sig)
				time.AfterFunc(300*time.Millisecond, func() { _ = os.WriteFile(filepath.Join(dir, "go"), nil, 0o666) })
				_ = cmd.Wait()
				landed := strings.Contains(strings.Join(a.hubLog("main"), "\n"), "by A")
				if code := cmd.ProcessState.ExitCode(); code != 3 && !landed {
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
				a, b, dir, cmd := held(t, moment)
				pid := cmd.Process.Pid
				if whole {
					pid = -pid
				}
				_ = syscall.Kill(pid, syscall.SIGKILL)
				_ = cmd.Wait()
				a.keptWIP()
				if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o666); err != nil {
					t.Fatal(err)
				}
				release(a)
				b.commit("more by B", "B", "changed again\n")
				began := time.Now()
				b.push()
				if took := time.Since(began); took > 15*time.Second {
					t.Errorf("another's push took %s", took)
				}
				a.settled()
				a.linear("by A", "by B", "more by B")
				a.keptWIP()
			})
		}
	}
}

// settled pushes until what a kill left at work has ended, at most for some
// seconds.
func (f *field) settled() {
	f.Helper()
	var err error
	for range 100 {
		if _, err = f.tryPush(); err == nil {
			f.push()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	f.Fatal(err)
}

// TestLandKilledAnywhere: SIGKILL of all processes of a push at random moments.
func TestLandKilledAnywhere(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	var want []string
	a.write("base", "not committed\n")
	a.write("staged", "staged\n")
	for i := range landKills() {
		b.commit(fmt.Sprintf("B %d", i), "B", fmt.Sprintf("%d\n", i))
		a.write("A", fmt.Sprintf("%d\n", i))
		a.git("commit", "-q", "-m", fmt.Sprintf("A %d", i), "A")
		a.git("add", "staged")
		want = append(want, fmt.Sprintf("A %d", i), fmt.Sprintf("B %d", i))
		b.settled()
		cmd := a.process()
		cmd.Stderr = nil
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(400 * time.Millisecond))
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		a.unlock()
		a.settled()
		a.keptWIP()
		a.linear(want...)
		if t.Failed() {
			return
		}
	}
	landGit(t, a.app, "fsck", "--strict", "--no-dangling")
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
	_ = os.Remove(filepath.Join(f.git("rev-parse", "--absolute-git-dir"), "index.lock"))
	_ = os.Remove(filepath.Join(f.app, ".git/refs/heads/feat", f.id+".lock"))
	_ = os.Remove(filepath.Join(f.git("rev-parse", "--absolute-git-dir"), "HEAD.lock"))
	_ = os.Remove(filepath.Join(f.hub, "refs/heads/main.lock"))
}
