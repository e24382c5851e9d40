package agenthook

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/cmd/internal/quiet"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/hook"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// readAs is what the event's hook reads in the text, as far as it depends on that.
func readAs(event, text string) (*hook.Input, error) {
	h := &invocation{Process: Process{Env: repo.Env{}, Stdin: strings.NewReader(text)}, agent: "claude", event: event}
	input, err := h.input()
	if err == nil {
		input.Tool = ""                               // which only a question to the user has
		input.Shell = input.Shell && event == "batch" // and this a batch
	}
	return input, err
}

// sameAs has been given: a text, and one that counts as the same or not.
var sameAs = []struct {
	event, more, other string
	same               bool
}{
	{"prompt", `"prompt":"x"`, `"prompt":"\u00e9 [{","a":[1.5e-3,-0,true,null,{"session_id":"two"}]`, true},
	{"batch", `"tool_calls":[{"tool_name":"Read","tool_input":{"tool_name":"Bash"}}]`, `"tool_calls":[]`, true},
	{"batch", `"tool_calls":[{"tool_name":"Read"}]`, `"tool_calls":[{"tool_name":"Read"},{"tool_name":"Bash"}]`, false},
	{"batch", `"tool_calls":[]`, `"tool_calls":[{"Tool_Name":"BASH"}]`, false},
	{"batch", `"x":1`, `"tool_name":"bash"`, false},
	{"prompt", `"x":1`, `"agent_id":"sub"`, false},
	{"prompt", `"x":1`, `"Agent_ID":"sub"`, false},
	{"prompt", `"x":1`, `"session_id":"two"`, false},
	{"prompt", `"x":1`, `"cwd":"/"`, false},
	{"prompt", `"x":1`, `"client_pid":7`, false},
	{"pre-edit", `"tool_input":{"file_path":"a","new_string":"x"}`, `"tool_input":{"new_string":"y","file_path":"a"}`, true},
	{"pre-edit", `"tool_input":{"file_path":"a"}`, `"tool_input":{"file_path":"a","FILE_PATH":"b"}`, true},
	{"pre-edit", `"tool_input":{"file_path":"a"}`, `"tool_input":{"file_path":"b"}`, false},
	{"pre-edit", `"tool_input":{"file_path":"a"}`, `"tool_input":{"file_path":"a"},"tool_input":{}`, false},
	{"pre-edit", `"tool_input":{"file_path":"a"}`, `"tool_input":{"file_path":"a","path":"b"}`, false},
	{"pre-edit", `"tool_input":{"file_path":"a"}`, `"tool_input":{"file_path":"a","patch":"*** Update File: b"}`, false},
}

func whole(more string) string { return `{"session_id":"one","cwd":"/w",` + more + `}` }

// TestQuietGiven: what a note calls the same the hook reads the same, and not the other way
// round by much: what changes with each call does not count.
func TestQuietGiven(t *testing.T) {
	for _, c := range sameAs {
		args := []string{"hook", c.event}
		name, given, ok := quiet.Hook(args, []byte(whole(c.more)))
		otherName, other, otherOK := quiet.Hook(args, []byte(whole(c.other)))
		if !ok || !otherOK {
			t.Errorf("%s: %s is plain: %v, %s: %v", c.event, c.more, ok, c.other, otherOK)
		}
		if same := name == otherName && slices.Equal(given, other); same != c.same {
			t.Errorf("%s: %s is as good as %s: %v", c.event, c.more, c.other, same)
		}
		a, errA := readAs(c.event, whole(c.more))
		b, errB := readAs(c.event, whole(c.other))
		if errA != nil || errB != nil || c.same != reflect.DeepEqual(a, b) {
			t.Errorf("%s: it reads %+v, %v and %+v, %v", c.event, a, errA, b, errB)
		}
	}
}

// TestQuietMembers: all members that a hook reads count, but for those that Hook reads by
// itself.
func TestQuietMembers(t *testing.T) {
	kind := reflect.TypeFor[hookInput]()
	for i := range kind.NumField() {
		name := kind.Field(i).Tag.Get("json")
		if slices.Contains([]string{"tool_name", "tool_input", "tool_calls"}, name) {
			continue
		}
		_, given, ok := quiet.Hook([]string{"hook", agents.Prompt}, []byte(`{"`+name+`":{"x":7}}`))
		if !ok || !slices.Contains(given, `"`+name+`":{"x":7}`) {
			t.Errorf("%s does not count: %q", name, given)
		}
	}
	if quiet.Prompt != agents.Prompt || quiet.Batch != agents.Batch || quiet.PreEdit != agents.PreEdit {
		t.Error("the events have other names")
	}
}

// FuzzQuietGiven: what a note takes for an input the hook reads without an error, and the
// members that count decide what it reads.
func FuzzQuietGiven(f *testing.F) {
	for _, c := range sameAs {
		f.Add(c.event, whole(c.more))
		f.Add(c.event, whole(c.other))
	}
	for _, text := range odd("/w") {
		if len(text) < 1000 {
			f.Add("batch", text)
			f.Add("pre-edit", text)
		}
	}
	f.Add("prompt", whole(`"agent\u005fid":"x"`))
	f.Add("prompt", whole(`"ſession_id":"x"`))
	f.Add("prompt", whole(`"x":01`))
	f.Add("prompt", whole(`"x":1.`)+" ")
	f.Fuzz(func(t *testing.T, event, text string) {
		if !quiet.IsHook([]string{"hook", event}) {
			return
		}
		name, given, ok := quiet.Hook([]string{"hook", event}, []byte(text))
		if !ok {
			return
		}
		input, err := readAs(event, text)
		same, errSame := readAs(event, rebuilt(given[2:]))
		if (err == nil) != (errSame == nil) {
			t.Fatalf("%q: %v\n%q: %v", text, err, rebuilt(given[2:]), errSame)
		}
		if err != nil {
			return
		}
		if input.Shell && name != quiet.Name+"-shell" {
			t.Errorf("%q has a shell, and its note is %s", text, name)
		}
		input.Shell = false
		if !reflect.DeepEqual(input, same) {
			t.Errorf("%q is %+v\n%q is %+v", text, input, rebuilt(given[2:]), same)
		}
	})
}

// rebuilt is an input with no more than what counts.
func rebuilt(given []string) string {
	var members, tool []string
	for _, member := range given {
		switch of, ofTool := strings.CutPrefix(member, "tool_input "); {
		case !ofTool:
			members = append(members, member)
		case of == "":
			tool, members = nil, append(members, `"tool_input":{}`)
		default:
			tool = append(tool, of)
			members[len(members)-1] = `"tool_input":{` + strings.Join(tool, ",") + `}`
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}
