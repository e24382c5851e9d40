package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/demo"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// The exit codes, which are part of the interface.
const (
	exitDone  = 0
	exitNo    = 1
	exitAgain = 75
	exitFatal = 128
	exitUsage = 129
)

// usageError says that the command line was wrong.
type usageError struct {
	verb *verb // nil for the program itself
	what string
}

func (e *usageError) Error() string { return e.what }

func usageOf(v *verb, what string) error { return &usageError{v, what} }

// refusal is a plain no with the next step, for what only the command line knows.
type refusal struct {
	code int
	what string
	hint string
}

func (e *refusal) Error() string { return e.what }

// statusError passes on the exit code of a git command that has already said
// what there is to say.
type statusError struct{ code int }

func (e *statusError) Error() string { return fmt.Sprintf("exit status %d", e.code) }

// callError is an error with the call that it ended, which knows how to word it.
type callError struct {
	error
	call *call
}

func (e *callError) Unwrap() error { return e.error }

// exitWith ends a command with a code, without a word.
func exitWith(code int) error {
	if code == exitDone {
		return nil
	}
	return &statusError{code}
}

var (
	errNoVerb      = &statusError{exitUsage} // the help was shown instead
	errInterrupted = errors.New("interrupted")
	errWhoAmI      = errors.New("which session is this?")
)

// fail prints an error as one line, with a hint where there is a next step, and
// returns the exit code. This is the only place where errors are worded.
func (a *App) fail(err error) int {
	var status *statusError
	if errors.As(err, &status) {
		return status.code
	}
	at := viewpoint{now: a.Now()}
	var of *callError
	if errors.As(err, &of) {
		at = of.call.viewpoint()
	}
	line, hint, code := formatError(err, at)
	line, _, _ = strings.Cut(line, "\n")
	fmt.Fprintf(a.Stderr, "git swarm: %s\n", text.Inert(line))
	if hint != "" {
		fmt.Fprintf(a.Stderr, "hint: %s\n", text.Inert(hint))
	}
	return code
}

// viewpoint is from where an error is looked at: when, and in which folder below
// the work tree's top.
type viewpoint struct {
	now    time.Time
	prefix string
}

func (c *call) viewpoint() viewpoint {
	at := viewpoint{now: c.Now()}
	if c.swarm != nil {
		at.prefix = c.swarm.Repo.Prefix
	}
	return at
}

func (c *call) format(err error) (line, hint string, code int) {
	return formatError(err, c.viewpoint())
}

// describe words an error and its next step on one line.
func (c *call) describe(err error) string {
	line, hint, _ := c.format(err)
	if hint != "" {
		line += " (" + hint + ")"
	}
	return line
}

// formatError words an error: what went wrong, the next step if there is one, and
// the exit code.
func formatError(err error, at viewpoint) (line, hint string, code int) {
	line, code = err.Error(), exitFatal
	var (
		usage   *usageError
		refused *refusal
		timeout *lock.TimeoutError
		held    *lock.HeldError
		push    *lock.PushHeldError
		holder  *lock.NotHolderError
		done    *lock.DoneError
		unknown *bus.UnknownSessionError
		locked  *refstore.LockedError
		damaged *refstore.DamagedError
		trust   *repo.NotTrustedError
		played  *demo.FailedError
	)
	switch {
	case errors.As(err, &usage):
		hint, code = "git swarm help", exitUsage
		if usage.verb != nil {
			hint += " " + usage.verb.name
		}
	case errors.As(err, &refused):
		hint, code = refused.hint, refused.code
	case errors.As(err, &timeout):
		line, _ = formatHeld(timeout.Held, at)
		hint, code = fmt.Sprintf("git swarm message %s \"…\", or wait longer than %s", timeout.Held.Claim.Session, timeout.Waited), exitAgain
	case errors.As(err, &held):
		line, hint = formatHeld(held, at)
		code = exitNo
	case errors.As(err, &push):
		line = fmt.Sprintf("%s (for %s, on %s, pid %d); waited %s", push.Error(), text.Age(at.now, push.Holder.Since), text.Inert(push.Holder.Host), push.Holder.PID, push.Waited)
		hint, code = "git swarm push --wait 10m", exitAgain
	case errors.As(err, &holder):
		line, hint, code = text.Inert(holder.Error()), "git swarm claims", exitNo
	case errors.As(err, &done):
		line = done.Error() + ", so it claims nothing"
		hint, code = fmt.Sprintf("git swarm update %s --status running", done.Session), exitNo
	case errors.As(err, &unknown):
		line, hint = formatUnknown(unknown)
		code = exitNo
	case errors.As(err, &played):
		code = exitNo
	case errors.Is(err, bus.ErrInput):
		code = exitUsage
	case errors.Is(err, errWhoAmI):
		hint, code = "name the session: --session ID, or GIT_SWARM_SESSION, or git config swarm.session ID", exitUsage
	case errors.Is(err, refstore.ErrVersion):
		hint = "upgrade git swarm"
	case errors.As(err, &damaged):
		hint = "git swarm fsck"
	case errors.As(err, &locked):
		hint, code = fmt.Sprintf("a git command is at work, or was killed: if none is, remove %s", text.Inert(locked.Path)), exitAgain
	case errors.Is(err, refstore.ErrUnfinished):
		hint = "run the next git swarm command when the cause is gone: it completes this one"
	case errors.Is(err, refstore.ErrBusy):
		hint, code = "try again", exitAgain
	case errors.Is(err, refstore.ErrNotExist):
		code = exitNo
	case errors.Is(err, repo.ErrNotRepository):
		line, hint = "not a git repository (or any of the parent directories)", "git init"
	case errors.As(err, &trust):
		line = trust.Error()
	case errors.Is(err, repo.ErrNoGit):
		hint = "install git"
	case errors.Is(err, repo.ErrNoIdentity):
		line, hint = text.Inert(line), "git config user.name \"Your Name\", and user.email"
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		line, code = "interrupted", exitFatal+2
	default:
		line, hint = formatSystem(err)
	}
	return line, hint, code
}

func formatHeld(e *lock.HeldError, at viewpoint) (line, hint string) {
	line = text.HeldLine(at.now, e)
	path := text.ShellWord(text.PathFrom(at.prefix, e.Path))
	if e.Stale {
		return line, "git swarm claim --takeover " + path
	}
	return line, fmt.Sprintf("git swarm claim --wait 10m %s, or git swarm message %s \"…\"", path, e.Claim.Session)
}

func formatUnknown(e *bus.UnknownSessionError) (line, hint string) {
	known := strings.Join(append(e.Known[:len(e.Known):len(e.Known)], bus.Orchestrator), ", ")
	return fmt.Sprintf("unknown session '%s' (known: %s)", text.Inert(e.ID), known),
		fmt.Sprintf("git swarm init --sessions \"%s:workstream\"", text.Inert(e.ID))
}

// formatSystem turns what the operating system refused into a line for people.
func formatSystem(err error) (line, hint string) {
	line = text.Inert(err.Error())
	var path *fs.PathError
	where := ""
	if errors.As(err, &path) {
		where = " (" + text.Inert(path.Path) + ")"
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "no space left on the disk" + where, ""
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return "cannot write to the repository" + where, ""
	case errors.Is(err, exec.ErrNotFound):
		return "git is not installed, or not on PATH", ""
	}
	return line, ""
}
