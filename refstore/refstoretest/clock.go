package refstoretest

import (
	"sync"
	"time"
)

// Clock is the time of a test. It stands still between advances; any goroutine
// may call it.
type Clock struct {
	mu sync.Mutex
	t  time.Time
}

// NewClock is one at the same time for every test.
func NewClock() *Clock { return &Clock{t: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}
