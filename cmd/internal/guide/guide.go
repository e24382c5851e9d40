// Package guide holds the guides of git swarm: Markdown files beside this one,
// embedded, and made into manual pages.
//
// The guides are written to be read as they are, on a forge or in a pager. The
// package parses nothing until a manual page is asked for, so that embedding
// them costs a command no time.
package guide

import "embed"

//go:embed *.md
var files embed.FS

// Guide is one guide.
type Guide struct {
	Name  string // as in "git swarm help NAME", and in NAME.md
	Short string // what it is about: one line, lower case, no full stop
}

// All lists the guides in the order in which one would read them.
func All() []Guide {
	return []Guide{
		{"agents", "Claude Code and other agents: set up, start, watch, and take out again"},
		{"sessions", "a session's worktree, from its set-up to its retirement"},
		{"claims", "who may edit what: claim, wait, take over, release"},
		{"tasks", "a backlog of tasks that wait for each other: plan, take, land"},
		{"reviews", "have a change approved before it lands"},
		{"landing", "push and pull: how work reaches the branch that all share"},
		{"hub", "one swarm in several clones, through any git remote"},
		{"healing", "which conflicts are resolved, by which rules, and how far to trust them"},
		{"configuration", "every key of git config and swarm.toml, and which comes first"},
		{"security", "what is protected, what runs by itself, and what is outside the model"},
		{"format", "what is stored in refs/swarm, and how to read it with plain git"},
		{"migrating", "from claude-swarm 0.3.3 to git swarm"},
		{"cost", "what commands cost, beside git and beside other programs, and how to measure it"},
		{"troubleshooting", "what to do when something is refused, stuck or damaged"},
		{"glossary", "the words of git swarm and what they mean"},
	}
}

// Names are those of all guides.
func Names() (names []string) {
	for _, g := range All() {
		names = append(names, g.Name)
	}
	return names
}

// Find returns the guide of that name.
func Find(name string) (Guide, bool) {
	for _, g := range All() {
		if g.Name == name {
			return g, true
		}
	}
	return Guide{}, false
}

// Text is the guide in Markdown.
func (g Guide) Text() string {
	text, err := files.ReadFile(g.Name + ".md")
	if err != nil {
		panic(err) // the test of this package reads each guide
	}
	return string(text)
}
