package lock

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// workers are what the other processes do. Their arguments are a directory, the
// session, and what the worker needs.
var workers = map[string]func(b *bus.Bus, by string, args []string) error{
	"hold":   workHold,
	"claims": workClaims,
	"each":   workEach,
	"push":   workPush,
	"rounds": workRounds,
	"both":   workBoth,
}

func runWorker(name string) int {
	if name == "wait" {
		_, _ = io.Copy(io.Discard, os.Stdin)
		return 0
	}
	b, err := openDir(os.Args[1], refstore.Options{Patience: time.Minute})
	if err == nil {
		err = workers[name](b, os.Args[2], os.Args[3:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// worker is such a process, with what it says.
type worker struct {
	*exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
	err   bytes.Buffer
}

func startWorker(t testing.TB, name, dir, by string, args ...string) *worker {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{Cmd: exec.Command(self, append([]string{dir, by}, args...)...)}
	w.Env = append(os.Environ(), workerVar+"="+name, "GORACE=atexit_sleep_ms=0")
	w.Stderr = &w.err
	out, err := w.StdoutPipe()
	if err == nil {
		w.in, err = w.StdinPipe()
	}
	if err == nil {
		err = w.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Process.Kill() })
	w.lines = bufio.NewScanner(out)
	w.lines.Buffer(nil, 1<<20)
	return w
}

// line is the next one that it says.
func (w *worker) line(t testing.TB) string {
	t.Helper()
	if !w.lines.Scan() {
		err := w.Wait()
		t.Fatalf("a worker ended: %v: %s", err, w.err.String())
	}
	return w.lines.Text()
}

// rest is what it says until it ends, which must be well.
func (w *worker) rest(t testing.TB) []string {
	t.Helper()
	var all []string
	for w.lines.Scan() {
		all = append(all, w.lines.Text())
	}
	if err := w.Wait(); err != nil {
		t.Errorf("a worker failed: %v: %s", err, w.err.String())
	}
	return all
}

// startHolder is a process that has the push lock until it is killed.
func startHolder(t testing.TB, s *swarm, by string) *worker {
	t.Helper()
	w := startWorker(t, "hold", s.dir, by)
	if line := w.line(t); line != "held" {
		t.Fatalf("the holder said %q", line)
	}
	return w
}

func workHold(b *bus.Bus, by string, _ []string) error {
	_, held, err := NewPush(b, time.Hour).Acquire(bg, by, 0)
	if err != nil {
		return err
	}
	fmt.Println("held")
	<-held.Done()
	return nil
}
