package lock

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// start is that many of a worker, all ready and waiting for a word.
func (s *swarm) start(t *testing.T, name string, processes int, args ...string) []*worker {
	t.Helper()
	var all []*worker
	for _, by := range racers[:processes] {
		all = append(all, s.worker(name, by, args...))
	}
	for _, w := range all {
		if line := w.line(t); line != "ready" {
			t.Fatalf("a worker said %q", line)
		}
	}
	return all
}

func say(t *testing.T, all []*worker, word string) {
	t.Helper()
	for _, w := range all {
		if _, err := io.WriteString(w.in, word+"\n"); err != nil {
			t.Fatal(err)
		}
	}
}

const manyFiles = 200

// Eight processes ask for the same two hundred files at once: each file is
// granted to exactly one.
func TestRaceSameFiles(t *testing.T) {
	s := newSwarm(t, racers...)
	all := s.start(t, "each", len(racers), "one by one")
	say(t, all, "go")
	got := map[string]string{}
	winners := map[string]int{}
	for i, w := range all {
		for _, path := range w.rest(t) {
			if other := got[path]; other != "" {
				t.Errorf("%s was granted to %s and %s", path, other, racers[i])
			}
			got[path] = racers[i]
			winners[racers[i]]++
		}
	}
	stored := map[string]string{}
	claims, err := s.List(bg, "")
	s.Must(err)
	for _, c := range claims {
		stored[c.Path] = c.Session
	}
	if len(got) != manyFiles || !maps.Equal(got, stored) {
		t.Errorf("%d of %d were granted, %d stored", len(got), manyFiles, len(stored))
	}
	t.Logf("granted: %v", winners)
	s.healthy()
}

// When each asks for all of them in one call, one gets all.
func TestRaceAllFiles(t *testing.T) {
	s := newSwarm(t, racers...)
	all := s.start(t, "each", len(racers), "all at once")
	say(t, all, "go")
	granted := 0
	for _, w := range all {
		granted += len(w.rest(t))
	}
	claims, err := s.List(bg, "")
	s.Must(err)
	if granted != manyFiles || len(claims) != manyFiles {
		t.Errorf("%d were granted, %d stored", granted, len(claims))
	}
	for _, c := range claims {
		if c.Session != claims[0].Session || c.Epoch != 1 {
			t.Errorf("%s went to %s with epoch %d", c.Path, c.Session, c.Epoch)
		}
	}
	s.healthy()
}

func workEach(b *bus.Bus, by string, args []string) error {
	var requests [][]string
	for i := range manyFiles {
		requests = append(requests, []string{fmt.Sprintf("src/d%d/f%d.go", i%7, i)})
	}
	if args[0] == "all at once" {
		var all []string
		for _, r := range requests {
			all = append(all, r...)
		}
		requests = [][]string{all}
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	c := NewClaims(b, time.Hour, false)
	for _, paths := range requests {
		granted, err := c.Grant(bg, by, Request{Paths: paths})
		if _, held := errors.AsType[*HeldError](err); err != nil && !held {
			return err
		}
		for _, claim := range granted {
			if err == nil {
				fmt.Println(claim.Path)
			}
		}
	}
	return nil
}

// Round after round all ask for the push lock at once and nobody waits: one gets
// it each time.
func TestRaceRounds(t *testing.T) {
	rounds := 40
	if refstoretest.Long() {
		rounds = 1000
	}
	s := newSwarm(t, racers...)
	all := s.start(t, "rounds", 6)
	wins := make([]int, len(all))
	for round := range rounds {
		say(t, all, "go")
		winner := ""
		for i, w := range all {
			line := w.line(t)
			if line == "lost" {
				continue
			}
			if wins[i]++; winner != "" {
				t.Errorf("round %d: both %s and %s won", round, winner, racers[i])
			}
			winner = racers[i]
			if line != fmt.Sprint("won ", round+1) {
				t.Errorf("round %d: %q", round, line)
			}
		}
		if winner == "" {
			t.Errorf("round %d: nobody won", round)
		}
		say(t, all, "end")
		for _, w := range all {
			if line := w.line(t); line != "ok" {
				t.Fatalf("round %d: %q", round, line)
			}
		}
	}
	for _, w := range all {
		w.in.Close()
		w.rest(t)
	}
	if n := strings.Count(s.Git("log", "--format=%s", LocksRef), "held by"); n != rounds {
		t.Errorf("%d grants in the history of %d rounds", n, rounds)
	}
	t.Logf("won: %v", wins)
	s.healthy()
}

func workRounds(b *bus.Bus, by string, _ []string) error {
	p := NewPushLock(b, time.Hour)
	var g *Lease
	fmt.Println("ready")
	for words := bufio.NewScanner(os.Stdin); words.Scan(); {
		var err error
		answer := "ok"
		switch {
		case words.Text() == "go":
			if g, _, err = p.Acquire(bg, by, Wait{}); err == nil {
				answer = "won " + strconv.Itoa(g.epoch)
			}
			var no *PushHeldError
			if errors.As(err, &no) {
				answer, err = "lost", nil
			}
		case g != nil:
			err, g = g.Release(bg), nil
		}
		if err != nil {
			return err
		}
		fmt.Println(answer)
	}
	return nil
}
