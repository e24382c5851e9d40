package standing

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// State is a session's, in one word or two.
type State string

// The states of a session. What a session says of itself beyond these is its state,
// too.
const (
	NotStarted State = "not started"
	Running    State = "running"
	Asks       State = "asks"
	InReview   State = "in review"
	Blocked    State = "blocked"
	Parked     State = "parked"
	Done       State = "done"
	Ended      State = "ended"
)

// Standing is how a session stands.
type Standing struct {
	State    State
	Asks     string    // what it asks its user, where it asks
	Since    time.Time // since when it asks
	Until    time.Time // when it goes on, where it is parked and that is known
	Review   int       // what waits for a verdict, where it is in review; 0 for a pull request
	Unlanded bool      // where it has ended: it leaves work that has not landed
}

// String is the state with what belongs to it. The text of a question is not inert.
func (s Standing) String() string {
	switch {
	case s.State == Asks:
		return "asks its user: " + s.Asks
	case s.State == InReview && s.Review > 0:
		return fmt.Sprintf("in review (#%d)", s.Review)
	case s.State == Ended && s.Unlanded:
		return "ended, with unlanded work"
	case s.State == Parked && !s.Until.IsZero():
		return "parked until " + s.Until.Local().Format("2006-01-02 15:04")
	}
	return string(s.State)
}

// Urgency orders sessions by how soon somebody is needed: those that ask come first.
func (s Standing) Urgency() int {
	switch {
	case s.State == Asks:
		return 0
	case s.State == Blocked:
		return 1
	case s.State == Ended && s.Unlanded:
		return 2
	}
	return 3
}

// NeedsSomebody reports whether the session does not go on by itself.
func (s Standing) NeedsSomebody() bool { return s.Urgency() < 3 }

// decide is the one place in which a state is chosen. review is the number of what
// waits for a verdict, 0 for nothing.
func decide(s bus.Session, sign agents.Sign, known bool, review int) Standing {
	switch {
	case s.Status == bus.Done:
		return Standing{State: Done}
	case s.Status == bus.Parked:
		return Standing{State: Parked, Until: s.Until}
	case known && sign.Ended(s.Seen):
		return Standing{State: Ended}
	case sign.Asks != "":
		return Standing{State: Asks, Asks: sign.Asks, Since: sign.Since}
	case s.Status != bus.Running:
		return Standing{State: State(s.Status)}
	case review > 0 || strings.HasPrefix(s.Note, bus.RequestNote):
		return Standing{State: InReview, Review: review}
	case !known && !s.Heard && s.ID != bus.Orchestrator:
		return Standing{State: NotStarted}
	}
	return Standing{State: Running}
}

// Reader reads how sessions stand.
type Reader struct {
	Repo *repo.Repo
	Bus  *bus.Bus
	Book *review.Store
}

// All is how these sessions stand, by id. Git is asked only about those that have
// ended.
func (r *Reader) All(ctx context.Context, sessions []bus.Session) (map[string]Standing, error) {
	pending := map[string]int{}
	err := r.Book.ListOpen(ctx, func(v *review.Review) bool {
		if v.State == review.Pending {
			pending[v.From] = v.Number
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	here := agents.In(r.Repo)
	signs := here.Signs()
	all := map[string]Standing{}
	for _, s := range sessions {
		sign, known := signs[s.ID]
		if !known && !s.Heard { // a client without hooks, which the pool has started, says nothing
			known = here.Present(s.ID)
		}
		stands := decide(s, sign, known, pending[s.ID])
		if stands.State == Ended {
			if stands.Unlanded, err = Unlanded(ctx, r.Bus, s); err != nil {
				return nil, err
			}
		}
		all[s.ID] = stands
	}
	return all, nil
}

// Of is how one session stands.
func (r *Reader) Of(ctx context.Context, s bus.Session) (Standing, error) {
	all, err := r.All(ctx, []bus.Session{s})
	return all[s.ID], err
}

// Sort puts those first for whom somebody is needed; else it keeps the order. The
// sessions of subagents follow the one that they work for.
func Sort(sessions []bus.Session, stand map[string]Standing) []bus.Session {
	at := map[string]int{}
	for i, s := range sessions {
		at[s.ID] = i
	}
	type place struct{ urgency, main int }
	main := func(s bus.Session) int {
		if i, ok := at[s.Parent]; ok {
			return i
		}
		return at[s.ID]
	}
	urgency := map[int]int{} // of a session and its subagents, by the session's place
	for _, s := range sessions {
		if now, ok := urgency[main(s)]; !ok || stand[s.ID].Urgency() < now {
			urgency[main(s)] = stand[s.ID].Urgency()
		}
	}
	sorted := slices.Clone(sessions)
	slices.SortStableFunc(sorted, func(a, b bus.Session) int {
		x, y := place{urgency[main(a)], main(a)}, place{urgency[main(b)], main(b)}
		first := func(s bus.Session) int {
			if main(s) == at[s.ID] {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(x.urgency, y.urgency), cmp.Compare(x.main, y.main), cmp.Compare(first(a), first(b)))
	})
	return sorted
}
