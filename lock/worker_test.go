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
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
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

func work(name string, args []string) error {
	if name == "wait" {
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	}
	b, err := openDir(args[0], refstore.Options{Timeout: time.Minute})
	if err != nil {
		return err
	}
	return workers[name](b, args[1], args[2:])
}

// worker is such a process, with which one can talk line by line.
type worker struct {
	*exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
	err   bytes.Buffer
}

func (s *swarm) worker(name, by string, args ...string) *worker {
	s.Helper()
	w := &worker{Cmd: refstoretest.Command(s, name, append([]string{s.Dir, by}, args...)...)}
	w.Stderr = &w.err
	out, err := w.StdoutPipe()
	if err == nil {
		w.in, err = w.StdinPipe()
	}
	if err == nil {
		err = w.Start()
	}
	s.Must(err)
	s.Cleanup(func() { _ = w.Process.Kill() })
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

// holder is a process that has the push lock until it is killed.
func (s *swarm) holder(by string) *worker {
	s.Helper()
	w := s.worker("hold", by)
	if line := w.line(s); line != "held" {
		s.Fatalf("the holder said %q", line)
	}
	return w
}

func workHold(b *bus.Bus, by string, _ []string) error {
	_, held, err := NewPushLock(b, time.Hour).Acquire(bg, by, Wait{})
	if err != nil {
		return err
	}
	fmt.Println("held")
	<-held.Done()
	return nil
}
