package land

import (
	"context"
	"slices"
)

// trials are the runs of the verify command that are under way, each on a prefix of a
// stack, in a checkout of its own.
type trials struct {
	*Lander
	jobs    int // how many there may be at once
	running []*trial
	ended   chan *trial // of those that were not stopped
}

// trial is one of them.
type trial struct {
	upTo int   // how many entries from the bottom
	slot int   // from 0: which checkout it has
	err  error // once it has ended
	stop context.CancelFunc
	gone chan struct{} // closed when nothing of it is left
}

// free reports whether one more may start.
func (t *trials) free() bool { return len(t.running) < t.jobs }

// runs reports whether one runs on that prefix.
func (t *trials) runs(upTo int) bool {
	return slices.ContainsFunc(t.running, func(r *trial) bool { return r.upTo == upTo })
}

// longest is the longest prefix on which one runs, or is about to run.
func (t *trials) longest(upTo int) int {
	for _, r := range t.running {
		upTo = max(upTo, r.upTo)
	}
	return upTo
}

// between is the prefix in the middle of the widest gap that what runs leaves between
// one that passes and one that fails, or is being tried; 0 if there is no gap.
func (t *trials) between(passes, fails int) int {
	points := []int{passes, fails}
	for _, r := range t.running {
		if r.upTo > passes && r.upTo < fails {
			points = append(points, r.upTo)
		}
	}
	slices.Sort(points)
	middle, widest := 0, 1
	for i, from := range points[:len(points)-1] {
		if gap := points[i+1] - from; gap > widest {
			middle, widest = from+gap/2, gap
		}
	}
	return middle
}

// start starts one.
func (t *trials) start(ctx context.Context, made stack, tree string) {
	if t.ended == nil {
		t.ended = make(chan *trial)
	}
	r := &trial{upTo: len(made), gone: make(chan struct{})}
	for slices.ContainsFunc(t.running, func(other *trial) bool { return other.slot == r.slot }) {
		r.slot++
	}
	t.running = append(t.running, r)
	ctx, r.stop = context.WithCancel(ctx)
	go func() {
		defer close(r.gone)
		r.err = t.runOn(ctx, made, tree, r.slot)
		select {
		case t.ended <- r:
		case <-ctx.Done():
		}
	}()
}

// take takes one out that has ended.
func (t *trials) take(ended *trial) {
	ended.stop()
	<-ended.gone
	t.running = slices.DeleteFunc(t.running, func(r *trial) bool { return r == ended })
}

// stopAll ends all of them.
func (t *trials) stopAll() { t.stopThose(func(*trial) bool { return true }) }

// stopBelow ends those on no longer prefix.
func (t *trials) stopBelow(upTo int) {
	t.stopThose(func(r *trial) bool { return r.upTo <= upTo })
}

// stopAbove ends those on no shorter prefix.
func (t *trials) stopAbove(upTo int) {
	t.stopThose(func(r *trial) bool { return r.upTo >= upTo })
}

// stopThose ends those that it is told, and waits until nothing of them is left.
func (t *trials) stopThose(which func(*trial) bool) {
	var left []*trial
	for _, r := range t.running {
		if !which(r) {
			left = append(left, r)
			continue
		}
		r.stop()
	}
	for _, r := range t.running {
		if !slices.Contains(left, r) {
			<-r.gone
		}
	}
	t.running = left
}
