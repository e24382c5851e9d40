package agents

import (
	"os"
	"slices"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestCaller: a client's process above this one says who runs it, whatever the
// environment says; without one the environment does.
func TestCaller(t *testing.T) {
	all := Agents{t.TempDir()}
	save := func(id string, r Record) {
		t.Helper()
		if err := all.save(id, &r); err != nil {
			t.Fatal(err)
		}
	}
	save("other", Record{Session: "B"})
	save("thread", Record{Session: "C"})
	for _, test := range []struct {
		env  repo.Env
		want string
	}{
		{nil, ""},
		{repo.Env{"CLAUDE_CODE_SESSION_ID=unknown"}, ""},
		{repo.Env{"CLAUDE_CODE_SESSION_ID=other"}, "B"},
		{repo.Env{"CODEX_THREAD_ID=thread"}, "C"},
		{repo.Env{"CODEX_THREAD_ID=thread", "CLAUDE_CODE_SESSION_ID=other"}, "B"},
	} {
		if got := all.Caller(test.env, "").Session; got != test.want || all.Said(test.env, "").Session != test.want {
			t.Errorf("%v: %q, not %q", test.env, got, test.want)
		}
	}
	parent := os.Getppid()
	if processMark(parent) == "" {
		t.Skip("no /proc here: processes cannot be told apart")
	}
	save("gone", Record{Session: "D", PID: parent, Process: "another boot"})
	save("ended", Record{Session: "E", PID: parent, Process: processMark(parent), Ended: true})
	if got := all.Above(0); len(got) > 0 {
		t.Errorf("there are %q", got)
	}
	save("own", Record{Session: "A", PID: parent, Process: processMark(parent)})
	for _, env := range []repo.Env{nil, {"CLAUDE_CODE_SESSION_ID=own"}, {"CLAUDE_CODE_SESSION_ID=other"}, {"CODEX_THREAD_ID=thread"}} {
		if got := all.Caller(env, "").Session; got != "A" {
			t.Errorf("%v: %q", env, got)
		}
	}
	if got := all.Above(0); !slices.Equal(got, []string{"A"}) {
		t.Errorf("%q", got)
	}
	if got := all.Above(parent); len(got) > 0 {
		t.Errorf("without it %q", got)
	}
}
