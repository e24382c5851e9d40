package hook

import (
	"context"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// prePush denies a plain git push of the branch that git swarm push lands on. It
// is a courtesy, with the right command in it: what a shell would make of a text
// can only be guessed. What refuses for certain is the pre-push hook of init
// --git-hooks.
func (h *Handler) prePush(ctx context.Context) error {
	for _, p := range pushesIn(h.Input.Command, h.Input.Dir) {
		if repo.NearestCommonDir(h.Env, p.dir) != h.Repo.CommonDir {
			continue
		}
		r, err := repo.DiscoverOwn(h.Env, p.dir)
		if err != nil || r.CommonDir != h.Repo.CommonDir {
			continue
		}
		t := h.lands(ctx, r)
		if t.Branch != "" && p.goesTo(r, t.Remote) && p.reaches(ctx, r, t.Branch) {
			return h.Say(DenyPush{t.Branch})
		}
	}
	return nil
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
		here = agents.CurrentBranch(ctx, r)
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
