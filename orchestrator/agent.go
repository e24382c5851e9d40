package orchestrator

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Agent is a session's Claude Code client, about to be started.
type Agent struct {
	Session string
	Dir     string // its worktree
	Prompt  string
	Env     repo.Env
}

// ErrNoTmux says that there is no tmux, or that this is not within it.
var ErrNoTmux = errors.New("no tmux to open windows in")

// command is the session's client with these arguments.
func (a Agent) command(ctx context.Context, args ...string) *exec.Cmd {
	return client(ctx, a.Env.With("GIT_SWARM_SESSION="+a.Session), a.Dir, args...)
}

// Arguments are those of an interactive client, for showing.
func (a Agent) Arguments() []string { return []string{"claude", "--name", a.Session, a.Prompt} }

// Interactive runs the client in our place, with our terminal.
func (a Agent) Interactive(ctx context.Context) error {
	cmd := a.command(ctx, a.Arguments()[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}

// Window opens a tmux window in which the client runs.
func (a Agent) Window(ctx context.Context) error {
	if err := HasClient(a.Env); err != nil {
		return err
	}
	args := []string{"new-window", "-d", "-n", a.Session, "-c", a.Dir, "-e", "GIT_SWARM_SESSION=" + a.Session, "--"}
	cmd := exec.CommandContext(ctx, "tmux", append(args, a.Arguments()...)...)
	cmd.Env = a.Env
	out, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return ErrNoTmux
	}
	if err != nil {
		return errors.New("tmux: " + strings.TrimSpace(string(out)))
	}
	return nil
}

// Headless runs the client without a terminal and calls progress with each thing
// that it says, until it has ended.
func (a Agent) Headless(ctx context.Context, progress func(text string)) error {
	cmd := a.command(ctx, "-p", a.Prompt, "--name", a.Session, "--output-format", "stream-json", "--verbose",
		"--permission-mode", "acceptEdits", "--allowedTools", "Bash(git swarm *)")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		return err
	}
	in := bufio.NewReader(out)
	for {
		line, err := in.ReadBytes('\n')
		for _, text := range saidIn(line) {
			progress(text)
		}
		if err != nil {
			break
		}
	}
	_, _ = io.Copy(io.Discard, in)
	err = cmd.Wait()
	if err != nil && complaint.Len() > 0 {
		err = errors.New(strings.TrimSpace(complaint.String()))
	}
	return err
}

// saidIn reads one line of the client's stream: what the model said, and the
// tools that it called.
func saidIn(line []byte) []string {
	var event struct {
		Type    string `json:"type"`
		Message struct {
			Content []struct {
				Type  string          `json:"type"`
				Text  string          `json:"text"`
				Name  string          `json:"name"`
				Input json.RawMessage `json:"input"`
			} `json:"content"`
		} `json:"message"`
	}
	if json.Unmarshal(line, &event) != nil || event.Type != "assistant" {
		return nil
	}
	var said []string
	for _, c := range event.Message.Content {
		switch c.Type {
		case "text":
			said = append(said, c.Text)
		case "tool_use":
			input := string(c.Input)
			said = append(said, c.Name+" "+input[:min(len(input), 200)])
		}
	}
	return said
}
