package app

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/guide"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/urfave/cli/v3"
)

func helpVerb() *verb {
	return &verb{
		name: "help", group: groupHealth, args: "[COMMAND | GUIDE]", max: 2, short: "describe a command, show a guide, or list them",
		long: `A guide is shown in git's pager: GIT_PAGER, core.pager, PAGER, else less.`,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.BoolFlag{Name: "guides", Aliases: []string{"g"}, Usage: "list the guides"},
				&cli.BoolFlag{Name: "man", Usage: "print the manual page in troff: git-swarm(1), or that of a guide"},
			}
		},
		run: runHelp,
	}
}

func runHelp(ctx context.Context, c *call) error {
	name := ""
	if len(c.args) > 0 {
		name = c.args[0]
	}
	g, isGuide := guide.Find(name)
	isGuide = isGuide && len(c.args) == 1
	switch {
	case c.cmd.Bool("man") && name == "":
		return c.printf("%s", manual())
	case c.cmd.Bool("man") && isGuide:
		return c.printf("%s", g.Man())
	case c.cmd.Bool("guides") && name == "":
		return c.helpGuides()
	case c.cmd.Bool("guides") && isGuide:
		return c.page(ctx, g.Text())
	case c.cmd.Bool("man"), c.cmd.Bool("guides"):
		return refuseGuide(c.args)
	case name == "":
		return c.help(c.Stdout)
	}
	v, rest := findVerb(c.args)
	switch {
	case v == nil && isGuide:
		return c.page(ctx, g.Text())
	case v == nil, len(rest) > 0 && !slices.Contains(v.subs, rest[0]):
		return unknownVerb(c.args)
	case isGuide: // "claims" is both
		return c.page(ctx, c.describeVerb(v)+"\n"+g.Text())
	}
	return c.helpVerb(v)
}

// helpGuides lists the guides.
func (c *call) helpGuides() error {
	rows := [][2]string{}
	for _, g := range guide.All() {
		rows = append(rows, [2]string{g.Name, g.Short})
	}
	return c.printf("The guides of git swarm:\n\n%s\ngit swarm help GUIDE shows one.\n", columns(rows))
}

// help lists the commands by what they are for.
func (a *App) help(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: %s [-C DIR] [--session ID] COMMAND [ARGUMENTS]\n\n", a.program())
	b.WriteString("git swarm lets several agents or people work in one repository without overwriting\n" +
		"each other: shared decisions, messages, claims, reviews, and one push at a time.\n" +
		"Everything is kept in git itself, under refs/swarm.\n")
	var rows [][2]string
	for _, v := range verbs() {
		if !v.hidden {
			rows = append(rows, [2]string{v.name, v.short})
		}
	}
	lines := strings.SplitAfter(columns(rows), "\n")
	for _, group := range groups {
		fmt.Fprintf(&b, "\n%s\n", group)
		at := 0
		for _, v := range verbs() {
			if v.hidden {
				continue
			}
			if v.group == group {
				b.WriteString(lines[at])
			}
			at++
		}
	}
	fmt.Fprintf(&b, "\n%[1]s help COMMAND describes one of them, %[1]s help -g lists the guides.\n"+
		"Exit codes: 0 done, 1 no, 75 try again, 128 damaged or no repository, 129 wrong usage.\n", a.program())
	_, err := io.WriteString(w, b.String())
	return err
}

// program is the command as the user typed it: "git swarm" or "ao".
func (a *App) program() string {
	if a.Name == "ao" {
		return "ao"
	}
	return "git swarm"
}

// helpVerb prints the description of a command.
func (a *App) helpVerb(v *verb) error {
	_, err := io.WriteString(a.Stdout, a.describeVerb(v))
	return err
}

// describeVerb is the description of one command, or of those that begin with its
// name.
func (a *App) describeVerb(v *verb) string {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: %s %s\n", a.program(), v.usage())
	if v.short != "" {
		fmt.Fprintf(&b, "\n%s.\n", upperFirst(v.short))
	}
	if v.long != "" {
		fmt.Fprintf(&b, "\n%s\n", v.long)
	}
	rows := [][2]string{}
	for _, f := range v.allFlags() {
		names, usage := describeFlag(f)
		rows = append(rows, [2]string{names, usage})
	}
	if v.hidden { // "review" stands for "review request" and the others
		for _, sub := range verbs() {
			if strings.HasPrefix(sub.name, v.name+" ") {
				rows = append(rows, [2]string{sub.name, sub.short})
			}
		}
	}
	if len(rows) > 0 {
		fmt.Fprintf(&b, "\n%s", columns(rows))
	}
	return b.String()
}

// columns sets names in a column that is as wide as the widest of them.
func columns(rows [][2]string) string {
	width := 0
	for _, r := range rows {
		width = max(width, len(r[0]))
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "   %-*s  %s\n", width, r[0], r[1])
	}
	return b.String()
}

// usage is the command line without the program.
func (v *verb) usage() string {
	usage := v.name
	if len(v.allFlags()) > 0 {
		usage += " [OPTIONS]"
	}
	if v.args != "" {
		usage += " " + v.args
	}
	return usage
}

// describeFlag splits a flag's usage, in which the value's name is in backquotes.
func describeFlag(f cli.Flag) (names, text string) {
	for i, name := range f.Names() {
		if i > 0 {
			names += ", "
		}
		names += strings.Repeat("-", min(len(name), 2)) + name
	}
	usage := ""
	if d, ok := f.(cli.DocGenerationFlag); ok {
		usage = d.GetUsage()
	}
	before, rest, ok := strings.Cut(usage, "`")
	if !ok {
		return names, usage
	}
	value, after, _ := strings.Cut(rest, "`")
	return names + " " + value, before + value + after
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// unknownVerb suggests the command or guide that was meant, if one is near.
func unknownVerb(words []string) error {
	var known, below []string
	for _, v := range verbs() {
		if !v.hidden {
			name, second, _ := strings.Cut(v.name, " ")
			known = append(known, name)
			if second == words[0] {
				below = append(below, v.name)
			}
		}
	}
	hint := "git swarm help"
	if len(below) == 1 {
		hint = "git swarm " + below[0]
	} else if near := text.Nearest(words[0], known); near != "" {
		hint = "git swarm " + near
	} else if near := text.Nearest(words[0], guide.Names()); near != "" {
		hint = "git swarm help " + near
	}
	if !slices.ContainsFunc(verbs(), func(v *verb) bool { return strings.HasPrefix(v.name, words[0]+" ") }) {
		words = words[:1] // what follows is no part of its name
	}
	if option := slices.IndexFunc(words[1:], func(w string) bool { return strings.HasPrefix(w, "-") }); option >= 0 {
		words = words[:1+option]
	}
	return refuseVerb(words, hint)
}
