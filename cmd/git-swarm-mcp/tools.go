package main

import (
	"context"
	"strconv"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type none struct{}

type messageInput struct {
	To   string `json:"to" jsonschema:"the session's id, orchestrator, or all"`
	Text string `json:"text" jsonschema:"what to say"`
}

type replyInput struct {
	Number int    `json:"number" jsonschema:"the number of the message, as in (#3)"`
	Text   string `json:"text" jsonschema:"what to answer"`
}

type contextInput struct {
	Text     string `json:"text,omitempty" jsonschema:"what all sessions should know; leave it out to list what they know"`
	Category string `json:"category,omitempty" jsonschema:"of the text: decision, interface, warning, convention or discovery"`
	Number   int    `json:"number,omitempty" jsonschema:"show this entry in full"`
}

type claimInput struct {
	Paths  []string `json:"paths" jsonschema:"files or folders, from where you were started"`
	Reason string   `json:"reason,omitempty" jsonschema:"what for, as the others are shown"`
	Wait   string   `json:"wait,omitempty" jsonschema:"wait so long until they are free, such as 5m"`
}

type unclaimInput struct {
	Paths []string `json:"paths,omitempty" jsonschema:"what you give back"`
	All   bool     `json:"all,omitempty" jsonschema:"give back all that you hold"`
}

type commitInput struct {
	Message string   `json:"message" jsonschema:"what the commit does"`
	Paths   []string `json:"paths,omitempty" jsonschema:"files to stage first, new ones and deleted ones, too; leave it out for what is staged"`
}

type pushInput struct {
	To string `json:"to,omitempty" jsonschema:"the branch to land on; leave it out for the usual one"`
}

type reviewInput struct {
	Action string `json:"action" jsonschema:"request, list, show, approve, reject, comment or withdraw"`
	Number int    `json:"number,omitempty" jsonschema:"the review's number; not for request and list"`
	To     string `json:"to,omitempty" jsonschema:"the reviewers for request, as in B,C"`
	Text   string `json:"text,omitempty" jsonschema:"what to say of it: why it is rejected, what was found"`
}

// addTools adds all of them. They are named like the verbs, and described so that a
// model needs no other text.
func addTools(s *mcp.Server, r runner) {
	add(s, "sync", true, "Show what is new to you: messages and shared context from other sessions. Run it when you begin, and before you decide something that others rely on.",
		func(ctx context.Context, _ none) result { return r.sync(ctx) })
	add(s, "status", true, "Show the sessions, how each stands, and what is new.",
		func(ctx context.Context, _ none) result { return r.swarm(ctx, "", "status") })
	add(s, "message", true, "Send a message to another session, or to all.",
		func(ctx context.Context, in messageInput) result {
			return r.swarm(ctx, in.Text, "message", "--", in.To, "-")
		})
	add(s, "reply", true, "Answer a message that you got, by its number.",
		func(ctx context.Context, in replyInput) result {
			return r.swarm(ctx, in.Text, "reply", "--", strconv.Itoa(in.Number), "-")
		})
	add(s, "context", true, "Tell all sessions, also later ones, a decision, interface, warning, convention or discovery; or list what they were told.", r.context)
	add(s, "claim", true, "Keep files or folders for yourself, all of them or none. A file is claimed by itself when you edit it: claim what you will edit soon, or what is held by another and should be yours once it is free (wait).",
		func(ctx context.Context, in claimInput) result {
			args := []string{"claim"}
			args = append(option(args, "reason", in.Reason), option(nil, "wait", in.Wait)...)
			return r.swarm(ctx, "", append(append(args, "--"), in.Paths...)...)
		})
	add(s, "unclaim", true, "Give back files or folders that you do not need any more.",
		func(ctx context.Context, in unclaimInput) result {
			if in.All {
				return r.swarm(ctx, "", "unclaim", "--all")
			}
			return r.swarm(ctx, "", append([]string{"unclaim", "--"}, in.Paths...)...)
		})
	add(s, "commit", false, "Commit as your session. It runs the repository's commit hooks. Files that another session holds are refused.", r.commit)
	add(s, "push", false, "Land your branch: it is rebased onto what is there, conflicts are healed where that is safe, checks are run, and it is pushed. Use it instead of git push.",
		func(ctx context.Context, in pushInput) result {
			return r.swarm(ctx, "", option([]string{"push"}, "to", in.To)...)
		})
	add(s, "review", true, "Ask another session to review your work, look at reviews, and give your verdict on one that you were asked for.", r.review)
}

// result is what a tool answers; a refusal is an error of the tool's, which the model
// sees.
type result = *mcp.CallToolResult

func said(text string) result {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}
}

func fail(why string) result {
	r := said(why)
	r.IsError = true
	return r
}

// add adds a tool; safe says that it runs nothing of the repository's own.
func add[In any](s *mcp.Server, name string, safe bool, description string, handle func(context.Context, In) result) {
	no := false
	tool := &mcp.Tool{Name: name, Description: description, Annotations: &mcp.ToolAnnotations{OpenWorldHint: &no}}
	if safe {
		tool.Annotations.DestructiveHint = &no
	}
	if name == "sync" || name == "status" {
		tool.Annotations.IdempotentHint = true
	}
	mcp.AddTool(s, tool, func(ctx context.Context, _ *mcp.CallToolRequest, in In) (*mcp.CallToolResult, any, error) {
		return handle(ctx, in), nil, nil
	})
}

// option adds an option with its value, unless that is empty.
func option(args []string, name, value string) []string {
	if value == "" {
		return args
	}
	return append(args, "--"+name+"="+value)
}

func (r runner) sync(ctx context.Context) result {
	r.silence = "Nothing is new."
	return r.swarm(ctx, "", "sync")
}

func (r runner) context(ctx context.Context, in contextInput) result {
	switch {
	case in.Text != "":
		return r.swarm(ctx, in.Text, append(option([]string{"context", "add"}, "category", in.Category), "--", "-")...)
	case in.Number > 0:
		return r.swarm(ctx, "", "context", "show", strconv.Itoa(in.Number))
	}
	return r.swarm(ctx, "", option([]string{"context", "show"}, "category", in.Category)...)
}

func (r runner) commit(ctx context.Context, in commitInput) result {
	if len(in.Paths) > 0 {
		out := r.run(ctx, "", "git", append([]string{"--literal-pathspecs", "add", "--"}, in.Paths...)...)
		if out.IsError {
			return out
		}
	}
	return r.swarm(ctx, in.Message, "commit", "--", "-")
}

func (r runner) review(ctx context.Context, in reviewInput) result {
	args := []string{"review", in.Action}
	switch in.Action {
	case "request":
		args = option(option(args, "to", in.To), "message", in.Text)
	case "list":
	case "show", "approve", "reject", "comment", "withdraw":
		if in.Number < 1 {
			return fail("number is missing")
		}
		if in.Action != "show" {
			args = option(args, "comment", in.Text)
		}
		args = append(args, strconv.Itoa(in.Number))
	default:
		return fail("action is request, list, show, approve, reject, comment or withdraw")
	}
	return r.swarm(ctx, "", args...)
}
