package hook

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// soon is more than any notification takes.
const soon = 30 * time.Second

// world is a repository with the sessions A and B, in which hooks report events.
type world struct {
	*refstoretest.Repo
	repo *repo.Repo
	bus  *bus.Bus
	said []Answer
	fail error // what Say returns
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Repo: refstoretest.NewRepo(t, "-b", "main")}
	w.Git("config", "user.name", "T")
	w.Git("config", "user.email", "t@example.com")
	w.Git("commit", "-q", "--allow-empty", "-m", "start")
	var err error
	if w.repo, err = repo.Discover(os.Environ(), w.Dir); err != nil {
		t.Fatal(err)
	}
	w.bus = bus.New(refstore.Open(w.repo, refstore.Options{}))
	t.Cleanup(func() { _ = w.bus.Store().Close() })
	_, err = w.bus.Register(t.Context(), []bus.Registration{{ID: "A", Workstream: "front"}, {ID: "B", Workstream: "back"}})
	w.Must(err)
	return w
}

// handler handles an event of an agent that works as the session.
func (w *world) handler(session string) *Handler {
	return &Handler{
		Kind: "claude", Repo: w.repo, Bus: w.bus, Claims: lock.NewClaims(w.bus, time.Hour, false), Book: review.NewStore(w.bus),
		Env: repo.Env{"GIT_SWARM_SESSION=" + session}, Now: time.Now, Input: Input{Session: "agent-of-" + session, Dir: w.Dir}, HubWait: soon,
		Say: func(a Answer) error {
			if w.fail != nil {
				return w.fail
			}
			w.said = append(w.said, a)
			return nil
		},
	}
}

// run reports an event and returns what was said.
func (w *world) run(session, event string) []Answer {
	w.Helper()
	w.said = nil
	w.Must(w.handler(session).Run(w.Context(), event))
	return w.said
}

// identified is a handler that knows whom its agent works as.
func (w *world) identified(session string) *Handler {
	w.Helper()
	h := w.handler(session)
	w.Must(h.Run(w.Context(), agents.Prompt))
	w.said = nil
	return h
}

// TestNewsTwice: news that could not be said is said the next time.
func TestNewsTwice(t *testing.T) {
	for _, event := range []string{agents.SessionStart, agents.Prompt, agents.Stop} {
		t.Run(event, func(t *testing.T) {
			w := newWorld(t)
			w.run("A", agents.Prompt)
			if _, err := w.bus.Send(t.Context(), "B", "A", "urgent: hello"); err != nil {
				t.Fatal(err)
			}
			w.fail = errors.New("nobody reads")
			if err := w.handler("A").Run(t.Context(), event); !errors.Is(err, w.fail) {
				t.Fatalf("%v", err)
			}
			w.fail = nil
			if said := w.run("A", event); len(said) != 1 || !tells(said[0], "urgent: hello") {
				t.Errorf("said %+v", said)
			}
			if said := w.run("A", agents.Prompt); len(said) != 0 {
				t.Errorf("and again %+v", said)
			}
		})
	}
}

// tells reports whether an answer holds that message.
func tells(a Answer, body string) bool {
	var messages []bus.Message
	switch a := a.(type) {
	case News:
		messages = a.Messages
	case Wake:
		messages = a.Messages
	case *Greeting:
		messages = a.Unread
	case *Reminder:
		messages = a.Messages
	}
	return slices.ContainsFunc(messages, func(m bus.Message) bool { return m.Body == body })
}

// TestWake: context alone wakes nobody, and is told with the message that does.
func TestWake(t *testing.T) {
	w := newWorld(t)
	h := w.identified("A")
	h.known().BeginWaiting(h.Input.Session)
	if _, err := w.bus.AddContext(t.Context(), "B", "decision", "decided"); err != nil {
		t.Fatal(err)
	}
	if woken, err := h.wake(t.Context(), "A"); woken || err != nil || len(w.said) > 0 {
		t.Errorf("woken by context: %v, %v, %+v", woken, err, w.said)
	}
	if _, err := w.bus.Send(t.Context(), "B", "A", "hello"); err != nil {
		t.Fatal(err)
	}
	woken, err := h.wake(t.Context(), "A")
	if !woken || err != nil || len(w.said) != 1 {
		t.Fatalf("%v, %v, %+v", woken, err, w.said)
	}
	if wake, ok := w.said[0].(Wake); !ok || len(wake.Messages) != 1 || len(wake.Context) != 1 {
		t.Errorf("%+v", w.said[0])
	}
}

// TestWakeLeft: what was no reason to go on when the agent stopped is none to wake it
// right after; what comes then is, and tells both.
func TestWakeLeft(t *testing.T) {
	w := newWorld(t)
	h := w.identified("A")
	_, err := w.bus.Send(t.Context(), "B", "A", "The types are out")
	w.Must(err)
	h.left, err = h.unseen(t.Context(), "A")
	w.Must(err)
	h.known().BeginWaiting(h.Input.Session)
	if woken, err := h.wake(t.Context(), "A"); woken || err != nil {
		t.Errorf("woken by what it was left: %v, %v", woken, err)
	}
	_, err = w.bus.Send(t.Context(), "B", "A", "The API moved")
	w.Must(err)
	if woken, err := h.wake(t.Context(), "A"); !woken || err != nil || len(w.said) != 1 || !tells(w.said[0], "The types are out") {
		t.Errorf("%v, %v, %+v", woken, err, w.said)
	}
}

// TestWakeBetween: a note that comes after the stop hook has looked and before the waiter
// does wakes the agent once that hook is over; one that the hook has seen does not.
func TestWakeBetween(t *testing.T) {
	for name, active := range map[string]bool{"first stop": false, "after a reminder": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.run("A", agents.Prompt)
			_, err := w.bus.Send(t.Context(), "B", "A", "The types are out")
			w.Must(err)
			stop := w.handler("A")
			stop.Input.StopActive = active
			w.Must(stop.Run(t.Context(), agents.Stop))
			now := time.Now()
			waiter := func() *Handler {
				t.Helper()
				h := w.handler("A")
				h.agent, h.Now = &agents.Agent{}, func() time.Time { return now }
				h.left, err = h.unseen(t.Context(), "A")
				w.Must(err)
				h.until = now.Add(stopTime)
				return h
			}
			h := waiter()
			h.known().BeginWaiting(h.Input.Session)
			now = now.Add(stopTime)
			if woken, err := h.wake(t.Context(), "A"); woken || err != nil {
				t.Errorf("woken by what the stop hook has seen: %v, %v", woken, err)
			}
			_, err = w.bus.Send(t.Context(), "B", "A", "The API moved")
			w.Must(err)
			h = waiter()
			if woken, err := h.wake(t.Context(), "A"); woken || err != nil {
				t.Errorf("woken while the stop hook may go on: %v, %v", woken, err)
			}
			now = now.Add(stopTime)
			if woken, err := h.wake(t.Context(), "A"); !woken || err != nil || len(w.said) != 1 || !tells(w.said[0], "The API moved") {
				t.Errorf("%v, %v, %+v", woken, err, w.said)
			}
		})
	}
}

// TestAwait: a waiter sleeps until a message comes, and ends when it is not wanted
// any more.
func TestAwait(t *testing.T) {
	for name, c := range map[string]struct {
		before func(h *Handler)
		woken  bool
	}{
		"message":       {func(*Handler) {}, true},
		"at work again": {(*Handler).stopWaiting, false},
		"process gone":  {func(h *Handler) { h.Input.PID = 1 << 30 }, false},
		"ended":         {func(h *Handler) { h.agent.Record.Ended = true }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			h := w.identified("A")
			ctx, cancel := context.WithTimeout(t.Context(), soon)
			defer cancel()
			if !h.known().BeginWaiting(h.Input.Session) || h.known().BeginWaiting(h.Input.Session) {
				t.Fatal("there should be one waiter")
			}
			watch := w.bus.Store().Watch(bus.InboxRef("A"))
			defer watch.Close()
			c.before(h)
			ended := make(chan error, 1)
			go func() { ended <- h.await(ctx, "A", watch) }()
			if _, err := w.bus.Send(t.Context(), "B", "A", "hello"); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err != nil || ctx.Err() != nil || (len(w.said) == 1) != c.woken {
				t.Errorf("%v, %v, said %+v", err, ctx.Err(), w.said)
			}
		})
	}
}

// TestEditIgnored: what git ignores is claimed by nobody, what it only might is
// asked for, and what is tracked all the same is claimed.
func TestEditIgnored(t *testing.T) {
	w := newWorld(t)
	write := func(name, text string) {
		t.Helper()
		w.Must(os.MkdirAll(filepath.Dir(filepath.Join(w.Dir, name)), 0o777))
		w.Must(os.WriteFile(filepath.Join(w.Dir, name), []byte(text), 0o666))
	}
	write(".gitignore", "*.log\n!keep.log\nbuild/\n")
	write("sub/.gitignore", "/local\n")
	write("tracked.log", "x")
	w.Git("add", "-f", ".gitignore", "tracked.log")
	h := w.handler("A")
	h.Files = []string{"a.go", "x.log", "keep.log", "tracked.log", "build/out", "sub/local", "deep/local"}
	w.Must(h.Run(t.Context(), agents.PreEdit))
	own, err := h.Claims.Held(t.Context(), "A", lock.Held{})
	if want := []string{"a.go", "deep/local", "keep.log", "tracked.log"}; err != nil || !slices.Equal(own.Paths, want) {
		t.Errorf("claimed %q, not %q (%v)", own.Paths, want, err)
	}
}

// TestEditDenied: of several files, one that another claims denies the edit, and
// nothing is claimed.
func TestEditDenied(t *testing.T) {
	w := newWorld(t)
	b := w.handler("B")
	b.Files = []string{"held.go"}
	w.Must(b.Run(t.Context(), agents.PreEdit))
	a := w.handler("A")
	a.Files = []string{"free.go", "held.go"}
	w.Must(a.Run(t.Context(), agents.PreEdit))
	if len(w.said) != 1 {
		t.Fatalf("said %+v", w.said)
	}
	if deny, ok := w.said[0].(DenyEdit); !ok || deny.Held.Path != "held.go" || deny.Held.Claim.Session != "B" {
		t.Errorf("%+v", w.said[0])
	}
	if own, err := a.Claims.Held(t.Context(), "A", lock.Held{}); err != nil || len(own.Paths) > 0 {
		t.Errorf("A claims %q, %v", own.Paths, err)
	}
}

// TestNothingWritten: where nobody has set up git swarm, a hook leaves no trace.
func TestNothingWritten(t *testing.T) {
	git := refstoretest.NewRepo(t)
	r, err := repo.Discover(os.Environ(), git.Dir)
	git.Must(err)
	b := bus.New(refstore.Open(r, refstore.Options{}))
	t.Cleanup(func() { _ = b.Store().Close() })
	w := &world{Repo: git, repo: r, bus: b}
	before := git.Snapshot()
	for _, session := range []string{"", "A"} {
		for _, event := range agents.HookEvents {
			h := w.handler(session)
			h.Files = []string{"a.go"}
			if err := h.Run(t.Context(), event); !errors.Is(err, agents.ErrNoInit) {
				t.Errorf("%s as %q: %v", event, session, err)
			}
		}
	}
	if after := git.Snapshot(); after != before || len(w.said) > 0 {
		t.Errorf("said %+v, and it is %s", w.said, after)
	}
	if entries, err := os.ReadDir(filepath.Join(r.CommonDir, "swarm")); err == nil {
		t.Errorf("there is %v", entries)
	}
}

// TestPreSync: a subagent does not take its session's messages; the session itself may.
func TestPreSync(t *testing.T) {
	w := newWorld(t)
	if said := w.run("A", agents.PreSync); len(said) > 0 {
		t.Errorf("the session is told %+v", said)
	}
	h := w.handler("A")
	h.Input.Subagent = "sub"
	w.Must(h.Run(t.Context(), agents.PreSync))
	if len(w.said) != 1 || w.said[0] != (DenySync{"A"}) {
		t.Errorf("the subagent is told %+v", w.said)
	}
}

// TestAsks: what an agent asks its user is known until it goes on.
func TestAsks(t *testing.T) {
	w := newWorld(t)
	h := w.identified("A")
	h.Input.Tool, h.Input.Command = "Bash", "make\nmore"
	w.Must(h.Run(t.Context(), agents.Asks))
	if a := h.known().Load(h.Input.Session); a == nil || a.Asks != "Bash make" || a.AsksSince == 0 {
		t.Errorf("at a question: %+v", a)
	}
	w.run("A", agents.Batch)
	if a := h.known().Load(h.Input.Session); a == nil || a.Asks != "" || a.AsksSince != 0 {
		t.Errorf("after it: %+v", a)
	}
}
