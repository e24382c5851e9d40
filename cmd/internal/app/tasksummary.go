package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/pool"
)

// taskCounts is "2 landed, 1 taken, 3 ready, 1 waits", without what there is none of.
func taskCounts(all []*task.Task) string {
	counts := map[task.State]int{}
	for _, t := range all {
		counts[t.State]++
	}
	var words []string
	for _, state := range []task.State{task.Landed, task.Review, task.Taken, task.Ready, task.Open, task.Failed, task.Reverted, task.Dropped} {
		n, name := counts[state], string(state)
		switch state {
		case task.Review:
			name = "in review"
		case task.Open:
			name = "waiting"
		}
		if n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, name))
		}
	}
	return strings.Join(words, ", ")
}

// printTaskSummary is the line of the status that says how far the backlog is, and who
// is at what; nothing where there is none.
func (c *call) printTaskSummary(ctx context.Context) error {
	l, err := c.backlog(ctx)
	if err != nil {
		return err
	}
	if known, err := l.Exists(ctx); err != nil || !known {
		return err
	}
	all, err := l.List(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	if err := c.printf("Tasks: %s\n", taskCounts(all)); err != nil {
		return err
	}
	for _, t := range all {
		if t.State.Held() {
			if err := c.printf("%s is at #%d: %s\n", t.Holder, t.Number, text.Inert(t.Title)); err != nil {
				return err
			}
		}
	}
	return nil
}

// barWidth is how many columns the bar of the dashboard has.
const barWidth = 40

// taskItems are the dashboard's lines on the backlog: a bar of what has landed, is
// taken, is ready and waits, and who is at what.
func (c *call) taskItems(all []*task.Task, now time.Time) (items []string) {
	left := len(all)
	var landed, taken, ready int
	for _, t := range all {
		switch {
		case t.State == task.Dropped:
			left--
		case t.State == task.Landed:
			landed++
		case t.State.Held():
			taken++
		case t.State == task.Ready:
			ready++
		}
	}
	if left == 0 {
		return nil
	}
	upTo := func(n int) int { return n * barWidth / left }
	bar := strings.Repeat("█", upTo(landed)) + strings.Repeat("▓", upTo(landed+taken)-upTo(landed)) +
		strings.Repeat("▒", upTo(landed+taken+ready)-upTo(landed+taken)) + strings.Repeat("░", barWidth-upTo(landed+taken+ready))
	items = append(items, bar+" "+taskCounts(all))
	for _, t := range all {
		switch {
		case t.State.Held():
			at := append([]string{"for " + text.Age(now, t.Since)}, c.taskUsage(t)...)
			items = append(items, fmt.Sprintf("%s at #%d, %s: %s", t.Holder, t.Number, strings.Join(at, ", "), text.Inert(t.Title)))
		case t.State == task.Failed, t.State == task.Reverted:
			items = append(items, fmt.Sprintf("#%d %s: %s: git swarm task reopen %d", t.Number, t.State, text.Inert(t.Why), t.Number))
		}
	}
	return items
}

// taskUsage is what the clients of a task have used that a run has started in this clone,
// and whether its session waits for an answer.
func (c *call) taskUsage(t *task.Task) []string {
	used, err := pool.UsageOf(c.swarm.Repo, t.Number)
	if err != nil {
		return nil
	}
	words := usageWords(used)
	if pool.Waits(c.swarm.Repo, t.Holder) {
		words = append(words, "waits for an answer")
	}
	return words
}
