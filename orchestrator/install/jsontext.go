package install

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// node is a JSON value where it stands in its text, so that the text can be
// changed in one place and kept to the byte everywhere else.
type node struct {
	start, end int    // the value is text[start:end]
	kind       byte   // '{', '[', '"', or the first byte of another value
	text       string // of a string: what it says
	items      []item // of an object or array
}

// item is a member of an object, or an element of an array without a key.
type item struct {
	key   string
	start int // where the key begins, or the element
	value *node
}

// parseJSON reads a whole text. What encoding/json refuses is refused with its
// reason.
func parseJSON(text string) (*node, error) {
	var raw json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	p := &jsonParser{text: text}
	return p.value()
}

// jsonParser goes over text that is known to be valid.
type jsonParser struct {
	text string
	at   int
}

func (p *jsonParser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *jsonParser) value() (*node, error) {
	p.space()
	n := &node{start: p.at, kind: p.text[p.at]}
	var err error
	switch n.kind {
	case '{', '[':
		err = p.items(n)
	case '"':
		n.text, err = p.str()
	default:
		for p.at < len(p.text) && strings.IndexByte(",]} \t\r\n", p.text[p.at]) < 0 {
			p.at++
		}
	}
	n.end = p.at
	return n, err
}

func (p *jsonParser) str() (string, error) {
	start := p.at
	for p.at++; p.text[p.at] != '"'; p.at++ {
		if p.text[p.at] == '\\' {
			p.at++
		}
	}
	p.at++
	var s string
	err := json.Unmarshal([]byte(p.text[start:p.at]), &s)
	return s, err
}

// items reads what is between the brackets of n.
func (p *jsonParser) items(n *node) error {
	closing := n.kind + 2 // in ASCII, for both kinds
	p.at++
	for {
		p.space()
		switch p.text[p.at] {
		case closing:
			p.at++
			return nil
		case ',':
			p.at++
			continue
		}
		it := item{start: p.at}
		var err error
		if n.kind == '{' {
			if it.key, err = p.str(); err != nil {
				return err
			}
			p.space()
			p.at++ // the colon
		}
		if it.value, err = p.value(); err != nil {
			return err
		}
		n.items = append(n.items, it)
	}
}

// member is the value of key, nil if there is none. Of several the last counts,
// as in every reader.
func (n *node) member(key string) *node {
	for _, it := range slices.Backward(n.items) {
		if n.kind == '{' && it.key == key {
			return it.value
		}
	}
	return nil
}

// str is the text of a string under key, "" if there is none.
func (n *node) str(key string) string {
	if v := n.member(key); v != nil && v.kind == '"' {
		return v.text
	}
	return ""
}

// errShape says that a value is no object, or no array, where one is needed.
var errShape = errors.New("unexpected kind of value")

func (n *node) need(kind byte, what string) error {
	if n.kind == kind {
		return nil
	}
	name := map[byte]string{'{': "an object", '[': "a list"}[kind]
	return fmt.Errorf("%w: %s is not %s", errShape, what, name)
}

// cut takes item i of n out of text, with the one comma that parted it from its
// neighbour: the one before it, or of the first item the one behind.
func (n *node) cut(text string, i int) string {
	from, to := n.items[i].start, n.items[i].value.end
	switch {
	case i > 0:
		from = n.items[i-1].value.end
	case len(n.items) > 1:
		to = n.items[1].start
	}
	return text[:from] + text[to:]
}

// put adds an item to n at its end. Into what is empty it goes without a blank
// before it: by that, cut and emptied know later that the brackets were there
// before. The text is one that cut restores to the byte.
func (n *node) put(text, added string) string {
	at, comma := n.start+1, ""
	if k := len(n.items); k > 0 {
		at, comma = n.items[k-1].value.end, ","
	} else {
		added = strings.TrimLeft(added, " \t\r\n")
	}
	return text[:at] + comma + added + text[at:]
}

// emptied reports whether n would hold nothing without item i, and was not there
// before put.
func (n *node) emptied(i int) bool {
	return len(n.items) == 1 && i == 0 && n.items[0].start > n.start+1
}
