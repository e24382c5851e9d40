package hook

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/review"
)

// request has the session ask A to review a new commit on its branch.
func (w *world) request(t *testing.T, by string) {
	t.Helper()
	branch := "feat/" + by
	w.Git("checkout", "-q", "-B", branch)
	w.Git("commit", "-q", "--allow-empty", "-m", "work")
	w.Git("checkout", "-q", "main")
	r, err := review.FindRange(t.Context(), w.repo, "refs/heads/"+branch, "refs/heads/main")
	w.Must(err)
	_, err = review.NewStore(w.bus).Request(t.Context(), by, review.RequestParams{To: []string{"A"}, Range: r})
	w.Must(err)
}

// reminder is what the session is reminded of when it stops, nil if of nothing.
func (w *world) reminder(session string) *Reminder {
	w.Helper()
	said := w.run(session, agents.Stop)
	if len(said) == 0 {
		return nil
	}
	r, ok := said[0].(*Reminder)
	if !ok || len(said) > 1 {
		w.Fatalf("said %+v", said)
	}
	return r
}

// TestStopReviews: a session is reminded once of each review that waits for it.
func TestStopReviews(t *testing.T) {
	w := newWorld(t)
	_, err := w.bus.Register(t.Context(), []bus.Registration{{ID: "C", Workstream: "docs"}})
	w.Must(err)
	w.run("A", agents.Prompt)
	w.request(t, "B")
	w.run("A", agents.Prompt) // the message about it
	if r := w.reminder("A"); r == nil || !slices.Equal(r.Reviews, []int{1}) {
		t.Fatalf("%+v", r)
	}
	if r := w.reminder("A"); r != nil {
		t.Errorf("again: %+v", r)
	}
	w.request(t, "C") // while the first still waits
	if r := w.reminder("A"); r == nil || !slices.Equal(r.Reviews, []int{2}) {
		t.Errorf("the next: %+v", r)
	}
	if r := w.reminder("B"); r != nil {
		t.Errorf("B is told of what it asked: %+v", r)
	}
}

// TestStopContext: context and notes can wait, but are told with a message that wants
// something, because the cursor moves past all of them.
func TestStopContext(t *testing.T) {
	w := newWorld(t)
	w.run("A", agents.Prompt)
	if _, err := w.bus.AddContext(t.Context(), "B", "decision", "decided"); err != nil {
		t.Fatal(err)
	}
	if r := w.reminder("A"); r != nil {
		t.Errorf("of context alone: %+v", r)
	}
	if _, err := w.bus.Send(t.Context(), "B", "A", "The types are out"); err != nil {
		t.Fatal(err)
	}
	if r := w.reminder("A"); r != nil {
		t.Errorf("of a note: %+v", r)
	}
	if _, err := w.bus.Send(t.Context(), "B", "A", "Which port?"); err != nil {
		t.Fatal(err)
	}
	if r := w.reminder("A"); r == nil || len(r.Messages) != 2 || r.Context != 1 {
		t.Errorf("%+v", r)
	}
}

// TestWants: what a turn of the model is spent on.
func TestWants(t *testing.T) {
	now := time.Now()
	h := &Handler{agent: &agents.Agent{Record: &agents.Record{Asked: "C", AskedAt: now.Unix()}}}
	for _, c := range []struct {
		bus.Message
		want bool
	}{
		{bus.Message{From: "B", Body: "The types are out"}, false},
		{bus.Message{From: "B", Body: "Which port?"}, true},
		{bus.Message{From: "B", Body: "Please release api.go"}, true},
		{bus.Message{From: "B", Body: "I wait for api.go; when you are through with it: git swarm unclaim api.go"}, true},
		{bus.Message{From: "B", Body: "URGENT: stop"}, true},
		{bus.Message{From: bus.Orchestrator, Body: "Go on with the basket"}, true},
		{bus.Message{From: "B", Body: "8080", InReplyTo: 3}, true},
		{bus.Message{From: "B", Body: "8080", Answered: "x-3"}, true},
		{bus.Message{From: "c", Body: "8080", At: now}, true},
		{bus.Message{From: "C", Body: "8080", At: now.Add(-time.Minute)}, false},
	} {
		if got := h.wants(c.Message); got != c.want {
			t.Errorf("%+v: %v", c.Message, got)
		}
	}
}

// TestEndTogether: of two agents that work as one session, the last one's end
// releases what it claims.
func TestEndTogether(t *testing.T) {
	w := newWorld(t)
	first, second := w.handler("A"), w.handler("A")
	first.Input.Session, second.Input.Session = "first", "second"
	for _, h := range []*Handler{first, second} {
		w.Must(h.Run(t.Context(), agents.Prompt))
	}
	_, err := first.Claims.Grant(t.Context(), "A", lock.Request{Paths: []string{"a.go"}})
	w.Must(err)
	for i, h := range []*Handler{first, second} {
		w.Must(h.Run(t.Context(), agents.SessionEnd))
		own, err := h.Claims.Held(t.Context(), "A", lock.Held{})
		if err != nil || len(own.Paths) != 1-i {
			t.Errorf("after end %d: %q, %v", i+1, own.Paths, err)
		}
	}
}

// TestUnpushedByContent: what was squashed onto the target has landed, whatever else
// has landed since; what was committed after that has not.
func TestUnpushedByContent(t *testing.T) {
	w := newWorld(t)
	w.Git("config", "swarm.target", "main")
	commit := func(name, text string) {
		w.Must(os.WriteFile(filepath.Join(w.Dir, name), []byte(text), 0o666))
		w.Git("add", name)
		w.Git("commit", "-q", "-m", name)
	}
	w.Git("checkout", "-q", "-b", "feat")
	commit("a.go", "1\n")
	commit("a.go", "2\n")
	held := []string{"a.go", "b.go"}
	if got, err := w.handler("A").checkout().Unlanded(t.Context(), held); err != nil || !slices.Equal(got.Paths, []string{"a.go"}) {
		t.Errorf("before: %q (%v)", got.Paths, err)
	}
	w.Git("checkout", "-q", "main")
	w.Git("merge", "-q", "--squash", "feat")
	w.Git("commit", "-q", "-m", "squashed")
	commit("other", "x\n")
	w.Git("checkout", "-q", "feat")
	if got, err := w.handler("A").checkout().Unlanded(t.Context(), held); err != nil || len(got.Paths) != 0 {
		t.Errorf("squashed: %q (%v)", got.Paths, err)
	}
	commit("b.go", "1\n")
	if got, err := w.handler("A").checkout().Unlanded(t.Context(), held); err != nil || !slices.Equal(got.Paths, []string{"b.go"}) {
		t.Errorf("after that: %q (%v)", got.Paths, err)
	}
}

// TestRemembered: of work that grows an agent is reminded when it has doubled, of work
// in another state at once.
func TestRemembered(t *testing.T) {
	for _, c := range []struct{ past, now, want []string }{
		{nil, []string{"* a"}, []string{"* a"}},
		{[]string{"* a"}, []string{"* a", "* b"}, []string{"* a"}},
		{[]string{"* a"}, []string{"* a", "* b", "* c"}, []string{"* a", "* b", "* c"}},
		{[]string{"* a", "* b"}, []string{"a", "b"}, []string{"a", "b"}},
		{[]string{"a", "b"}, []string{"b"}, []string{"b"}},
		{[]string{"a"}, []string{"c"}, []string{"c"}},
		{[]string{"a"}, nil, nil},
	} {
		if got := remembered(c.past, c.now); !slices.Equal(got, c.want) {
			t.Errorf("of %q, after %q: %q", c.now, c.past, got)
		}
	}
}
