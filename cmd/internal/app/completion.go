package app

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

//go:embed completion
var completions embed.FS

func completionVerb() *verb {
	return &verb{
		name: "completion", group: groupHealth, args: "bash|zsh|fish", min: 1, max: 1, subs: []string{"bash", "zsh", "fish"}, short: "print the completion script of a shell",
		long: `To use it:
   bash   git swarm completion bash > ~/.local/share/bash-completion/completions/git-swarm
   zsh    git swarm completion zsh > a folder of $fpath/_git-swarm
   fish   git swarm completion fish > ~/.config/fish/completions/git-swarm.fish`,
		run: func(_ context.Context, c *call) error {
			script, err := completions.ReadFile("completion/" + c.args[0])
			if err != nil || strings.ContainsAny(c.args[0], "/\\.") {
				return usageOf(c.verb, fmt.Sprintf("no completion for '%s': bash, zsh or fish", text.Inert(c.args[0])))
			}
			return c.printf("%s", script)
		},
	}
}

// completeVerb answers the completion scripts: the words so far, the last of
// them being completed, in; one candidate a line out.
func completeVerb() *verb {
	return &verb{
		name: "__complete", hidden: true, raw: true, max: -1, args: "WORD...", short: "answer a completion script",
		run: func(ctx context.Context, c *call) error {
			for _, candidate := range c.candidates(ctx, c.args) {
				if err := c.printf("%s\n", candidate); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (c *call) candidates(ctx context.Context, words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	last, before := words[len(words)-1], words[:len(words)-1]
	var all []string
	v, rest := (*verb)(nil), before
	if len(before) > 0 {
		v, rest = findVerb(before)
	}
	switch {
	case v == nil && len(before) == 0:
		for _, v := range verbs() {
			if name, _, _ := strings.Cut(v.name, " "); !strings.HasPrefix(name, "__") {
				all = append(all, name)
			}
		}
	case v == nil:
	case strings.HasPrefix(last, "-"):
		for _, f := range v.allFlags() {
			for _, name := range f.Names() {
				if len(name) > 1 {
					all = append(all, "--"+name)
				}
			}
		}
	default:
		all = c.values(ctx, v, rest)
	}
	all = slices.DeleteFunc(all, func(s string) bool { return !strings.HasPrefix(s, last) })
	slices.Sort(all)
	return slices.Compact(all)
}

// values are what an argument, or the value of the option before it, can be.
func (c *call) values(ctx context.Context, v *verb, before []string) []string {
	option := ""
	if len(before) > 0 {
		option = strings.TrimLeft(before[len(before)-1], "-")
	}
	switch option {
	case "category", "c":
		return bus.Categories
	case "status":
		return []string{string(bus.Running), string(bus.Blocked), string(bus.Done)}
	case "session", "from":
		return c.sessionIDs(ctx)
	}
	switch {
	case v.name == "message" && len(before) == 0:
		return append(c.sessionIDs(ctx), bus.Orchestrator, bus.All)
	case v.name == "update" && len(before) == 0:
		return c.sessionIDs(ctx)
	case v.name == "help" && len(before) == 0:
		return c.candidates(ctx, nil)
	case v.name == "unclaim":
		return c.claimedPaths(ctx)
	case len(before) == 0:
		return v.subs
	}
	return nil
}

func (c *call) sessionIDs(ctx context.Context) []string {
	b, err := c.Bus()
	if err != nil {
		return nil
	}
	all, err := b.Sessions(ctx)
	if err != nil {
		return nil
	}
	var ids []string
	for _, s := range all {
		ids = append(ids, s.ID)
	}
	return ids
}

func (c *call) claimedPaths(ctx context.Context) []string {
	claims, err := c.Claims()
	if err != nil {
		return nil
	}
	held, err := claims.List(ctx, "")
	if err != nil {
		return nil
	}
	var paths []string
	for _, h := range held {
		if h.Session == c.viewer() {
			paths = append(paths, text.Inert(h.Path))
		}
	}
	return paths
}
