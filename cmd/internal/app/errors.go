package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
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
	near string // the word that was probably meant, "" if none is near
}

func (e *usageError) Error() string { return e.what }

func usageOf(v *verb, what string) error { return &usageError{verb: v, what: what} }

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
// returns the exit code. If the command line asks for JSON, stdout gets an object
// that says the same.
func (a *App) fail(err error, args []string) int {
	var status *statusError
	if errors.As(err, &status) {
		return status.code
	}
	c := &call{App: a}
	var of *callError
	if errors.As(err, &of) {
		c = of.call
	}
	line, hint, code := c.format(err)
	line, _, _ = strings.Cut(line, "\n")
	fmt.Fprintf(a.Stderr, "git swarm: %s\n", text.Inert(line))
	if hint != "" {
		fmt.Fprintf(a.Stderr, "hint: %s\n", text.Inert(hint))
	}
	if takesJSON(err) && slices.Contains(args, "--json") {
		object := map[string]any{"error": line, "hint": hint, "code": code}
		if passed := passedOver(err); len(passed) > 0 {
			object["passed_over"] = jsonPassed(passed)
		}
		_ = a.object("error", object)
	}
	return code
}

// takesJSON reports whether the command that failed has an option --json.
func takesJSON(err error) bool {
	var of *callError
	var usage *usageError
	switch {
	case errors.As(err, &of):
		return of.call.verb.json
	case errors.As(err, &usage):
		return usage.verb != nil && usage.verb.json
	}
	return false
}

// describe words an error and its next step on one line.
func (c *call) describe(err error) string {
	line, hint, _ := c.format(err)
	if hint != "" {
		line += " (" + hint + ")"
	}
	return line
}
