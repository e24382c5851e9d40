package main

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
)

// cutter passes connections on to a server, and cuts those that push.
type cutter struct {
	mode   atomic.Int32
	cuts   atomic.Int32 // how many pushes were cut
	server string
}

const (
	passes     int32 = iota
	cutsBefore       // a push, before the server has it
	cutsAfter        // a push, when the server has made it and has answered
	goesAfter        // the same, and from then on every connection
	away             // every connection
)

// cut has the town's clones reach that URL through a cutter.
func cut(w *hubTown, to string) (*cutter, string) {
	u, err := url.Parse(to)
	if err != nil {
		w.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = l.Close() })
	c := &cutter{server: u.Host}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go c.pass(client)
		}
	}()
	u.Host = l.Addr().String()
	return c, u.String()
}

func (c *cutter) pass(client net.Conn) {
	defer client.Close()
	mode := c.mode.Load()
	server, err := net.Dial("tcp", c.server)
	if err != nil || mode == away {
		return
	}
	defer server.Close()
	var pushes atomic.Bool // the objects of a push were seen
	go func() {
		sent := make([]byte, 64<<10)
		for {
			n, err := client.Read(sent)
			if bytes.Contains(sent[:n], []byte("PACK")) {
				pushes.Store(true)
				if mode == cutsBefore {
					c.cuts.Add(1)
					_, _ = client.Close(), server.Close()
					return
				}
			}
			if _, failed := server.Write(sent[:n]); err != nil || failed != nil {
				_ = server.(*net.TCPConn).CloseWrite()
				return
			}
		}
	}()
	answer := make([]byte, 64<<10)
	for {
		n, err := server.Read(answer)
		if pushes.Load() && (mode == cutsAfter || mode == goesAfter) {
			c.cuts.Add(1)
			if mode == goesAfter {
				c.mode.Store(away)
			}
			_, _ = io.Copy(io.Discard, server) // until it is through
			return
		}
		if _, failed := client.Write(answer[:n]); err != nil || failed != nil {
			return
		}
	}
}

// TestHubCut: the connection breaks before or after the hub has made a change, and the
// hub is gone and back. What was acknowledged is in both clones, once, nothing is
// granted to two, and who was told "may have been granted" learns it by the next run.
func TestHubCut(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(*hubTown) string{"git": serveGit, "http": serveHTTP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c *cutter
			w := newHubTown(t, 2, func(w *hubTown) (through string) {
				c, through = cut(w, serve(w))
				return through
			})
			does := func(i int, mode int32, code int, args ...string) string {
				t.Helper()
				c.mode.Store(mode)
				c.cuts.Store(0)
				out, err := w.swarm(i, args...)
				c.mode.Store(passes)
				got := 0
				if exit, _ := err.(*exec.ExitError); exit != nil {
					got = exit.ExitCode()
				}
				if cut := mode != passes && mode != away; got != code || cut != (c.cuts.Load() > 0) {
					t.Errorf("%v, cut %d times, ends with %d: %s", args, c.cuts.Load(), got, out)
				}
				return out
			}
			does(0, cutsAfter, 0, "claim", "after") // it is asked for, and found there
			if out := does(1, passes, 1, "claim", "after"); !strings.Contains(out, "claimed by A") {
				t.Error(out)
			}
			if out := does(0, goesAfter, 75, "claim", "doubt"); !strings.Contains(out, "may have been granted or not") {
				t.Error(out)
			}
			does(0, passes, 0, "claim", "doubt")
			does(0, cutsAfter, 0, "context", "add", "-c", "decision", "said-1")
			does(0, passes, 0, "hub", "sync")
			does(0, cutsBefore, 0, "context", "add", "-c", "decision", "said-2")
			does(0, passes, 0, "hub", "sync")
			does(0, away, 0, "context", "add", "-c", "decision", "said-3")
			does(1, away, 75, "claim", "later")
			does(1, passes, 0, "hub", "sync")
			does(1, passes, 0, "claim", "later")
			does(0, passes, 0, "hub", "sync")
			does(0, passes, 1, "claim", "later")
			w.settle()
			for _, clone := range w.clones {
				said := w.git("-C", clone, "log", "--reverse", "--format=%s", "refs/swarm/context")
				if strings.Count(said, "said-") != 3 || !strings.HasSuffix(said, "said-1\n[decision] said-2\n[decision] said-3") {
					t.Errorf("%s has %s", clone, said)
				}
			}
			w.oneHistory()
		})
	}
}
