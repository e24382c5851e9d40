package launch

import (
	"embed"
	"strings"
	"text/template"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

//go:embed prompts
var prompts embed.FS

// SessionPrompt is what a session's prompt is made of.
type SessionPrompt struct {
	bus.Session
	Worktree string
	Task     string
	Target   string // the branch that its work lands on, "" without a remote
	Review   bool   // nothing lands without review
	MaxFiles int
	Peers    []bus.Session
}

// StartPrompt is what the orchestrator's prompt is made of.
type StartPrompt struct {
	Plan     string
	MaxFiles int
	Target   string // as in SessionPrompt
}

// Text is the prompt for a session, self-contained.
func (p SessionPrompt) Text() (string, error) { return fill("session.md", p) }

// Text is the prompt for the orchestrator.
func (p StartPrompt) Text() (string, error) { return fill("orchestrator.md", p) }

// fill fills in a template. Values are inserted as they are: a prompt is plain
// text, so nothing in them has to be escaped.
func fill(name string, data any) (string, error) {
	t, err := template.ParseFS(prompts, "prompts/"+name)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, data)
	return b.String(), err
}
