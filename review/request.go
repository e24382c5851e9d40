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

// ErrEmpty says that there is nothing to review.
var ErrEmpty = errors.New("the range holds no change")

// maxDiff is the largest diff that a request can carry, in bytes.
const maxDiff = bus.MaxBody

// RequestParams says what to have reviewed, and by whom.
type RequestParams struct {
	To    []string
	Range *Range
	Text  string // for the reviewers
	Diff  string // kept as the author's comment; "" for none
}

// pinRef keeps the commits of the session's newest request from git gc. No session's
// id has a dot in it.
func pinRef(session string) string { return refstore.PinPrefix + session + ".review" }

// Request opens a review, and notifies the reviewers by message in the same
// transaction. It supersedes the author's earlier requests. Its commits are kept from
// git gc until it is withdrawn, has landed through git swarm (see [Store.Landed]), or
// the author makes the next.
func (s *Store) Request(ctx context.Context, from string, p RequestParams) (*Review, error) {
	if len(p.Diff) > maxDiff || strings.ToValidUTF8(p.Diff, "") != p.Diff {
		return nil, bus.Inputf("the diff is larger than %d bytes, or not valid UTF-8", maxDiff)
	}
	if err := checkText(p.Text); err != nil {
		return nil, err
	}
	git := s.bus.Store().Repo()
	commits, err := p.Range.countCommits(ctx, git)
	if err != nil {
		return nil, err
	}
	if commits == 0 {
		return nil, ErrEmpty
	}
	patch, err := patchID(ctx, git, p.Range)
	if err != nil {
		return nil, err
	}
	var made *Review
	err = s.bus.Update(ctx, from, func(tx *refstore.Tx, from string) error {
		e := &Event{
			At: tx.At(), Seq: 1, Kind: Request, By: from, Text: p.Text,
			Branch: p.Range.Branch, Target: p.Range.Target, Base: p.Range.Base, Tip: p.Range.Tip, Patch: patch,
		}
		var err error
		if e.To, err = reviewers(tx, from, p.To); err != nil {
			return err
		}
		last, err := tx.Counter(TableRef, fieldReviews)
		if err != nil {
			return err
		}
		e.Review = last + 1
		if err := stageRequest(tx, e, p.Diff); err != nil {
			return err
		}
		if err := tx.Pin(pinRef(from), e.Tip); err != nil {
			return err
		}
		if through, err := s.bus.Store().Tip(ctx, throughRef(from)); err != nil {
			return err
		} else if through != "" { // that was an earlier one's
			if err := tx.Pin(throughRef(from), e.Base); err != nil {
				return err
			}
		}
		made = newReview([]*Event{e}, e.Review)
		return notifyReviewers(tx, e, commits)
	})
	return made, err
}

// checkText refuses a text that no message can carry.
func checkText(text string) error {
	if len(text) > bus.MaxBody || strings.ToValidUTF8(text, "") != text {
		return bus.Inputf("the comment is larger than %d bytes, or not valid UTF-8", bus.MaxBody)
	}
	return nil
}

// reviewers returns the ids as they are registered, each once.
func reviewers(tx *refstore.Tx, from string, to []string) ([]string, error) {
	author, err := bus.CountsAsIn(tx, from)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, id := range to {
		id, err := bus.ResolveIn(tx, id)
		if err != nil {
			return nil, err
		}
		same, err := bus.CountsAsIn(tx, id)
		if err != nil {
			return nil, err
		}
		switch {
		case id == from:
			return nil, bus.Inputf("%s cannot review its own work", id)
		case strings.EqualFold(same, author):
			return nil, bus.Inputf("%s cannot review what %s wrote: it counts as the same session", id, from)
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, bus.Inputf("no reviewer named")
	}
	return ids, nil
}

// stageRequest stages a new review, in the table and in the note on its tip.
func stageRequest(tx *refstore.Tx, e *Event, diff string) error {
	table, err := tx.Table(TableRef)
	if err != nil {
		return err
	}
	if err := table.Put(latestPath(e.By), []byte(strconv.Itoa(e.Review)+"\n")); err != nil {
		return err
	}
	if diff != "" {
		if err := table.Put(diffPath(e.Review), []byte(diff)); err != nil {
			return err
		}
	}
	return stageEvent(tx, table, e, "", e.Tip)
}

// The notice of a request begins with this, and the review's number.
const noticeOfRequest = "review #%d requested: "

func notifyReviewers(tx *refstore.Tx, e *Event, commits int) error {
	size := "1 commit"
	if commits != 1 {
		size = fmt.Sprintf("%d commits", commits)
	}
	body := fmt.Sprintf(noticeOfRequest+"%s (%s): git swarm review show %d", e.Review, short(e.Branch, e.Tip), size, e.Review)
	if e.Text != "" {
		body += "\n" + e.Text
	}
	for _, id := range e.To {
		if _, err := bus.Notify(tx, id, body); err != nil {
			return err
		}
	}
	return nil
}

// short returns a branch's name, or an abbreviated commit.
func short(branch string, tip object.Hash) string {
	if branch == "" {
		return tip.Short()
	}
	return strings.TrimPrefix(branch, "refs/heads/")
}
