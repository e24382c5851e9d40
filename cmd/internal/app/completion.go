package app

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/guide"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
	"github.com/urfave/cli/v3"
)

//go:embed completion
var completions embed.FS

func completionVerb() *verb {
	return &verb{
		name: "completion", group: groupHealth, args: "bash|zsh|fish", min: 1, max: 1, subs: []string{"bash", "zsh", "fish"}, short: "print the completion script of a shell",
		long: `git swarm setup --man puts the scripts of all three where the shells find them.
By hand:
   bash   mkdir -p ~/.local/share/bash-completion/completions
          git swarm completion bash > ~/.local/share/bash-completion/completions/git-swarm
   zsh    mkdir -p ~/.zfunc
          git swarm completion zsh > ~/.zfunc/_git-swarm
          and in ~/.zshrc, above compinit: fpath=(~/.zfunc $fpath)
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

// globalOptions may stand before a command.
func globalOptions() []string { return []string{"-C", "--session", "--json", "--version", "--help"} }

// candidates is empty where file names are what is wanted.
func (c *call) candidates(ctx context.Context, words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	last, before := words[len(words)-1], words[:len(words)-1]
	before, option := withoutGlobals(before)
	all := c.possible(ctx, before, option, last)
	if at := strings.LastIndex(last, ",") + 1; at > 0 { // --to B,C
		for i := range all {
			all[i] = last[:at] + all[i]
		}
	}
	all = slices.DeleteFunc(all, func(s string) bool { return !strings.HasPrefix(s, last) })
	slices.Sort(all)
	return slices.Compact(all)
}

func (c *call) possible(ctx context.Context, before []string, option, last string) []string {
	if option != "" {
		return c.optionValues(ctx, nil, option)
	}
	if len(before) == 0 {
		if strings.HasPrefix(last, "-") {
			return globalOptions()
		}
		return commandWords()
	}
	v, rest := findVerb(before)
	switch {
	case v == nil:
		return nil
	case len(rest) > 0 && v.takesValue(rest[len(rest)-1]):
		return c.optionValues(ctx, v, strings.TrimLeft(rest[len(rest)-1], "-"))
	case strings.HasPrefix(last, "-"):
		return v.optionNames()
	}
	return c.arguments(ctx, v, rest)
}

// withoutGlobals drops the options before the command, and names the one whose
// value is being completed.
func withoutGlobals(words []string) (rest []string, option string) {
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		takes := slices.Contains([]string{"-C", "--session", "--from"}, words[0])
		if takes && len(words) == 1 {
			return nil, strings.TrimLeft(words[0], "-")
		}
		if takes {
			words = words[1:]
		}
		words = words[1:]
	}
	return words, ""
}

// commandWords are the first words of the commands. What git and the agents call
// is not among them.
func commandWords() []string {
	var all []string
	for _, v := range verbs() {
		if !v.hidden {
			name, _, _ := strings.Cut(v.name, " ")
			all = append(all, name)
		}
	}
	return all
}

func (v *verb) optionNames() []string {
	var all []string
	for _, f := range v.allFlags() {
		for _, name := range f.Names() {
			if len(name) > 1 {
				all = append(all, "--"+name)
			}
		}
	}
	return all
}

// takesValue reports whether word is an option of v that a value follows.
func (v *verb) takesValue(word string) bool {
	if !strings.HasPrefix(word, "-") {
		return false
	}
	for _, f := range v.allFlags() {
		if slices.Contains(f.Names(), strings.TrimLeft(word, "-")) {
			_, isBool := f.(*cli.BoolFlag)
			return !isBool
		}
	}
	return false
}

// optionValues are what the value of an option can be.
func (c *call) optionValues(ctx context.Context, v *verb, option string) []string {
	switch option {
	case "category", "c":
		return bus.Categories
	case "status":
		return []string{string(bus.Running), string(bus.Blocked), string(bus.Parked), string(bus.Done)}
	case "session", "from":
		return c.sessionIDs(ctx)
	case "agent":
		return launch.Makes()
	case "agents":
		return []string{"codex", "cursor", "gemini"}
	case "level":
		return []string{"safe", "wide", "off"}
	case "state":
		return []string{string(review.Pending), string(review.Approved), string(review.Rejected), string(review.Withdrawn), string(review.Superseded), "all"}
	case "to":
		if v != nil && v.name == "push" {
			return c.remoteBranches(ctx)
		}
		return c.sessionIDs(ctx)
	}
	return nil
}

// arguments are what an argument can be.
func (c *call) arguments(ctx context.Context, v *verb, before []string) []string {
	args := slices.DeleteFunc(slices.Clone(before), func(s string) bool { return strings.HasPrefix(s, "-") })
	switch v.name {
	case "launch", "retire":
		return c.sessionIDs(ctx)
	case "unclaim":
		return c.claimedPaths(ctx, func(holder string) bool { return holder == c.viewer() })
	case "claims":
		return c.claimedPaths(ctx, func(string) bool { return true })
	case "claim":
		if slices.Contains(before, "--takeover") {
			return c.claimedPaths(ctx, func(holder string) bool { return holder != c.viewer() })
		}
		return nil
	}
	if len(args) > 0 {
		return nil
	}
	switch v.name {
	case "message":
		return append(c.sessionIDs(ctx), bus.Orchestrator, bus.All)
	case "update", "prompt", "merge-ok":
		return c.sessionIDs(ctx)
	case "review show", "review approve", "review reject", "review comment", "review withdraw":
		return c.reviewNumbers(ctx)
	case "pull":
		return c.remoteBranches(ctx)
	case "help":
		return append(commandWords(), guide.Names()...)
	}
	return v.subs
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

// claimedPaths are the paths whose holder is one of those wanted, as they are
// given where the command was started.
func (c *call) claimedPaths(ctx context.Context, wanted func(holder string) bool) []string {
	claims, err := c.Claims(ctx)
	if err != nil {
		return nil
	}
	held, err := claims.List(ctx, "")
	if err != nil {
		return nil
	}
	r, err := c.Repo()
	if err != nil {
		return nil
	}
	var paths []string
	for _, h := range held {
		if wanted(h.Session) {
			paths = append(paths, text.Inert(text.PathFrom(r.Prefix, h.Path)))
		}
	}
	return paths
}

// reviewNumbers are those of the reviews that are open.
func (c *call) reviewNumbers(ctx context.Context) []string {
	b, err := c.Bus()
	if err != nil {
		return nil
	}
	var numbers []string
	_ = review.NewStore(b).List(ctx, func(r *review.Review) bool {
		if r.State != review.Withdrawn && r.State != review.Superseded {
			numbers = append(numbers, strconv.Itoa(r.Number))
		}
		return true
	})
	return numbers
}

// remoteBranches are the branches of the remotes, as they were last fetched.
func (c *call) remoteBranches(ctx context.Context) []string {
	r, err := c.Repo()
	if err != nil {
		return nil
	}
	out, err := repo.Output(r.GitParsed(ctx, "for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes"))
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(strings.Fields(out), func(s string) bool { return s == "HEAD" })
}
