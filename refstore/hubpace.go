package refstore

import (
	"context"
	"os"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// paceLeft is how long Options.HubPace keeps this clone from pushing what it has
// published.
func (s *Store) paceLeft() time.Duration {
	if s.opts.HubPace <= 0 {
		return 0
	}
	info, err := os.Stat(s.hubFile("hub-pushed"))
	if err != nil {
		return 0
	}
	if past := time.Since(info.ModTime()); past >= 0 { // else the clock was set back
		return max(s.opts.HubPace-past, 0)
	}
	return 0
}

// pushed notes that this clone has pushed what it had published.
func (s *Store) pushed() {
	if s.opts.HubPace > 0 {
		_ = file.Replace(s.hubFile("hub-pushed"), nil, 0o666)
	}
}

// AwaitPace waits until Options.HubPace lets this clone push what it has published.
// Of the processes of a clone one waits; to the others it says at once that they need
// not, for that one delivers what they have published, too.
func (s *Store) AwaitPace(ctx context.Context) (first bool, err error) {
	if s.opts.HubPace <= 0 {
		return true, nil
	}
	unlock, err := file.TryLockPath(s.hubFile("hub-pace"))
	if err != nil {
		return false, nil
	}
	defer unlock() // before what is delivered is read: who comes after that waits anew
	select {
	case <-time.After(s.paceLeft()):
		return true, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}
