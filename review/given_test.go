package review

import (
	"errors"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// TestGiven: who gave an event is read from the text as it was written there, and
// from no text that only looks so.
func TestGiven(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const like = "Given by Jo <jo@example.com> with --session"
	for _, text := range []string{"", "fine", "fine\n", "fine\n\n", "\n\n", "two\n\nparagraphs", like, "fine\n\n" + like, like + "\n\n"} {
		for _, via := range []string{"--session", "GIT_SWARM_SESSION"} {
			want := &Event{At: at, Review: 1, Seq: 2, Kind: Approve, By: "B", Text: text, Writer: "Ann with A. <ann@example.com>", Via: via}
			got, err := parseLine(want.line())
			if err != nil || got.Text != want.Text || got.Writer != want.Writer || got.Via != want.Via {
				t.Errorf("%q came back as %+v, %v", want.line(), got, err)
			}
			if err := want.checkGiven(); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
		own := &Event{At: at, Review: 1, Seq: 2, Kind: Comment, By: "B", Text: text}
		got, err := parseLine(own.line())
		if err != nil || got.line() != own.line() {
			t.Errorf("%q came back as %+v, %v", own.line(), got, err)
		}
		forged := text == like || text == "fine\n\n"+like
		if err := own.checkGiven(); errors.Is(err, bus.ErrInput) != forged {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"Given by Jo with --session", "Given by Jo <jo@example.com> with --from", "Given by Jo <jo@example.com>", "x " + like, "Given by a\nb> with --session"} {
		e := &Event{At: at, Review: 1, Seq: 2, Kind: Approve, By: "B", Text: text}
		if got, err := parseLine(e.line()); err != nil || got.Via != "" || got.Text != text {
			t.Errorf("%q is read as %+v, %v", text, got, err)
		}
	}
}
