package refstore

import (
	"bufio"
	"bytes"
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

// runWorker is the other processes: os.Args[1:] are a directory, the backend
// ("files" or "git"), the session and what the worker needs: for "die" first the
// point and which occurrence of it, for "random" within which time to die. A line on standard
// output says that something was acknowledged.
func runWorker(name string) int {
	dir, backend, by, args := os.Args[1], os.Args[2], os.Args[3], os.Args[4:]
	opts := Options{ThroughGit: backend == "git", Patience: time.Minute}
	work := map[string]func(s *Store, by string, args []string) error{"append": workAppend, "count": workCount, "die": workAppend, "random": workAppend}[name]
	if name == "die" {
		opts.Step = dieAt(args[0], args[1])
		args = args[2:]
	}
	if name == "random" {
		within, _ := time.ParseDuration(args[0])
		args = args[1:]
		time.AfterFunc(rand.N(within), func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })
	}
	s, err := openDir(dir, opts)
	if err == nil {
		err = work(s, by, args)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// dieAt kills the process at the n-th occurrence of a point.
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

// workAppend: a number of transactions, and the refs that each appends to.
func workAppend(s *Store, by string, args []string) error {
	n, err := strconv.Atoi(args[0])
	for i := 0; i < n && err == nil; i++ {
		body := fmt.Sprintf("%s-%d", by, i)
		start := time.Now().UnixNano()
		if err = appendAll(s, by, body, args[1:]...); err == nil {
			fmt.Println(body, start, time.Now().UnixNano())
		}
	}
	return err
}

// workCount increments a number in a table, and acknowledges what it became.
func workCount(s *Store, by string, args []string) error {
	n, err := strconv.Atoi(args[0])
	for i := 0; i < n && err == nil; i++ {
		value, start := 0, time.Now().UnixNano()
		err = s.Update(bg, by, func(tx *Tx) error {
			value, err = increment(tx, args[1], fmt.Sprintf("by/%s/%d", by, i))
			return err
		})
		if err == nil {
			fmt.Println(value, start, time.Now().UnixNano())
		}
	}
	return err
}

func increment(tx *Tx, ref, path string) (int, error) {
	table, err := tx.Table(ref)
	if err != nil {
		return 0, err
	}
	value := 0
	if content, err := table.Get("count"); err == nil {
		if value, err = strconv.Atoi(string(content)); err != nil {
			return 0, err
		}
	}
	value++
	for path, content := range map[string]string{"count": strconv.Itoa(value), path: strconv.Itoa(value)} {
		if err := table.Put(path, []byte(content)); err != nil {
			return 0, err
		}
	}
	_, err = tx.Record(ref, Entry{Body: strconv.Itoa(value)})
	return value, err
}

// worker is such a process, with what it said.
type worker struct {
	*exec.Cmd
	out, err bytes.Buffer
}

func startWorker(t testing.TB, name, dir, backend, by string, args ...string) *worker {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{Cmd: exec.Command(self, append([]string{dir, backend, by}, args...)...)}
	w.Env = append(os.Environ(), workerVar+"="+name)
	w.Stdout, w.Stderr = &w.out, &w.err
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	return w
}

// ack is one acknowledged operation: it took place between start and end.
type ack struct {
	what       string
	start, end int64
}

func (w *worker) acks(t testing.TB) []ack {
	t.Helper()
	var all []ack
	for lines := bufio.NewScanner(&w.out); lines.Scan(); {
		var a ack
		if _, err := fmt.Sscan(lines.Text(), &a.what, &a.start, &a.end); err != nil {
			t.Fatalf("a worker said %q", lines.Text())
		}
		all = append(all, a)
	}
	return all
}

// done waits for a worker that must succeed.
func (w *worker) done(t testing.TB) {
	t.Helper()
	if err := w.Wait(); err != nil {
		t.Errorf("a worker failed: %v: %s", err, strings.TrimSpace(w.err.String()))
	}
}
