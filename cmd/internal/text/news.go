package text

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// NewsLine is the line for a message: who sent it, and its body, quoted. A limit
// is how many characters of the body are shown; 0 means all of them, or the head
// of a body that is longer than HeadBytes.
func NewsLine(m bus.Message, limit int) string {
	re := ""
	if m.InReplyTo > 0 || m.Answered != "" {
		re = " re=" + Name(m.Answered, m.InReplyTo)
	}
	name := Name(m.Origin, m.Number)
	return fmt.Sprintf("MSG from=%s:%s %s (%s)", Inert(m.From), re, body(m.Body, limit, "git swarm inbox "+strings.TrimPrefix(name, "#")), name)
}

// Name is what an entry is called: its name for all clones, where there is a hub, else
// its number.
func Name(origin string, number int) string {
	if origin != "" {
		return origin
	}
	return fmt.Sprintf("#%d", number)
}

// ContextLine is the line for a context entry; see NewsLine.
func ContextLine(c bus.Context, limit int) string {
	name := Name(c.Origin, c.Number)
	return fmt.Sprintf("CTX [%s] by=%s: %s (%s)", Inert(c.Category), Inert(c.By), body(c.Body, limit, "git swarm context show "+strings.TrimPrefix(name, "#")), name)
}

func body(s string, limit int, rest string) string {
	if limit > 0 {
		return Excerpt(s, limit)
	}
	head, cut := Head(s)
	if !cut {
		return Quoted(s)
	}
	return fmt.Sprintf("%s (%d bytes: %s)", Quoted(head+"…"), len(s), rest)
}

// HeadBytes is how much of a body is shown where many are.
const HeadBytes = 4096

// Head is the beginning of a body that is longer than HeadBytes, and whether it is.
func Head(s string) (head string, cut bool) {
	if len(s) <= HeadBytes {
		return s, false
	}
	n := HeadBytes
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n], true
}

// HeadLine is a body as one inert line, without what is beyond its head.
func HeadLine(s string) string {
	head, cut := Head(s)
	if cut {
		return Inert(head) + fmt.Sprintf("… (%d bytes)", len(s))
	}
	return Inert(s)
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
