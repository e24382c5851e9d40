package repo

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrNotRepository says that neither the directory nor one above it is a repository.
	ErrNotRepository = errors.New("not a git repository")
	// ErrNoIdentity says that git knows no name or address for the user; it is
	// wrapped with git's reason.
	ErrNoIdentity = errors.New("no identity configured")
	// ErrNoGit says that there is no git on PATH.
	ErrNoGit = errors.New("git is not installed, or not on PATH")
	// ErrGitTooOld says that git is older than [MinVersion]; it is wrapped with both versions.
	ErrGitTooOld = errors.New("git is too old")
)

// NotTrustedError says that git refuses the repository: because of its owner
// (safe.directory) or because it is bare (safe.bareRepository).
type NotTrustedError struct {
	Line string // git's reason
}

func (e *NotTrustedError) Error() string { return e.Line }

// GitError is a git command that ended with another exit code than 0, or by a
// signal (ExitCode -1).
type GitError struct {
	Args     []string // without "git"
	ExitCode int
	Stderr   string // all of it, or its last part if there was much
}

// Line is the line of Stderr that says what failed: the first one that begins
// with "fatal:" or "error:", without that word (and with the next line, if it
// ends in a colon), else the first that is not blank; empty if git said nothing.
func (e *GitError) Line() string {
	var first string
	lines := strings.Split(e.Stderr, "\n")
	for i, line := range lines {
		line = strings.TrimSpace(line)
		for _, word := range []string{"fatal: ", "error: "} {
			text, ok := strings.CutPrefix(line, word)
			if ok && strings.HasSuffix(text, ":") && i+1 < len(lines) {
				text += " " + strings.TrimSpace(lines[i+1])
			}
			if ok {
				return text
			}
		}
		if first == "" {
			first = line
		}
	}
	return first
}

func (e *GitError) Error() string {
	name := "git"
	if verb := GitVerb(e.Args); verb != "" {
		name += " " + verb
	}
	if line := e.Line(); line != "" {
		return fmt.Sprintf("%s: %s", name, line)
	}
	return fmt.Sprintf("%s: exit code %d", name, e.ExitCode)
}

// GitVerb is the subcommand among git's arguments: the first that is no option, nor
// the value of -c or -C; "" if there is none.
func GitVerb(args []string) string {
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "-c" || arg == "-C":
			i++
		case !strings.HasPrefix(arg, "-"):
			return arg
		}
	}
	return ""
}

// ValueError says that a configured value is not what its key needs.
type ValueError struct {
	Key, Value string
	Want       string // "boolean", "integer" or "duration"
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("bad %s value %q for %q", e.Want, e.Value, e.Key)
}
