package app

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/swarm"
	"github.com/git-swarm/git-swarm/orchestrator/retire"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// TestAskInstead: whom the author of a review is told to ask can give a verdict, whoever
// was asked already stays asked, and the command is one.
func TestAskInstead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, from, to, may, want string
	}{
		{"one other", "A", "B", "C", "Ask C instead: git swarm review request --to C"},
		{"several others", "A", "B", "C D E", "Ask C or D or E instead: git swarm review request --to C"},
		{"nobody", "A", "B", "", "Ask orchestrator instead: git swarm review request --to orchestrator"},
		{"one more was asked", "A", "B C", "C D", "Ask D instead: git swarm review request --to C,D"},
		{"nobody but one more that was asked", "A", "B C", "C", "Ask orchestrator instead: git swarm review request --to C,orchestrator"},
		{"nobody but the orchestrator, which was asked", "A", "B C orchestrator", "C", "Ask the others alone: git swarm review request --to C"},
		{"the orchestrator's own", "orchestrator", "B", "C", "Ask C instead: git swarm review request --to C"},
		{"the orchestrator's own, and nobody", "orchestrator", "B", "", `Nobody else can be asked: git swarm init --sessions "ID:WORKSTREAM", then git swarm review request --to ID`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := askInstead(&review.Review{Number: 7, From: c.from, To: strings.Fields(c.to)}, "B", strings.Fields(c.may))
			if want := "review #7 waits for B, which is retired. " + c.want; got != want {
				t.Errorf("%q\nwant %q", got, want)
			}
			checkHint(t, got)
		})
	}
}

// TestInstead: nobody is named whose verdict would not count, or who is not there.
func TestInstead(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newTown(t, "files")
	b := w.bus()
	_, err := b.Register(ctx, []bus.Registration{
		{ID: "C", Workstream: "c"},
		{ID: "Done", Workstream: "d"},
		{ID: "A-1", Workstream: "front", Agent: "subagent", Parent: "A"},
		{ID: "Hired", Workstream: "h", Registrar: "A"}, // by A's agent
	})
	w.Must(err)
	w.ok("Done", "update", "Done", "--status", "done")
	others, err := b.Sessions(ctx)
	w.Must(err)
	r, err := repo.Discover(os.Environ(), w.Dir)
	w.Must(err)
	open := swarm.In(r, swarm.Options{Now: time.Now})
	defer open.Close()
	c := &call{App: w.app("A", nil, nil), swarm: open}
	reviews := []*review.Review{
		{Number: 1, From: "A", To: []string{"B"}},
		{Number: 2, From: "A-1", To: []string{"B"}}, // counts as A, whose verdict would be its own
		{Number: 3, From: "orchestrator", To: []string{"B"}},
	}
	one := &retire.Session{Session: bus.Session{ID: "B"}, Reviews: reviews}
	words, err := c.instead(ctx, one, others, []*retire.Session{one})
	w.Must(err)
	for number, want := range map[int]string{1: "Ask C instead: ", 2: "Ask C instead: ", 3: "Ask A or C or Hired instead: "} {
		if !strings.Contains(words[number], want) {
			t.Errorf("review #%d: %q, want %q", number, words[number], want)
		}
	}
}
