package review

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

	"github.com/git-swarm/git-swarm/refstore"
)

// runWorker is the other processes: os.Args[1:] are a directory, the session, and
// what the worker needs. A line on standard output says that something was
// acknowledged, and from when to when it took.
func runWorker(name string) int {
	dir, by, args := os.Args[1], os.Args[2], os.Args[3:]
	opts := refstore.Options{Patience: time.Minute}
	switch name {
	case "die": // at the n-th occurrence of a point
		opts.Step = dieAt(args[0], args[1])
		name, args = args[2], args[3:]
	case "random": // within a time
		within, _ := time.ParseDuration(args[0])
		time.AfterFunc(rand.N(within), func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })
		name, args = args[1], args[2:]
	}
	work := map[string]func(b *Book, by string, args []string) error{"request": workRequest, "say": workSay}[name]
	b, err := openDir(dir, opts)
	if err == nil {
		err = work(b, by, args)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func dieAt(point, n string) func(string) {
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

// workRequest: how many requests, and to whom.
func workRequest(b *Book, by string, args []string) error {
	git := b.bus.Store().Repo()
	r, err := FindRange(bg, git, "refs/heads/feat", "refs/heads/main")
	n, _ := strconv.Atoi(args[0])
	for i := 0; i < n && err == nil; i++ {
		var made *Review
		start := time.Now().UnixNano()
		if made, err = b.Request(bg, by, Ask{To: strings.Split(args[1], ","), Range: r, Text: fmt.Sprintf("%s-%d", by, i)}); err == nil {
			fmt.Println(made.Number, start, time.Now().UnixNano())
		}
	}
	return err
}

// workSay: what, and of which reviews. A review that is closed is passed over.
func workSay(b *Book, by string, args []string) error {
	for _, arg := range args[1:] {
		number, err := strconv.Atoi(arg)
		if err != nil {
			return err
		}
		start := time.Now().UnixNano()
		_, err = b.Say(bg, by, number, Kind(args[0]), by+" says")
		if err == nil {
			fmt.Println(number, start, time.Now().UnixNano())
		} else if !errors.Is(err, ErrClosed) {
			return err
		}
	}
	return nil
}

// worker is such a process, with what it said.
type worker struct {
	*exec.Cmd
	out, err bytes.Buffer
}

func (s *swarm) start(name, by string, args ...string) *worker {
	s.Helper()
	self, err := os.Executable()
	s.must(err)
	w := &worker{Cmd: exec.Command(self, append([]string{s.dir, by}, args...)...)}
	w.Env = append(os.Environ(), workerVar+"="+name)
	w.Stdout, w.Stderr = &w.out, &w.err
	s.must(w.Start())
	return w
}

// ack is one acknowledged operation: it took place between start and end.
type ack struct{ number, start, end int64 }

// done waits for a worker that must succeed, and returns what was acknowledged.
func (w *worker) done(t testing.TB) []ack {
	t.Helper()
	if err := w.Wait(); err != nil {
		t.Errorf("a worker failed: %v: %s", err, strings.TrimSpace(w.err.String()))
	}
	return w.acks(t)
}

func (w *worker) acks(t testing.TB) []ack {
	t.Helper()
	var all []ack
	for lines := bufio.NewScanner(&w.out); lines.Scan(); {
		var a ack
		if _, err := fmt.Sscan(lines.Text(), &a.number, &a.start, &a.end); err != nil {
			t.Fatalf("a worker said %q", lines.Text())
		}
		all = append(all, a)
	}
	return all
}
