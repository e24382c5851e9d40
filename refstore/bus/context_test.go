package bus

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// entries is the whole shared context, newest first.
func (s *swarm) entries() []Context {
	s.Helper()
	var all []Context
	s.Must(s.Context(bg, func(c Context) bool { all = append(all, c); return true }))
	return all
}

func TestContext(t *testing.T) {
	s := newSwarm(t, "A", "B")
	if all := s.entries(); all != nil {
		t.Errorf("a new swarm has context %v", all)
	}
	start := s.clock.Now()
	for i, category := range Categories {
		by := []string{"a", "B"}[i%2]
		e, err := s.AddContext(bg, by, category, "it is "+category)
		if err != nil || e.Number != i+1 {
			t.Errorf("entry %d got number %d, %v", i+1, e.Number, err)
		}
		s.clock.Advance(time.Second)
	}
	all := s.entries()
	slices.Reverse(all)
	for i, category := range Categories {
		want := Context{Number: i + 1, Category: category, By: []string{"A", "B"}[i%2], Body: "it is " + category, At: start.Add(time.Duration(i) * time.Second)}
		got := all[i]
		if !got.At.Equal(want.At) {
			t.Errorf("entry %d is of %s, want %s", i+1, got.At, want.At)
		}
		if got.At = want.At; got != want {
			t.Errorf("entry %d is %+v, want %+v", i+1, got, want)
		}
	}
	if got := s.Git("log", "-1", "--format=%an %s", ContextRef); got != "A [discovery] it is discovery" {
		t.Errorf("the log says %q", got)
	}
	seen := 0
	s.Must(s.Context(bg, func(Context) bool { seen++; return seen < 2 }))
	if seen != 2 {
		t.Errorf("visited %d after being told to stop at 2", seen)
	}
	s.healthy()
}

func TestAddContextRefused(t *testing.T) {
	s := newSwarm(t, "A")
	before := s.Snapshot()
	for _, category := range []string{"", "Decision", "decision ", "decisions", "message", "\xff", "a]b"} {
		_, err := s.AddContext(bg, "A", category, "x")
		isInput(t, fmt.Sprintf("category %q", category), err)
	}
	for _, body := range []string{"", "\n\n", "a\xff", strings.Repeat("x", MaxBody+1)} {
		_, err := s.AddContext(bg, "A", "decision", body)
		isInput(t, fmt.Sprintf("a body %.20q", body), err)
	}
	if after := s.Snapshot(); after != before {
		t.Errorf("something was written: %s", after)
	}
}

// bodies are texts that a chain of commits could alter or take for its own.
var bodies = []string{
	"x", "\nx", "x\n", "\n\nx\n\n\n", " x ", "x\r\ny\r", "\x00", "\\0", "a\x00\\b\\\\", "\x1b[31mred\x07", "[decision] x", "[decision] ", "]",
	"x\n\nNumber: 7\nLabel: decision\nFormat: 1\n", "x\n\nNumber: 7\nLabel: decision\nFormat: 2", "Signed-off-by: A <a@b>", "# no comment", "-- \n", "From 0 Mon Sep 17",
	"\ufeffx", "\u202eabc", "\u2028x", "日本語 🐝", "--all", "\x7f", "tab\tbed", "\u0085x",
}

func TestBodiesComeBack(t *testing.T) {
	s := newSwarm(t, "A", "B")
	big := make([]byte, MaxBody)
	for i := range big {
		big[i] = "\x00\n\\ abcdefgh"[rand.IntN(12)]
	}
	all := append(slices.Clone(bodies), strings.Repeat("x", MaxBody), string(big))
	for _, body := range all {
		s.say("A", body)
		s.send("A", "B", body)
	}
	news := s.sync("B")
	if len(news.Context) != len(all) || len(news.Messages) != len(all) {
		t.Fatalf("of %d, %d and %d came back", len(all), len(news.Context), len(news.Messages))
	}
	for i, body := range all {
		if news.Context[i].Body != body || news.Messages[i].Body != body || news.Context[i].Category != "decision" {
			t.Errorf("%.60q came back as %.60q and %.60q", body, news.Context[i].Body, news.Messages[i].Body)
		}
	}
	s.healthy()
}

// Whatever is taken comes back to the byte, and whatever is not is no UTF-8, blank
// or too long.
func FuzzBody(f *testing.F) {
	for _, body := range bodies {
		f.Add(body)
	}
	s := newSwarm(f, "A")
	f.Fuzz(func(t *testing.T, body string) {
		_, err := s.AddContext(bg, "A", "warning", body)
		if bad := !utf8.ValidString(body) || strings.TrimSpace(body) == "" || len(body) > MaxBody; bad {
			isInput(t, "a bad body", err)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		var got string
		if err := s.Context(bg, func(c Context) bool { got = c.Body; return false }); err != nil || got != body {
			t.Fatalf("%q came back as %q, %v", body, got, err)
		}
	})
}
