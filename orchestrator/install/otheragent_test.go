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
	"github.com/pelletier/go-toml/v2"
)

// TestOtherAgents: whatever others wrote into an agent's settings comes back to
// the byte, a file that was not there is gone again, and in between each of our
// events has a hook of just the shape that the agent reads.
func TestOtherAgents(t *testing.T) {
	mine := []string{absent, absentVersioned, "{\n  \"version\": 1\n}\n", `{"version":1,"hooks":{"stop":[{"command":"theirs"}]}}`}
	count := map[string]int{"codex": len(codexHooks()), "gemini": len(geminiHooks()), "copilot": len(copilotHooks()), "cursor": len(cursorHooks())}
	for _, a := range OtherAgents() {
		if count[a.Name] == 0 {
			continue
		}
		for _, text := range slices.Concat(mine, foreign) {
			dir := t.TempDir()
			path := filepath.Join(dir, a.File())
			there := text != absent && text != absentVersioned
			if there {
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
					t.Fatal(err)
				}
			}
			var in string
			for range 2 { // once more changes nothing
				err := editFile(dir, a.File(), a.hooks.absent, func(text string) (string, error) { return a.hooks.put(text, Options{}) })
				now, err2 := os.ReadFile(path)
				if err := errors.Join(err, err2); err != nil || in != "" && in != string(now) {
					t.Fatalf("%s: %q is now %q, after %q, %v", a.Name, text, now, in, err)
				}
				in = string(now)
			}
			checkShape(t, a, count[a.Name], in)
			if !a.isIn(dir) {
				t.Errorf("%s: not found in %q", a.Name, in)
			}
			if err := editFile(dir, a.File(), a.hooks.absent, a.hooks.cut); err != nil {
				t.Fatal(err)
			}
			after, err := os.ReadFile(path)
			if !there {
				if left, _ := os.ReadDir(dir); len(left) > 0 {
					t.Errorf("%s: %q is left, %q", a.Name, left, after)
				}
			} else if err != nil || string(after) != text {
				t.Errorf("%s: %q came back as %q, %v", a.Name, text, after, err)
			}
			if a.isIn(dir) {
				t.Errorf("%s: still found in %q", a.Name, after)
			}
		}
	}
}

// TestCodexServer: the MCP server's table is added behind what the user has in the
// TOML file, which comes back to the byte.
func TestCodexServer(t *testing.T) {
	o := Options{MCP: `/opt/a "b"/git-swarm-mcp`}
	for _, text := range []string{"", "model = \"x\"\n", "model = \"x\"", "[mcp_servers.other]\ncommand = \"y\"\n\n", "a = 1\r\n", "a = 1\r"} {
		in, err := codexMCP(text, o)
		if err != nil {
			t.Fatal(err)
		}
		var parsed struct {
			Servers map[string]struct {
				Command string
				Mode    string `toml:"default_tools_approval_mode"`
				Tools   map[string]map[string]string
			} `toml:"mcp_servers"`
		}
		if text != "a = 1\r" { // which is no TOML
			if err := toml.Unmarshal([]byte(in), &parsed); err != nil {
				t.Fatalf("%q: %v", in, err)
			}
			ours := parsed.Servers["git_swarm"]
			if ours.Command != o.MCP || ours.Mode != "prompt" || ours.Tools["sync"]["approval_mode"] != "approve" || ours.Tools["push"] != nil {
				t.Errorf("%q: %+v", in, ours)
			}
		}
		if again, err := codexMCP(in, o); err != nil || again != in {
			t.Errorf("the second time it is %q, not %q (%v)", again, in, err)
		}
		if out, err := withoutTOML(in); err != nil || out != text {
			t.Errorf("%q came back as %q, %v", text, out, err)
		}
		if out, err := codexMCP(in, Options{}); err != nil || out != text {
			t.Errorf("without the program %q became %q, %v", text, out, err)
		}
	}
	for _, text := range []string{tomlBegin + "\n", tomlEnd + "\n", tomlBegin + "\n" + tomlBegin + "\n" + tomlEnd + "\n", tomlEnd + "\n" + tomlBegin + "\n"} {
		if out, err := codexMCP(text, o); err == nil {
			t.Errorf("%q became %q", text, out)
		}
	}
	if out, err := codexMCP("[mcp_servers.git_swarm]\ncommand = \"mine\"\n", o); !errors.Is(err, errServer) {
		t.Errorf("a server of that name became %q, %v", out, err)
	}
}

// TestPlugin: a file of the plugin's name that is not ours is left alone.
func TestPlugin(t *testing.T) {
	text, err := pluginInto("", Options{})
	if again, err2 := pluginInto(text, Options{}); err != nil || err2 != nil || again != text {
		t.Error(err, err2)
	}
	if out, err := pluginOutOf(text); err != nil || out != "" {
		t.Errorf("%q is left, %v", out, err)
	}
	if _, err := pluginInto("export const Mine = 1\n", Options{}); !errors.Is(err, errTheirs) {
		t.Errorf("their plugin: %v", err)
	}
}

// checkShape reads our hooks as the agent would.
func checkShape(t *testing.T, a OtherAgent, want int, text string) {
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
				_, event, ours := strings.Cut(c, " git-swarm hook --agent "+a.Name+" ")
				event = strings.TrimSuffix(event, "; exit 0")
				if ours && !slices.Contains(agents.HookEvents, event) {
					t.Errorf("%s: there is no event %q", a.Name, event)
				}
				if ours {
					count++
				}
			}
		}
	}
	if count != want {
		t.Errorf("%s: %d hooks, not %d, in %s", a.Name, count, want, text)
	}
}
