package review

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Fsck reads all reviews and returns what breaks the format, each as a
// *refstore.DamagedError, and how many commits were read.
func (s *Store) Fsck(ctx context.Context) (faults []error, read int, err error) {
	count, repaired := 0, false
	faults, read, err = s.bus.Store().Check(ctx, TableRef, refstore.TableShape, func(e *refstore.Entry) error {
		n, err := refstore.ParseNumber(e.Field(fieldReviews))
		count, repaired = max(count, n), repaired || e.Repair()
		if err == nil && e.Number == 1 && n != 1 && !e.Repair() {
			err = fmt.Errorf("the first of %d reviews", n)
		}
		return err
	})
	if err != nil || len(faults) > 0 {
		return faults, read, err
	}
	c := &check{ctx: ctx, count: count, repaired: repaired, requests: map[int]*Event{}}
	if err := c.table(s); err != nil {
		return c.faults, read, err
	}
	return c.faults, read, c.notes(s)
}

// check is one run of Fsck.
type check struct {
	ctx      context.Context
	algo     object.Algo
	count    int            // the highest number given yet
	repaired bool           // reviews may be missing
	requests map[int]*Event // by number
	faults   []error
}

func (c *check) fault(ref, path string, err error) {
	var damaged *refstore.DamagedError
	if !errors.As(err, &damaged) {
		err = &refstore.DamagedError{Ref: ref, Path: path, Err: err}
	}
	c.faults = append(c.faults, err)
}

// failed records a fault that ended the reading of a ref; another error it returns.
func (c *check) failed(ref string, err error) error {
	var damaged *refstore.DamagedError
	if errors.As(err, &damaged) {
		c.fault(ref, "", err)
		return nil
	}
	return err
}

// table checks that each review is complete and under its number, that no number
// is missing, and that everything else in the table belongs to a review.
func (c *check) table(s *Store) error {
	table, err := s.bus.Store().WholeTable(c.ctx, TableRef)
	if err != nil {
		return c.failed(TableRef, err)
	}
	type blob struct{ path, content string }
	var others []blob
	err = table.Below("", func(path string, content []byte) bool {
		if strings.HasPrefix(path, "number/") {
			c.review(path, string(content))
		} else {
			others = append(others, blob{path, string(content[:min(len(content), 100)])})
		}
		return true
	})
	if err != nil {
		return c.failed(TableRef, err)
	}
	for n := 1; n <= c.count && !c.repaired; n++ {
		if _, ok := c.requests[n]; !ok {
			c.fault(TableRef, numberPath(n), errors.New("no such review"))
		}
	}
	for _, o := range others {
		if err := c.other(o.path, o.content); err != nil {
			c.fault(TableRef, o.path, err)
		}
	}
	return nil
}

func (c *check) review(path, content string) {
	n, err := strconv.Atoi(path[strings.LastIndexByte(path, '/')+1:])
	if err != nil || n < 1 || n > c.count || path != numberPath(n) {
		c.fault(TableRef, path, fmt.Errorf("not the number of one of %d reviews", c.count))
		return
	}
	events, err := parseReview(n, content)
	if err == nil && joinLines(content) != content {
		err = errors.New("lines not sorted, doubled or blank")
	}
	if err != nil {
		c.fault(TableRef, path, err)
	}
	i := slices.IndexFunc(events, func(e *Event) bool { return e.Kind == Request })
	c.requests[n] = nil
	if i >= 0 {
		c.requests[n] = events[i]
	}
}

// other checks what is no review: a session's latest number, or a diff.
func (c *check) other(path, content string) error {
	if id, ok := strings.CutPrefix(path, "latest/"); ok {
		n, err := strconv.Atoi(strings.TrimSuffix(content, "\n"))
		q, there := c.requests[n]
		if err != nil || content != strconv.Itoa(n)+"\n" || !there || bus.CheckID(id) != nil || (q != nil && q.By != id) {
			return fmt.Errorf("%.80q is not the number of a review of that session", content)
		}
		for _, later := range c.requests {
			if later != nil && later.By == id && later.Review > n {
				return fmt.Errorf("#%d is there, and is not the latest: #%d is", n, later.Review)
			}
		}
		return nil
	}
	n, err := strconv.Atoi(path[strings.LastIndexByte(path, '/')+1:])
	if _, there := c.requests[n]; err != nil || path != diffPath(n) || !there {
		return errors.New("git swarm keeps nothing there")
	}
	return nil
}

// notes decodes every note, also of reviews that the table does not know:
// another clone's, merged in.
func (c *check) notes(s *Store) error {
	notes, err := s.bus.Store().Notes(c.ctx, NotesRef)
	if err != nil {
		return c.failed(NotesRef, err)
	}
	c.algo = s.bus.Store().Repo().Algo
	err = notes.Each(func(_ string, id object.Hash, text string) bool {
		_, faults := c.note(id, text)
		c.faults = append(c.faults, faults...)
		return true
	})
	return c.failed(NotesRef, err)
}

// note says what is wrong with the note on a commit, and which of its lines are
// to be kept.
func (c *check) note(id object.Hash, text string) (keep []string, faults []error) {
	if !c.algo.Valid(id) {
		return nil, []error{noteFault(id, fmt.Errorf("'%.80s' is no object to have a note", string(id)))}
	}
	events, foreign := parseNote(text, 0)
	for _, line := range foreign {
		faults = append(faults, noteFault(id, foreignLine(line)))
	}
	for _, e := range events {
		if e.Review > c.count {
			faults = append(faults, noteFault(id, fmt.Errorf("#%d.%d, where there are %d reviews", e.Review, e.Seq, c.count)))
			continue
		}
		keep = append(keep, e.line())
	}
	return keep, faults
}
