package orchestrator

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"strings"
	"text/template"

	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

//go:embed prompts
var prompts embed.FS

// SessionPrompt is what a session's prompt is made of.
type SessionPrompt struct {
	bus.Session
	Worktree string
	Task     string
	Target   string // the branch that its work lands on, "" without a remote
	Review   bool   // nothing lands without review
	MaxFiles int
	Peers    []bus.Session
}

// StartPrompt is what the orchestrator's prompt is made of.
type StartPrompt struct {
	Plan     string
	MaxFiles int
	Target   string // as in SessionPrompt
}

// Text is the prompt for a session, self-contained.
func (p SessionPrompt) Text() (string, error) { return fill("session.md", p) }

// Text is the prompt for the orchestrator.
func (p StartPrompt) Text() (string, error) { return fill("orchestrator.md", p) }

// Protocol is the block of rules for CLAUDE.md or AGENTS.md; target is as in
// SessionPrompt.
func Protocol(target string) (string, error) { return fill("protocol.md", target) }

// LandsOn is the branch that work on branch (a ref's full name, or HEAD) lands on,
// "" if there is no remote to land it on.
func LandsOn(ctx context.Context, r *repo.Repo, branch, remote, target string) (string, error) {
	out, err := repo.Output(r.GitParsed(ctx, "remote"))
	if err != nil || strings.TrimSpace(out) == "" {
		return "", err
	}
	ref, err := review.FindTarget(ctx, r, branch, remote, target)
	if errors.Is(err, review.ErrNoTarget) { // it may be the branch that all land on
		ref, err = review.DefaultTarget(ctx, r, cmp.Or(remote, "origin"))
	}
	if errors.Is(err, review.ErrNoTarget) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if name, ok := strings.CutPrefix(ref, "refs/remotes/"); ok {
		_, ref, _ = strings.Cut(name, "/")
	}
	return strings.TrimPrefix(ref, "refs/heads/"), nil
}

// fill fills in a template. Texts of others are inserted as they are: a prompt is
// plain text, in which nothing is markup.
func fill(name string, data any) (string, error) {
	t, err := template.ParseFS(prompts, "prompts/"+name)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, data)
	return b.String(), err
}
