package hook

import (
	"context"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// What guards the branch that work lands on is git's own pre-push hook, which is told
// what goes where. Here it is seen to that a push gets there.

// Unguarded is why git's pre-push hook has no say in a push.
type Unguarded int

const (
	SkipsHooks Unguarded = iota + 1 // the command says that no hooks are to run
	NoHook                          // ours is not installed in the checkout
	Unseen                          // in this agent's shell it does not run, or does not know whose push it is
)

// rawPush is a git push in a shell's text.
type rawPush struct {
	specs      []string // after the remote
	all        bool     // pushes more than those
	tags       bool     // pushes tags, and branches only if they are named
	skipsHooks bool
}

// guardedPush finds out whether git's hook has no say in a push, and the push could go
// to the branch that work in r lands on.
func (h *Handler) guardedPush(ctx context.Context, r *repo.Repo, p rawPush) *DenyPush {
	var why Unguarded
	switch {
	case p.skipsHooks:
		why = SkipsHooks
	case !agents.Recognized(h.Kind):
		why = Unseen
	case !install.GuardsPush(r):
		why = NoHook
	default:
		return nil
	}
	target := h.lands(ctx, r).Branch
	if target == "" || p.spares(target) {
		return nil
	}
	return &DenyPush{target, why}
}

// parsePush reads the arguments of git. It is nil if they are no push, or one that is
// not carried out.
func parsePush(args []string) *rawPush {
	p := &rawPush{}
	switch args[0] {
	case "push":
	case "send-pack", "http-push":
		p.skipsHooks = true
	default:
		return nil
	}
	var rest []string
	args = args[1:]
	for i := 0; i < len(args); i++ {
		switch word := args[i]; {
		case slices.Contains([]string{"-n", "--dry-run", "-h", "--help"}, word):
			return nil
		case slices.Contains([]string{"--all", "--mirror", "--branches"}, word):
			p.all = true
		case word == "--tags":
			p.tags = true
		case len(word) >= len("--no-veri") && strings.HasPrefix("--no-verify", word):
			p.skipsHooks = true
		case slices.Contains([]string{"-o", "--push-option", "--receive-pack", "--exec", "--repo"}, word):
			i++
		case !strings.HasPrefix(word, "-"):
			rest = append(rest, word)
		}
	}
	if len(rest) > 0 {
		p.specs = rest[1:]
	}
	return p
}

// spares reports whether the push certainly goes to other branches than this: it names
// each of them.
func (p rawPush) spares(branch string) bool {
	return !p.all && (p.tags || len(p.specs) > 0) && !slices.ContainsFunc(p.specs, func(spec string) bool {
		from, to, ok := strings.Cut(strings.TrimPrefix(spec, "+"), ":")
		if !ok {
			to = from
		}
		to = strings.TrimPrefix(strings.TrimPrefix(to, "refs/"), "heads/")
		return to == branch || to == "" || to == "HEAD" || to == "@" || strings.ContainsAny(to, "*"+unknown)
	})
}

// turnsOffHooks reports whether a text could keep git from running hooks in a way that
// stands in no argument of git push: a setting, or what tells our hook that git swarm
// itself pushes.
func turnsOffHooks(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([]string{"core.hookspath", "git_config", "git_swarm_landing"}, func(s string) bool { return strings.Contains(text, s) })
}
