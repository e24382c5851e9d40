package lock

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// racers are the sessions of the processes that race.
var racers = []string{"A", "B", "C", "D", "E", "F", "G", "H"}

func raceSize(short int) (processes, each int) {
	if refstoretest.Long() {
		return 8, 12 * short
	}
	return 4, short
}

// spoil runs git's own commands beside the race, each without a pause, until the
// function that it returns is called.
func (s *swarm) spoil(refs ...string) (stop func() (rounds int64)) {
	git := func(args ...string) string {
		out, _ := s.TryGit(args...) // it may lose a race for a lock
		return out
	}
	return refstoretest.Beside(s,
		func(int) { git("pack-refs", "--all") },
		func(int) { git("gc", "-q", "--prune=now") },
		func(n int) {
			for _, ref := range refs {
				if tip := git("rev-parse", "--verify", "-q", ref); tip != "" {
					git("-c", "core.warnAmbiguousRefs=false", "update-ref", ref, tip, tip)
					git("update-ref", fmt.Sprint("refs/swarm/other-", n%5), tip)
				}
			}
		})
}

// race runs that many of a worker beside git, and returns all that they did.
func (s *swarm) race(t *testing.T, name string, processes int, ref string, args ...string) []op {
	t.Helper()
	stop := s.spoil(ref)
	defer stop()
	var all []*worker
	for _, by := range racers[:processes] {
		all = append(all, s.worker(name, by, args...))
	}
	var mu sync.Mutex
	var ops []op
	var wg sync.WaitGroup
	for _, w := range all {
		wg.Go(func() {
			lines := w.rest(t)
			mu.Lock()
			defer mu.Unlock()
			ops = append(ops, readOps(t, lines)...)
		})
	}
	wg.Wait()
	return ops
}

// racePaths are few, and in each other's way.
var racePaths = []string{"a", "a/b", "a/b/c", "a/d", "e", "e/f", "g"}

// Processes claim, release and list a few files and folders while git tidies up:
// there is an order in which all that they were told is true, and the history in
// the ref is that.
func TestRaceClaims(t *testing.T) {
	processes, each := raceSize(50)
	s := newSwarm(t, racers...)
	ops := s.race(t, "claims", processes, ClaimsRef, strconv.Itoa(each))
	linearizable(t, claimsModel, ops)

	said := map[string]int{} // session and subject, with the epoch that stood then
	granted := 0
	for _, o := range ops {
		if o.Verb == "grant" && o.No == "" {
			granted++
		}
		if strings.HasPrefix(o.Verb, "release") && o.No == "" && len(o.Got) > 0 {
			said[o.By+": "+subject("release", o.Got)]++
		}
	}
	claims := 0
	for line := range strings.Lines(s.Git("log", "--format=%an: %s", ClaimsRef) + "\n") {
		line = strings.TrimSuffix(line, "\n")
		if strings.Contains(line, ": claim ") {
			claims++
		} else if said[line]--; said[line] < 0 {
			t.Errorf("nobody was told of %q", line)
		}
	}
	for line, n := range said {
		if n > 0 {
			t.Errorf("%q was acknowledged and is not in the history", line)
		}
	}
	epochs := map[string]bool{}
	for _, o := range ops {
		for _, c := range o.Got {
			if _, epoch, ok := strings.Cut(c, "#"); ok && o.Verb == "grant" {
				epochs[epoch] = true
			}
		}
	}
	if claims != len(epochs) || granted < processes {
		t.Errorf("%d grants in the history, %d epochs acknowledged by %d calls", claims, len(epochs), granted)
	}
	s.healthy()
}

func subject(verb string, paths []string) string {
	if len(paths) > 1 {
		return fmt.Sprintf("%s %s and %d more", verb, paths[0], len(paths)-1)
	}
	return verb + " " + paths[0]
}

func workClaims(b *bus.Bus, by string, args []string) error {
	n, err := strconv.Atoi(args[0])
	c := NewClaims(b, time.Hour, false)
	for i := 0; i < n && err == nil; i++ {
		o := &op{By: by, Paths: []string{racePaths[rand.IntN(len(racePaths))]}, Call: time.Now().UnixNano()}
		if err = o.random(c, rand.IntN(10)); err == nil {
			o.Return = time.Now().UnixNano()
			o.print()
		}
	}
	return err
}

// random makes one of ten calls.
func (o *op) random(c *Claims, which int) error {
	var all []Claim
	var err error
	switch {
	case which < 5:
		o.Verb = "grant"
		if other := racePaths[rand.IntN(len(racePaths))]; which < 2 {
			o.Paths = append(o.Paths, other)
		}
		all, err = c.Grant(bg, o.By, Request{Paths: o.Paths})
		o.Got = inShort(all)
	case which < 8:
		o.Verb = "release"
		if _, err = c.Release(bg, o.By, o.Paths); err == nil {
			o.Got = o.Paths
		}
	case which < 9:
		o.Verb = "release all"
		o.Got, _, err = c.ReleaseAll(bg, o.By)
	default:
		o.Verb = "list"
		all, err = c.List(bg, "")
		o.Got = inShort(all)
	}
	var no *NotHolderError
	if held, ok := errors.AsType[*HeldError](err); ok {
		o.No, o.Got, err = inShort([]Claim{held.Claim})[0], nil, nil
	} else if errors.As(err, &no) {
		o.No, err = strings.TrimSpace(no.Path+" "+no.Holder), nil
	}
	return err
}

// Processes take the push lock in turns while git tidies up. Whoever has it is
// alone, by the lock's own word and by a file that only one can make.
func TestRacePush(t *testing.T) {
	processes, each := raceSize(15)
	s := newSwarm(t, racers...)
	ops := s.race(t, "push", processes, LocksRef, strconv.Itoa(each), filepath.Join(t.TempDir(), "guard"))
	linearizable(t, pushModel, ops)
	var told, stored []string
	for _, o := range ops {
		switch {
		case o.No != "":
		case o.Verb == "acquire":
			told = append(told, fmt.Sprintf("%s %d held", o.By, o.Epoch))
		default:
			told = append(told, fmt.Sprintf("%s %d free", o.By, o.Epoch))
		}
	}
	for _, e := range s.pushHistory() {
		stored = append(stored, fmt.Sprintf("%s %d %s", e.by, e.epoch, e.state))
	}
	slices.Sort(told)
	slices.Sort(stored)
	if !slices.Equal(told, stored) || len(told) != 2*processes*each {
		t.Errorf("%d were acknowledged, %d are in the history:\n%q\n%q", len(told), len(stored), told, stored)
	}
	s.healthy()
}

func workPush(b *bus.Bus, by string, args []string) error {
	n, err := strconv.Atoi(args[0])
	p := NewPushLock(b, time.Hour)
	for done := 0; done < n && err == nil; {
		wait := time.Minute * time.Duration(rand.IntN(3)) // at times they do not wait
		o := &op{Verb: "acquire", By: by, Call: time.Now().UnixNano()}
		var g *Lease
		g, _, err = p.Acquire(bg, by, Wait{Timeout: wait})
		o.Return = time.Now().UnixNano()
		var no *PushHeldError
		if errors.As(err, &no) && wait == 0 {
			o.No, o.Epoch, err = no.Holder.Session, no.Holder.Epoch, nil
			o.print()
			continue
		}
		if err == nil {
			o.Epoch = g.epoch
			o.print()
			err = alone(args[1])
		}
		if err == nil {
			o = &op{Verb: "release", By: by, Epoch: g.epoch, Call: time.Now().UnixNano()}
			err = g.Release(bg)
			o.Return = time.Now().UnixNano()
			o.print()
			done++
		}
	}
	return err
}

// alone is what the lock is held for: it goes wrong if two do it at once.
func alone(guard string) error {
	f, err := os.OpenFile(guard, os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("not alone: %w", err)
	}
	f.Close()
	time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond) // so that the others run into it
	return os.Remove(guard)
}

// held is one state of the push lock in its history.
type held struct {
	by, subject, state string
	epoch              int
}

// pushHistory are all states of the push lock, oldest first, as git shows them.
func (s *swarm) pushHistory() (all []held) {
	s.Helper()
	var ask strings.Builder
	for line := range strings.Lines(s.Git("log", "--reverse", "--format=%H%x09%an%x09%s", LocksRef) + "\n") {
		id, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		by, subject, _ := strings.Cut(rest, "\t")
		all = append(all, held{by: by, subject: subject})
		ask.WriteString(id + ":" + pushPath + "\n")
	}
	i := -1
	for line := range strings.Lines(s.Feed(ask.String(), "cat-file", "--batch")) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " = ")
		switch {
		case strings.Contains(line, " blob "):
			i++
		case ok && key == "state":
			all[i].state = strings.Trim(value, "'")
		case ok && key == "epoch":
			n, err := strconv.Atoi(value)
			s.Must(err)
			all[i].epoch = n
		}
	}
	return all
}
