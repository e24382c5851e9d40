package bus

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		add  []int
		want string
		upTo int
	}{
		{nil, "none", 0},
		{[]int{1}, "1", 1},
		{[]int{2}, "2", 0},
		{[]int{1, 2}, "1-2", 2},
		{[]int{2, 1}, "1-2", 2},
		{[]int{1, 3, 2}, "1-3", 3},
		{[]int{9, 1, 4, 2, 3, 9, 10}, "1-4 9-10", 4},
		{[]int{1, 3, 5, 7, 4}, "1 3-5 7", 1},
	} {
		var s numbers
		for _, n := range c.add {
			s = s.with(n)
		}
		if s.String() != c.want || s.through() != c.upTo {
			t.Errorf("%v becomes %s through %d, want %s through %d", c.add, s, s.through(), c.want, c.upTo)
		}
	}
}

// numbers is a set, whatever the order in which it grows, and comes back from
// its text; the set that it grew from stays as it was.
func TestNumbersAgainstMap(t *testing.T) {
	for range 200 {
		var s numbers
		in := map[int]bool{}
		for range rand.IntN(60) {
			n := 1 + rand.IntN(40)
			before := s.String()
			next := s.with(n)
			if s.String() != before {
				t.Fatalf("with(%d) changed %s to %s", n, before, s)
			}
			s, in[n] = next, true
		}
		for n := range 42 {
			if s.has(n) != in[n] {
				t.Fatalf("%s has %d: %t, want %t", s, n, s.has(n), in[n])
			}
		}
		if again, err := parseNumbers(s.String()); err != nil || !slices.Equal(again, s) {
			t.Fatalf("%s came back as %s, %v", s, again, err)
		}
	}
}

var badNumbers = []string{
	"", " ", "0", "-1", "1-1", "2-1", "1 2", "1-2 3", "3 1", "1 1", "1  3", "1-", "-", "1-2-3", "01", "+1", "1,3", "None", "none 1", "1-3 2-4", "99999999999999999999", "1 ", " 1",
}

func TestBadNumbers(t *testing.T) {
	for _, text := range badNumbers {
		if s, err := parseNumbers(text); err == nil {
			t.Errorf("%q is read as %s", text, s)
		}
	}
}

// One set has one text.
func FuzzNumbers(f *testing.F) {
	for _, text := range append([]string{"none", "1", "1-4 7 9-12", "9223372036854775807"}, badNumbers...) {
		f.Add(text, 3)
	}
	f.Fuzz(func(t *testing.T, text string, n int) {
		s, err := parseNumbers(text)
		if err != nil {
			return
		}
		if s.String() != text {
			t.Fatalf("%q is read as %s", text, s)
		}
		if n = 1 + n&0xffff; !s.with(n).has(n) {
			t.Fatalf("%s with %d is %s", s, n, s.with(n))
		}
		if again, err := parseNumbers(s.with(n).String()); err != nil || !slices.Equal(again, s.with(n)) {
			t.Fatalf("%s with %d comes back as %s, %v", s, n, again, err)
		}
	})
}

const someID = "0123456789abcdef0123456789abcdef01234567"

var positions = []string{
	"0", "7 " + someID, "7 " + someID + someID[:24], "none", "", "0 ", "0 " + someID, "7", "7 ", "-7 " + someID, "07 " + someID,
	"7  " + someID, "7 " + someID + " ", "7 " + strings.ToUpper(someID), "7 " + someID[:39], "x " + someID,
}

// One position has one text.
func FuzzPosition(f *testing.F) {
	for _, text := range positions {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePosition(text)
		if err == nil && p.String() != text {
			t.Fatalf("%q is read as %s", text, p)
		}
		if err == nil && (p.number == 0) != (p.id == "") {
			t.Fatalf("%q is read as %+v", text, p)
		}
	})
}

// One cursor has one encoding, and every cursor one.
func FuzzCursor(f *testing.F) {
	for i, text := range positions {
		f.Add(text, positions[(i+1)%len(positions)], "1-4 7", "Read", "")
		f.Add("0", "0", badNumbers[i], fieldRead, "")
	}
	f.Add("none", "0", "none", fieldRead, "")
	f.Add("none", "7 "+someID, "none", fieldRead, "")
	f.Add("0", "0", "1", fieldRead, "seen")
	f.Fuzz(func(t *testing.T, context, inbox, read, key, label string) {
		e := &refstore.Entry{Body: "seen", Label: label, At: time.Unix(1, 0), Fields: []refstore.Field{{Key: fieldContext, Value: context}, {Key: fieldInbox, Value: inbox}, {Key: key, Value: read}}}
		c, err := decodeCursor("refs/swarm/seen/A", e)
		if err != nil {
			return
		}
		again := c.entry()
		if !slices.Equal(again.Fields, e.Fields) || again.Body != e.Body || again.Label != e.Label || !c.At.Equal(e.At) {
			t.Fatalf("%+v is read as %+v", e, c)
		}
		if !c.Synced && (c.Context.number > 0 || c.Inbox.number > 0) {
			t.Fatalf("a cursor that has read but never synced: %+v", c)
		}
	})
}

func TestBadPositions(t *testing.T) {
	for i, text := range positions {
		if p, err := parsePosition(text); (err == nil) != (i < 3) {
			t.Errorf("%q is read as %s, %v", text, p, err)
		}
	}
}

func TestLater(t *testing.T) {
	a, b := position{3, someID}, position{4, someID}
	if later(a, b) != b || later(b, a) != b || later(position{}, a) != a || later(a, position{}) != a {
		t.Error("later is not the further one")
	}
}
