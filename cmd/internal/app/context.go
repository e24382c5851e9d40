package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/urfave/cli/v3"
)

// contextVerb answers "git swarm context" alone with what it lacks.
func contextVerb() *verb {
	return &verb{
		name: "context", hidden: true, args: "add|show", max: -1, subs: []string{"add", "show"}, short: "tell all sessions something, or list what was told",
		run: func(_ context.Context, c *call) error {
			if len(c.args) == 0 {
				return usageOf(c.verb, "context add BODY, or context show?")
			}
			return c.unknownSub()
		},
	}
}

func contextAddVerb() *verb {
	return &verb{
		name: "context add", group: groupTalk, args: "BODY", min: 1, max: 1, short: "tell all sessions a decision, interface, warning, convention or discovery",
		long: `The entry is numbered and kept for good; every other session is shown it by
its next sync. BODY may be "-" for standard input.

git log refs/swarm/context shows all of them.`,
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{&cli.StringFlag{Name: "category", Aliases: []string{"c"}, Usage: "`CATEGORY`: " + strings.Join(bus.Categories, ", ")}}
		},
		run: func(ctx context.Context, c *call) error {
			category := c.cmd.String("category")
			if category == "" {
				return usageOf(c.verb, "--category is missing: one of "+strings.Join(bus.Categories, ", "))
			}
			b, id, err := c.acting()
			if err != nil {
				return err
			}
			body, err := c.body(c.args[0])
			if err != nil {
				return err
			}
			added, err := b.AddContext(ctx, id, category, body)
			if err != nil {
				return err
			}
			if c.wantJSON() {
				line := map[string]any{"number": added.Number, "category": category}
				if added.Origin != "" {
					line["id"] = added.Origin
				}
				return c.object("context", line)
			}
			return c.printf("Context %s added (%s)\n", text.Name(added.Origin, added.Number), category)
		},
	}
}

func contextShowVerb() *verb {
	return &verb{
		name: "context show", news: true, group: groupTalk, args: "[NUMBER]", max: 1, short: "list the shared context, or show one entry in full",
		long: `The newest 50 are listed, oldest first; with --json all of them. Of a text of
several lines the first is shown, and the whole text by its NUMBER.`,
		json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.StringFlag{Name: "category", Aliases: []string{"c"}, Usage: "only entries of `CATEGORY`"},
				&cli.IntFlag{Name: "limit", Aliases: []string{"n"}, Usage: "only the newest `N`"},
				&cli.BoolFlag{Name: "all", Usage: "all, not only the newest 50"},
			}
		},
		run: showContext,
	}
}

// contextRows is how many entries "context show" lists unless it is told otherwise.
const contextRows = 50

func showContext(ctx context.Context, c *call) error {
	limit, category := c.cmd.Int("limit"), c.cmd.String("category")
	if category != "" && !slices.Contains(bus.Categories, category) {
		return usageOf(c.verb, fmt.Sprintf("unknown category '%s': one of %s", text.Inert(category), strings.Join(bus.Categories, ", ")))
	}
	if c.cmd.IsSet("limit") && limit < 1 {
		return usageOf(c.verb, "--limit takes a number from 1")
	}
	if c.cmd.IsSet("limit") && c.cmd.Bool("all") {
		return usageOf(c.verb, "--limit and --all exclude each other")
	}
	if len(c.args) == 1 {
		return showContextEntry(ctx, c)
	}
	b, err := c.Bus()
	if err != nil {
		return err
	}
	rows := limit
	if rows == 0 && !c.cmd.Bool("all") && !c.wantJSON() {
		rows = contextRows
	}
	list := c.listing([]string{"No", "Category", "By", "When", "Body"}, 4)
	wanted := func(e bus.Context) bool { return category == "" || e.Category == category }
	older := false
	if rows == 0 {
		err = b.ContextForward(ctx, func(e bus.Context) bool { return !wanted(e) || c.listContext(list, e) })
	} else {
		var newest []bus.Context
		err = b.Context(ctx, func(e bus.Context) bool {
			if wanted(e) {
				if older = len(newest) == rows; !older {
					newest = append(newest, e)
				}
			}
			return !older
		})
		for _, e := range slices.Backward(newest) {
			c.listContext(list, e)
		}
	}
	if err := errors.Join(err, list.end()); err != nil {
		return err
	}
	switch {
	case list.empty && !c.wantJSON():
		c.notef("no shared context yet: git swarm context add BODY --category decision")
	case older && limit == 0:
		c.notef("only the newest %d are listed: git swarm context show --all", rows)
	}
	return nil
}

// listContext adds the entry to the list, and reports whether more can be printed.
func (c *call) listContext(list *listing, e bus.Context) bool {
	if list.json {
		return list.object("context", jsonContext(e))
	}
	return list.row(text.Cells(text.Name(e.Origin, e.Number), e.Category, e.By, text.Ago(c.Now(), e.At), text.HeadLine(e.Body)))
}

func showContextEntry(ctx context.Context, c *call) error {
	if err := c.checkNumber(c.args[0]); err != nil {
		return err
	}
	b, err := c.Bus()
	if err != nil {
		return err
	}
	number, err := c.entryNumber(ctx, b, "", c.args[0])
	if err != nil {
		return err
	}
	e, err := b.ContextEntry(ctx, number)
	if err != nil {
		return err
	}
	if c.wantJSON() {
		return c.object("context", jsonContext(e))
	}
	return c.printf("%s [%s] by %s, %s%s\n\n%s\n", text.Name(e.Origin, e.Number), e.Category, e.By, text.Ago(c.Now(), e.At), formatWriter(e.Writer, e.Via), text.Block(e.Body))
}

type contextJSON struct {
	Number   int     `json:"number"`
	ID       string  `json:"id,omitempty"` // for all clones
	Category string  `json:"category"`
	Session  string  `json:"session"`
	Body     string  `json:"body"`
	At       *string `json:"at"`
	Writer   string  `json:"writer,omitempty"`
	Via      string  `json:"via,omitempty"`
}

func jsonContext(e bus.Context) contextJSON {
	return contextJSON{e.Number, e.Origin, e.Category, e.By, e.Body, text.Stamp(e.At), e.Writer, e.Via}
}

// entryNumber reads an argument such as "3" or "#3", or "desk.17", an entry's name for
// all clones: of the context, or of the inbox of the session to.
func (c *call) entryNumber(ctx context.Context, b *bus.Bus, to, arg string) (int, error) {
	if !refstore.IsOrigin(arg) {
		return c.number(arg)
	}
	return b.Numbered(ctx, to, arg)
}

// checkNumber refuses what entryNumber cannot read.
func (c *call) checkNumber(arg string) error {
	if refstore.IsOrigin(arg) {
		return nil
	}
	_, err := c.number(arg)
	return err
}

// number reads an argument such as "3" or "#3".
func (c *call) number(arg string) (int, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(arg, "#"))
	if err != nil || n < 1 {
		return 0, usageOf(c.verb, fmt.Sprintf("'%s' is no number", text.Inert(arg)))
	}
	return n, nil
}
