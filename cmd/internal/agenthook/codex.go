package agenthook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/hook"
)

// Codex starts no hook that lasts while a session is idle, but takes a message for one
// from any process: "codex queue". So the hook of a stop starts a waiter, which outlives
// it, and ends with the session's process at the latest.

// queueTime is how long Codex may take to accept a message.
const queueTime = time.Minute

// startWaiter starts the waiter of a Codex session that has stopped. Where Codex is not
// known to be the process above this hook there is none, as nothing would end it.
func (h *invocation) startWaiter(input *hook.Input) error {
	pid, _ := codexAbove()
	self, err := os.Executable()
	if pid == 0 || err != nil {
		return err
	}
	in, err := text.JSON(fields{"session_id": input.Session, "cwd": input.Dir, "hook_event_name": input.Name, "client_pid": pid})
	if err != nil {
		return err
	}
	// A pipe holds the input until it is read: this process does not wait for that.
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	_, err = write.WriteString(in)
	if err = errors.Join(err, write.Close()); err != nil {
		return err
	}
	cmd := exec.Command(self, "hook", "--agent", "codex", agents.Wait)
	cmd.Dir, cmd.Env, cmd.Stdin = h.Dir, h.Env, read
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

// queue gives an idle Codex session a message, as if its user had typed it. When it
// returns nil, Codex has stored the message.
func (h *invocation) queue(message string) error {
	_, program := codexOf(h.client)
	ctx, cancel := context.WithTimeout(context.Background(), queueTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "queue", "--thread="+h.thread, "--message="+message)
	cmd.Dir, cmd.Env = h.Dir, h.Env
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("codex queue: %w: %s", err, text.Excerpt(string(bytes.TrimSpace(out)), bodyRoom))
	}
	return nil
}

// codexAbove is the Codex that runs this hook: its process and its program. It is 0 and
// "" where that is not known.
func codexAbove() (pid int, program string) { return codexOf(os.Getppid()) }

// codexOf reports pid, and the program that it runs, if that is Codex. One that was
// upgraded meanwhile is the one on PATH. Without /proc, it is taken to be Codex.
func codexOf(pid int) (int, string) {
	program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if _, none := os.Stat("/proc/self/exe"); errors.Is(none, fs.ErrNotExist) {
		return pid, "codex"
	}
	program, replaced := strings.CutSuffix(program, " (deleted)")
	if err != nil || filepath.Base(program) != "codex" {
		return 0, ""
	}
	if replaced {
		program = "codex"
	}
	return pid, program
}
