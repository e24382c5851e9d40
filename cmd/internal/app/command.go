package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/swarm"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/urfave/cli/v3"
)

// verb is one command. Its cli.Command is built only when it is run or
// described: a quiet sync should not pay for thirty others.
type verb struct {
	name    string // "sync", or "context add"
	group   string // the heading it stands under in the help
	args    string // its arguments, as shown: "PATH..."
	min     int    // how many arguments it takes
	max     int    // -1: any number
	short   string // one line, lower case, no full stop
	long    string // further paragraphs for its own help
	flags   func() []cli.Flag
	raw     bool // hands its arguments to git unread
	passes  bool // hands what is behind "--" to another program
	hidden  bool
	subs    []string // what complete offers for its first argument
	run     func(context.Context, *call) error
	session bool // acts as a session: takes --session
	json    bool // shows something: takes --json
	news    bool // shows what other clones change: asks the hub first
}

// call is one run of a verb.
type call struct {
	*App
	verb  *verb
	cmd   *cli.Command
	args  []string
	rest  []string     // behind "--", of a verb that passes it on
	swarm *swarm.Swarm // nil until it is first asked for
	agent *agents.Who  // see agentSession; nil until it is first asked for
}

// command is the one constructor of commands. urfave/cli alone takes surplus and
// missing arguments silently and answers a wrong option with its help on stdout;
// here each is a usageError.
func (a *App) command(v *verb) *cli.Command {
	flags := v.allFlags()
	return &cli.Command{
		Name: v.name, Flags: flags, SkipFlagParsing: v.raw,
		HideHelp: true, HideHelpCommand: true, HideVersion: true,
		Writer: io.Discard, ErrWriter: io.Discard,
		OnUsageError:   func(_ context.Context, _ *cli.Command, err error, _ bool) error { return usageOf(v, err.Error()) },
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			args := cmd.Args().Slice()
			var rest []string
			if at := slices.Index(args, "--"); at >= 0 && v.passes {
				args, rest = args[:at], args[at+1:]
			}
			if len(args) < v.min || (v.max >= 0 && len(args) > v.max) {
				return v.wrongCount(args)
			}
			c := &call{App: a, verb: v, cmd: cmd, args: args, rest: rest}
			defer func() { c.swarm.Close() }()
			if v.news {
				c.refresh(ctx)
			}
			err := v.run(ctx, c)
			if v.news && errors.Is(err, refstore.ErrNotExist) && c.refreshNow(ctx) { // another clone may just have made it
				err = v.run(ctx, c)
			}
			c.tellHubTrouble(err)
			if v.name != "hook" && v.name != "fsck" { // which have their own way to tell
				c.tellSetAside(err)
			}
			if err != nil {
				return &callError{err, c}
			}
			return nil
		},
	}
}

func (v *verb) allFlags() []cli.Flag {
	var flags []cli.Flag
	if v.flags != nil {
		flags = v.flags()
	}
	if v.session {
		flags = append(flags, &cli.StringFlag{Name: "session", Aliases: []string{"from"}, Usage: "act as session `ID`"})
	}
	if v.json {
		flags = append(flags, &cli.BoolFlag{Name: "json", Usage: "one JSON object a line"})
	}
	return flags
}

func (v *verb) wrongCount(args []string) error {
	if len(args) < v.min {
		name := strings.TrimSuffix(strings.Fields(v.args)[len(args)], "...")
		return usageOf(v, "missing argument: "+name)
	}
	return v.unexpected(args[v.max])
}

// unexpected refuses an argument behind the last: of a verb that takes text most
// often a part of it, without quotes.
func (v *verb) unexpected(arg string) error {
	line := fmt.Sprintf("unexpected argument '%s'", text.Inert(arg))
	if strings.HasSuffix(v.args, "BODY") || strings.HasSuffix(v.args, "MESSAGE") {
		line += " (quote the text)"
	}
	return usageOf(v, line)
}

// run finds the verb and runs it.
func (a *App) run(ctx context.Context, args []string) error {
	g, err := a.globals(args)
	if err != nil || g.done {
		return err
	}
	v, rest := findVerb(g.rest)
	if v == nil {
		return unknownVerb(g.rest)
	}
	if v.raw {
		return a.command(v).Run(ctx, append([]string{v.name}, rest...))
	}
	if wantsHelp(rest) {
		return a.helpVerb(v)
	}
	cmd := a.command(v)
	words, err := v.arrange(append(g.flagsFor(v), rest...), cmd.Flags)
	if err != nil {
		return err
	}
	return cmd.Run(ctx, append([]string{v.name}, words...))
}

// global is what stands before the verb.
type global struct {
	session []string // --session=ID, for verbs that act as a session
	flags   []string // others that belong to the verb
	rest    []string
	done    bool
}

func (g *global) flagsFor(v *verb) []string {
	if v.session {
		return append(g.session, g.flags...)
	}
	return g.flags
}

func (a *App) globals(args []string) (g global, err error) {
	for len(args) > 0 {
		value := func() (string, error) {
			if len(args) < 2 {
				return "", usageOf(nil, fmt.Sprintf("option '%s' needs a value", args[0]))
			}
			return args[1], nil
		}
		switch word := args[0]; {
		case word == "-C":
			dir, err := value()
			if err != nil {
				return g, err
			}
			if !filepath.IsAbs(dir) {
				dir = filepath.Join(a.Dir, dir)
			}
			if _, err := os.Stat(dir); err != nil {
				return g, refuseDir(args[1], err)
			}
			a.Dir, a.Named = dir, true
			args = args[2:]
		case word == "--session" || word == "--from":
			id, err := value()
			if err != nil {
				return g, err
			}
			g.session = append(g.session, "--session="+id)
			args = args[2:]
		case strings.HasPrefix(word, "--session="), strings.HasPrefix(word, "--from="):
			g.session = append(g.session, word)
			args = args[1:]
		case word == "--json":
			g.flags = append(g.flags, word)
			args = args[1:]
		case word == "--version" || word == "-v":
			g.done = true
			_, err := io.WriteString(a.Stdout, readVersion().String())
			return g, err
		case word == "-h" || word == "--help":
			g.done = true
			return g, a.help(a.Stdout)
		case strings.HasPrefix(word, "-"):
			return g, usageOf(nil, fmt.Sprintf("unknown option '%s'", text.Inert(word)))
		default:
			g.rest = args
			return g, nil
		}
	}
	g.done = true
	if err := a.help(a.Stderr); err != nil {
		return g, err
	}
	return g, errNoVerb
}

func wantsHelp(args []string) bool {
	for _, word := range args {
		if word == "--" {
			return false
		}
		if word == "-h" || word == "--help" {
			return true
		}
	}
	return false
}

// unknownSub refuses a second word that is none of a command's, such as "context
// remove", and suggests the one that was meant.
func (c *call) unknownSub() error {
	e := &usageError{verb: c.verb, what: fmt.Sprintf("unknown command '%s %s'", c.verb.name, text.Inert(c.args[0]))}
	if near := text.Nearest(c.args[0], c.verb.subs); near != "" {
		e.near = "git swarm " + c.verb.name + " " + near
	}
	return e
}

// findVerb takes the longest name that the words begin with.
func findVerb(words []string) (*verb, []string) {
	table := verbs()
	if len(words) >= 2 {
		for _, v := range table {
			if v.name == words[0]+" "+words[1] {
				return v, words[2:]
			}
		}
	}
	for _, v := range table {
		if v.name == words[0] {
			return v, words[1:]
		}
	}
	return nil, nil
}
