package refstoretest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Worker is another process, with its output.
type Worker struct {
	*exec.Cmd
	out, err bytes.Buffer
}

// Command is the process of a worker, not started yet: see [Main]. With the race
// detector it does not wait, as it else would, for a second before it ends.
func Command(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), workerVar+"="+name, "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	return cmd
}

// Start starts a worker.
func Start(t testing.TB, name string, args ...string) *Worker {
	t.Helper()
	w := &Worker{Cmd: Command(t, name, args...)}
	w.Stdout, w.Stderr = &w.out, &w.err
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	return w
}

// Done waits for a worker that must succeed, and returns what was acknowledged.
func (w *Worker) Done(t testing.TB) []Ack {
	t.Helper()
	if err := w.Wait(); err != nil {
		t.Errorf("a worker failed: %v: %s", err, strings.TrimSpace(w.err.String()))
	}
	return w.acks(t)
}

// Killed waits for a worker that must die by SIGKILL, and returns what it had
// acknowledged by then.
func (w *Worker) Killed(t testing.TB) []Ack {
	t.Helper()
	if err := w.Wait(); !WasKilled(err) {
		t.Fatalf("the worker was not killed: %v %s", err, &w.err)
	}
	return w.acks(t)
}

// WasKilled reports whether err is of a process that died by SIGKILL.
func WasKilled(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
}

// DieAt is a step that kills the process at the n-th occurrence of a point.
func DieAt(point, n string) (step func(at string)) {
	left, _ := strconv.Atoi(n)
	return func(at string) {
		if at == point {
			if left--; left == 0 {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
	}
}

// DieWithin kills the process at a random moment within that time.
func DieWithin(within string) {
	d, _ := time.ParseDuration(within)
	time.AfterFunc(rand.N(d), func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })
}

// Ack is one acknowledged operation: it took place between Start and End, which
// are nanoseconds since 1970.
type Ack struct {
	What       string
	Start, End int64
}

// Acknowledge says, in a worker, that what began at start is done. What has no
// spaces.
func Acknowledge(what any, start time.Time) {
	fmt.Println(what, start.UnixNano(), time.Now().UnixNano())
}

func (w *Worker) acks(t testing.TB) []Ack {
	t.Helper()
	var all []Ack
	for lines := bufio.NewScanner(&w.out); lines.Scan(); {
		var a Ack
		if _, err := fmt.Sscan(lines.Text(), &a.What, &a.Start, &a.End); err != nil {
			t.Fatalf("a worker said %q", lines.Text())
		}
		all = append(all, a)
	}
	return all
}

// Ended waits for a worker that must succeed, or may die by SIGKILL, and returns what
// was acknowledged, and whether it died.
func (w *Worker) Ended(t testing.TB) (acks []Ack, killed bool) {
	err := w.Wait()
	if killed = WasKilled(err); err != nil && !killed {
		t.Errorf("a worker failed: %v: %s", err, strings.TrimSpace(w.err.String()))
	}
	return w.acks(t), killed
}
