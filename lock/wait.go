package lock

import "time"

// Wait says how long to wait for what another session holds. The zero Wait is
// not to wait at all.
type Wait struct {
	Timeout time.Duration
	// Waiting, if not nil, is called when the wait begins, and then at most once
	// a second until it ends, with the session that holds what is waited for and
	// how long the wait has lasted. It runs on the goroutine that waits, which
	// goes on when it returns.
	Waiting func(holder string, waited time.Duration)
}

// reporter calls Waiting for one wait.
type reporter struct {
	waiting func(holder string, waited time.Duration)
	began   time.Time
	due     time.Time // no call before
}

func newReporter(w Wait) *reporter {
	now := time.Now()
	return &reporter{w.Waiting, now, now}
}

// report calls Waiting if a call is due.
func (r *reporter) report(holder string) {
	now := time.Now()
	if r.waiting == nil || now.Before(r.due) {
		return
	}
	waited := now.Sub(r.began)
	r.due = r.began.Add(waited.Truncate(time.Second) + time.Second)
	r.waiting(holder, waited)
}
