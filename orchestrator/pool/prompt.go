package pool

import (
	"context"
	_ "embed"
	"errors"
	"strings"
	"text/template"
	"time"
	"unicode/utf8"

	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

//go:embed prompts/task.md
var promptText string

// Bounds of a prompt: with them it is read at once by a client, and can be an argument.
const (
	maxBody    = 48_000 // of the task's text, in bytes
	maxContext = 30     // entries
	maxEntry   = 1000   // of the text of one, in bytes
	maxAfter   = 30     // tasks that it comes after
)

// prompt is what a client is told.
type prompt struct {
	*Record
	Worktree string
	Number   int
	Title    string
	Body     string
	Cut      bool
	Files    []string
	After    []landedTask
	Context  []bus.Context
	Landed   []string
	Target   string
	Review   bool
	Time     time.Duration
}

type landedTask struct {
	Number        int
	Title, Commit string
}

// text is the prompt for the next client of a session.
func (p *Pool) text(ctx context.Context, r *Record, worktree string) (string, error) {
	t, body, err := p.Backlog.Get(ctx, r.Task)
	if err != nil {
		return "", err
	}
	q := prompt{
		Record: r, Worktree: worktree, Number: t.Number, Title: t.Title, Files: t.Files,
		Target: p.LandsOn, Review: p.Review, Time: r.Timeout,
	}
	q.Body, q.Cut = cut(strings.TrimSpace(body), maxBody)
	if q.After, err = p.after(ctx, t); err != nil {
		return "", err
	}
	if q.Context, err = p.context(ctx); err != nil {
		return "", err
	}
	if q.Landed, err = p.lastLanded(ctx, r.Base); err != nil {
		return "", err
	}
	parsed, err := template.New("task").Parse(promptText)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = parsed.Execute(&b, q)
	return b.String(), err
}

// cut is the beginning of a text, of at most so many bytes; more says that it goes on.
func cut(text string, most int) (begin string, more bool) {
	if len(text) <= most {
		return text, false
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most], true
}

// after are the tasks that t comes after, the last ones of many.
func (p *Pool) after(ctx context.Context, t *task.Task) (all []landedTask, err error) {
	for _, n := range t.After[max(0, len(t.After)-maxAfter):] {
		before, _, err := p.Backlog.Get(ctx, n)
		if errors.As(err, new(*task.UnknownError)) {
			continue
		}
		if err != nil {
			return nil, err
		}
		l := landedTask{Number: n, Title: before.Title}
		if len(before.Commits) > 0 {
			l.Commit = object.Hash(before.Commits[len(before.Commits)-1].ID).Short()
		}
		all = append(all, l)
	}
	return all, nil
}

// context are the newest entries that everybody follows, oldest first.
func (p *Pool) context(ctx context.Context) (all []bus.Context, err error) {
	err = p.Backlog.Bus.Context(ctx, func(e bus.Context) bool {
		if body, more := cut(e.Body, maxEntry); more {
			e.Body = body + " …"
		}
		all = append([]bus.Context{e}, all...)
		return len(all) < maxContext
	})
	return all, err
}

// lastLanded are the subjects of the commits that are on the target now, newest first.
func (p *Pool) lastLanded(ctx context.Context, base string) ([]string, error) {
	if base == "" {
		return nil, nil
	}
	out, err := repo.Output(p.Repo.GitParsed(ctx, "log", "--no-show-signature", "--no-color", "-n", "15", "--format=%h %s", base, "--"))
	if err != nil {
		return nil, err
	}
	return strings.FieldsFunc(out, func(c rune) bool { return c == '\n' }), nil
}
