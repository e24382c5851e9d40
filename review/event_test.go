package review

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
)

const (
	idA = "1111111111111111111111111111111111111111"
	idB = "2222222222222222222222222222222222222222"
	idC = "3333333333333333333333333333333333333333"
)

// asked is a request of A to the given sessions.
func asked(review int, to ...string) *Event {
	return &Event{
		At: noon, Review: review, Seq: 1, Kind: Request, By: "A", To: to,
		Branch: "refs/heads/feat", Target: "refs/heads/main", Base: idA, Tip: idB, Patch: idC,
	}
}

func said1(seq int, kind Kind, by string) *Event {
	return &Event{At: noon, Review: 1, Seq: seq, Kind: kind, By: by}
}

const askedLine = `2026-01-02T12:00:00Z #1.1 request by=A to=B,C branch=refs/heads/feat target=refs/heads/main base=` + idA + ` tip=` + idB + ` patch=` + idC + ` ""`

// A line is what the format says, to the byte.
func TestLine(t *testing.T) {
	noBranch := asked(12, "B")
	noBranch.Branch, noBranch.Base = "", object.Hash(strings.Repeat("ab", 32))
	for _, c := range []struct {
		event *Event
		line  string
	}{
		{asked(1, "B", "C"), askedLine},
		{noBranch, `2026-01-02T12:00:00Z #12.1 request by=A to=B branch= target=refs/heads/main base=` + strings.Repeat("ab", 32) + ` tip=` + idB + ` patch=` + idC + ` ""`},
		{said1(2, Approve, "B"), `2026-01-02T12:00:00Z #1.2 approve by=B ""`},
		{&Event{At: noon, Review: 3, Seq: 40, Kind: Comment, By: "x-y_z", Text: "say \"no\"\n\tor \\ nothing"}, `2026-01-02T12:00:00Z #3.40 comment by=x-y_z "say \"no\"\n\tor \\ nothing"`},
		{&Event{At: noon, Review: 1, Seq: 2, Kind: Reject, By: "B", Text: "grüße 世界 🎉 👩‍🚀"}, `2026-01-02T12:00:00Z #1.2 reject by=B "grüße 世界 🎉 👩‍🚀"`},
		{&Event{At: noon, Review: 1, Seq: 2, Kind: Reject, By: "B", Text: "\x00\r\x1b[31m\x7f\u0085\u202e\u2028\ufeff\U000e0041\ufffd"}, `2026-01-02T12:00:00Z #1.2 reject by=B "\x00\x0d\x1b[31m\x7f\u0085\u202e\u2028\ufeff\U000e0041` + "\ufffd" + `"`},
		{&Event{At: noon, Review: 1, Seq: 2, Kind: Withdraw, By: "A", Text: "never\n" + askedLine}, `2026-01-02T12:00:00Z #1.2 withdraw by=A "never\n` + strings.ReplaceAll(askedLine, `"`, `\"`) + `"`},
	} {
		if got := c.event.line(); got != c.line {
			t.Errorf("written as\n%s, not\n%s", got, c.line)
		}
		e, err := parseLine(c.line)
		if err != nil || e.line() != c.line || e.Text != c.event.Text || !slices.Equal(e.To, c.event.To) || !e.At.Equal(c.event.At) || e.Branch != c.event.Branch || e.Base != c.event.Base {
			t.Errorf("%s is read as %+v, %v", c.line, e, err)
		}
	}
}

// What is not written so is not read: nobody's hand, and no other version's.
func TestLineRefused(t *testing.T) {
	good := `2026-01-02T12:00:00Z #1.2 approve by=B "yes"`
	if _, err := parseLine(good); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"", " ", "x", "LGTM", good + " ", " " + good, good + "\r", strings.ToUpper(good), good + ` "again"`,
		strings.Replace(good, "Z", "+00:00", 1), strings.Replace(good, "Z", ".5Z", 1), strings.Replace(good, "T", " ", 1), strings.Replace(good, "2026", "26", 1),
		strings.Replace(good, "#1.2", "1.2", 1), strings.Replace(good, "#1.2", "#01.2", 1), strings.Replace(good, "#1.2", "#+1.2", 1),
		strings.Replace(good, "#1.2", "#1", 1), strings.Replace(good, "#1.2", "#1.0", 1), strings.Replace(good, "#1.2", "#0.2", 1),
		strings.Replace(good, "#1.2", "#-1.2", 1), strings.Replace(good, "#1.2", "#1.2.3", 1), strings.Replace(good, "#1.2", "#1.1", 1), // 1.1 is the request
		strings.Replace(good, "#1.2", "#99999999999999999999.2", 1),
		strings.Replace(good, "approve", "lgtm", 1), strings.Replace(good, "approve", "", 1), strings.Replace(good, "approve", "request", 1),
		strings.Replace(good, "by=B", "", 1), strings.Replace(good, "by=B", "by=", 1), strings.Replace(good, "by=B", "by=all", 1), strings.Replace(good, "by=B", "by=B,C", 1),
		strings.Replace(good, "by=B", "by=-B", 1), strings.Replace(good, "by=B", "by=B by=B", 1), strings.Replace(good, "by=B", "by=B to=C", 1), strings.Replace(good, "by=B", "by=B more=1", 1),
		strings.Replace(good, "by=B ", "by=B  ", 1), strings.Replace(good, `"yes"`, "yes", 1), strings.Replace(good, `"yes"`, `"yes`, 1), strings.Replace(good, `"yes"`, "`yes`", 1),
		strings.Replace(good, "yes", `y\u0065s`, 1), strings.Replace(good, "yes", `\xff`, 1), strings.Replace(good, "yes", "\xff", 1), strings.Replace(good, "yes", "y\x1bes", 1), strings.Replace(good, "yes", "y\u202ees", 1),
		strings.Replace(good, "yes", `\r`, 1), strings.Replace(good, "yes", `\a`, 1), strings.Replace(good, "yes", `\'`, 1), strings.Replace(good, "yes", "a\nb", 1), strings.Replace(good, "yes", "a\tb", 1),
		strings.Replace(askedLine, "#1.1", "#1.2", 1), strings.Replace(askedLine, "to=B,C", "to=", 1), strings.Replace(askedLine, "to=B,C", "to=B,,C", 1), strings.Replace(askedLine, "to=B,C ", "", 1),
		strings.Replace(askedLine, idA, idA[1:], 1), strings.Replace(askedLine, idB, "HEAD", 1), strings.Replace(askedLine, idC, "", 1), strings.Replace(askedLine, idA, strings.Repeat("A", 40), 1),
		strings.Replace(askedLine, "base=", "tip=", 1), strings.Replace(askedLine, " target=refs/heads/main", "", 1),
	} {
		if e, err := parseLine(line); err == nil {
			t.Errorf("%q is read as %+v", line, e)
		}
	}
}

// A note may hold blank lines, doubles and any order: that is what git's own
// commands make of two notes. Anything else is told, with the line.
func TestParseLines(t *testing.T) {
	one, two := askedLine, said1(2, Approve, "B").line()
	for _, c := range []struct {
		note string
		want []string
		err  string
	}{
		{"", nil, ""},
		{"\n\n", nil, ""},
		{one + "\n", []string{one}, ""},
		{one, []string{one}, ""},
		{one + "\n\n" + two + "\n", []string{one, two}, ""},
		{two + "\n" + one + "\n" + two, []string{two, one}, ""},
		{one + "\n \t\n" + one + "\n", []string{one}, ""},
		{one + "\nLGTM!\n", nil, `not a line that git swarm writes: "LGTM!"`},
		{one + "\r\n", nil, "not a line that git swarm writes"},
		{strings.Repeat("\x1b", 1<<20), nil, "not a line that git swarm writes"},
		{"<<<<<<< refs/notes/swarm/reviews\n" + one + "\n=======\n" + two + "\n>>>>>>> x\n", nil, "<<<<<<<"},
	} {
		events, err := parseLines(c.note)
		if (err != nil) != (c.err != "") || (err != nil && (!strings.Contains(err.Error(), c.err) || len(err.Error()) > 600 || strings.ContainsAny(err.Error(), "\n\x1b"))) {
			t.Errorf("%.80q gives %v", c.note, err)
			continue
		}
		var got []string
		for _, e := range events {
			got = append(got, e.line())
		}
		if c.err == "" && !slices.Equal(got, c.want) {
			t.Errorf("%q is read as %q", c.note, got)
		}
	}
}

func TestJoinLines(t *testing.T) {
	for _, c := range []struct {
		texts []string
		want  string
	}{
		{[]string{"b\na\n"}, "a\nb\n"},
		{[]string{"b\n\na\n", "", "\n", "a"}, "a\nb\n"},
		{[]string{"a\nb\n", "a \nc"}, "a\na \nb\nc\n"},
		{[]string{"é\n", "z\n", "Z\n"}, "Z\nz\né\n"},
	} {
		if got := joinLines(c.texts...); got != c.want {
			t.Errorf("%q joined is %q", c.texts, got)
		}
	}
}

// FuzzText: any text makes one line that gives the text back, and nothing that a
// terminal would act on.
func FuzzText(f *testing.F) {
	for _, text := range []string{"", `"`, `\`, "\n" + askedLine, `" "x`, "\x00\x1b]0;x\a", "\u2028\u202e\u00ad", "\ufffd", "a\r\nb", "🫩"} {
		f.Add(text, 1, 2, int64(0))
	}
	f.Fuzz(func(t *testing.T, text string, review, seq int, at int64) {
		text = strings.ToValidUTF8(text, "")
		e := &Event{At: time.Unix(at%(1<<37), 0), Review: 1 + review&0xffff, Seq: 2 + seq&0xffff, Kind: Comment, By: "B", Text: text}
		if e.At.UTC().Year() < 0 || e.At.UTC().Year() > 9999 {
			return
		}
		events, err := parseLines(e.line() + "\n")
		if err != nil || len(events) != 1 {
			t.Fatalf("%q: %d events, %v", e.line(), len(events), err)
		}
		if got := events[0]; got.Text != text || got.Review != e.Review || got.Seq != e.Seq || !got.At.Equal(e.At) || got.Kind != Comment || got.By != "B" {
			t.Fatalf("%q is read as %+v", e.line(), got)
		}
		if strings.ContainsFunc(e.line(), func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }) {
			t.Fatalf("%q is not inert", e.line())
		}
	})
}

// FuzzLine: what is read is written back as it was.
func FuzzLine(f *testing.F) {
	f.Add(askedLine)
	f.Add(strings.Replace(askedLine, "refs/heads/main", "refs/h\rads/main", 1))
	f.Add(strings.Replace(askedLine, "refs/heads/feat", "refs/heads/\x1b[2J", 1))
	f.Add(said1(2, Approve, "B").line())
	f.Add(`2026-01-02T12:00:00Z #1.2 approve by=B "\x41"`)
	f.Add(`2026-01-02T12:00:00+00:00 #1.2 approve by=B ""`)
	f.Fuzz(func(t *testing.T, line string) {
		e, err := parseLine(line)
		if err != nil {
			return
		}
		if e.line() != line || strings.ContainsAny(line, "\n\r\x1b") {
			t.Fatalf("%q is written as %q", line, e.line())
		}
	})
}

// FuzzJoin: joining notes loses no line, makes none up, and is the same in any
// order and when done again.
func FuzzJoin(f *testing.F) {
	f.Add("a\nb\n", "b\nc")
	f.Add("\n\n", " \n")
	f.Fuzz(func(t *testing.T, a, b string) {
		joined := joinLines(a, b)
		if joined != joinLines(b, a) || joined != joinLines(joined) || joined != joinLines(joined, a) {
			t.Fatalf("%q and %q: not the same in another order or again", a, b)
		}
		var want, got []string
		for _, line := range strings.Split(a+"\n"+b, "\n") {
			if strings.TrimSpace(line) != "" {
				want = append(want, line)
			}
		}
		for _, line := range strings.Split(joined, "\n") {
			if line != "" {
				got = append(got, line)
			}
		}
		slices.Sort(want)
		if want = slices.Compact(want); !slices.Equal(got, want) {
			t.Fatalf("%q and %q give %q", a, b, joined)
		}
	})
}
