package queue

import (
	"errors"
	"fmt"

	"github.com/git-swarm/git-swarm/refstore"
)

// UndecidedError says that it is not known yet what becomes of a session's entry.
type UndecidedError struct{ Session string }

func (e *UndecidedError) Error() string { return fmt.Sprintf("%s waits to land", e.Session) }

// AdoptQueue is an *UndecidedError if something waits to land here: in a repository that
// joins a hub with a swarm of its own nothing does.
func AdoptQueue(a *refstore.Adoption) error {
	table, err := a.Mine(Ref)
	if err != nil {
		return err
	}
	all, err := entries(table, func(err error) error { return err })
	for _, e := range all {
		if !e.Decided() {
			return errors.Join(err, &UndecidedError{e.Session})
		}
	}
	return err
}

// KeepQueue has what became of the entries be told to the sessions by the names that they
// have now.
func KeepQueue(tx *refstore.Tx, a *refstore.Adoption) error {
	table, err := tx.Table(Ref)
	if err != nil {
		return err
	}
	all, err := entries(table, func(err error) error { return err })
	if err != nil {
		return err
	}
	renamed := false
	for _, e := range all {
		was := e.Session
		e.Session = a.Name(was)
		changed := e.Session != was
		for i, id := range e.Upon {
			changed = changed || a.Name(id) != id
			e.Upon[i] = a.Name(id)
		}
		if !changed {
			continue
		}
		content, err := e.encode()
		if err == nil {
			err = table.Delete(was)
		}
		if err == nil {
			err = table.Put(e.Session, content)
		}
		if err != nil {
			return err
		}
		renamed = true
	}
	if renamed {
		_, err = tx.Record(Ref, refstore.Entry{Body: "joined a hub: some sessions are called otherwise"})
	}
	return err
}
