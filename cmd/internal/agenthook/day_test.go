package agenthook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// office is a repository in which sessions work, and its clock.
type office struct {
	*refstoretest.Repo
	bus  *bus.Bus
	now  time.Time
	told map[string]map[string]int // bytes, by session and kind
}

func newOffice(t *testing.T, sessions ...bus.Registration) *office {
	t.Helper()
	o := &office{Repo: refstoretest.NewRepo(t, "-b", "main"), now: time.Now(), told: map[string]map[string]int{}}
	o.Git("config", "user.name", "T")
	o.Git("config", "user.email", "t@example.com")
	o.Git("config", "swarm.target", "main")
	o.Git("commit", "-q", "--allow-empty", "-m", "start")
	r, err := repo.Discover(os.Environ(), o.Dir)
	o.Must(err)
	o.bus = bus.New(refstore.Open(r, refstore.Options{}))
	t.Cleanup(func() { _ = o.bus.Store().Close() })
	_, err = o.bus.Register(t.Context(), sessions)
	o.Must(err)
	for _, s := range sessions {
		o.told[s.ID] = map[string]int{}
	}
	return o
}

// hook runs a hook of Claude Code's as the session and returns what it answers.
func (o *office) hook(event, id string, more map[string]any) string {
	o.Helper()
	input := map[string]any{"session_id": "agent-" + id, "cwd": o.Dir, "hook_event_name": event}
	for key, value := range more {
		input[key] = value
	}
	given, err := json.Marshal(input)
	o.Must(err)
	var answer bytes.Buffer
	env := append(repo.Env{"GIT_SWARM_SESSION=" + id, "AI_AGENT=claude-code_2-1-332_harness"}, os.Environ()...)
	p := Process{
		Env: env, Dir: o.Dir, Stdin: bytes.NewReader(given), Stdout: &answer, Stderr: &answer, Now: func() time.Time { return o.now },
		Describe: func(err error) string { return err.Error() },
	}
	if code := Run(o.Context(), p, []string{event}); code != 0 {
		o.Fatalf("%s: exit code %d", event, code)
	}
	o.now = o.now.Add(20 * time.Second)
	return answer.String()
}

// tells runs a hook and counts what reaches the model.
func (o *office) tells(kind, event, id string, more map[string]any) {
	o.Helper()
	answer := o.hook(event, id, more)
	if answer == "" {
		return
	}
	var said map[string]any
	o.Must(json.Unmarshal([]byte(answer), &said))
	for _, text := range told(said) {
		if text != "deny" && text != "block" {
			o.told[id][kind] += len(text)
			if os.Getenv("SWARM_SHOW_DAY") != "" && id == "A" {
				o.Logf("%s: %s", kind, text)
			}
		}
	}
}

// mostTold is what a session may be told in a day, in bytes: four are about a token.
const mostTold = 4 * 1500

// TestDay: in a day of five sessions no more than 1,500 tokens are put into the context
// of one. Each begins, is compacted once, takes 40 turns, edits 20 files of which 2 are
// another's, sends 8 messages, of which one is a question, and writes 4 context entries.
func TestDay(t *testing.T) {
	o := newOffice(t,
		bus.Registration{ID: "A", Workstream: "frontend"}, bus.Registration{ID: "B", Workstream: "backend"}, bus.Registration{ID: "C", Workstream: "docs"},
		bus.Registration{ID: "D", Workstream: "tests"}, bus.Registration{ID: "E", Workstream: "deploy"})
	ids := []string{"A", "B", "C", "D", "E"}
	for _, id := range ids {
		o.tells("greeting", "session-start", id, map[string]any{"source": "startup"})
	}
	for turn := range 40 {
		for i, id := range ids {
			other := ids[(i+1+turn%4)%5]
			o.tells("news", "prompt", id, map[string]any{"prompt": "go on"})
			if turn%2 == 0 {
				file := filepath.Join(o.Dir, id, fmt.Sprintf("file-%d.go", turn))
				if turn%20 == 10 {
					file = filepath.Join(o.Dir, other, fmt.Sprintf("file-%d.go", turn-2))
				}
				o.tells("denial", "pre-edit", id, map[string]any{"tool_input": map[string]any{"file_path": file}})
				if turn%20 != 10 {
					o.Must(os.MkdirAll(filepath.Dir(file), 0o777))
					o.Must(os.WriteFile(file, []byte(id+"\n"), 0o666))
				}
			}
			if turn%2 == 0 {
				o.tells("news", "batch", id, nil)
			}
			if turn%5 == 0 {
				end := ""
				if turn == 20 {
					end = "?"
				}
				_, err := o.bus.Send(t.Context(), id, other, fmt.Sprintf("The interface of module %d has changed: callers now pass a context first, see the shared context for the whole signature%s", turn, end))
				o.Must(err)
			}
			if turn%10 == 0 {
				_, err := o.bus.AddContext(t.Context(), id, "interface", fmt.Sprintf("module %d: Open(ctx, name string, opts Options) (*Handle, error); Close is idempotent", turn))
				o.Must(err)
			}
			if turn%2 == 0 {
				o.tells("reminder", "stop", id, nil)
			}
		}
		if turn == 20 {
			for _, id := range ids {
				o.tells("greeting", "session-start", id, map[string]any{"source": "compact"})
			}
		}
	}
	for _, id := range ids {
		sum := 0
		for _, n := range o.told[id] {
			sum += n
		}
		t.Logf("%s is told %d bytes: %v", id, sum, o.told[id])
		if sum > mostTold {
			t.Errorf("%s is told %d bytes in a day, not at most %d", id, sum, mostTold)
		}
		if sum < 1000 {
			t.Errorf("%s is told hardly anything", id)
		}
	}
}

// TestQuietBatches: where nothing is new, nothing is put into the context, however often.
func TestQuietBatches(t *testing.T) {
	o := newOffice(t, bus.Registration{ID: "A", Workstream: "frontend"})
	if o.hook("session-start", "A", nil) == "" {
		t.Fatal("no greeting")
	}
	for range 200 {
		if said := o.hook("batch", "A", map[string]any{"tool_calls": []any{map[string]any{"tool_name": "Bash"}}}); said != "" {
			t.Fatalf("said %s", said)
		}
	}
}

// blocked is a client's end of a pipe through which nothing comes for a while.
type blocked struct {
	io.Reader
	wait time.Duration
}

func (b *blocked) Read(p []byte) (int, error) {
	time.Sleep(b.wait)
	b.wait = 0
	return b.Reader.Read(p)
}

// TestSlowGreeting: a greeting that takes longer than other answers may is still given.
func TestSlowGreeting(t *testing.T) {
	l := limitsIn(nil)
	if l.greet <= l.answer {
		t.Errorf("greetings may take %s, other answers %s", l.greet, l.answer)
	}
	l.greet = time.Hour
	o := newOffice(t, bus.Registration{ID: "A", Workstream: "frontend"}, bus.Registration{ID: "B", Workstream: "backend"})
	for event, want := range map[string]bool{"session-start": true, "batch": false} {
		_, err := o.bus.Send(t.Context(), "B", "A", "urgent")
		o.Must(err)
		input := fmt.Sprintf(`{"session_id":"one","cwd":%q,"hook_event_name":"E"}`, o.Dir)
		var answer bytes.Buffer
		run(t.Context(), Process{
			Env: append(repo.Env{"GIT_SWARM_SESSION=A"}, os.Environ()...), Dir: o.Dir, Stdin: &blocked{strings.NewReader(input), l.answer + l.answer/2},
			Stdout: &answer, Stderr: &answer, Now: time.Now, Describe: func(err error) string { return err.Error() },
		}, l, []string{event})
		if got := answer.Len() > 0; got != want {
			t.Errorf("%s is answered: %v", event, got)
		}
	}
}

// TestLimits: the environment gives more time to all that a hook does, never less.
func TestLimits(t *testing.T) {
	t.Parallel()
	usual := limitsIn(nil)
	for value, want := range map[string]limits{
		"": usual, "soon": usual, "-1m": usual, "0": usual, "10ms": usual,
		"2s": {2 * time.Second, usual.greet, time.Second, usual.hub},
		"1m": {time.Minute, time.Minute, 30 * time.Second, time.Minute},
	} {
		if got := limitsIn(repo.Env{TimeEnv + "=" + value}); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}
