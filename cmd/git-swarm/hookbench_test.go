package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// hook runs an agent's hook as session id and returns what it injects.
func (p *place) hook(b *testing.B, event, id, more string) string {
	b.Helper()
	cmd := p.command("git-swarm", "hook", event)
	cmd.Env = append(cmd.Env, "GIT_SWARM_SESSION="+id)
	cmd.Stdin = strings.NewReader(fmt.Sprintf(`{"session_id":"agent-%s","cwd":%q,"hook_event_name":"%s"%s}`, id, p.dir, event, more))
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(err)
	}
	return string(out)
}

// BenchmarkHook compares a call of an agent's hook with git rev-parse HEAD, in a
// swarm of two and beside 40 sessions that hold 50 files each.
func BenchmarkHook(b *testing.B) {
	b.Run("2-sessions", func(b *testing.B) { benchHook(b, newPlace(b)) })
	b.Run("2000-claims", func(b *testing.B) {
		p := newPlace(b)
		for s := range 40 {
			id := fmt.Sprintf("S%d", s)
			p.must(b, "git-swarm", "init", "--sessions", fmt.Sprintf("%s:w%d", id, s))
			claim := []string{"git-swarm", "claim", "--session", id}
			for f := range 50 {
				claim = append(claim, fmt.Sprintf("pkg%d/f%d.go", s, f))
			}
			p.must(b, claim...)
		}
		benchHook(b, p)
	})
}

func benchHook(b *testing.B, p *place) {
	p.must(b, "git-swarm", "claim", "mine.go")
	p.must(b, "git-swarm", "claim", "--session", "B", "theirs.go")
	p.hook(b, "session-start", "A", "")
	edit := func(name string) string { return fmt.Sprintf(`,"tool_input":{"file_path":"%s/%s"}`, p.dir, name) }
	n := 0
	for _, c := range []struct {
		name, event string
		more        func() string
	}{
		{"batch-quiet", "batch", func() string { return "" }},
		{"prompt-quiet", "prompt", func() string { return "" }},
		{"edit-mine", "pre-edit", func() string { return edit("mine.go") }},
		{"edit-denied", "pre-edit", func() string { return edit("theirs.go") }},
		{"stop", "stop", func() string { return "" }},
		{"edit-claims", "pre-edit", func() string { n++; return edit(fmt.Sprintf("new/%d.go", n)) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			var ours, gits []time.Duration
			for b.Loop() {
				gits = append(gits, timed(b, p.command("git", "rev-parse", "HEAD")))
				more := c.more()
				began := time.Now()
				p.hook(b, c.event, "A", more)
				ours = append(ours, time.Since(began))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(median(ours).Microseconds())/1000, "ms")
			b.ReportMetric(float64(median(gits).Microseconds())/1000, "git-ms")
			b.ReportMetric(float64(median(ours))/float64(median(gits)), "x-git")
		})
	}
}

// BenchmarkInjected counts what 200 tool batches with nothing new put into a
// session's context, and a day of five sessions: each begins twice and is
// compacted once, takes 40 turns of 5 batches, edits 20 files of which 2 are
// another's, and sends 8 messages and 4 context entries.
func BenchmarkInjected(b *testing.B) {
	b.Run("200-quiet-batches", func(b *testing.B) {
		p := newPlace(b)
		p.hook(b, "session-start", "A", "")
		bytes := 0
		for b.Loop() {
			for range 200 {
				bytes += len(p.hook(b, "batch", "A", ""))
			}
		}
		if bytes > 0 {
			b.Errorf("%d bytes were injected", bytes)
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(bytes), "bytes")
	})
	b.Run("day-of-5-sessions", func(b *testing.B) {
		for b.Loop() {
			most := day(b)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(most), "characters")
			b.ReportMetric(float64(most)/4, "tokens")
			if most/4 > 2000 {
				b.Errorf("about %d tokens were injected into one session", most/4)
			}
		}
	})
}

// day returns how many characters were injected into the session that got most.
// News is let through as if each turn took more than half a minute.
func day(b *testing.B) int {
	p := newPlace(b)
	p.must(b, "git-swarm", "init", "--sessions", "C:docs D:tests E:deploy")
	ids := []string{"A", "B", "C", "D", "E"}
	injected := map[string]int{}
	hook := func(event, id, more string) {
		injected[id] += textIn(b, p.hook(b, event, id, more))
	}
	for _, id := range ids {
		hook("session-start", id, `,"source":"startup"`)
	}
	for turn := range 40 {
		for i, id := range ids {
			other := ids[(i+1+turn%4)%5]
			p.forgetTold(b)
			hook("prompt", id, `,"prompt":"go on"`)
			for batch := range 5 {
				if batch == 1 && turn%2 == 0 {
					file := fmt.Sprintf("%s/%s/file-%d.go", p.dir, id, turn)
					if turn%20 == 10 {
						file = fmt.Sprintf("%s/%s/file-%d.go", p.dir, other, turn-2)
					}
					hook("pre-edit", id, fmt.Sprintf(`,"tool_input":{"file_path":%q}`, file))
				}
				hook("batch", id, "")
			}
			if turn%5 == 0 {
				p.must(b, "git-swarm", "message", "--from", id, other, fmt.Sprintf("The interface of module %d has changed: callers now pass a context first, see the shared context for the whole signature", turn))
			}
			if turn%10 == 0 {
				p.must(b, "git-swarm", "context", "add", "--session", id, "--category", "interface", fmt.Sprintf("module %d: Open(ctx, name string, opts Options) (*Handle, error); Close is idempotent", turn))
			}
			hook("stop", id, "")
		}
		if turn == 20 {
			for _, id := range ids {
				hook("session-start", id, `,"source":"compact"`)
			}
		}
	}
	most := 0
	for _, n := range injected {
		most = max(most, n)
	}
	return most
}

// forgetTold lets news through that would wait for half a minute.
func (p *place) forgetTold(b *testing.B) {
	b.Helper()
	cmd := p.command("sh", "-c", `sed -i 's/"told":[0-9]*/"told":0/' .git/swarm/agents/*.json`)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
}

// textIn counts the characters of the answer that reach the model.
func textIn(b *testing.B, answer string) int {
	b.Helper()
	if answer == "" {
		return 0
	}
	var a struct {
		Reason string `json:"reason"`
		Output struct {
			Context string `json:"additionalContext"`
			Denied  string `json:"permissionDecisionReason"`
		} `json:"hookSpecificOutput"`
	}
	if err := json.Unmarshal([]byte(answer), &a); err != nil {
		b.Fatal(err)
	}
	return utf8.RuneCountInString(a.Reason + a.Output.Context + a.Output.Denied)
}
