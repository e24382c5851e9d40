package agenthook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// dialects are those that "hook --agent NAME" takes beside Claude Code's.
var dialects = []string{"codex", "opencode", "copilot", "gemini", "cursor"}

// odd are inputs that no client should send. None of them asks for an answer that
// changes what the client does.
func odd(dir string) map[string]string {
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	whole := func(more string) string {
		return fmt.Sprintf(`{"session_id":"one","cwd":%q,"hook_event_name":"x"%s}`, dir, more)
	}
	return map[string]string{
		"nothing": "", "blanks": " \n", "cut short": `{"session_id":`, "no object": `[]`, "a number": `1`, "null": `null`, "text": `"x"`, "no JSON": "\x00\xff\xfe", "two objects": whole("") + whole(""),
		"an id that is a number": `{"session_id":7}`, "a folder that is a list": `{"cwd":[]}`, "an event that is an object": `{"hook_event_name":{}}`,
		"an id of another kind": `{"session_id":"../../../etc/passwd","cwd":"/no/such/folder"}`, "a folder with NUL": `{"session_id":"one","cwd":"/tmp/\u0000x"}`,
		"a tool's input that is a number": whole(`,"tool_name":"Edit","tool_input":7`), "a file that is an object": whole(`,"tool_name":"Edit","tool_input":{"file_path":{}}`),
		"a file with NUL": whole(`,"tool_name":"Edit","tool_input":{"file_path":"a\u0000b"}`), "a command that is a list": whole(`,"tool_name":"Bash","tool_input":{"command":["rm"]}`),
		"calls that are no list": whole(`,"tool_calls":7`), "a count of another kind": whole(`,"loop_count":"many","client_pid":-1`),
		"nested without end": whole(`,"tool_input":` + deep), "much of a kind unknown": whole(`,"later":` + `"` + strings.Repeat("x", 2<<20) + `"`),
		"a name without end": whole(`,"tool_name":"` + strings.Repeat("é", 1<<20) + `"`),
	}
}

// TestOddEvents: whatever an agent's client sends, in any dialect and for any event, also
// one of a later version, its hook ends with 0, and prints nothing, or an object that
// neither refuses a tool nor keeps the model going.
func TestOddEvents(t *testing.T) {
	o := newOffice(t, bus.Registration{ID: "A", Workstream: "a"})
	inputs := odd(o.Dir)
	events := append([]string{"pre-nap", "", "--agent"}, agents.HookEvents...)
	names := slices.Sorted(maps.Keys(inputs))
	for i, agent := range append([]string{"claude", "", "no-such-agent"}, dialects...) {
		for j, event := range events {
			for k, name := range names {
				if agent != "claude" && (i+j+k)%5 != 0 { // what reads them is the same for all
					continue
				}
				input := inputs[name]
				args := []string{event}
				if agent != "" {
					args = []string{"--agent", agent, event}
				}
				var stdout, stderr bytes.Buffer
				p := Process{
					Env: append(repo.Env{"GIT_SWARM_SESSION=A"}, os.Environ()...), Dir: o.Dir, Stdin: strings.NewReader(input), Stdout: &stdout, Stderr: &stderr,
					Now: time.Now, Describe: func(err error) string { return err.Error() },
				}
				if code := Run(t.Context(), p, args); code != 0 || stderr.Len() > 0 {
					t.Errorf("%q with %s: exit code %d, %.200s", args, name, code, stderr.String())
				}
				if acts := answerActs(stdout.Bytes()); acts != "" {
					t.Errorf("%q with %s: %s: %.300s", args, name, acts, stdout.String())
				}
			}
		}
	}
}

// answerActs says what of an answer a client would take for more than a text for the
// model, "" for nothing.
func answerActs(answer []byte) string {
	if len(answer) == 0 {
		return ""
	}
	var object map[string]any
	if err := json.Unmarshal(answer, &object); err != nil {
		return err.Error()
	}
	specific, _ := object["hookSpecificOutput"].(map[string]any)
	for _, fields := range []map[string]any{object, specific} {
		for _, key := range []string{"decision", "permission", "permissionDecision", "continue", "followup_message", "updatedInput"} {
			if fields[key] != nil {
				return key
			}
		}
	}
	return ""
}
