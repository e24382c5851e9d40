package orchestrator

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Agent is a session's Claude Code client, about to be started.
type Agent struct {
	Session string
	Dir     string // its worktree
	Prompt  string
	Env     []string
}

// ErrNoClient says that the Claude Code client is not on PATH.
var ErrNoClient = errors.New("the Claude Code client is not on PATH")

// ErrNoTmux says that there is no tmux, or that this is not within it.
var ErrNoTmux = errors.New("no tmux to open windows in")

// command is a client with its arguments. What a client hands down to its
// children does not reach it: it is a session of its own.
func (a Agent) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "claude", args...)
	cmd.Dir = a.Dir
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = append(slices.DeleteFunc(slices.Clone(a.Env), func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		return strings.HasPrefix(name, "CLAUDE_CODE_") && name != "CLAUDE_CODE_USE_BEDROCK" && name != "CLAUDE_CODE_USE_VERTEX" ||
			slices.Contains([]string{"CLAUDE_PID", "CLAUDECODE", "CLAUDE_PROJECT_DIR", "CLAUDE_ENV_FILE", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"}, name)
	}), "GIT_SWARM_SESSION="+a.Session)
	return cmd
}

// Arguments are those of an interactive client, for showing.
func (a Agent) Arguments() []string { return []string{"claude", "--name", a.Session, a.Prompt} }

// Interactive runs the client in our place, with our terminal.
func (a Agent) Interactive(ctx context.Context) error {
	cmd := a.command(ctx, a.Arguments()[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return clientError(cmd.Run())
}

func clientError(err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return ErrNoClient
	}
	return err
}

// Window opens a tmux window in which the client runs.
func (a Agent) Window(ctx context.Context) error {
	if _, err := exec.LookPath("claude"); err != nil {
		return ErrNoClient
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
		return clientError(err)
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
