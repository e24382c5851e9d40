package standing

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// TestAll: a session whose client has no hooks has started all the same once the pool has
// started it.
func TestAll(t *testing.T) {
	dir := refstoretest.Init(t, filepath.Join(t.TempDir(), "r")).Dir
	r, err := repo.Discover(os.Environ(), dir)
	if err != nil {
		t.Fatal(err)
	}
	b := bus.New(refstore.Open(r, refstore.Options{}))
	if _, err := b.Register(t.Context(), []bus.Registration{{ID: "A", Workstream: "a"}, {ID: "B", Workstream: "b"}}); err != nil {
		t.Fatal(err)
	}
	pool := filepath.Join(agents.PoolDir(r), "A")
	if err := os.MkdirAll(pool, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(pool, agents.PoolWaits), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	sessions, err := b.Sessions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := (&Reader{Repo: r, Bus: b, Book: review.NewStore(b)}).All(t.Context(), sessions)
	if err != nil || all["A"].State != Running || all["B"].State != NotStarted {
		t.Errorf("A is %s, B is %s, %v", all["A"], all["B"], err)
	}
}

// TestDecide: what is certain decides before what a session says of itself, and that
// before what can be concluded.
func TestDecide(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	session := func(status bus.Status) bus.Session {
		return bus.Session{ID: "A", Status: status, Seen: at, Heard: true}
	}
	over := agents.Sign{Over: true, Active: at}
	there := agents.Sign{Present: true, Active: at}
	asking := agents.Sign{Present: true, Active: at, Asks: "Edit shop/mail.py", Since: at}
	for name, c := range map[string]struct {
		s      bus.Session
		sign   *agents.Sign
		review int
		want   string
	}{
		"registered, and no more":           {s: bus.Session{ID: "A", Status: bus.Running, Seen: at}, want: "not started"},
		"heard of, without an agent":        {s: session(bus.Running), want: "running"},
		"an agent that said nothing yet":    {s: bus.Session{ID: "A", Status: bus.Running, Seen: at}, sign: &there, want: "running"},
		"at a prompt":                       {s: session(bus.Running), sign: &asking, want: "asks its user: Edit shop/mail.py"},
		"blocked, at a prompt":              {s: session(bus.Blocked), sign: &asking, want: "asks its user: Edit shop/mail.py"},
		"awaiting a verdict":                {s: session(bus.Running), sign: &there, review: 3, want: "in review (#3)"},
		"ended, awaiting a verdict":         {s: session(bus.Running), sign: &over, review: 3, want: "ended"},
		"blocked, and its agent gone":       {s: session(bus.Blocked), sign: &over, want: "ended"},
		"blocked":                           {s: session(bus.Blocked), sign: &there, review: 3, want: "blocked"},
		"done, and its agent gone":          {s: session(bus.Done), sign: &over, want: "done"},
		"its agent gone, a person goes on":  {s: bus.Session{ID: "A", Status: bus.Running, Seen: at.Add(time.Hour), Heard: true}, sign: &over, want: "running"},
		"something else it says of itself":  {s: session("parked"), sign: &there, review: 3, want: "parked"},
		"the orchestrator was never silent": {s: bus.Session{ID: bus.Orchestrator, Status: bus.Running}, want: "running"},
	} {
		var sign agents.Sign
		if c.sign != nil {
			sign = *c.sign
		}
		if got := decide(c.s, sign, c.sign != nil, c.review); got.String() != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
