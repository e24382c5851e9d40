package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/quiet"
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
			if quiets := c.name == "edit-mine" || strings.HasSuffix(c.name, "-quiet"); quiets {
				p.quiet(b, quiet.Name+"-"+c.event, func() { p.hook(b, c.event, "A", c.more()) })
			}
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
