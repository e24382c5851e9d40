package text

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// NewsLine is the line for a message: who sent it, and its body, quoted. A limit
// is how many characters of the body are shown; 0 means all of them.
func NewsLine(m bus.Message, limit int) string {
	re := ""
	if m.InReplyTo > 0 {
		re = fmt.Sprintf(" re=#%d", m.InReplyTo)
	}
	return fmt.Sprintf("MSG from=%s:%s %s (#%d)", Inert(m.From), re, body(m.Body, limit), m.Number)
}

// ContextLine is the line for a context entry; see NewsLine.
func ContextLine(c bus.Context, limit int) string {
	return fmt.Sprintf("CTX [%s] by=%s: %s (#%d)", Inert(c.Category), Inert(c.By), body(c.Body, limit), c.Number)
}

func body(s string, limit int) string {
	if limit == 0 {
		return Quoted(s)
	}
	return Excerpt(s, limit)
}

// Excerpt is the beginning of s, quoted, in at most limit characters.
func Excerpt(s string, limit int) string {
	s = strings.TrimSpace(s)
	n := min(utf8.RuneCountInString(s), limit)
	for {
		short := s
		if n < utf8.RuneCountInString(s) {
			short = string([]rune(s)[:n]) + "…"
		}
		if q := Quoted(short); n == 0 || utf8.RuneCountInString(q) <= limit {
			return q
		}
		n = n * 3 / 4
	}
}
