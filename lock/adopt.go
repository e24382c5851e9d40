package lock

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
)

// AdoptClaims plans which claims of this repository end when it joins a hub: those on what
// a session of the hub's swarm claims, or on a folder above or below that.
func (c *Claims) AdoptClaims(a *refstore.Adoption) error {
	mine, err := a.Mine(ClaimsRef)
	if err != nil {
		return err
	}
	theirs, err := a.Theirs(ClaimsRef)
	if err != nil {
		return err
	}
	claims, err := list(mine, "")
	if err != nil {
		return err
	}
	for _, claim := range claims {
		holder, err := c.inTheWay(theirs, claim.Path)
		if err != nil {
			return err
		}
		if holder != nil {
			a.Lost = append(a.Lost, refstore.LostPath{Path: claim.Path, Session: a.Name(claim.Session), Holder: holder.Session})
		}
	}
	return nil
}

// inTheWay is a claim at the path, above it or below it; nil if there is none.
func (c *Claims) inTheWay(table *refstore.Table, path string) (*Claim, error) {
	path, err := c.stored(table, path)
	if err != nil {
		return nil, err
	}
	above, err := table.Above(path)
	if err != nil {
		return nil, err
	}
	if above != "" {
		path = above
	}
	claims, err := list(table, path)
	if err != nil || len(claims) == 0 {
		return nil, err
	}
	return &claims[0], nil
}

// ShareClaims has the sessions of this repository hold in the hub's swarm what they hold
// here, but what is in a.Lost, and tells whose claims end.
func ShareClaims(tx *refstore.Tx, a *refstore.Adoption) error {
	if a.Tips[ClaimsRef] == "" || !a.Both(ClaimsRef) && len(a.Renamed) == 0 {
		return nil // they go to the hub as they are
	}
	mine, err := a.Mine(ClaimsRef)
	if err != nil {
		return err
	}
	claims, err := list(mine, "")
	if err != nil {
		return err
	}
	table, err := tx.Table(ClaimsRef)
	if err != nil {
		return err
	}
	own, theirs, err := a.Counter(ClaimsRef, fieldEpoch)
	if err != nil {
		return err
	}
	epoch, kept := max(own, theirs)+1, 0
	for _, claim := range claims {
		if slices.ContainsFunc(a.Lost, func(l refstore.LostPath) bool { return l.Path == claim.Path }) {
			continue
		}
		claim.Session, claim.Epoch = a.Name(claim.Session), epoch
		content, err := claim.encode()
		if err != nil {
			return err
		}
		if err := table.Put(claim.Path, content); err != nil {
			return err
		}
		kept++
	}
	body := fmt.Sprintf("adopted by %s: %d of %d", tx.Clone(), kept, len(claims))
	for _, l := range a.Lost {
		body += fmt.Sprintf("\n%s stays with %s, and ends for %s", quote(l.Path), l.Holder, l.Session)
	}
	_, err = tx.Record(ClaimsRef, refstore.Entry{Label: refstore.RepairLabel, Body: body, Fields: []refstore.Field{refstore.Counter(fieldEpoch, epoch)}})
	if err != nil {
		return err
	}
	return tellLost(tx, a)
}

// tellLost sends each session whose claims end one message.
func tellLost(tx *refstore.Tx, a *refstore.Adoption) error {
	lost := map[string][]string{}
	for _, l := range a.Lost {
		lost[l.Session] = append(lost[l.Session], fmt.Sprintf("%s (%s holds it)", quote(l.Path), l.Holder))
	}
	for _, id := range slices.Sorted(maps.Keys(lost)) {
		body := "your claims ended that sessions of the swarm hold which this clone has joined: " + strings.Join(lost[id], ", ")
		var unknown *bus.UnknownSessionError // there is nobody to tell
		if _, err := bus.Notify(tx, id, body); err != nil && !errors.As(err, &unknown) {
			return err
		}
	}
	return nil
}

// AdoptLocks is a *PushHeldError while somebody here is landing: of a swarm that joins a
// hub, no lock is held.
func AdoptLocks(a *refstore.Adoption, b *bus.Bus) error {
	table, err := a.Mine(LocksRef)
	if err != nil {
		return err
	}
	var held error
	err = table.Below("", func(path string, content []byte) bool {
		s, failed := decodePush(LocksRef, path, content)
		switch {
		case failed != nil:
			held = failed
		case s.State == stateHeld && b.Store().Now().Before(s.Expires) && !file.ProcessGone(s.PID, s.Process):
			held = &PushHeldError{Holder: s.holder()}
		}
		return held == nil
	})
	return errors.Join(err, held)
}
