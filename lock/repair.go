package lock

import (
	"context"
	"errors"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// Repair puts the tables of claims and locks in order in the name of session by,
// and returns what it did. Unless write is set it only says what it would do. A
// damaged claim is dropped: who holds the path cannot be told. A damaged lock
// becomes free. A damaged release is dropped, and the claim stays until it is released anew;
// a damaged turn is dropped, and the clone that waits enters at the end.
func Repair(ctx context.Context, b *bus.Bus, by string, write bool) (done []*refstore.Repair, err error) {
	chains := []refstore.Chain{
		{
			Ref: ClaimsRef, Shape: refstore.TableShape,
			State: func(path string, content []byte) error { return checkClaim(path, content, refstore.MaxNumber) },
			Mend: func(state map[string][]byte, m refstore.Mending) error {
				for path, content := range state {
					if checkClaim(path, content, m.Highest[fieldEpoch]) != nil {
						delete(state, path)
					}
				}
				return nil
			},
		},
	}
	for _, ref := range lockRefs {
		chains = append(chains, refstore.Chain{
			Ref: ref, Shape: refstore.TableShape,
			Visit: func() func(*refstore.Entry) error { return lockEpochs(ctx, b, ref) },
			State: checkLock,
			Older: func(string) bool { return true },
			Mend:  freeLock,
		})
	}
	chains = append(chains, refstore.Chain{
		Ref: ReleasesRef, Shape: refstore.TableShape,
		State: checkQueued,
		Mend: func(state map[string][]byte, _ refstore.Mending) error {
			for path, content := range state {
				if checkQueued(path, content) != nil {
					delete(state, path)
				}
			}
			return nil
		},
	}, refstore.Chain{
		Ref: TurnsRef, Shape: refstore.TableShape,
		State: checkTurn,
		Mend: func(state map[string][]byte, _ refstore.Mending) error {
			for path, content := range state {
				if checkTurn(path, content) != nil {
					delete(state, path)
				}
			}
			return nil
		},
	})
	for _, c := range chains {
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
	if !known(path) {
		return errors.New("unknown lock")
	}
	_, err := decodePush(LocksRef, path, content)
	return err
}

// freeLock frees the locks whose newest state is not known, with an epoch above any
// that can have been granted since: whoever holds one finds that it is lost.
func freeLock(state map[string][]byte, m refstore.Mending) error {
	if m.Unknown == 0 {
		return nil
	}
	for path, content := range state {
		s, err := decodePush(LocksRef, path, content)
		if err != nil {
			return err
		}
		s.State, s.Epoch = stateFree, s.Epoch+m.Unknown
		if state[path], err = refstore.EncodeState(s); err != nil {
			return err
		}
	}
	return nil
}
