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

// claimTx is one run of a claim within a transaction.
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
	ended   map[string]bool    // sessions that it was taken from because they have ended
}

func (g *claimTx) run() error {
	var err error
	if g.table, err = g.tx.Table(ClaimsRef); err != nil {
		return err
	}
	if g.epoch, err = lastEpoch(g.tx); err != nil {
		return err
	}
	g.epoch++
	for _, path := range g.request.Paths {
		if path, err = g.claims.stored(g.table, path); err != nil {
			return err
		}
		if err := g.path(path); err != nil {
			return err
		}
	}
	var more []string
	for _, session := range g.losers() {
		for _, claim := range g.lost[session] {
			more = append(more, fmt.Sprintf("taken over from %s: %s", session, quote(claim.Path)))
		}
	}
	if g.request.Reason != "" {
		more = append(more, g.request.Reason)
	}
	if err := record(g.tx, "claim", g.fresh, more...); err != nil {
		return err
	}
	return g.tell()
}

// path grants one path, or says who is in the way.
func (g *claimTx) path(path string) error {
	above, err := g.table.Above(path)
	if err != nil {
		return err
	}
	at := path
	if above != "" {
		at = above
	}
	inTheWay, err := list(g.table, at)
	if err != nil {
		return err
	}
	for _, claim := range inTheWay {
		if claim.Session == g.by {
			if claim.Path == at { // on the path itself, or above it
				g.granted = append(g.granted, claim)
				return nil
			}
		} else if err := g.take(path, claim); err != nil {
			return err
		}
		if err := g.table.Delete(claim.Path); err != nil {
			return err
		}
		g.drop(claim.Path)
	}
	claim := Claim{path, g.by, refstore.Time(g.tx.At()), g.request.Reason, g.epoch}
	content, err := refstore.EncodeState(claimState{refstore.Versioned{Version: refstore.FormatVersion}, claim.Session, claim.Since, claim.Reason, claim.Epoch})
	if err != nil {
		return err
	}
	if len(content) > maxState {
		return bus.Inputf("the reason is too long")
	}
	if err := g.table.Put(path, content); err != nil {
		return err
	}
	g.granted, g.fresh = append(g.granted, claim), append(g.fresh, path)
	return nil
}

// drop forgets what this run granted before and now covers by a folder above it.
func (g *claimTx) drop(path string) {
	g.granted = slices.DeleteFunc(g.granted, func(c Claim) bool { return c.Path == path })
	g.fresh = slices.DeleteFunc(g.fresh, func(p string) bool { return p == path })
}

// take checks that another's claim may be taken over.
func (g *claimTx) take(path string, claim Claim) error {
	seen, err := bus.LastSeen(g.tx, claim.Session)
	if err != nil {
		return err
	}
	stale := bus.Stale(seen, g.tx.At(), g.claims.StaleAfter)
	if !stale && g.claims.Ended != nil && g.claims.Ended(claim.Session, seen) {
		stale = true
		g.ended[claim.Session] = true
	}
	if !stale || !g.request.Takeover {
		return &HeldError{Path: path, Claim: claim, Seen: seen, Stale: stale}
	}
	g.lost[claim.Session] = append(g.lost[claim.Session], claim)
	return nil
}

func (g *claimTx) losers() []string { return slices.Sorted(maps.Keys(g.lost)) }

// tell sends each session that lost claims one message.
func (g *claimTx) tell() error {
	for _, session := range g.losers() {
		var paths []string
		for _, claim := range g.lost[session] {
			paths = append(paths, quote(claim.Path))
		}
		why := fmt.Sprintf("nothing was heard of you for %s", g.claims.StaleAfter)
		if g.ended[session] {
			why = "your agent had ended"
		}
		body := fmt.Sprintf("%s took over your claim on %s: %s", g.by, strings.Join(paths, ", "), why)
		if _, err := bus.Notify(g.tx, session, body); err != nil {
			return err
		}
	}
	return nil
}

// IsHeld returns the *HeldError within err, if there is one.
func IsHeld(err error) (*HeldError, bool) {
	var held *HeldError
	ok := errors.As(err, &held)
	return held, ok
}
