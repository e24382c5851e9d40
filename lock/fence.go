package lock

import (
	"fmt"

	"github.com/git-swarm/git-swarm/refstore"
)

// Fence gives the claims of a session that has moved to another clone a new epoch, and
// frees the locks that it holds: what it gives back or renews by the old ones, also what
// is queued for when a hub is reached, is void. Both tables are changed in any case, so
// that what is about to change them elsewhere is built anew.
func Fence(tx *refstore.Tx, id, body string) error {
	claims, err := tx.Table(ClaimsRef)
	if err != nil {
		return err
	}
	epoch, err := tx.Counter(ClaimsRef, fieldEpoch)
	if err != nil {
		return err
	}
	all, err := list(claims, "")
	if err != nil {
		return err
	}
	for _, claim := range all {
		if claim.Session != id {
			continue
		}
		claim.Epoch = epoch + 1
		content, err := claim.encode()
		if err == nil {
			err = claims.Put(claim.Path, content)
		}
		if err != nil {
			return err
		}
	}
	if _, err = tx.Record(ClaimsRef, refstore.Entry{Body: body, Fields: []refstore.Field{refstore.Counter(fieldEpoch, epoch+1)}}); err != nil {
		return err
	}
	return fenceLocks(tx, id, body)
}

func fenceLocks(tx *refstore.Tx, id, body string) error {
	table, err := tx.Table(LocksRef)
	if err != nil {
		return err
	}
	all, err := locksIn(LocksRef, table)
	if err != nil {
		return err
	}
	if len(all) == 0 { // what it is about to land there would be the first landing of all
		push := &PushLock{leaseTime: HubLeaseTime, ref: LocksRef, path: pushPath}
		return push.put(tx, body, pushState{State: stateFree, Session: id, Since: tx.At(), Epoch: 1})
	}
	for path, s := range all {
		if s.State != stateHeld || s.Session != id {
			continue
		}
		s.State, s.Epoch = stateFree, s.Epoch+1
		content, err := refstore.EncodeState(s)
		if err == nil {
			err = table.Put(path, content)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	_, err = tx.Record(LocksRef, refstore.Entry{Body: body})
	return err
}
