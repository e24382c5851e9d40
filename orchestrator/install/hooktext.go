package install

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
)

// allowRule lets Claude Code run git swarm's commands without asking.
const allowRule = "Bash(git swarm *)"

// isOurHandler knows our commands: git-swarm with "hook", at whatever path and
// of whatever version, and the portable form.
func isOurHandler(n *node) bool {
	if n.kind != '{' {
		return false
	}
	command := n.str("command")
	if strings.HasPrefix(command, portableBegin) && strings.Contains(command, "exec git-swarm hook ") {
		return true
	}
	args := n.member("args")
	return path.Base(command) == "git-swarm" && args != nil && len(args.items) > 0 && args.items[0].value.text == "hook"
}

// withoutOurs takes our hooks out of the settings, and the allow rule if that is
// ours. A list or object that goes empty by that goes too, unless it was there
// empty before.
func withoutOurs(text string, rule bool) (string, error) {
	for {
		root, err := parseJSON(text)
		if err != nil {
			return "", err
		}
		if err := root.need('{', "the file"); err != nil {
			return "", err
		}
		trail := findOurs(root)
		if trail == nil && rule {
			trail = findRule(root)
		}
		if trail == nil {
			return text, nil
		}
		text = trail.cut(text)
	}
}

// trail is the way to an item from the top: each node, and which item of it.
type trail []struct {
	n *node
	i int
}

func (t trail) with(n *node, i int) trail {
	return append(slices.Clip(t), struct {
		n *node
		i int
	}{n, i})
}

// cut takes the item out, and what is above it as far as that goes empty.
func (t trail) cut(text string) string {
	for k := len(t) - 1; ; k-- {
		if k == 0 || !t[k].n.emptied(t[k].i) {
			if t[k].n.emptied(t[k].i) {
				return absent
			}
			return t[k].n.cut(text, t[k].i)
		}
	}
}

// findOurs is the way to the last handler of ours, nil if there is none.
func findOurs(root *node) (found trail) {
	handlers(root, func(t trail, _ *node) { found = t })
	return found.group()
}

// ourCommands are the commands of all handlers of ours.
func ourCommands(root *node) (all []string) {
	handlers(root, func(_ trail, n *node) { all = append(all, n.str("command")) })
	return all
}

// handlers visits the handlers of ours.
func handlers(root *node, visit func(t trail, handler *node)) {
	each := func(t trail, n *node, visit func(t trail, n *node)) {
		for i, it := range n.items {
			visit(t.with(n, i), it.value)
		}
	}
	each(nil, root, func(t trail, hooks *node) {
		if root.items[t[0].i].key != "hooks" || hooks.kind != '{' {
			return
		}
		each(t, hooks, func(t trail, event *node) {
			each(t, event, func(t trail, group *node) {
				if isOurHandler(group) { // where there are no groups
					visit(t, group)
				}
				each(t, group, func(t trail, list *node) {
					if group.kind != '{' || group.items[t[3].i].key != "hooks" {
						return
					}
					each(t, list, func(t trail, handler *node) {
						if isOurHandler(handler) {
							visit(t, handler)
						}
					})
				})
			})
		})
	})
}

// group shortens the way to a handler that is alone in its group to the group.
func (t trail) group() trail {
	const group, handlers = 2, 4 // root, event, group, the group's members, handlers
	if len(t) > handlers && len(t[handlers].n.items) == 1 {
		return t[:group+1]
	}
	return t
}

func findRule(root *node) trail {
	for i, it := range root.items {
		if it.key != "permissions" || it.value.kind != '{' {
			continue
		}
		for j, allow := range it.value.items {
			if allow.key != "allow" || allow.value.kind != '[' {
				continue
			}
			for k, rule := range allow.value.items {
				if rule.value.kind == '"' && rule.value.text == allowRule {
					return trail{}.with(root, i).with(it.value, j).with(allow.value, k)
				}
			}
		}
	}
	return nil
}

// hasRule reports whether the settings hold the allow rule.
func hasRule(text string) bool {
	root, err := parseJSON(text)
	return err == nil && findRule(root) != nil
}

// withOurs puts our hooks, and the allow rule, into settings that have none.
func withOurs(text string, hooks []hookGroup, rule bool) (string, error) {
	s := styleOf(text)
	var err error
	if rule {
		if text, err = s.add(text, "permissions.allow", quoteJSON(allowRule)); err != nil {
			return "", err
		}
	}
	for _, g := range hooks {
		one, err := marshal(g.entry)
		if err != nil {
			return "", err
		}
		if text, err = s.add(text, "hooks."+g.event, one); err != nil {
			return "", err
		}
	}
	return text, nil
}

func quoteJSON(s string) string {
	text, _ := marshal(s)
	return text
}

// marshal is JSON on one line, with < and > as they are: in a shell's command
// nobody could read them otherwise.
func marshal(v any) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// style is how a file is laid out.
type style struct{ newline, indent string }

// styleOf follows the file: its line ends, its first indentation, or all on one
// line.
func styleOf(text string) style {
	s := style{"\n", "  "}
	first, rest, ok := strings.Cut(strings.TrimRight(text, " \t\r\n"), "\n")
	if !ok && text != absent && len(strings.Trim(first, "{} \t\r\n")) > 0 {
		return style{" ", ""}
	}
	if strings.HasSuffix(first, "\r") {
		s.newline = "\r\n"
	}
	if blank := rest[:len(rest)-len(strings.TrimLeft(rest, " \t"))]; blank != "" {
		s.indent = blank
	}
	return s
}

func (s style) line(depth int) string { return s.newline + strings.Repeat(s.indent, depth) }

// add puts an element at the end of the list that the two keys lead to, and
// makes the object and the list where they are missing.
func (s style) add(text, keys, element string) (string, error) {
	root, err := parseJSON(text)
	if err != nil {
		return "", err
	}
	outer, inner, _ := strings.Cut(keys, ".")
	list := "[" + s.line(3) + element + s.line(2) + "]"
	member := s.line(2) + quoteJSON(inner) + ": " + list
	object := root.member(outer)
	if object == nil {
		object := s.line(1) + quoteJSON(outer) + ": {" + member + s.line(1) + "}"
		if text == absent {
			return "{" + object + "\n}\n", nil
		}
		return root.put(text, object), nil
	}
	if err := object.need('{', quoteJSON(outer)); err != nil {
		return "", err
	}
	array := object.member(inner)
	if array == nil {
		return object.put(text, member), nil
	}
	if err := array.need('[', quoteJSON(inner)); err != nil {
		return "", err
	}
	return array.put(text, s.line(3)+element), nil
}
