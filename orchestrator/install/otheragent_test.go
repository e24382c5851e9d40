package install

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/orchestrator/agents"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestOtherAgents: whatever others wrote into an agent's settings comes back to
// the byte, a file that was not there is gone again, and in between each of our
// events has a hook of just the shape that the agent's documentation has.
func TestOtherAgents(t *testing.T) {
	mine := []string{absent, absentCursor, "{\n  \"version\": 1\n}\n", `{"version":1,"hooks":{"stop":[{"command":"theirs"}]}}`}
	for _, a := range OtherAgents() {
		for _, text := range slices.Concat(mine, foreign) {
			dir := t.TempDir()
			r := &repo.Repo{WorkTree: dir}
			path := filepath.Join(dir, a.File)
			if text != absent && text != absentCursor {
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
					t.Fatal(err)
				}
			}
			var in string
			for range 2 { // once more changes nothing
				err := editFile(dir, a.File, a.absent, func(text string) (string, error) {
					bare, err := withoutOurs(text, false)
					if err != nil {
						return "", err
					}
					return withOurs(bare, a.hooks, nil)
				})
				now, err2 := os.ReadFile(path)
				if err := errors.Join(err, err2); err != nil || in != "" && in != string(now) {
					t.Fatalf("%s: %q is now %q, after %q, %v", a.Name, text, now, in, err)
				}
				in = string(now)
			}
			checkShape(t, a, in)
			if !a.Installed(r) {
				t.Errorf("%s: not found in %q", a.Name, in)
			}
			if err := editFile(dir, a.File, a.absent, func(text string) (string, error) { return withoutOurs(text, false) }); err != nil {
				t.Fatal(err)
			}
			after, err := os.ReadFile(path)
			if text == absent || text == absentCursor {
				if _, err := os.Stat(filepath.Dir(path)); !os.IsNotExist(err) {
					t.Errorf("%s: %q is left", a.Name, after)
				}
			} else if err != nil || string(after) != text {
				t.Errorf("%s: %q came back as %q, %v", a.Name, text, after, err)
			}
			if a.Installed(r) {
				t.Errorf("%s: still found in %q", a.Name, after)
			}
		}
	}
}

// checkShape reads our hooks as the agent would.
func checkShape(t *testing.T, a OtherAgent, text string) {
	t.Helper()
	var settings struct {
		Hooks map[string][]struct {
			Command, Matcher string
			Timeout          float64
			Hooks            []struct {
				Type, Command string
				Timeout       float64
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &settings); err != nil {
		t.Fatal(err)
	}
	count := 0
	for event, groups := range settings.Hooks {
		for _, g := range groups {
			commands := []string{g.Command}
			for _, h := range g.Hooks {
				if strings.HasPrefix(h.Command, portableBegin) && (h.Type != "command" || h.Timeout < 1) {
					t.Errorf("%s: %s has %+v", a.Name, event, h)
				}
				commands = append(commands, h.Command)
			}
			for _, c := range commands {
				event, ours := strings.CutPrefix(c[strings.LastIndex(c, ";")+1:], " exec git-swarm hook --agent "+a.Name+" ")
				if ours && !slices.Contains(agents.HookEvents, event) {
					t.Errorf("%s: there is no event %q", a.Name, event)
				}
				if ours {
					count++
				}
			}
		}
	}
	if count != len(a.hooks) {
		t.Errorf("%s: %d hooks, not %d, in %s", a.Name, count, len(a.hooks), text)
	}
}
