package app

import (
	"fmt"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/orchestrator/pool"
)

type poolEventJSON struct {
	Event   string  `json:"event"`
	At      *string `json:"at"`
	Task    int     `json:"task"`
	Title   string  `json:"title"`
	Session string  `json:"session"`
	Try     int     `json:"try"`
	Text    string  `json:"text"`
	Kept    string  `json:"kept"`
	Commit  string  `json:"commit"`
	Seconds float64 `json:"seconds"`
	Until   *string `json:"until"`
	Cost    float64 `json:"cost_usd"`
	Tokens  int     `json:"tokens"`
}

// printPoolEvent prints an event of a run: a line, or an object. Who reads it no more
// misses it.
func (c *call) printPoolEvent(e pool.Event) {
	if c.wantJSON() {
		_ = c.object("pool", poolEventJSON{
			string(e.Kind), text.Stamp(e.At), e.Task, e.Title, e.Session, e.Try, e.Text, e.Kept, e.Commit, e.Took.Seconds(),
			text.Stamp(e.Until), e.Used.Cost, e.Used.Tokens,
		})
		return
	}
	_ = c.printf("%s  %s\n", e.At.Local().Format("15:04:05"), c.poolLine(e))
}

// poolLine words an event.
func (c *call) poolLine(e pool.Event) string {
	line := text.Inert(c.poolWords(e))
	if e.Kept != "" {
		line += fmt.Sprintf("; %s and its worktree stay", e.Session)
		if e.Kind != pool.Failed {
			line += ": " + text.Inert(e.Kept)
		}
	}
	return line
}

func (c *call) poolWords(e pool.Event) string {
	task := fmt.Sprintf("#%d", e.Task)
	switch e.Kind {
	case pool.Begins:
		if e.Try > 1 {
			return fmt.Sprintf("%s goes on with %s, try %d: %s", e.Session, task, e.Try, e.Title)
		}
		return fmt.Sprintf("%s begins %s: %s", e.Session, task, e.Title)
	case pool.Adopted:
		return fmt.Sprintf("%s is at work on %s: %s", e.Session, task, e.Title)
	case pool.Landed:
		as := ""
		if e.Commit != "" {
			as = " as " + short(e.Commit)
		}
		return fmt.Sprintf("%s has landed%s (%s): %s", task, as, strings.Join(append([]string{text.Duration(e.Took)}, usageWords(e.Used)...), ", "), e.Title)
	case pool.Kept:
		return fmt.Sprintf("%s is done with %s", e.Session, task)
	case pool.Again:
		return fmt.Sprintf("%s has not landed: %s", task, e.Text)
	case pool.Failed:
		return fmt.Sprintf("%s has failed: %s", task, e.Text)
	case pool.Blocked:
		return fmt.Sprintf("%s is blocked on %s: %s; to answer: git swarm message %s \"…\" --session orchestrator", e.Session, task, text.Quoted(e.Text), e.Session)
	case pool.Answered:
		return fmt.Sprintf("%s was answered on %s: %s", e.Session, task, text.Quoted(e.Text))
	case pool.Limited:
		return fmt.Sprintf("%s has reached a usage limit: no client is started until %s", e.Session, e.Until.Local().Format("2006-01-02 15:04"))
	case pool.Lost:
		return fmt.Sprintf("%s works on %s no more: %s", e.Session, task, e.Text)
	case pool.GivenBack:
		return fmt.Sprintf("%s was given back: %s", task, e.Text)
	case pool.Stopping:
		if e.Ends {
			return "ending " + text.Count(e.AtWork, "client")
		}
		return fmt.Sprintf("nothing more is begun; waiting for %s. Once more ends them", text.Count(e.AtWork, "client"))
	}
	return string(e.Kind) + " " + task
}

// usageWords are what clients have used: "$0.42", "12,345 tokens"; none where they did not
// report it.
func usageWords(u launch.Usage) (words []string) {
	if u.Cost > 0 {
		words = append(words, fmt.Sprintf("$%.2f", u.Cost))
	}
	if u.Tokens > 0 {
		words = append(words, thousands(u.Tokens)+" tokens")
	}
	return words
}

// thousands is a number with commas.
func thousands(n int) string {
	digits := fmt.Sprint(n)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// printSummary says how far the backlog is.
func (c *call) printSummary(s *pool.Summary) error {
	if c.wantJSON() {
		return c.object("summary", map[string]any{
			"tasks": s.Tasks, "landed": s.Landed, "failed": s.Failed, "blocked": s.Blocked, "left": s.Left,
			"others": taskNumbersOf(s.Others), "passed_over": append([]passedJSON{}, jsonPassed(s.Passed)...),
			"seconds": s.Took.Seconds(), "review_seconds": s.Reviewed.Seconds(), "healed": s.Healed, "cost_usd": s.Used.Cost, "tokens": s.Used.Tokens,
		})
	}
	words := []string{fmt.Sprintf("%d landed", s.Landed)}
	for _, more := range []struct {
		n    int
		name string
	}{{s.Failed, "failed"}, {s.Blocked, "blocked"}, {s.Left, "left"}} {
		if more.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", more.n, more.name))
		}
	}
	after := append([]string{text.Duration(s.Took)}, usageWords(s.Used)...)
	if s.Reviewed >= time.Second {
		after = append(after, text.Duration(s.Reviewed)+" in review")
	}
	if s.Healed > 0 {
		after = append(after, text.Count(s.Healed, "conflict")+" healed")
	}
	if err := c.printf("%s: %s (%s)\n", text.Count(s.Tasks, "task"), strings.Join(words, ", "), strings.Join(after, ", ")); err != nil {
		return err
	}
	if len(s.Others) > 0 {
		c.notef("Ready, and not begun: %s", forOthers(s.Others))
	}
	c.tellPassed(s.Passed)
	return nil
}
