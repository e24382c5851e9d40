package land

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

func TestMain(m *testing.M) { refstoretest.Main(m, work) }

// The variables that give a landing another lease time, and a verify command, and the
// number of the store's failpoint at which it is killed.
const (
	leaseEnv  = "LANDING_LEASE"
	verifyEnv = "LANDING_VERIFY"
	pointEnv  = "LANDING_POINT"
)

// killAt is a failpoint that kills the process, with all that it has started, when it is
// reached for the nth time; nil where n is empty.
func killAt(n string) func(string) {
	left, err := strconv.Atoi(n)
	if err != nil {
		return nil
	}
	return func(string) {
		if left--; left == 0 {
			_ = syscall.Kill(0, syscall.SIGKILL)
		}
	}
}

// work pushes or pulls the branch checked out here, for the session in args, as git
// swarm does. It exits with 3 if it was interrupted. Where args go on with a folder,
// it makes a file waiting-SESSION there when it waits for the lock, and interrupted
// when it has been told to stop.
func work(verb string, args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	told := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(told)
		if len(args) > 1 {
			_ = os.WriteFile(filepath.Join(args[1], "interrupted"), nil, 0o666)
		}
	})
	err := landHere(ctx, verb, args)
	if !cancel() {
		<-told
	}
	if errors.Is(err, context.Canceled) {
		os.Exit(3)
	}
	return err
}

func landHere(ctx context.Context, verb string, args []string) error {
	r, err := repo.Discover(os.Environ(), "")
	if err != nil {
		return err
	}
	store := refstore.Open(r, refstore.Options{Failpoint: killAt(os.Getenv(pointEnv))})
	defer store.Close()
	b := bus.New(store)
	lease := lock.LeaseTime
	if text := os.Getenv(leaseEnv); text != "" {
		if lease, err = time.ParseDuration(text); err != nil {
			return err
		}
	}
	l := &Lander{
		Repo: r, Bus: b, Lock: lock.NewPushLock(b, lease),
		Claims: lock.NewClaims(b, time.Hour, false), Session: args[0], Verify: os.Getenv(verifyEnv),
	}
	target, err := r.FindTarget(ctx, repo.TargetQuery{Branch: "HEAD"})
	if err != nil {
		return err
	}
	if verb == "pull" {
		_, err = l.Pull(ctx, target)
		return err
	}
	wait := lock.Wait{Timeout: time.Minute}
	if len(args) > 1 {
		wait.Waiting = func(string, time.Duration) {
			_ = os.WriteFile(filepath.Join(args[1], "waiting-"+args[0]), nil, 0o666)
		}
	}
	landed, err := l.Push(ctx, target, wait)
	if err == nil {
		err = landed.Stayed
	}
	return err
}

// landing is a push or pull in a process of its own, which leads the process group
// of all that it starts.
type landing struct {
	*exec.Cmd
	t      testing.TB
	killAt int           // the event at which all its processes are killed, 0 for none
	events int           // of the git commands that ran, once all its processes are gone
	gone   chan struct{} // closed when all its processes are
}

// landing is a push or pull of f's that has not started yet; folder as in work.
func (f *field) landing(verb string, folder ...string) *landing {
	f.Helper()
	l := &landing{Cmd: refstoretest.Command(f, verb, append([]string{f.id}, folder...)...), t: f}
	l.Dir = f.dir
	l.Stderr = os.Stderr
	l.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return l
}

// start starts it. All its processes inherit one end of a pipe, to which each git
// command reports its events: at the other end they are counted, and it is closed
// when the last process is gone.
func (l *landing) start() *landing {
	l.t.Helper()
	events, inherited, err := os.Pipe()
	if err != nil {
		l.t.Fatal(err)
	}
	defer inherited.Close()
	l.ExtraFiles = []*os.File{inherited} // descriptor 3
	l.Env = append(l.Env, "GIT_TRACE2_EVENT=3")
	l.gone = make(chan struct{})
	if err := l.Start(); err != nil {
		l.t.Fatal(err)
	}
	go func() {
		defer close(l.gone)
		for lines := bufio.NewReader(events); ; {
			if _, err := lines.ReadString('\n'); err != nil {
				return
			}
			if l.events++; l.events == l.killAt {
				l.signal(syscall.SIGKILL)
			}
		}
	}()
	return l
}

// signal sends a signal to all its processes.
func (l *landing) signal(s syscall.Signal) { _ = syscall.Kill(-l.Process.Pid, s) }

// end waits until all its processes are gone, whatever became of it.
func (l *landing) end() {
	l.t.Helper()
	_ = l.Wait()
	select {
	case <-l.gone:
	case <-time.After(time.Minute):
		l.t.Fatal("a process of the landing does not end")
	}
}

// kill kills all its processes.
func (l *landing) kill() {
	l.t.Helper()
	l.signal(syscall.SIGKILL)
	l.end()
}

// countEvents is how many events the git commands of a push of f's report.
func (f *field) countEvents() int {
	f.Helper()
	l := f.landing("push").start()
	l.end()
	if l.ProcessState.ExitCode() != 0 || l.events < 20 {
		f.Fatalf("exit code %d after %d events", l.ProcessState.ExitCode(), l.events)
	}
	return l.events
}

// awaitFile waits for a file that another process makes.
func awaitFile(t testing.TB, path string) {
	t.Helper()
	for range 1500 {
		if _, err := os.Lstat(path); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s never came", path)
}

// touch makes an empty file.
func touch(t testing.TB, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(fmt.Errorf("touch: %w", err))
	}
}
