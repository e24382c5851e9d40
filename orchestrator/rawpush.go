package orchestrator

import (
	"context"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// prePush denies a plain git push of the branch that git swarm push lands on. It
// is a courtesy, with the right command in it: what a shell makes of a text is not
// for certain, and the pre-push hook of init --git-hooks is what refuses.
func (h *Hook) prePush(ctx context.Context) error {
	for _, p := range pushesIn(h.Input.Command, h.Input.Dir) {
		r, err := repo.Discover(h.Env, p.dir)
		if err != nil || r.CommonDir != h.Repo.CommonDir {
			continue
		}
		remote, target := h.lands(ctx, r)
		if target != "" && p.goesTo(r, remote) && p.reaches(ctx, r, target) {
			return h.Say(Answer{Push: target})
		}
	}
	return nil
}

// lands is the branch that work in r lands on, and its remote, "" if it is not
// known. Where nothing says where work lands, it may be this branch.
func (h *Hook) lands(ctx context.Context, r *repo.Repo) (remote, branch string) {
	ref, err := review.FindTarget(ctx, r, "HEAD", h.Remote, h.Target)
	if err != nil {
		return "", currentBranch(ctx, r)
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
func (h *Hook) defaultBranch(ctx context.Context, r *repo.Repo, ref string) string {
	out, err := repo.Output(r.GitParsed(ctx, "symbolic-ref", "--quiet", ref))
	if err != nil {
		return ""
	}
	name := strings.TrimPrefix(strings.TrimSpace(out), "refs/remotes/")
	_, branch, _ := strings.Cut(name, "/")
	return branch
}

// goesTo reports whether the push may go to that remote: it names it, or its URL,
// or none.
func (p rawPush) goesTo(r *repo.Repo, remote string) bool {
	if p.remote == "" || remote == "" || p.remote == remote {
		return true
	}
	config, err := r.Config()
	if err != nil {
		return true
	}
	url, _ := config.Get("remote." + remote + ".url")
	push, _ := config.Get("remote." + remote + ".pushurl")
	return p.remote == url || p.remote == push
}

// reaches reports whether the push would move that branch.
func (p rawPush) reaches(ctx context.Context, r *repo.Repo, branch string) bool {
	if p.all {
		return true
	}
	here := p.branch
	if here != "" && !p.made {
		if _, err := repo.Output(r.GitParsed(ctx, "rev-parse", "--verify", "--quiet", "refs/heads/"+here)); err != nil {
			here = "" // a file
		}
	}
	if here == "" {
		here = currentBranch(ctx, r)
	}
	if len(p.specs) == 0 {
		if p.tags {
			return false
		}
		if here == branch {
			return true
		}
		config, err := r.Config()
		if err != nil {
			return false
		}
		mode, _ := config.Get("push.default")
		up, _ := config.Get("branch." + here + ".merge")
		return (mode == "upstream" || mode == "tracking") && up == "refs/heads/"+branch
	}
	return slices.ContainsFunc(p.specs, func(spec string) bool {
		spec = strings.TrimPrefix(spec, "+")
		if spec == ":" { // all that the remote has, too
			return true
		}
		from, to, ok := strings.Cut(spec, ":")
		if !ok {
			to = from
		}
		if to == "HEAD" || to == "@" {
			to = here
		}
		to = strings.TrimPrefix(strings.TrimPrefix(to, "refs/"), "heads/")
		before, after, pattern := strings.Cut(to, "*")
		return to == branch || pattern && strings.HasPrefix(branch, before) && strings.HasSuffix(branch, after)
	})
}
