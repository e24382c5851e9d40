package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

func whyVerb() *verb {
	return &verb{
		name: "why", group: groupTask, args: "N", min: 1, max: 1, short: "tell the story of a task: who added and took it, what was said of it, how it landed",
		long: `Its lines come from the log of refs/swarm/tasks, from the messages and context entries that name
the task as #N, and from the commits that it landed as.`,
		json: true,
		run:  runWhy,
	}
}

// storyLine is one thing that happened.
type storyLine struct {
	at   time.Time
	kind string // task, message, context, commit
	by   string
	to   string // of a message
	what string
	id   string // of a commit
}

func runWhy(ctx context.Context, c *call) error {
	l, t, _, err := c.lookAt(ctx)
	if err != nil {
		return err
	}
	story, err := c.story(ctx, l, t)
	if err != nil {
		return err
	}
	if !c.wantJSON() {
		return c.page(ctx, c.formatStory(t, story))
	}
	for _, s := range story {
		line := map[string]any{"number": t.Number, "what": s.kind, "at": text.Stamp(s.at), "session": s.by, "to": s.to, "body": s.what, "commit": s.id}
		if err := c.object("story", line); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) story(ctx context.Context, l *task.Backlog, t *task.Task) (story []storyLine, err error) {
	prefix := fmt.Sprintf("#%d ", t.Number)
	err = l.Entries(ctx, func(e *refstore.Entry) bool {
		for line := range strings.Lines(e.Body) {
			if strings.HasPrefix(line, prefix) || strings.HasPrefix(line, strings.TrimSuffix(prefix, " ")+":") {
				story = append(story, storyLine{at: e.At, kind: "task", by: e.Author, what: strings.TrimSpace(line)})
			}
		}
		return e.At.After(t.Added) || e.At.Equal(t.Added)
	})
	if err != nil {
		return nil, err
	}
	added := prefix + "added: "
	if !slices.ContainsFunc(story, func(s storyLine) bool { return strings.HasPrefix(s.what, added) }) { // the diary names not all of a long list
		story = append(story, storyLine{at: t.Added, kind: "task", by: t.AddedBy, what: added + t.Title})
	}
	said, err := c.saidOf(ctx, l.Bus, t)
	if err != nil {
		return nil, err
	}
	story = append(story, said...)
	for _, commit := range t.Commits {
		story = append(story, c.landedAs(ctx, commit.ID))
	}
	slices.Reverse(story[:len(story)-len(said)-len(t.Commits)])
	slices.SortStableFunc(story, func(a, b storyLine) int { return cmp.Compare(a.at.Unix(), b.at.Unix()) })
	return story, nil
}

// saidOf are the messages and context entries that name the task, since it was added.
func (c *call) saidOf(ctx context.Context, b *bus.Bus, t *task.Task) (said []storyLine, err error) {
	sessions, err := b.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	ids := []string{bus.Orchestrator}
	for _, s := range sessions {
		if s.ID != bus.Orchestrator {
			ids = append(ids, s.ID)
		}
	}
	for _, id := range ids {
		messages, err := b.Inbox(ctx, id, true)
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			if !m.At.Before(t.Added) && names(m.Body, t.Number) {
				said = append(said, storyLine{at: m.At, kind: "message", by: m.From, to: id, what: m.Body})
			}
		}
	}
	err = b.Context(ctx, func(e bus.Context) bool {
		if e.At.Before(t.Added) {
			return false
		}
		if names(e.Body, t.Number) {
			said = append(said, storyLine{at: e.At, kind: "context", by: e.By, what: e.Body})
		}
		return true
	})
	return said, err
}

// names reports whether a text says "#12" for 12, and not of a review.
func names(body string, n int) bool {
	word := fmt.Sprintf("#%d", n)
	for at := strings.Index(body, word); at >= 0; {
		rest := body[at+len(word):]
		if (rest == "" || rest[0] < '0' || rest[0] > '9') && !strings.HasSuffix(strings.ToLower(body[:at]), "review ") {
			return true
		}
		next := strings.Index(rest, word)
		if next < 0 {
			return false
		}
		at += len(word) + next
	}
	return false
}

// landedAs is what git says of a commit; a shallow clone may not have it.
func (c *call) landedAs(ctx context.Context, id string) storyLine {
	s := storyLine{kind: "commit", id: id}
	out, err := repo.Output(c.swarm.Repo.GitParsed(ctx, "log", "-1", "--no-show-signature", "--no-color", "--format=%ct%n%an%n%s", id, "--"))
	if err != nil {
		s.what = "is not in this clone"
		return s
	}
	seconds, rest, _ := strings.Cut(strings.TrimSpace(out), "\n")
	var unix int64
	_, _ = fmt.Sscan(seconds, &unix)
	s.at = time.Unix(unix, 0)
	s.by, s.what, _ = strings.Cut(rest, "\n")
	return s
}

func (c *call) formatStory(t *task.Task, story []storyLine) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Task #%d: %s\n", t.Number, text.Inert(t.Title))
	for _, s := range story {
		line := ""
		switch s.kind {
		case "task":
			line = fmt.Sprintf("%s (%s)", text.Inert(s.what), s.by)
		case "message":
			line = fmt.Sprintf("%s to %s: %s", s.by, s.to, text.Excerpt(s.what, 160))
		case "context":
			line = fmt.Sprintf("%s noted: %s", s.by, text.Excerpt(s.what, 160))
		case "commit":
			line = fmt.Sprintf("commit %s by %s: %s", short(s.id), text.Inert(s.by), text.Excerpt(s.what, 160))
		}
		fmt.Fprintf(&b, "%s  %s\n", s.at.Local().Format("2006-01-02 15:04"), line)
	}
	return b.String()
}
