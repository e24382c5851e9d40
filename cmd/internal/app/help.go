package app

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/urfave/cli/v3"
)

func helpVerb() *verb {
	return &verb{
		name: "help", group: groupHealth, args: "[COMMAND]", max: 2, short: "describe a command, or list them",
		flags: func() []cli.Flag {
			return []cli.Flag{&cli.BoolFlag{Name: "man", Usage: "print the manual page, in troff"}}
		},
		run: func(_ context.Context, c *call) error {
			if c.cmd.Bool("man") {
				return manual(c.Stdout)
			}
			if len(c.args) == 0 {
				return c.help(c.Stdout)
			}
			if c.args[0] == "context" && len(c.args) == 1 {
				if err := c.helpVerb(contextAddVerb()); err != nil {
					return err
				}
				return c.helpVerb(contextShowVerb())
			}
			v, rest := findVerb(c.args)
			if v == nil || len(rest) > 0 {
				return unknownVerb(c.args)
			}
			return c.helpVerb(v)
		},
	}
}

// help lists the commands by what they are for.
func (a *App) help(w io.Writer) error {
	var b strings.Builder
	b.WriteString("usage: git swarm [-C DIR] [--session ID] COMMAND [ARGUMENTS]\n\n" +
		"Several sessions at work on one repository: shared decisions, messages, claims\n" +
		"and one push at a time, kept in git itself under refs/swarm.\n")
	for _, group := range groups {
		fmt.Fprintf(&b, "\n%s\n", group)
		for _, v := range verbs() {
			if v.group == group && !v.hidden {
				fmt.Fprintf(&b, "   %-15s  %s\n", v.name, v.short)
			}
		}
	}
	b.WriteString("\ngit swarm help COMMAND describes one of them.\n" +
		"Exit codes: 0 done, 1 no, 75 try again, 128 damaged or no repository, 129 wrong usage.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// helpVerb describes one command.
func (a *App) helpVerb(v *verb) error {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: %s\n\n%s.\n", v.usage(), upperFirst(v.short))
	if v.long != "" {
		fmt.Fprintf(&b, "\n%s\n", v.long)
	}
	if flags := v.allFlags(); len(flags) > 0 {
		b.WriteString("\n")
		for _, f := range flags {
			names, text := describeFlag(f)
			fmt.Fprintf(&b, "   %-24s %s\n", names, text)
		}
	}
	_, err := io.WriteString(a.Stdout, b.String())
	return err
}

func (v *verb) usage() string {
	usage := "git swarm " + v.name
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

// unknownVerb suggests the command that was meant, if one is near.
func unknownVerb(words []string) error {
	var known []string
	for _, v := range verbs() {
		if !v.hidden || v.name == "context" {
			name, _, _ := strings.Cut(v.name, " ")
			known = append(known, name)
		}
	}
	hint := "git swarm help"
	if near := text.Nearest(words[0], known); near != "" {
		hint = "git swarm " + near
	}
	return &refusal{exitUsage, fmt.Sprintf("'%s' is not a git swarm command", text.Inert(words[0])), hint}
}

// Version is set by the linker for releases; else the module's version is told.
var Version string

func (a *App) printVersion() error {
	version := Version
	if info, ok := debug.ReadBuildInfo(); ok && version == "" {
		version = strings.TrimPrefix(info.Main.Version, "v")
	}
	if version == "" || version == "(devel)" {
		version = "0.1.0-dev"
	}
	_, err := fmt.Fprintf(a.Stdout, "git-swarm version %s\n", version)
	return err
}
