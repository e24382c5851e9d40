package agents

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// problems is the file of what went wrong in hooks, at most some twenty lines.
func (a Agents) problems() string { return filepath.Join(a.dir, "problems") }

const (
	maxProblems   = 4096 // bytes of the file
	problemAge    = 24 * time.Hour
	problemRepeat = time.Hour
)

// Problem is a line kept for doctor.
type Problem struct {
	At   time.Time
	What string
}

// NoteProblem keeps the first line of what for doctor. The same again within the
// hour is not repeated.
func (a Agents) NoteProblem(now time.Time, event, what string) error {
	content, err := os.ReadFile(a.problems())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	what, _, _ = strings.Cut(what, "\n")
	line := fmt.Sprintf("%s: %.300s", event, strings.ToValidUTF8(what, "?"))
	var text strings.Builder
	for old := range strings.Lines(string(content)) {
		when, noted, _ := strings.Cut(strings.TrimSuffix(old, "\n"), " ")
		at, err := time.Parse(time.RFC3339, when)
		since := now.Sub(at)
		switch {
		case noted != line:
			text.WriteString(old)
		case err == nil && since >= 0 && since < problemRepeat:
			return nil
		}
	}
	text.WriteString(now.UTC().Format(time.RFC3339) + " " + line + "\n")
	kept := text.String()
	for len(kept) > maxProblems {
		_, kept, _ = strings.Cut(kept, "\n")
	}
	if err := file.MkdirAll(a.dir); err != nil {
		return err
	}
	return file.Replace(a.problems(), []byte(kept), 0o666)
}

// Problems returns those of the last day, oldest first.
func (a Agents) Problems(now time.Time) []Problem {
	content, err := os.ReadFile(a.problems())
	if err != nil {
		return nil
	}
	var all []Problem
	for line := range strings.Lines(string(content)) {
		when, what, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		at, err := time.Parse(time.RFC3339, when)
		if err == nil && now.Sub(at) < problemAge {
			all = append(all, Problem{at, what})
		}
	}
	return all
}
