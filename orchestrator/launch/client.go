package launch

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"golang.org/x/term"
)

// Client is a session's client, about to be started.
type Client struct {
	Session string
	Agent   string // one of Makes; "" for Claude Code
	Command string // a shell command in place of Agent, for HeadlessCommand: the prompt is its standard input
	Trust   bool   // without a terminal: its user trusts the project and its hooks
	Dir     string // its worktree
	Prompt  string
	Resume  string   // the conversation that it goes on with, by the client's id or Newest; "" for a new one
	Allow   []string // rules of what Claude Code may run without asking, for Headless
	Env     repo.Env
}

// Newest stands for the newest conversation that the client has of the worktree.
const Newest = "newest"

// begin are the arguments that every start has: the name, and what is resumed.
func (c Client) begin() []string {
	args := []string{"--name", c.Session}
	switch c.Resume {
	case "":
		return args
	case Newest:
		return append(args, "--continue")
	}
	return append(args, "--resume", c.Resume)
}

// MaxPrompt is the longest prompt, in bytes, for a client on a terminal: it is an
// argument, of which Linux takes 128 KiB.
const MaxPrompt = 120_000

// command is the session's client with these arguments.
func (c Client) command(ctx context.Context, args ...string) *exec.Cmd {
	m, _ := c.make()
	return programOn(ctx, c.sessionEnv(), m.name, c.Dir, args...)
}

// sessionEnv is the environment in which the client knows whose it is.
func (c Client) sessionEnv() repo.Env {
	return c.Env.With("GIT_SWARM_SESSION="+c.Session, agents.LaunchedEnv+"="+c.Session)
}

// Interactive runs the client on our terminal until it ends. If our standard input
// is not the terminal, the client reads from the terminal all the same. The rules
// say what it may run without asking, beside those in its settings.
func (c Client) Interactive(ctx context.Context, rules ...string) error {
	var args []string
	if len(rules) > 0 { // the option takes all that follows, up to the next one
		args = append([]string{"--allowedTools"}, rules...)
	}
	cmd := c.command(ctx, slices.Concat(args, c.onTerminal(), []string{c.Prompt})...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	defer LeaveKeys()()
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		if tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0); err == nil {
			defer tty.Close()
			cmd.Stdin = tty
		}
	}
	return cmd.Run()
}

// LeaveKeys leaves an interrupt from the keyboard to the program that runs on our
// terminal, until the function returned is called.
func LeaveKeys() func() {
	keys := make(chan os.Signal, 1)
	signal.Notify(keys, os.Interrupt, syscall.SIGQUIT)
	return func() { signal.Stop(keys) }
}

// Line is a shell command that does the same as Interactive, on one line: the
// prompt is written to the file at path, from which the command reads it.
func (c Client) Line(path string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return "", err
	}
	if err := file.Replace(path, []byte(c.Prompt), 0o666); err != nil {
		return "", err
	}
	m, _ := c.make()
	words := strings.Join(append([]string{m.name}, c.onTerminal()...), " ")
	return fmt.Sprintf(`cd %s && GIT_SWARM_SESSION=%s %s=%[2]s %[4]s "$(cat %[5]s)"`, shellQuote(c.Dir), c.Session, agents.LaunchedEnv, words, shellQuote(path)), nil
}

// PromptFile is where in the common git dir a session's prompt is kept for Line.
func PromptFile(commonDir, session string) string {
	return filepath.Join(commonDir, "swarm", "prompts", session+".md")
}

// shellQuote quotes a word for the shell, to the byte.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// Headless runs the client without a terminal until it ends, and calls progress
// with each thing that it says. It may edit files, stage them, and run what Allow
// says; what else it may do
// is up to the project's settings, because there is nobody whom it could ask.
func (c Client) Headless(ctx context.Context, progress func(text string)) error {
	cmd, name := c.HeadlessCommand(ctx)
	last := ""
	out := &lines{each: func(line []byte) {
		for _, text := range Said(line) {
			progress(text)
			last = text
		}
	}}
	cmd.Stdout = out
	var complaint strings.Builder
	cmd.Stderr = &complaint
	err := cmd.Run()
	out.end()
	if err == nil || errors.Is(err, exec.ErrWaitDelay) { // it is done; something it left behind holds its output
		return nil
	}
	if cmd.Process == nil {
		return err
	}
	line, _, _ := strings.Cut(strings.TrimSpace(complaint.String()), "\n")
	return fmt.Errorf("%s failed (%w): %s", name, err, cmp.Or(line, last, "it gave no reason"))
}

// HeadlessCommand is what Headless runs, without anybody who reads what it says, and
// the name of the program. The prompt is on its standard input or among its arguments.
func (c Client) HeadlessCommand(ctx context.Context) (cmd *exec.Cmd, name string) {
	m, other := c.make()
	switch {
	case c.Command != "":
		cmd = c.shell(ctx)
		cmd.Stdin = strings.NewReader(c.Prompt)
		return cmd, c.Command
	case other:
		return c.otherHeadless(ctx, m), m.name
	}
	args := append([]string{"-p"}, append(c.begin(), "--output-format", "stream-json", "--verbose", "--permission-mode", "acceptEdits", "--allowedTools")...)
	cmd = c.command(ctx, slices.Concat(args, c.Allow, gitRules)...)
	cmd.Stdin = strings.NewReader(c.Prompt)
	return cmd, m.name
}

// shell runs Command.
func (c Client) shell(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", c.Command)
	cmd.Dir, cmd.Env = c.Dir, clientEnv(c.sessionEnv())
	return cmd
}

// gitRules allow what of git a session needs. What only reads, such as git diff, the
// client allows by itself, without the options that write files.
var gitRules = []string{"Bash(git add *)", "Bash(git rm *)", "Bash(git mv *)", "Bash(git status *)"}

// lines hands on what is written to it, a line at a time.
type lines struct {
	rest []byte
	each func(line []byte)
}

// Write takes any piece of the text.
func (l *lines) Write(text []byte) (int, error) {
	l.rest = append(l.rest, text...)
	for {
		line, rest, ok := bytes.Cut(l.rest, []byte("\n"))
		if !ok {
			return len(text), nil
		}
		l.each(line)
		l.rest = rest
	}
}

// end hands on a last line that has no line feed.
func (l *lines) end() {
	if len(l.rest) > 0 {
		l.each(l.rest)
		l.rest = nil
	}
}
