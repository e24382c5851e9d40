package app

import (
	"context"
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
		long: `A message is read once it is answered, or marked with --mark-read; a request for
a review, once this session has given its verdict.`,
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "read messages too"},
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
	who := c.looking
	if c.cmd.Bool("mark-read") {
		who = c.acting
	}
	b, id, err := who()
	if err != nil {
		return err
	}
	only := 0
	if len(c.args) == 1 {
		if only, err = c.entryNumber(ctx, b, id, c.args[0]); err != nil {
			return err
		}
	}
	all := c.cmd.Bool("all")
	var messages []bus.Message
	if only > 0 {
		messages = make([]bus.Message, 1)
		messages[0], err = b.Message(ctx, id, only)
	} else {
		messages, err = b.Inbox(ctx, id, all)
	}
	if err != nil {
		return err
	}
	if err := c.printInbox(messages, only > 0, all); err != nil {
		return err
	}
	if !c.cmd.Bool("mark-read") || len(messages) == 0 {
		return nil
	}
	var numbers []int
	for _, m := range messages {
		numbers = append(numbers, m.Number)
	}
	return b.MarkRead(ctx, id, numbers...)
}

func (c *call) printInbox(messages []bus.Message, whole, all bool) error {
	if c.wantJSON() {
		for _, m := range messages {
			if err := c.object("message", jsonMessage(m)); err != nil {
				return err
			}
		}
		return nil
	}
	if whole {
		m := messages[0]
		return c.printf("%s from %s, %s%s\n\n%s\n", text.Name(m.Origin, m.Number), m.From, text.Ago(c.Now(), m.At), formatWriter(m.Writer, m.Via), text.Block(m.Body))
	}
	if len(messages) == 0 {
		if all {
			c.notef("no messages")
		} else {
			c.notef("no unread messages; read ones: git swarm inbox --all")
		}
		return nil
	}
	var rows [][]text.Cell
	for _, m := range messages {
		state := text.Yellow.Cell("unread")
		if m.Read {
			state = text.Dim.Cell("read")
		}
		rows = append(rows, []text.Cell{{Text: text.Name(m.Origin, m.Number)}, {Text: m.From}, {Text: text.Ago(c.Now(), m.At)}, state, {Text: text.HeadLine(m.Body)}})
	}
	return c.table([]string{"No", "From", "When", "State", "Body"}, rows, 4)
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
