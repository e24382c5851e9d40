package app

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/urfave/cli/v3"
)

func messageVerb() *verb {
	return &verb{
		name: "message", group: groupTalk, args: "TO BODY", min: 2, max: 2, short: "send a message to a session, or to all",
		long: `TO is a session's id, "orchestrator", or "all" for everybody else. BODY may be
"-" for standard input. The other session is shown it by its next sync.`,
		session: true, json: true,
		run: func(ctx context.Context, c *call) error {
			b, id, err := c.acting()
			if err != nil {
				return err
			}
			body, err := c.body(c.args[1])
			if err != nil {
				return err
			}
			sent, err := b.Send(ctx, id, c.args[0], body)
			if err != nil {
				return err
			}
			if len(sent) == 0 {
				return refuseNobody()
			}
			if strings.Contains(body, "?") && len(sent) == 1 {
				if err := agents.In(c.swarm.Repo).NoteAsked(ctx, id, sent[0].To, c.Now()); err != nil {
					return err
				}
			}
			for _, s := range sent {
				if err := c.printSent("Message", s); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func replyVerb() *verb {
	return &verb{
		name: "reply", news: true, group: groupTalk, args: "NUMBER BODY", min: 2, max: 2, short: "answer a message of the inbox, and mark it read",
		session: true, json: true,
		run: func(ctx context.Context, c *call) error {
			if err := c.checkNumber(c.args[0]); err != nil {
				return err
			}
			b, id, err := c.acting()
			if err != nil {
				return err
			}
			number, err := c.entryNumber(ctx, b, id, c.args[0])
			if err != nil {
				return err
			}
			body, err := c.body(c.args[1])
			if err != nil {
				return err
			}
			sent, err := b.Reply(ctx, id, number, body)
			if err != nil {
				return err
			}
			return c.printSent("Reply", sent)
		},
	}
}

func (c *call) printSent(what string, s bus.Sent) error {
	if c.wantJSON() {
		line := map[string]any{"number": s.Number, "to": s.To}
		if s.Origin != "" {
			line["id"] = s.Origin
		}
		return c.object("sent", line)
	}
	return c.printf("%s %s sent to %s\n", what, text.Name(s.Origin, s.Number), s.To)
}

func inboxVerb() *verb {
	return &verb{
		name: "inbox", news: true, group: groupTalk, args: "[NUMBER]", max: 1, short: "list the unread messages to this session, or show one in full",
		long: `The newest 50 are listed, oldest first; with --json all of them. A message is
read once it is answered, or marked with --mark-read; a request for a review,
once this session has given its verdict.`,
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "all of them, and read messages too"},
				&cli.IntFlag{Name: "limit", Aliases: []string{"n"}, Usage: "the newest `N` unread ones, not 50"},
				&cli.BoolFlag{Name: "mark-read", Usage: "mark what is shown as read"},
			}
		},
		run: runInbox,
	}
}

func runInbox(ctx context.Context, c *call) error {
	if len(c.args) == 1 {
		if err := c.checkNumber(c.args[0]); err != nil {
			return err
		}
	}
	if c.cmd.IsSet("limit") && c.cmd.Int("limit") < 1 {
		return usageOf(c.verb, "--limit takes a number from 1")
	}
	if c.cmd.IsSet("limit") && c.cmd.Bool("all") {
		return usageOf(c.verb, "--limit and --all exclude each other")
	}
	who := c.looking
	if c.cmd.Bool("mark-read") {
		who = c.acting
	}
	b, id, err := who()
	if err != nil {
		return err
	}
	if len(c.args) == 1 {
		return c.showMessage(ctx, b, id)
	}
	shown, err := c.listInbox(ctx, b, id)
	if err != nil || !c.cmd.Bool("mark-read") || len(shown) == 0 {
		return err
	}
	return b.MarkRead(ctx, id, shown...)
}

func (c *call) showMessage(ctx context.Context, b *bus.Bus, id string) error {
	number, err := c.entryNumber(ctx, b, id, c.args[0])
	if err != nil {
		return err
	}
	m, err := b.Message(ctx, id, number)
	if err != nil {
		return err
	}
	if c.wantJSON() {
		err = c.object("message", jsonMessage(m))
	} else {
		err = c.printf("%s from %s, %s%s\n\n%s\n", text.Name(m.Origin, m.Number), m.From, text.Ago(c.Now(), m.At), formatWriter(m.Writer, m.Via), text.Block(m.Body))
	}
	if err != nil || !c.cmd.Bool("mark-read") {
		return err
	}
	return b.MarkRead(ctx, id, number)
}

// inboxRows is how many unread messages "inbox" lists unless it is told otherwise.
const inboxRows = 50

// listInbox lists the messages to id, and returns the numbers of those that are shown
// as unread.
func (c *call) listInbox(ctx context.Context, b *bus.Bus, id string) (unread []int, err error) {
	all, limit := c.cmd.Bool("all"), c.cmd.Int("limit")
	if limit == 0 && !c.wantJSON() {
		limit = inboxRows
	}
	list := c.listing([]string{"No", "From", "When", "State", "Body"}, 4)
	add := func(m bus.Message) bool {
		if !m.Read {
			unread = append(unread, m.Number)
		}
		return c.listMessage(list, m)
	}
	older := false
	if all {
		err = b.InboxForward(ctx, id, add)
	} else {
		var newest []bus.Message
		err = b.InboxBackward(ctx, id, false, func(m bus.Message) bool {
			if older = limit > 0 && len(newest) == limit; !older {
				newest = append(newest, m)
			}
			return !older
		})
		for _, m := range slices.Backward(newest) {
			add(m)
		}
	}
	if err := errors.Join(err, list.end()); err != nil {
		return nil, err
	}
	switch {
	case c.wantJSON():
	case list.empty && all:
		c.notef("no messages")
	case list.empty:
		c.notef("no unread messages; read ones: git swarm inbox --all")
	case older && !c.cmd.IsSet("limit"):
		c.notef("only the newest %d are listed: git swarm inbox --limit %d", limit, 10*limit)
	}
	return unread, nil
}

// listMessage adds the message to the list, and reports whether more can be printed.
func (c *call) listMessage(list *listing, m bus.Message) bool {
	if c.wantJSON() {
		return list.object("message", jsonMessage(m))
	}
	state := text.Yellow.Cell("unread")
	if m.Read {
		state = text.Dim.Cell("read")
	}
	return list.row([]text.Cell{{Text: text.Name(m.Origin, m.Number)}, {Text: m.From}, {Text: text.Ago(c.Now(), m.At)}, state, {Text: text.HeadLine(m.Body)}})
}

type messageJSON struct {
	Number    int     `json:"number"`
	ID        string  `json:"id,omitempty"` // for all clones
	From      string  `json:"from"`
	To        string  `json:"to"`
	Body      string  `json:"body"`
	At        *string `json:"at"`
	Read      bool    `json:"read"`
	InReplyTo int     `json:"in_reply_to,omitempty"`
	Answered  string  `json:"in_reply_to_id,omitempty"`
	Writer    string  `json:"writer,omitempty"`
	Via       string  `json:"via,omitempty"`
}

func jsonMessage(m bus.Message) messageJSON {
	return messageJSON{m.Number, m.Origin, m.From, m.To, m.Body, text.Stamp(m.At), m.Read, m.InReplyTo, m.Answered, m.Writer, m.Via}
}
