package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock/task"
)

func taskShowVerb() *verb {
	return &verb{
		name: "task show", group: groupTask, args: "N", min: 1, max: 1, short: "show a task: what is to be done, and where it stands",
		long: `What became of it, step by step: git swarm why N.`,
		json: true,
		run: func(ctx context.Context, c *call) error {
			l, t, body, err := c.lookAt(ctx)
			if err != nil {
				return err
			}
			id, err := l.ID(ctx)
			if err != nil {
				return err
			}
			if c.wantJSON() {
				return c.object("task", fullTaskJSON{taskJSON: jsonTask(t), Body: body, Trailer: task.TrailerOf(id, t.Number)})
			}
			return c.page(ctx, c.formatTask(t, body))
		},
	}
}

// formatTask is a task as it is printed: nothing of it acts on a terminal.
func (c *call) formatTask(t *task.Task, body string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("Task #%d: %s", t.Number, text.Inert(t.Title))
	state := string(t.State)
	switch {
	case t.State.Held():
		state += fmt.Sprintf(" by %s, for %s", t.Holder, text.Age(c.Now(), t.Since))
	case !t.Ended.IsZero():
		state += ", " + text.Ago(c.Now(), t.Ended)
	}
	if t.Why != "" {
		state += ": " + text.Inert(t.Why)
	}
	line("State:    %s", state)
	line("Priority: %d", t.Priority)
	line("Added:    by %s, %s (revision %d)", t.AddedBy, text.Ago(c.Now(), t.Added), t.Revision)
	if len(t.After) > 0 {
		line("After:    %s", task.Numbers(t.After))
	}
	if t.Waits > 0 && !t.State.Finished() {
		line("Waiting:  %s for it", text.Count(t.Waits, "task"))
	}
	if t.For != "" {
		line("For:      %s", text.Inert(t.For))
	}
	for _, spec := range t.Files {
		line("File:     %s", text.Inert(spec))
	}
	for _, commit := range t.Commits {
		if commit.Reverted != "" {
			line("Commit:   %s, reverted by %s", short(commit.ID), short(commit.Reverted))
		} else {
			line("Commit:   %s", short(commit.ID))
		}
	}
	if body != "" {
		line("\n%s", text.Block(body))
	}
	return b.String()
}
