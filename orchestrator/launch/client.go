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
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/setup"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"golang.org/x/term"
)

// Client is a session's client, about to be started.
type Client struct {
	Session  string
	Agent    string // one of Makes; "" for Claude Code
	Command  string // a shell command in place of Agent, for HeadlessCommand: the prompt is its standard input
	Trust    bool   // without a terminal: its user trusts the project and its hooks
	Dir      string // its worktree
	Port     int    // the first of the session's own ports, 0 if it has none
	Prompt   string
	Resume   string   // the conversation that it goes on with, by the client's id or Newest; "" for a new one
	Job      string   // the background session of the client's that Resume is, "" if it is none
	Options  []string // the user's own, for the client
	Allow    []string // what Claude Code may run without asking, as rules of its own
	Commands []string // what other clients may, as far as they can be told: commands, with any arguments
	Env      repo.Env
}

// Newest stands for the newest conversation that the client has of the worktree.
const Newest = "newest"

// MaxPrompt is the longest prompt, in bytes, for a client on a terminal: it is an
// argument, of which Linux takes 128 KiB.
const MaxPrompt = 120_000

// command is the session's client with these arguments.
func (c Client) command(ctx context.Context, args ...string) *exec.Cmd {
	m, _ := c.make()
	return programOn(ctx, c.sessionEnv(), m.name, c.Dir, args...)
}

// sessionEnv is the environment in which the client knows whose it is.
func (c Client) sessionEnv() repo.Env { return c.Env.Without(portEnv).With(c.identity()...) }

const portEnv = "GIT_SWARM_PORT"

// identity are the variables that say whom the client works as, and that what it starts,
// such as a server, has from it: those that swarm.setup has had.
func (c Client) identity() []string {
	variables := []string{"GIT_SWARM_SESSION=" + c.Session, agents.LaunchedEnv + "=" + c.Session, "GIT_SWARM_WORKTREE=" + c.Dir}
	if c.Port == 0 {
		return variables
	}
	return append(variables, portEnv+"="+strconv.Itoa(c.Port))
}

// PortOf is the first of the session's own ports, 0 if it has none.
func PortOf(r *repo.Repo, session string) int {
	ports, _ := setup.PortsOf(r, session)
	return ports.First
}

// Interactive runs the client on our terminal until it ends. If our standard input
// is not the terminal, the client reads from the terminal all the same.
func (c Client) Interactive(ctx context.Context) error {
	cmd := c.command(ctx, append(c.onTerminal(), c.Prompt)...)
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

// Headless runs the client without a terminal until it ends, and calls progress
// with each thing that it says. It may edit files, stage them, and run what Allow and
// Commands say; what else it may do is up to the project's settings, because there is
// nobody whom it could ask.
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
	args := append(append([]string{"-p"}, c.begin()...), "--output-format", "stream-json", "--verbose")
	cmd = c.command(ctx, slices.Concat(args, c.unattended(), c.Options)...)
	cmd.Stdin = strings.NewReader(c.Prompt)
	return cmd, m.name
}

// shell runs Command.
func (c Client) shell(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", c.Command)
	cmd.Dir, cmd.Env = c.Dir, clientEnv(c.sessionEnv())
	return cmd
}

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
