package task

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// A task stands on one line: number, state, priority, what is not empty of the rest in
// a fixed order, and the title. A line has one spelling.
//
//	12 taken 2 waits=1 epoch=4 rev=17 after=3,4 added=2026-01-02T03:04:05Z@A since=2026-01-02T03:04:05Z@B file="src/**" "Title"

// appendLine writes the task's line, line feed included.
func (t *Task) appendLine(b []byte) []byte {
	b = strconv.AppendInt(b, int64(t.Number), 10)
	b = append(append(append(b, ' '), t.State...), ' ')
	b = strconv.AppendInt(b, int64(t.Priority), 10)
	for _, f := range [...]struct {
		key string
		n   int
	}{{" waits=", t.Waits}, {" passed=", t.Passed}, {" tries=", t.Tries}, {" epoch=", t.Epoch}, {" rev=", t.Revision}} {
		if f.n != 0 {
			b = strconv.AppendInt(append(b, f.key...), int64(f.n), 10)
		}
	}
	if t.Part {
		b = append(b, " part"...)
	}
	for i, n := range t.After {
		b = append(b, [...]string{" after=", ","}[min(i, 1)]...)
		b = strconv.AppendInt(b, int64(n), 10)
	}
	b = appendMoment(b, " added=", t.Added, t.AddedBy)
	b = appendMoment(b, " since=", t.Since, t.Holder)
	b = appendMoment(b, " ended=", t.Ended, "")
	if t.For != "" {
		b = append(append(b, " for="...), t.For...)
	}
	for i, c := range t.Commits {
		b = append(append(b, [...]string{" commits=", ","}[min(i, 1)]...), c.ID...)
		if c.Reverted != "" {
			b = append(append(b, '!'), c.Reverted...)
		}
	}
	for _, f := range t.Files {
		b = appendQuoted(append(b, " file="...), f)
	}
	if t.Why != "" {
		b = appendQuoted(append(b, " why="...), t.Why)
	}
	return append(appendQuoted(append(b, ' '), t.Title), '\n')
}

// appendQuoted is strconv.AppendQuote, quicker for text that has nothing to escape.
func appendQuoted(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return strconv.AppendQuote(b, s)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendMoment(b []byte, key string, at time.Time, who string) []byte {
	if at.IsZero() {
		return b
	}
	b = at.UTC().AppendFormat(append(b, key...), time.RFC3339)
	if who != "" {
		b = append(append(b, '@'), who...)
	}
	return b
}

// parseLine reads a line, without its line feed, into t, which is empty, and refuses what appendLine would not
// have written.
func (t *Task) parseLine(text string) error {
	number, rest, _ := strings.Cut(text, " ")
	state, rest, _ := strings.Cut(rest, " ")
	priority, rest, ok := strings.Cut(rest, " ")
	var err error
	if t.Number, err = refstore.ParseNumber(number); err != nil || !ok {
		return fmt.Errorf("a line that is no task: %.80q", text)
	}
	t.State = State(state)
	if t.Priority, err = refstore.ParseNumber(priority); err != nil {
		return fmt.Errorf("#%d: priority: %w", t.Number, err)
	}
	for !strings.HasPrefix(rest, `"`) {
		if rest, err = t.parseField(rest); err != nil {
			return fmt.Errorf("#%d: %w", t.Number, err)
		}
	}
	if t.Title, err = strconv.Unquote(rest); err != nil {
		return fmt.Errorf("#%d: the title is not quoted", t.Number)
	}
	if err := t.check(); err != nil {
		return fmt.Errorf("#%d: %w", t.Number, err)
	}
	var space [512]byte
	if again := t.appendLine(space[:0]); len(again) != len(text)+1 || string(again[:len(text)]) != text {
		return fmt.Errorf("#%d: not the line that git swarm writes", t.Number)
	}
	return nil
}

var errField = errors.New("not a field of a task")

// parseField reads the field that text begins with, and returns what is behind it.
func (t *Task) parseField(text string) (rest string, err error) {
	key, value, ok := strings.Cut(text, "=")
	if strings.HasPrefix(text, "part ") {
		t.Part = true
		return text[len("part "):], nil
	}
	if !ok {
		return "", errField
	}
	if strings.HasPrefix(value, `"`) {
		quoted, err := strconv.QuotedPrefix(value)
		if err != nil || !strings.HasPrefix(value[len(quoted):], " ") {
			return "", errField
		}
		plain, err := strconv.Unquote(quoted)
		switch key {
		case "file":
			t.Files = append(t.Files, plain)
		case "why":
			t.Why = plain
		default:
			return "", errField
		}
		return value[len(quoted)+1:], err
	}
	value, rest, ok = strings.Cut(value, " ")
	if !ok {
		return "", errField
	}
	switch key {
	case "waits":
		t.Waits, err = refstore.ParseNumber(value)
	case "passed":
		t.Passed, err = refstore.ParseNumber(value)
	case "tries":
		t.Tries, err = refstore.ParseNumber(value)
	case "epoch":
		t.Epoch, err = refstore.ParseNumber(value)
	case "rev":
		t.Revision, err = refstore.ParseNumber(value)
	case "after":
		t.After, err = parseNumbers(t.After, value)
	case "added":
		t.Added, t.AddedBy, err = parseMoment(value)
	case "since":
		t.Since, t.Holder, err = parseMoment(value)
	case "ended":
		t.Ended, _, err = parseMoment(value)
	case "for":
		t.For = value
	case "commits":
		for part := range strings.SplitSeq(value, ",") {
			id, reverted, _ := strings.Cut(part, "!")
			t.Commits = append(t.Commits, Commit{id, reverted})
		}
	default:
		err = errField
	}
	return rest, err
}

// parseNumbers appends the numbers that s lists.
func parseNumbers(numbers []int, s string) ([]int, error) {
	for part := range strings.SplitSeq(s, ",") {
		n, err := refstore.ParseNumber(part)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

func parseMoment(s string) (at time.Time, who string, err error) {
	when, who, _ := strings.Cut(s, "@")
	at, err = time.Parse(time.RFC3339, when)
	return at.UTC(), who, err
}

// check refuses what the fields cannot be.
func (t *Task) check() error {
	switch {
	case t.Number < 1:
		return errors.New("there is no number 0")
	case !slices.Contains(States, t.State):
		return fmt.Errorf("state %.80q", t.State)
	case t.Priority > LowestPriority:
		return fmt.Errorf("priority %d", t.Priority)
	case !isLine(t.Title, maxTitle) || t.Title == "" || !isLine(t.Why, maxWhy):
		return errors.New("a text that is none")
	case t.Added.IsZero() || t.AddedBy == "" || !isAgent(t.AddedBy):
		return errors.New("who added it is missing")
	case t.State.Held() != (t.Holder != "") || t.State.Held() && (t.Epoch == 0 || !isAgent(t.Holder)):
		return errors.New("who has it does not fit the state")
	case t.For != "" && !isAgent(t.For):
		return fmt.Errorf("for %.80q", t.For)
	case len(t.After) > maxAfter || len(t.Files) > maxFiles || len(t.Commits) > maxCommits:
		return errors.New("a list is too long")
	case t.Part && !t.State.Held():
		return errors.New("a part of what nobody has")
	}
	for i, n := range t.After {
		if n == t.Number || n < 1 || i > 0 && n <= t.After[i-1] {
			return fmt.Errorf("after %d", n)
		}
	}
	for _, f := range t.Files {
		if err := CheckFiles(f); err != nil {
			return err
		}
	}
	for _, c := range t.Commits {
		if !isCommit(c.ID) || c.Reverted != "" && !isCommit(c.Reverted) {
			return fmt.Errorf("commit %.80q", c.ID)
		}
	}
	return nil
}

func isCommit(s string) bool {
	return object.SHA1.Valid(object.Hash(s)) || object.SHA256.Valid(object.Hash(s))
}
