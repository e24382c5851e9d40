package install

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/tailscale/hujson"
)

// The paths in an agent's settings: to the entries of each event, which are groups
// of handlers (or handlers, where the agent has no groups), to the handlers of
// each group, and to the allow rules.
var (
	pathToEntries  = []string{"hooks", anything, anything}
	pathToHandlers = []string{"hooks", anything, anything, "hooks", anything}
	pathToRules    = []string{"permissions", "allow", anything}
)

// isOurHandler knows our commands: git-swarm with "hook", at whatever path and
// of whatever version, and the portable form.
func isOurHandler(v *hujson.Value) bool {
	command := commandOf(v)
	if strings.HasPrefix(command, portableBegin) && strings.Contains(command, " git-swarm hook ") {
		return true
	}
	if strings.HasPrefix(command, localBegin) && path.Base(programOf(command)) == "git-swarm" {
		return strings.HasPrefix(command[strings.LastIndex(command, " hook ")+1:], "hook ")
	}
	args := member(v, "args")
	if args == nil || path.Base(command) != "git-swarm" {
		return false
	}
	words := find(args, anything)
	return len(words) > 0 && text(words[0]) == "hook"
}

func commandOf(v *hujson.Value) string {
	if command := member(v, "command"); command != nil {
		return text(command)
	}
	return ""
}

// isOurEntry reports whether an entry is a handler of ours, or a group of handlers
// that are all ours.
func isOurEntry(v *hujson.Value) bool {
	handlers := find(v, "hooks", anything)
	notOurs := func(v *hujson.Value) bool { return !isOurHandler(v) }
	return isOurHandler(v) || len(handlers) > 0 && !slices.ContainsFunc(handlers, notOurs)
}

// ourCommands are the commands of all handlers of ours.
func ourCommands(root *hujson.Value) (all []string) {
	for _, v := range slices.Concat(find(root, pathToEntries...), find(root, pathToHandlers...)) {
		if isOurHandler(v) {
			all = append(all, commandOf(v))
		}
	}
	return all
}

// withoutOurs takes our hooks out of the settings, and the allow rules if those are
// ours; those for the commands are. A list or object that goes empty by that goes too, unless it was there
// empty before.
func withoutOurs(text string, rules bool, commands ...string) (string, error) {
	root, err := parseObject(text)
	if err != nil {
		return "", err
	}
	emptied := remove(root, isOurEntry, pathToEntries...)
	emptied = remove(root, isOurHandler, pathToHandlers...) || emptied
	if rules {
		emptied = removeRules(root) || emptied
	}
	no := func(*hujson.Value) bool { return false }
	emptied = removeEach(root, commandRules(commands), no) || emptied
	if emptied {
		return absent, nil
	}
	return root.String(), nil
}

// withOurs puts our hooks, and the allow rules, into settings that have none.
func withOurs(text string, hooks []hookGroup, rules []string) (string, error) {
	root, err := parseObject(text)
	if err != nil {
		return "", err
	}
	l := layoutOf(text)
	for _, rule := range rules {
		if err := l.add(root, "permissions", "allow", hujson.String(rule)); err != nil {
			return "", err
		}
	}
	for _, g := range hooks {
		one, err := marshal(g.entry)
		if err != nil {
			return "", err
		}
		if err := l.add(root, "hooks", g.event, one.Value); err != nil {
			return "", err
		}
	}
	if text == absent { // then the brackets are ours, too: see put
		root.Value.(*hujson.Object).AfterExtra = hujson.Extra(l.newline)
		items(root)[0].name.BeforeExtra = hujson.Extra(l.line(1))
	}
	return root.String(), nil
}

// marshal is JSON on one line, with < and > as they are: in a shell's command
// nobody could read them otherwise.
func marshal(v any) (hujson.Value, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return hujson.Value{}, err
	}
	return hujson.Parse([]byte(b.String()))
}
