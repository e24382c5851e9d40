package hook

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

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

// lands is the branch that work in r lands on, and its remote, "" if it is not
// known. Where nothing says where work lands, it may be this branch.
func (h *Handler) lands(ctx context.Context, r *repo.Repo) (remote, branch string) {
	ref, err := review.FindTarget(ctx, r, "HEAD", h.Remote, h.Target)
	if err != nil {
		return "", agents.CurrentBranch(ctx, r)
	}
	name, ok := strings.CutPrefix(ref, "refs/remotes/")
	if !ok {
		return "", strings.TrimPrefix(ref, "refs/heads/")
	}
	remote, branch, _ = strings.Cut(name, "/")
	if branch == "HEAD" {
		branch = h.defaultBranch(ctx, r, ref)
	}
	return remote, branch
}

// defaultBranch is what a remote's HEAD stands for.
func (h *Handler) defaultBranch(ctx context.Context, r *repo.Repo, ref string) string {
	out, err := repo.Output(r.GitParsed(ctx, "symbolic-ref", "--quiet", ref))
	if err != nil {
		return ""
	}
	name := strings.TrimPrefix(strings.TrimSpace(out), "refs/remotes/")
	_, branch, _ := strings.Cut(name, "/")
	return branch
}
