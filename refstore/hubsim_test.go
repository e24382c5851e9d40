package refstore

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A simulation of many clones at one hub, in a time of its own: what no machine that
// runs tests has processes for. It has the order of calls, the turns and the pauses of
// this package, and what calls take from measurements of git: round trips until the
// hub compares and swaps, and until the answer is there.
type hubSim struct {
	events   simEvents
	now      time.Duration
	rand     *rand.Rand
	trip     time.Duration
	calls    simCalls
	journal  bool        // what is published is appended to one journal that all share
	singly   bool        // each exclusive change has a push of its own
	shared   []*simClone // who has moved the shared refs, in order
	asked    []simAsked  // to yield
	occupied time.Duration
	clones   []*simClone
}

// simCalls are the calls over one kind of connection, in round trips.
type simCalls struct{ swapped, pushed, refused, snapshot, fetched float64 }

// simKinds are the kinds of connections: over ssh a call logs in, unless it shares a
// connection that is there.
var simKinds = map[string]simCalls{
	"http": {2.5, 3, 2, 2.5, 4},
	"ssh":  {9.8, 10.3, 9.3, 10, 11.6},
	"mux":  {3.3, 3.8, 2.8, 3.5, 5},
}

// simGit is what git takes of a machine's time for one call, simTake what it takes to index
// and check the commits that a fetch brings and to take them over, and simJoin what it takes
// a command to add its change to another's push.
const (
	simGit  = 15 * time.Millisecond
	simTake = 100 * time.Millisecond
	simJoin = 10 * time.Millisecond
)

// push is what a push takes that meets nobody.
func (h *hubSim) push() time.Duration { return h.trips(h.calls.pushed) + simGit }

func (h *hubSim) trips(n float64) time.Duration { return time.Duration(n * float64(h.trip)) }

// simAsked is what a clone has asked the others for.
type simAsked struct {
	clone *simClone
	needs time.Duration
}

type simClone struct {
	name      string
	sim       *hubSim
	busy      bool // somebody has the turn
	queue     []*simOp
	base      int           // what it has of the shared refs
	read      int           // of what clones have asked
	fair      hubFairness   // moments are milliseconds of the simulated time
	fetched   time.Duration // when it last began to fetch
	brought   time.Duration // what the last fetch took
	stale     bool          // the next exclusive change fetches first
	won, took time.Duration // when the last one was made, and what its push took
	published []time.Duration
	granted   []time.Duration
}

type simOp struct {
	exclusive bool
	began     time.Duration
	lost      int
	pauses    bool // it has lost, and has given up the turn
	done      func()
}

type simEvent struct {
	at time.Duration
	do func()
}

type simEvents []simEvent

func (e simEvents) Len() int           { return len(e) }
func (e simEvents) Less(i, j int) bool { return e[i].at < e[j].at }
func (e simEvents) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *simEvents) Push(x any)        { *e = append(*e, x.(simEvent)) }
func (e *simEvents) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func (h *hubSim) after(d time.Duration, do func()) {
	heap.Push(&h.events, simEvent{h.now + d, do})
}

// newHubSim has clones with sessions, each of which publishes and claims at random, so
// often on average; 0 is never, and less than 0 is again as soon as it is done.
func newHubSim(kind string, trip time.Duration, clones, sessions int, publish, claim time.Duration) *hubSim {
	h := &hubSim{rand: rand.New(rand.NewPCG(1, 2)), trip: trip, calls: simKinds[kind]}
	for i := range clones {
		c := &simClone{sim: h, name: fmt.Sprint(i)}
		h.clones = append(h.clones, c)
		for range sessions {
			c.session(publish, false)
			c.session(claim, true)
		}
	}
	return h
}

// session does one thing over and over.
func (c *simClone) session(every time.Duration, exclusive bool) {
	if every == 0 {
		return
	}
	var next func()
	wait := func() time.Duration {
		if every < 0 {
			return 0
		}
		return time.Duration(c.sim.rand.ExpFloat64() * float64(every))
	}
	next = func() {
		c.ask(&simOp{exclusive: exclusive || c.sim.journal, began: c.sim.now, done: func() { c.sim.after(wait(), next) }})
	}
	c.sim.after(wait(), next)
}

func (h *hubSim) run(d time.Duration) *hubSim {
	for len(h.events) > 0 && h.events[0].at < d {
		e := heap.Pop(&h.events).(simEvent)
		h.now = e.at
		e.do()
	}
	return h
}

func (c *simClone) ask(op *simOp) {
	c.queue = append(c.queue, op)
	c.turn()
}

// turn gives the turn to who has waited for it longest.
func (c *simClone) turn() {
	first := slices.IndexFunc(c.queue, func(op *simOp) bool { return !op.pauses })
	if c.busy || first < 0 {
		return
	}
	c.busy = true
	op := c.queue[first]
	if !op.exclusive {
		c.send(op)
		return
	}
	c.ready(op, c.stale || c.sim.now-c.won < hubYield(c.took))
}

// ready fetches first, where it has to, and lets others go first.
func (c *simClone) ready(op *simOp, fetch bool) {
	h := c.sim
	step := max(c.took/2, groupWait/10)
	left := c.fair.yield(h.now.Milliseconds())
	if h.journal {
		left = 0
	}
	switch {
	case fetch && (left <= 0 || h.now-c.fetched >= step):
		c.fetch(func() { c.ready(op, false) })
	case left > 0:
		c.stale = true
		c.pause(op, min(left, step))
	default:
		c.send(op)
	}
}

// pause gives up the turn for so long.
func (c *simClone) pause(op *simOp, d time.Duration) {
	op.pauses, c.busy = true, false
	c.sim.after(d, func() {
		op.pauses = false
		c.queue = append(slices.DeleteFunc(c.queue, func(o *simOp) bool { return o == op }), op)
		c.turn()
	})
	c.turn()
}

// send pushes what op is, what else the clone has published until now, and the exclusive
// changes that wait in it.
func (c *simClone) send(op *simOp) {
	h := c.sim
	var along []*simOp
	gather := time.Duration(0)
	for _, o := range c.queue {
		grouped := o != op && o.exclusive && op.exclusive && !h.singly && !h.journal && !o.pauses
		if o == op || !o.exclusive || grouped {
			along = append(along, o)
		}
		if grouped {
			gather += simJoin
		}
	}
	began, base := h.now, c.base
	var swap func()
	swap = func() {
		if h.now < h.occupied { // one at a time
			h.after(h.occupied-h.now, swap)
			return
		}
		h.occupied = h.now + simGit/2
		if op.exclusive && base != len(h.shared) {
			h.after(h.trips(h.calls.refused-1), func() { c.lost(op, h.now-began) })
			return
		}
		if op.exclusive {
			h.shared = append(h.shared, c)
			c.base = len(h.shared)
		}
		h.after(h.trips(h.calls.pushed-h.calls.swapped), func() {
			if op.exclusive {
				c.won, c.took = h.now, h.now-began-gather
				c.fair.won(h.now.Milliseconds())
			}
			c.end(along)
		})
	}
	h.after(gather+h.trips(h.calls.swapped)+simGit, swap)
}

func (c *simClone) lost(op *simOp, took time.Duration) {
	h := c.sim
	op.lost++
	c.stale = true
	if !c.fair.lose(h.now.Milliseconds()) || h.journal {
		c.pause(op, hubPause(op.lost, took))
		return
	}
	h.after(h.trips(h.calls.swapped)+simGit, func() {
		h.asked = append(h.asked, simAsked{c, 3 * (c.brought + took)})
		h.after(h.trips(h.calls.pushed-h.calls.swapped), func() { c.pause(op, hubPause(op.lost, took)) })
	})
}

func (c *simClone) fetch(then func()) {
	h := c.sim
	began := h.now
	c.fetched = h.now
	h.after(h.trips(h.calls.snapshot), func() {
		seen, asked := len(h.shared), len(h.asked)
		rest := h.trips(0.5) // of the list of refs, after which a fetch that brings nothing ends
		if seen != c.base {
			rest = h.trips(h.calls.fetched-h.calls.snapshot) + simTake
		}
		h.after(rest+simGit, func() {
			for _, a := range h.asked[c.read:asked] {
				if a.clone != c {
					c.fair.hear(a.clone.name, a.needs.Milliseconds(), h.now.Milliseconds())
				}
			}
			for _, by := range h.shared[c.base:seen] {
				if by != c {
					c.fair.goes(by.name, h.now.Milliseconds())
				}
			}
			c.base, c.read, c.stale, c.brought = seen, asked, false, h.now-began
			then()
		})
	})
}

func (c *simClone) end(ops []*simOp) {
	c.queue = slices.DeleteFunc(c.queue, func(o *simOp) bool { return slices.Contains(ops, o) })
	c.busy = false
	for _, op := range ops {
		took := &c.published
		if op.exclusive {
			took = &c.granted
		}
		*took = append(*took, c.sim.now-op.began)
		op.done()
	}
	c.turn()
}

// simResult is what became of one kind of operations.
type simResult struct {
	perSecond      float64
	p50, p99       time.Duration
	fewest, most   int // of a clone
	waiting, worst int // that were not done in the end, and in one clone
}

func (h *hubSim) result(exclusive bool) (r simResult) {
	var all []time.Duration
	for i, c := range h.clones {
		took := c.published
		if exclusive {
			took = c.granted
		}
		all = append(all, took...)
		if i == 0 || len(took) < r.fewest {
			r.fewest = len(took)
		}
		r.most = max(r.most, len(took))
		waiting := 0
		for _, op := range c.queue {
			if op.exclusive == exclusive {
				waiting++
				all = append(all, h.now-op.began)
			}
		}
		r.waiting += waiting
		r.worst = max(r.worst, waiting)
	}
	slices.Sort(all)
	if n := len(all); n > 0 {
		r.p50, r.p99 = all[n/2], all[(n-1)*99/100]
	}
	r.perSecond = float64(len(all)-r.waiting) / h.now.Seconds()
	return r
}

func (r simResult) String() string {
	return fmt.Sprintf("%.1f a second, p50 %.1f s, p99 %.1f s, by clone %d to %d, %d wait",
		r.perSecond, r.p50.Seconds(), r.p99.Seconds(), r.fewest, r.most, r.waiting)
}

// How good the hub has to be, simulated: what is published does not slow down with the
// number of clones, and no clone starves another.
func TestHubSimulated(t *testing.T) {
	const ms = time.Millisecond
	closed := newHubSim("http", 50*ms, 8, 8, -1, 0).run(time.Minute).result(false)
	h := newHubSim("http", 50*ms, 8, 8, -1, 0)
	h.journal = true
	journal := h.run(time.Minute).result(true)
	t.Logf("8 clones with 8 sessions in a closed loop, 50 ms: one ref a writer %v; a shared journal %v", closed, journal)
	if closed.perSecond < 5*journal.perSecond || closed.fewest < closed.most/2 {
		t.Error("that is less than 5 times a shared journal, or a clone has less than half of another")
	}
	h = newHubSim("http", 50*ms, 8, 5, 10*time.Second, 0)
	if r := h.run(10 * time.Minute).result(false); r.p99 > 3*h.push() {
		t.Errorf("8 clones with 5 sessions, an entry in 10 s: %v; a push is %v", r, h.push())
	}
	for _, trip := range []time.Duration{5, 50, 200} {
		h = newHubSim("http", trip*ms, 20, 50, time.Minute, 0)
		alone := h.run(20 * time.Minute).result(false)
		if alone.p99 > 3*h.push() {
			t.Errorf("1,000 sessions in 20 clones, %d ms, an entry a minute: %v; a push is %v", trip, alone, h.push())
		}
		h = newHubSim("http", trip*ms, 20, 50, time.Minute, 30*time.Minute)
		r := h.run(20 * time.Minute).result(false)
		t.Logf("1,000 sessions in 20 clones, %d ms, an entry a minute: %v; with claims, 2 an hour: %v; those: %v", trip, alone, r, h.result(true))
		if r.p99 > 5*h.push() { // it waits for the fetch and the push of one that tries again
			t.Errorf("that is more than 5 pushes of %v", h.push())
		}
	}
	alone := newHubSim("http", 50*ms, 8, 8, 0, -1)
	alone.singly = true
	singly := alone.run(10 * time.Minute).result(true)
	together := newHubSim("http", 50*ms, 8, 8, 0, -1).run(10 * time.Minute).result(true)
	t.Logf("8 clones with 8 sessions that claim in a closed loop, 50 ms: those that wait in a clone in one push %v; each in its own %v", together, singly)
	if together.perSecond < 4*singly.perSecond || together.fewest < together.most/2 {
		t.Error("that is less than 4 times what each alone would be, or a clone has less than half of another")
	}
	for _, trip := range []time.Duration{5, 50, 200} {
		for _, clones := range []int{2, 8} {
			for _, sessions := range []int{1, 8} {
				r := newHubSim("http", trip*ms, clones, sessions, 0, -1).run(10 * time.Minute).result(true)
				t.Logf("%d clones with %d sessions that claim in a closed loop, %d ms: %v", clones, sessions, trip, r)
				if r.fewest < r.most/2 {
					t.Error("a clone has less than half of another")
				}
			}
		}
	}
}

// BenchmarkHubClaims is no benchmark: it prints how claims take longer the more there
// are, by the round trip. The guide "hub" has the figures.
func BenchmarkHubClaims(b *testing.B) {
	for b.Loop() {
		for _, kind := range []string{"http", "mux", "ssh"} {
			for _, trip := range []time.Duration{5, 50, 200} {
				for _, clones := range []int{2, 8, 20} {
					for _, perMinute := range []int{6, 12, 30, 60, 120, 240} {
						every := time.Duration(clones*50) * time.Minute / time.Duration(perMinute)
						h := newHubSim(kind, trip*time.Millisecond, clones, 50, time.Minute, every).run(30 * time.Minute)
						b.Logf("%s %d ms, %d clones, %d claims a minute: %v", kind, trip, clones, perMinute, h.result(true))
					}
				}
			}
		}
	}
}
