package orchestrator

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestPushesIn(t *testing.T) {
	for line, want := range map[string][]rawPush{
		"git push":                                  {{dir: "/r"}},
		"git push origin main":                      {{dir: "/r", specs: []string{"main"}}},
		"git -C sub -c x=y push -f o +a:b":          {{dir: "/r/sub", specs: []string{"+a:b"}}},
		"cd /x && A=1 git push --force-with-lease":  {{dir: "/x"}},
		"cd ..; git push -o ci.skip o 'ma'\"in\"":   {{dir: "/", specs: []string{"main"}}},
		"/usr/bin/git push --mirror | tee log":      {{dir: "/r", all: true}},
		"git push --tags; git push \\\n origin x":   {{dir: "/r", tags: true}, {dir: "/r", specs: []string{"x"}}},
		"(git push origin x)":                       {{dir: "/r", specs: []string{"x"}}},
		"git push --dry-run o main":                 nil,
		"git stash push":                            nil,
		"git commit -m 'git push origin main'":      nil,
		"echo git push origin main":                 nil,
		"git":                                       nil,
		"":                                          nil,
		"git push 'unclosed":                        {{dir: "/r"}},
		"git push --repo=x --push-option=y o a b\\": {{dir: "/r", specs: []string{"a", "b\\"}}},
	} {
		if got := pushesIn(line, "/r"); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, not %+v", line, got, want)
		}
	}
}

func FuzzPushesIn(f *testing.F) {
	f.Add(`cd x && git -C "a b" push o '+a':b \`)
	f.Fuzz(func(_ *testing.T, line string) { pushesIn(line, "/r") })
}

func TestPlainName(t *testing.T) {
	for name, want := range map[string]string{
		"main": "main", "fix/log--in": "fix-log-in", "-x-": "x", "日本": "session", "": "session",
		strings.Repeat("ab-", 30): "ab-ab-ab-ab-ab-ab-ab-ab-ab-ab-ab-ab-ab-a",
	} {
		if got := plainName(name); got != want {
			t.Errorf("%q: %q, not %q", name, got, want)
		}
	}
}

// TestProblems: the file stays small, and the same is not said twice.
func TestProblems(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	note := func(what string) {
		t.Helper()
		if err := NoteProblem(dir, now, "batch", what); err != nil {
			t.Fatal(err)
		}
	}
	note("one\nand more")
	note("one")
	if got := Problems(dir, now); len(got) != 1 || got[0].What != "batch: one" || !got[0].At.Equal(now) {
		t.Errorf("%+v", got)
	}
	now = now.Add(2 * time.Hour)
	note("one")
	if got := Problems(dir, now); len(got) != 1 || !got[0].At.Equal(now) {
		t.Errorf("%+v", got)
	}
	for i := range 500 {
		note(fmt.Sprint(i, strings.Repeat("x", 1000)))
	}
	info, err := os.Stat(problemsPath(dir))
	if err != nil || info.Size() > maxProblems {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
	if got := Problems(dir, now.Add(problemAge)); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// TestPresence: an agent is known by its process; whoever was heard of since its
// end is no agent's doing.
func TestPresence(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	for key, p := range map[string]presence{
		"lives": {Session: "A", PID: os.Getpid(), Process: processMark(os.Getpid())},
		"ended": {Session: "B", PID: os.Getpid(), Process: processMark(os.Getpid()), Ended: true},
		"other": {Session: "C", PID: os.Getpid(), Process: "x y"}, // of another boot: nobody knows
	} {
		if err := p.save(dir, key); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(agentsDir(dir), "torn.json"), []byte(`{"session":"../x"}`), 0o666); err != nil {
		t.Fatal(err)
	}
	for session, want := range map[string]bool{"A": false, "B": true, "C": false, "D": false} {
		if got := AgentsEnded(dir, session, now); got != want {
			t.Errorf("%s ended: %v", session, got)
		}
	}
	if AgentsEnded(dir, "B", now.Add(2*graceSeen)) {
		t.Error("B was heard of since")
	}
	if AgentSession(dir, "lives") != "A" || AgentSession(dir, "torn") != "" || AgentSession(dir, "") != "" || AgentSession(dir, "../../lives") != "" {
		t.Error("whom an agent works as")
	}
}

// TestMayMatch: yes is allowed where git says no, and no is not where it says yes.
func TestMayMatch(t *testing.T) {
	parts := []string{"src", "Build", "a.go"}
	for line, want := range map[string]bool{
		"": false, "# a.go": false, "!a.go": false, "*.log\n": false, "src/gen/*.c": false, "out/": false,
		"*.go": true, "/src": true, "build/\r\n": true, "src/**": true, "**/build/": true, `\a.go`: true, "[ab].go": true, "?.go  ": true, "*": true,
	} {
		if got := mayMatch(line, parts); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}
