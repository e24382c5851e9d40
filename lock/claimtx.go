package lock

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// fieldEpoch is the trailer of each commit of the table that has the highest
// epoch granted so far.
const fieldEpoch = "Epoch"

// claimTx is one attempt to grant a request, within a transaction.
type claimTx struct {
	claims  *Claims
	tx      *refstore.Tx
	table   *refstore.Table
	by      string
	request Request
	epoch   int
	granted []Claim
	fresh   []string           // paths that were not by's before
	lost    map[string][]Claim // what was taken over, by session
	ended   map[string]bool    // sessions that it was taken from because their agents have ended
	forced  map[string]bool    // sessions that it was taken from although they are there
}

func (t *claimTx) run() error {
	if err := deliverWithHub(t.tx); err != nil {
		return err
	}
	status, err := bus.StatusIn(t.tx, t.by)
	if err != nil {
		return err
	}
	if status == bus.Done && len(t.request.Paths) > 0 {
		return &DoneError{t.by}
	}
	if t.table, err = t.tx.Table(ClaimsRef); err != nil {
		return err
	}
	if t.epoch, err = t.tx.Counter(ClaimsRef, fieldEpoch); err != nil {
		return err
	}
	t.epoch++
	for _, path := range t.request.Paths {
		if path, err = t.claims.stored(t.table, path); err != nil {
			return err
		}
		if err := t.path(path); err != nil {
			return err
		}
	}
	if err := record(t.tx, "claim", t.fresh, t.notes()...); err != nil {
		return err
	}
	return t.notify()
}

// path grants one path, or says whose claim is in the way.
func (t *claimTx) path(path string) error {
	if err := checkByGit(path, t.request.Reason); err != nil {
		return err
	}
	above, err := t.table.Above(path)
	if err != nil {
		return err
	}
	at := path
	if above != "" {
		at = above
	}
	inTheWay, err := list(t.table, at)
	if err != nil {
		return err
	}
	for _, claim := range inTheWay {
		if claim.Session == t.by {
			if claim.Path == at { // on the path itself, or above it
				t.granted = append(t.granted, claim)
				return nil
			}
		} else if err := t.takeOver(path, claim); err != nil {
			return err
		}
		if err := t.table.Delete(claim.Path); err != nil {
			return err
		}
		t.forget(claim.Path)
	}
	claim := Claim{path, t.by, refstore.Time(t.tx.At()), t.request.Reason, t.epoch}
	content, err := claim.encode()
	if err != nil {
		return err
	}
	if err := t.table.Put(path, content); err != nil {
		return err
	}
	t.granted, t.fresh = append(t.granted, claim), append(t.fresh, path)
	return nil
}

// forget drops a path that was granted a moment ago and now is covered by a
// folder above it.
func (t *claimTx) forget(path string) {
	t.granted = slices.DeleteFunc(t.granted, func(c Claim) bool { return c.Path == path })
	t.fresh = slices.DeleteFunc(t.fresh, func(p string) bool { return p == path })
}

// takeOver takes another session's claim, which stands in the way of path, if the
// request and that session's silence allow it, or a person says so; else it returns *HeldError.
func (t *claimTx) takeOver(path string, claim Claim) error {
	seen, err := bus.LastSeen(t.tx, claim.Session)
	if err != nil {
		return err
	}
	keeps, err := bus.KeepsIn(t.tx, claim.Session, t.claims.StaleAfter())
	if err != nil {
		return err
	}
	silent, err := t.claims.silentIn(t.tx, claim.Session, seen)
	if err != nil {
		return err
	}
	stale := !keeps && silent
	if !keeps && !stale && t.claims.ended(claim.Session, seen) {
		stale = true
		t.ended[claim.Session] = true
	}
	if !stale && t.request.Takeover && t.request.Force {
		t.forced[claim.Session] = true
	} else if !stale || !t.request.Takeover {
		return &HeldError{Path: path, Claim: claim, Seen: seen, Stale: stale}
	}
	t.lost[claim.Session] = append(t.lost[claim.Session], claim)
	return nil
}

func (t *claimTx) losers() []string { return slices.Sorted(maps.Keys(t.lost)) }

// notes are what the commit says beside the paths: who lost what, and the reason.
func (t *claimTx) notes() []string {
	var notes []string
	for _, session := range t.losers() {
		for _, claim := range t.lost[session] {
			notes = append(notes, fmt.Sprintf("taken over from %s: %s", session, quote(claim.Path)))
		}
	}
	if t.request.Reason != "" {
		notes = append(notes, t.request.Reason)
	}
	return notes
}

// notify sends each session that lost claims one message.
func (t *claimTx) notify() error {
	for _, session := range t.losers() {
		var paths []string
		for _, claim := range t.lost[session] {
			paths = append(paths, quote(claim.Path))
		}
		why := fmt.Sprintf("you had been silent for %s", t.claims.StaleAfter())
		switch {
		case t.forced[session]:
			why = "a person decided so"
		case t.ended[session]:
			why = "your agent had ended"
		}
		body := fmt.Sprintf("%s took over your claim on %s: %s", t.by, strings.Join(paths, ", "), why)
		var unknown *bus.UnknownSessionError // there is nobody to tell
		if _, err := bus.Notify(t.tx, session, body); err != nil && !errors.As(err, &unknown) {
			return err
		}
	}
	return nil
}

// record commits the table with a subject that reads like a log: one path, or
// the first and how many more, and then all of them.
func record(tx *refstore.Tx, verb string, paths []string, notes ...string) error {
	if len(paths) == 0 {
		return nil
	}
	body := verb + " " + quote(paths[0])
	if len(paths) > 1 {
		body = fmt.Sprintf("%s and %d more\n", body, len(paths)-1)
		var all strings.Builder // there may be tens of thousands
		for _, path := range paths {
			all.WriteString("\n" + quote(path))
		}
		body += all.String()
	}
	for _, note := range notes {
		body += "\n\n" + note
	}
	epoch, err := tx.Counter(ClaimsRef, fieldEpoch)
	if err != nil {
		return err
	}
	if verb != "release" {
		epoch++
	}
	_, err = tx.Record(ClaimsRef, refstore.Entry{Body: body, Fields: []refstore.Field{refstore.Counter(fieldEpoch, epoch)}})
	return err
}
