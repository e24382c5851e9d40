package refstoretest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// Beside runs the steps over and over, each in a goroutine of its own, without a
// pause and at least once, until stop is called or the test ends. Stop waits for
// the steps under way, and returns how many there were in all. A step is told
// how many times it ran before.
func Beside(t testing.TB, steps ...func(n int)) (stop func() (rounds int64)) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	var rounds atomic.Int64
	for _, step := range steps {
		all.Go(func() {
			for n := 0; n == 0 || ctx.Err() == nil; n++ {
				step(n)
				rounds.Add(1)
			}
		})
	}
	stop = func() int64 { cancel(); all.Wait(); return rounds.Load() }
	t.Cleanup(func() { stop() })
	return stop
}

// InRealTime checks that an operation that was over before another began has an
// earlier place, and that the places are 1, 2, 3 and so on: the operations took
// effect one by one, each at a moment between its start and its end.
func InRealTime(t testing.TB, acks []Ack, place func(Ack) int) {
	t.Helper()
	acks = slices.SortedFunc(slices.Values(acks), func(a, b Ack) int { return place(a) - place(b) })
	var latest Ack // of those placed so far, the one that began last
	for i, a := range acks {
		if place(a) != i+1 {
			t.Errorf("place %d is taken by %s, placed %d", i+1, a.What, place(a))
		}
		if a.End < latest.Start {
			t.Errorf("%s was over before %s began, and comes after it", a.What, latest.What)
		}
		if a.Start > latest.Start {
			latest = a
		}
	}
}
