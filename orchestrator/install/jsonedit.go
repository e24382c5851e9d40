package install

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tailscale/hujson"
)

// errShape says that a value is no object, or no list, where one is needed.
var errShape = errors.New("unexpected kind of value")

// parseObject reads the text of an object, with its white space. It is stricter
// than hujson: what encoding/json refuses, such as comments, is refused with its
// reason.
func parseObject(text string) (*hujson.Value, error) {
	var raw json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	v, err := hujson.Parse([]byte(text))
	if err == nil && v.Value.Kind() != '{' {
		err = fmt.Errorf("%w: the file is not an object", errShape)
	}
	return &v, err
}

// item is a member of an object, or an element of an array, where name is value.
type item struct{ name, value *hujson.Value }

// items are those directly in v, if it is an object or an array.
func items(v *hujson.Value) (all []item) {
	switch c := v.Value.(type) {
	case *hujson.Object:
		for i := range c.Members {
			all = append(all, item{&c.Members[i].Name, &c.Members[i].Value})
		}
	case *hujson.Array:
		for i := range c.Elements {
			all = append(all, item{&c.Elements[i], &c.Elements[i]})
		}
	}
	return all
}

// has reports whether the item is a member with that key.
func (it item) has(key string) bool { return it.name != it.value && text(it.name) == key }

// text is what a string says, "" of any other value.
func text(v *hujson.Value) string {
	if s, ok := v.Value.(hujson.Literal); ok && s.Kind() == '"' {
		return s.String()
	}
	return ""
}

// member is the value of key, nil if there is none. Of several the last counts,
// as in every reader.
func member(v *hujson.Value, key string) *hujson.Value {
	for _, it := range slices.Backward(items(v)) {
		if it.has(key) {
			return it.value
		}
	}
	return nil
}

// anything in a path stands for every member or element; another word for the
// members with that key.
const anything = "*"

// find returns the values to which path leads from v.
func find(v *hujson.Value, path ...string) (found []*hujson.Value) {
	if len(path) == 0 {
		return []*hujson.Value{v}
	}
	for _, it := range items(v) {
		if path[0] == anything || it.has(path[0]) {
			found = append(found, find(it.value, path[1:]...)...)
		}
	}
	return found
}

// remove takes out the values for which ours is true, of those to which path leads
// from v, and what is above them and goes empty by that. It reports whether v went
// empty; one that was empty before put stays.
func remove(v *hujson.Value, ours func(*hujson.Value) bool, path ...string) (emptied bool) {
	if len(path) == 0 {
		return ours(v)
	}
	all := items(v)
	for i, it := range slices.Backward(all) {
		if (path[0] == anything || it.has(path[0])) && remove(it.value, ours, path[1:]...) {
			emptied = len(all) == 1 && len(it.name.BeforeExtra) > 0
			cut(v, all, i)
			all = all[:len(all)-1] // by their places: the items behind i have moved up
		}
	}
	return emptied
}

// cut takes item i of all out of v, with the white space between it and its
// neighbour: the one before it, or of the first item the next.
func cut(v *hujson.Value, all []item, i int) {
	switch {
	case i > 0:
		all[i-1].value.AfterExtra = all[i].value.AfterExtra
	case len(all) > 1:
		all[1].name.BeforeExtra = all[0].name.BeforeExtra
	}
	switch c := v.Value.(type) {
	case *hujson.Object:
		c.Members = slices.Delete(c.Members, i, i+1)
	case *hujson.Array:
		c.Elements = slices.Delete(c.Elements, i, i+1)
	}
}

// put adds an item at the end of v, on a line of its own: a value to an array, or
// with a key to an object. Into what is empty it goes directly behind the bracket:
// by that, remove knows later that the brackets were there before. remove restores
// the text to the byte.
func put(v *hujson.Value, line, key string, value hujson.ValueTrimmed) {
	if len(items(v)) == 0 {
		line = ""
	}
	switch c := v.Value.(type) {
	case *hujson.Object:
		c.Members = append(c.Members, onLine(line, key, value))
	case *hujson.Array:
		c.Elements = append(c.Elements, hujson.Value{BeforeExtra: hujson.Extra(line), Value: value})
	}
}

// onLine is a member on a line of its own.
func onLine(line, key string, value hujson.ValueTrimmed) hujson.ObjectMember {
	return hujson.ObjectMember{
		Name:  hujson.Value{BeforeExtra: hujson.Extra(line), Value: hujson.String(key)},
		Value: hujson.Value{BeforeExtra: hujson.Extra(" "), Value: value},
	}
}

// layout is how a file is laid out.
type layout struct{ newline, indent string }

// layoutOf follows the file: its line ends, its first indentation, or all on one
// line.
func layoutOf(text string) layout {
	l := layout{"\n", "  "}
	first, rest, ok := strings.Cut(strings.TrimRight(text, " \t\r\n"), "\n")
	if !ok && text != absent && len(strings.Trim(first, "{} \t\r\n")) > 0 {
		return layout{" ", ""}
	}
	if strings.HasSuffix(first, "\r") {
		l.newline = "\r\n"
	}
	if blank := rest[:len(rest)-len(strings.TrimLeft(rest, " \t"))]; blank != "" {
		l.indent = blank
	}
	return l
}

func (l layout) line(depth int) string { return l.newline + strings.Repeat(l.indent, depth) }

// add puts an element at the end of the list that is member inner of member outer
// of root, and makes the list and the object where they are missing.
func (l layout) add(root *hujson.Value, outer, inner string, element hujson.ValueTrimmed) error {
	newList := &hujson.Array{Elements: []hujson.Value{{BeforeExtra: hujson.Extra(l.line(3)), Value: element}}, AfterExtra: hujson.Extra(l.line(2))}
	object := member(root, outer)
	if object == nil {
		put(root, l.line(1), outer, &hujson.Object{Members: []hujson.ObjectMember{onLine(l.line(2), inner, newList)}, AfterExtra: hujson.Extra(l.line(1))})
		return nil
	}
	if object.Value.Kind() != '{' {
		return fmt.Errorf("%w: %q is not an object", errShape, outer)
	}
	list := member(object, inner)
	if list == nil {
		put(object, l.line(2), inner, newList)
		return nil
	}
	if list.Value.Kind() != '[' {
		return fmt.Errorf("%w: %q is not a list", errShape, inner)
	}
	put(list, l.line(3), "", element)
	return nil
}
