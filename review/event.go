package review

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Kind is the kind of an event.
type Kind string

// The kinds of event.
const (
	Request  Kind = "request"
	Approve  Kind = "approve"
	Reject   Kind = "reject"
	Comment  Kind = "comment"
	Withdraw Kind = "withdraw"
)

// Event is one line of a note.
type Event struct {
	At     time.Time
	Review int // the review's number
	Seq    int // the event's number within the review, from 1
	Kind   Kind
	By     string
	Text   string // the comment; any UTF-8

	// Who gave it for the session, as "Name <address>", and how they named the
	// session, as in [refstore.Entry]; "" if the session did itself. Not of a request.
	Writer, Via string

	// Of a request only:
	To     []string    // the reviewers, all of whom must approve
	Branch string      // full name of the ref to land; "" if it is no branch
	Target string      // full name of the ref to land on
	Base   object.Hash // the range Base..Tip
	Tip    object.Hash
	Patch  object.Hash // the patch-id of the range
}

// line returns the event as it is stored:
//
//	<time> #<review>.<seq> <kind> by=<session> [<request's fields>] "<text>"
//
// A line does not depend on others, so lines may be sorted and repeated.
func (e *Event) line() string {
	s := fmt.Sprintf("%s #%d.%d %s by=%s", e.At.UTC().Format(time.RFC3339), e.Review, e.Seq, e.Kind, e.By)
	if e.Kind == Request {
		s += fmt.Sprintf(" to=%s branch=%s target=%s base=%s tip=%s patch=%s",
			strings.Join(e.To, ","), e.Branch, e.Target, e.Base, e.Tip, e.Patch)
	}
	return s + " " + quote(e.storedText())
}

// quote returns the text as a Go string literal on one line, which is safe to print
// on a terminal. What it escapes is fixed here, because the line must never change:
// strconv.Quote depends on the Unicode tables of the Go release that built it.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		case acts(r) && r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		case acts(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// acts reports whether a character beyond ASCII controls a terminal, ends a line,
// is invisible, or reorders the characters around it.
func acts(r rune) bool {
	for _, span := range [][2]rune{
		{0x80, 0x9f},
		{0xad, 0xad},
		{0x61c, 0x61c},
		{0x200b, 0x200c},
		{0x200e, 0x200f},
		{0x2028, 0x202e},
		{0x2060, 0x206f},
		{0xfeff, 0xfeff},
		{0xfff9, 0xfffb},
		{0xe0000, 0xe0fff},
	} {
		if r >= span[0] && r <= span[1] {
			return true
		}
	}
	return false
}

var errLine = errors.New("not a line that git swarm writes")

// parseLine decodes what line returned, and refuses everything else.
func parseLine(line string) (*Event, error) {
	head, text, ok := strings.Cut(line, ` "`)
	words := strings.Split(head, " ")
	if !ok || len(words) < 4 {
		return nil, errLine
	}
	e := &Event{Kind: Kind(words[2])}
	var err [4]error
	stored, err0 := strconv.Unquote(`"` + text)
	err[0] = err0
	e.readText(stored)
	e.At, err[1] = time.Parse(time.RFC3339, words[0])
	review, seq, _ := strings.Cut(strings.TrimPrefix(words[1], "#"), ".")
	e.Review, err[2] = refstore.ParseNumber(review)
	e.Seq, err[3] = refstore.ParseNumber(seq)
	if errors.Join(err[:]...) != nil || e.Review < 1 || e.Seq < 1 {
		return nil, errLine
	}
	for _, word := range words[3:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "by":
			e.By = value
		case "to":
			e.To = strings.Split(value, ",")
		case "branch":
			e.Branch = value
		case "target":
			e.Target = value
		case "base":
			e.Base = object.Hash(value)
		case "tip":
			e.Tip = object.Hash(value)
		case "patch":
			e.Patch = object.Hash(value)
		}
	}
	if e.check() != nil || e.line() != line {
		return nil, errLine
	}
	return e, nil
}

func (e *Event) check() error {
	kinds := []Kind{Request, Approve, Reject, Comment, Withdraw}
	if !slices.Contains(kinds, e.Kind) || !utf8.ValidString(e.Text) || bus.CheckID(e.By) != nil || (e.Kind == Request) != (e.Seq == 1) {
		return errLine
	}
	if e.Kind != Request {
		return nil
	}
	for _, id := range e.To {
		if bus.CheckID(id) != nil {
			return errLine
		}
	}
	// Git allows no such character in a ref's name, and a terminal would obey it.
	if strings.ContainsFunc(e.Branch+e.Target, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return errLine
	}
	for _, h := range []object.Hash{e.Base, e.Tip, e.Patch} {
		if !object.SHA1.Valid(h) && !object.SHA256.Valid(h) {
			return errLine
		}
	}
	return nil
}

// maxForeign is how many foreign lines of a note are reported.
const maxForeign = 100

// splitLines decodes a note, or a review in the table, into its events and the
// lines that are none. It ignores blank lines, which git leaves when it joins notes,
// and repeated ones.
func splitLines(text string) (events []*Event, foreign []string) {
	seen := map[string]bool{}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) == "" || seen[line] {
			continue
		}
		if e, err := parseLine(line); err == nil {
			seen[line] = true
			events = append(events, e)
		} else if len(foreign) < maxForeign {
			seen[line] = true
			foreign = append(foreign, line)
		}
	}
	return events, foreign
}

// parseLines is splitLines, except that a foreign line is an error.
func parseLines(text string) ([]*Event, error) {
	events, foreign := splitLines(text)
	if len(foreign) > 0 {
		return nil, foreignLine(foreign[0])
	}
	return events, nil
}

func foreignLine(line string) error { return fmt.Errorf("%w: %.80q", errLine, line) }

// joinLines returns the lines of all these texts as one note, sorted as "git notes
// merge --strategy=cat_sort_uniq" sorts them, each once.
func joinLines(texts ...string) string {
	var lines []string
	for _, text := range texts {
		for line := range strings.SplitSeq(text, "\n") {
			if strings.TrimSpace(line) != "" {
				lines = append(lines, line)
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "\n") + "\n"
}
