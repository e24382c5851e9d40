package lock

import (
	"context"
	"maps"
	"slices"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// Held is what a session held at one moment. Whoever keeps it can update it by the
// changes since then, at a cost that does not depend on how many claims there are.
type Held struct {
	Tip   object.Hash // of the table of claims; "" for a moment before there was one
	Paths []string    // sorted
}

// Held returns what session id holds now. known is what it held at some time before;
// the zero Held will do.
func (c *Claims) Held(ctx context.Context, id string, known Held) (Held, error) {
	store := c.bus.Store()
	tip, err := store.Tip(ctx, ClaimsRef)
	if err != nil {
		return Held{}, err
	}
	gone, err := c.givenBack(ctx)
	if err != nil {
		return Held{}, err
	}
	if tip == known.Tip {
		return known.without(gone), nil
	}
	now, err := store.TableAt(ctx, ClaimsRef, tip)
	if err != nil {
		return Held{}, err
	}
	before, err := store.TableAt(ctx, ClaimsRef, known.Tip)
	if err != nil {
		return Held{}, err
	}
	held := map[string]bool{}
	for _, path := range known.Paths {
		held[path] = true
	}
	err = now.Changed(before, func(path string, content []byte) error {
		delete(held, path)
		if content == nil {
			return nil
		}
		claim, err := decodeClaim(path, content)
		if err == nil && claim.Session == id {
			held[path] = true
		}
		return err
	})
	if err != nil {
		return Held{}, err
	}
	return Held{tip, slices.Sorted(maps.Keys(held))}.without(gone), nil
}

// without leaves out what is given back: a claim on it that is granted later is another
// change of the table.
func (h Held) without(gone givenBack) Held {
	if len(gone) > 0 {
		h.Paths = slices.DeleteFunc(slices.Clone(h.Paths), func(path string) bool { return gone[path] > 0 })
	}
	return h
}
