package task

import "github.com/git-swarm/git-swarm/refstore"

// Fence changes the table, and no task: what is about to change it in another clone, for
// a session that moves here, is built anew there, and refused.
func Fence(tx *refstore.Tx, body string) error {
	last, err := tx.Last(Ref)
	if err != nil || last == nil { // there is no task that it could take
		return err
	}
	epoch, err := tx.Counter(Ref, fieldEpoch)
	if err != nil {
		return err
	}
	tasks, err := tx.Counter(Ref, fieldTasks)
	if err != nil {
		return err
	}
	_, err = tx.Record(Ref, refstore.Entry{Body: body, Fields: []refstore.Field{refstore.Counter(fieldEpoch, epoch), refstore.Counter(fieldTasks, tasks)}})
	return err
}
