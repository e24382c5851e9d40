package bus

import (
	"context"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
)

// Retire takes the session out of the table of sessions; also joins the transaction.
// What the session wrote, and what was written to it, stays. Nobody but the
// orchestrator retires anybody, in whose name that is recorded, and it stays itself.
func (b *Bus) Retire(ctx context.Context, id string, also func(*refstore.Tx) error) error {
	if strings.EqualFold(id, Orchestrator) {
		return Inputf("the orchestrator is always there")
	}
	return b.store.Update(ctx, Orchestrator, func(tx *refstore.Tx) error {
		id, err := ResolveIn(tx, id)
		if err != nil {
			return err
		}
		if err := also(tx); err != nil {
			return err
		}
		table, err := tx.Table(SessionsRef)
		if err != nil {
			return err
		}
		if err := table.Delete(id); err != nil {
			return err
		}
		_, err = tx.Record(SessionsRef, refstore.Entry{Body: retireBody + id})
		return err
	})
}

// retireBody and the id are the body of the entry that retires a session. It has no
// label; an entry whose text a session chooses has one.
const retireBody = "retire "

// noteRetired visits the entries of the sessions and notes whom one of them retires,
// whether they have been registered again since or not.
func noteRetired(all map[string]bool) func(*refstore.Entry) error {
	return func(e *refstore.Entry) error {
		if id, ok := strings.CutPrefix(e.Body, retireBody); ok && e.Label == "" && refstore.IsSessionID(id) {
			all[id] = true
		}
		return nil
	}
}
