package bus

import (
	"context"
	"errors"
	"time"
)

// beatWithin is how long who waits for news does not look, which renews the heartbeat.
const beatWithin = time.Minute

// SyncWait is Sync that waits, if nothing is new, until something is, or wait is over:
// then show was not called. It is woken when the refs move, and with a hub by what is
// fetched from there every [refstore.Options.HubInterval]; until then it looks now and
// then only to be heard of.
func (b *Bus) SyncWait(ctx context.Context, id string, wait time.Duration, show func(*News) error) error {
	id, err := b.Resolve(ctx, id)
	if err != nil {
		return err
	}
	watch := b.store.Watch(ContextRef, InboxRef(id))
	defer watch.Close()
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	shown := false
	for {
		err := b.Sync(context.WithoutCancel(ctx), id, func(n *News) error { shown = true; return show(n) })
		if err != nil || shown {
			return err
		}
		next, stop := context.WithTimeout(ctx, beatWithin)
		err = watch.Wait(next)
		stop()
		switch {
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && next.Err() == nil:
			return err
		}
	}
}
