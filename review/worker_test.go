package review

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// work is the other processes. Their arguments are a directory, the session, and
// what the worker needs.
func work(name string, args []string) error {
	dir, by, args := args[0], args[1], args[2:]
	opts := refstore.Options{Timeout: time.Minute}
	switch name {
	case "die": // at the n-th occurrence of a point
		opts.Failpoint = refstoretest.DieAt(args[0], args[1])
		name, args = args[2], args[3:]
	case "random": // within a time
		refstoretest.DieWithin(args[0])
		name, args = args[1], args[2:]
	}
	b, err := openDir(dir, opts)
	if err != nil {
		return err
	}
	if name == "request" {
		return workRequest(b, by, args)
	}
	return workSay(b, by, args)
}

// start starts a worker in the repository.
func (s *swarm) start(name, by string, args ...string) *refstoretest.Worker {
	s.Helper()
	return refstoretest.Start(s, name, append([]string{s.Dir, by}, args...)...)
}

// workRequest: how many requests, and to whom.
func workRequest(b *Store, by string, args []string) error {
	git := b.bus.Store().Repo()
	r, err := FindRange(bg, git, "refs/heads/feat", "refs/heads/main")
	n, _ := strconv.Atoi(args[0])
	for i := 0; i < n && err == nil; i++ {
		var made *Review
		start := time.Now()
		if made, err = b.Request(bg, by, RequestParams{To: strings.Split(args[1], ","), Range: r, Text: fmt.Sprintf("%s-%d", by, i)}); err == nil {
			refstoretest.Acknowledge(made.Number, start)
		}
	}
	return err
}

// workSay: what, and of which reviews. A review that is closed is passed over.
func workSay(b *Store, by string, args []string) error {
	for _, arg := range args[1:] {
		number, err := strconv.Atoi(arg)
		if err != nil {
			return err
		}
		start := time.Now()
		_, err = b.AddEvent(bg, by, number, Kind(args[0]), by+" says")
		if err == nil {
			refstoretest.Acknowledge(number, start)
		} else if !errors.Is(err, ErrClosed) {
			return err
		}
	}
	return nil
}
