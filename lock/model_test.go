package lock

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// op is one call that a process made, as it prints it: what it asked, what it
// got, and between which moments that must have happened.
type op struct {
	Call, Return int64
	Verb, By     string
	Paths        []string `json:",omitempty"`
	Got          []string `json:",omitempty"` // claims that were granted, released or listed
	No           string   `json:",omitempty"` // why not: the claim in the way, or the path and its holder
	Epoch        int      `json:",omitempty"` // of the push lock, our own or the holder's
}

func (o *op) print() {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}

func readOps(t testing.TB, lines []string) []op {
	t.Helper()
	var all []op
	for _, line := range lines {
		var o op
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("a worker said %q: %v", line, err)
		}
		all = append(all, o)
	}
	return all
}

// linearizable fails the test unless there is an order of the calls that agrees
// with the model, and with the order of those that were not made at once.
func linearizable(t testing.TB, model porcupine.Model, all []op) {
	t.Helper()
	var history []porcupine.Operation
	clients := map[string]int{}
	for i := range all {
		o := &all[i]
		if _, known := clients[o.By]; !known {
			clients[o.By] = len(clients)
		}
		history = append(history, porcupine.Operation{ClientId: clients[o.By], Input: o, Call: o.Call, Return: o.Return})
	}
	switch porcupine.CheckOperationsTimeout(model, history, time.Minute) {
	case porcupine.Illegal:
		t.Errorf("the history of %d operations is not linearizable", len(history))
	case porcupine.Unknown:
		t.Errorf("no order of %d operations was found within a minute", len(history))
	}
}

// table is the claims as they should be.
type table struct {
	epoch int
	held  map[string]holding // by path
}

type holding struct {
	by    string
	epoch int
}

func (h holding) at(path string) string { return fmt.Sprintf("%s %s#%d", path, h.by, h.epoch) }

func (t table) equal(o table) bool { return t.epoch == o.epoch && maps.Equal(t.held, o.held) }

// claimsModel is what claims promise, one call after the other.
var claimsModel = porcupine.Model{
	Init: func() any { return table{} },
	Step: func(state, input, _ any) (bool, any) {
		o, next := input.(*op), state.(table)
		next.held = maps.Clone(next.held)
		if next.held == nil {
			next.held = map[string]holding{}
		}
		want := op{}
		switch o.Verb {
		case "grant":
			want = next.grant(o.By, o.Paths)
		case "release":
			want = next.release(o.By, o.Paths)
		case "release all":
			want = next.release(o.By, next.of(o.By))
		case "list":
			want.Got = next.list()
		}
		if want.No != "" {
			next = state.(table)
		}
		return want.No == o.No && slices.Equal(want.Got, o.Got), next
	},
	Equal: func(a, b any) bool { return a.(table).equal(b.(table)) },
}

func (t *table) grant(by string, paths []string) (out op) {
	fresh := false
	for _, path := range paths {
		var own, below []string
		for _, other := range slices.Sorted(maps.Keys(t.held)) {
			switch {
			case !covers(path, other) && !covers(other, path):
			case t.held[other].by != by:
				return op{No: t.held[other].at(other)}
			case covers(other, path):
				own = append(own, other)
			default:
				below = append(below, other)
			}
		}
		if own != nil {
			out.Got = append(out.Got, t.held[own[0]].at(own[0]))
			continue
		}
		for _, other := range below {
			mine := t.held[other].at(other)
			out.Got = slices.DeleteFunc(out.Got, func(s string) bool { return s == mine })
			delete(t.held, other)
		}
		t.held[path], fresh = holding{by, t.epoch + 1}, true
		out.Got = append(out.Got, t.held[path].at(path))
	}
	if fresh {
		t.epoch++
	}
	return out
}

// covers reports whether a claim on path a is one on b too.
func covers(a, b string) bool { return a == b || strings.HasPrefix(b, a+"/") }

func (t *table) release(by string, paths []string) op {
	for _, path := range paths {
		if h := t.held[path]; h.by != by {
			return op{No: strings.TrimSpace(path + " " + h.by)}
		}
	}
	for _, path := range paths {
		delete(t.held, path)
	}
	return op{Got: paths}
}

func (t *table) of(by string) (paths []string) {
	for path, h := range t.held {
		if h.by == by {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

func (t *table) list() (all []string) {
	for _, path := range slices.Sorted(maps.Keys(t.held)) {
		all = append(all, t.held[path].at(path))
	}
	return all
}

// pushModel is what the push lock promises while nobody dies: an epoch for each
// grant, one holder, and who is refused is refused because of the one who holds it.
var pushModel = porcupine.Model{
	Init: func() any { return holding{} },
	Step: func(state, input, _ any) (bool, any) {
		o, h := input.(*op), state.(holding)
		switch {
		case o.Verb == "release":
			return h == holding{o.By, o.Epoch}, holding{"", h.epoch}
		case o.No != "":
			return h == holding{o.No, o.Epoch}, h
		}
		return h.by == "" && o.Epoch == h.epoch+1, holding{o.By, o.Epoch}
	},
}

// The models would find what they are there to find.
func TestModels(t *testing.T) {
	bad := map[string][]op{
		"two grants of a path":       {{Verb: "grant", By: "A", Paths: []string{"a"}, Got: []string{"a A#1"}}, {Verb: "grant", By: "B", Paths: []string{"a"}, Got: []string{"a B#2"}}},
		"a file under a folder":      {{Verb: "grant", By: "A", Paths: []string{"a"}, Got: []string{"a A#1"}}, {Verb: "grant", By: "B", Paths: []string{"a/b"}, Got: []string{"a/b B#2"}}},
		"an epoch twice":             {{Verb: "grant", By: "A", Paths: []string{"a"}, Got: []string{"a A#1"}}, {Verb: "grant", By: "B", Paths: []string{"b"}, Got: []string{"b B#1"}}},
		"a refusal for no reason":    {{Verb: "grant", By: "A", Paths: []string{"a"}, No: "a B#1"}},
		"a grant that was forgotten": {{Verb: "grant", By: "A", Paths: []string{"a"}, Got: []string{"a A#1"}}, {Verb: "list", By: "B"}},
		"another's release":          {{Verb: "grant", By: "A", Paths: []string{"a"}, Got: []string{"a A#1"}}, {Verb: "release", By: "B", Paths: []string{"a"}, Got: []string{"a"}}},
	}
	for what, all := range bad {
		for i := range all {
			all[i].Call, all[i].Return = int64(2*i), int64(2*i+1)
		}
		if porcupine.CheckOperations(claimsModel, operations(all)) {
			t.Errorf("%s passes", what)
		}
	}
	two := []op{{Call: 0, Return: 1, Verb: "acquire", By: "A", Epoch: 1}, {Call: 2, Return: 3, Verb: "acquire", By: "B", Epoch: 2}, {Call: 4, Return: 5, Verb: "release", By: "A", Epoch: 1}}
	if porcupine.CheckOperations(pushModel, operations(two)) {
		t.Error("two holders of the push lock pass")
	}
	two[1].Call, two[1].Return, two[2].Return = 0, 9, 9
	if !porcupine.CheckOperations(pushModel, operations(two)) {
		t.Error("one holder after the other does not pass")
	}
}

func operations(all []op) (history []porcupine.Operation) {
	for i := range all {
		history = append(history, porcupine.Operation{ClientId: i, Input: &all[i], Call: all[i].Call, Return: all[i].Return})
	}
	return history
}
