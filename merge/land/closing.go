package land

import (
	"context"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// Closed is work of a session that has landed: the commits Base..Tip on the target.
type Closed struct {
	Session   string
	Base, Tip string    // Base is "" where the target began with it
	Since     time.Time // when it was put in the queue
}

// closing is what the landings that are about to be written down stage besides.
func (t *train) closing(ctx context.Context) func(*refstore.Tx) error {
	var closed []Closed
	for _, one := range t.landed {
		if one.tip != one.base {
			closed = append(closed, Closed{one.Session, one.base, one.tip, one.Since})
		}
	}
	if t.Close == nil || len(closed) == 0 {
		return func(*refstore.Tx) error { return nil }
	}
	return t.Close(ctx, closed)
}
