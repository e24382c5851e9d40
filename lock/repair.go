package lock

import (
	"context"
	"errors"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// Repair puts the tables of claims and locks in order in the name of session by,
// and returns what it did. Unless write is set it only says what it would do. A
// damaged claim is dropped: who holds the path cannot be told. A damaged push
// lock becomes what it was before, with an epoch that no grant can have had.
func Repair(ctx context.Context, b *bus.Bus, by string, write bool) (done []*refstore.Repair, err error) {
	for _, c := range []refstore.Chain{
		{
			Ref: ClaimsRef, Shape: refstore.TableShape,
			State: func(path string, content []byte) error { return checkClaim(path, content, refstore.MaxNumber) },
			Mend: func(state map[string][]byte, highest map[string]int, _ int) error {
				for path, content := range state {
					if checkClaim(path, content, highest[fieldEpoch]) != nil {
						delete(state, path)
					}
				}
				return nil
			},
		},
		{
			Ref: LocksRef, Shape: refstore.TableShape,
			Visit: func() func(*refstore.Entry) error { return lockEpochs(ctx, b) },
			State: checkLock,
			Older: func(string) bool { return true },
			Mend:  raiseEpoch,
		},
	} {
		r, err := b.Store().Repair(ctx, by, c, write)
		if err != nil {
			return done, err
		}
		if r != nil {
			done = append(done, r)
		}
	}
	return done, nil
}

func checkLock(path string, content []byte) error {
	if path != pushPath {
		return errors.New("unknown lock")
	}
	_, err := decodePush(content)
	return err
}

// raiseEpoch makes the push lock's epoch higher than any that was granted in the
// commits that are set aside.
func raiseEpoch(state map[string][]byte, _ map[string]int, aside int) error {
	content, ok := state[pushPath]
	if !ok || aside == 0 {
		return nil
	}
	s, err := decodePush(content)
	if err != nil {
		return err
	}
	s.Epoch += aside
	state[pushPath], err = refstore.EncodeState(s)
	return err
}
