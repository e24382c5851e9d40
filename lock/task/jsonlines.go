package task

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// imported is a line of JSON: a task as git swarm task export --json prints it, or an
// issue of beads, which has an id instead of a number.
type imported struct {
	Number   int      `json:"number"`
	Title    string   `json:"title"`
	Body     string   `json:"body"`
	State    string   `json:"state"`
	Priority *int     `json:"priority"`
	After    []int    `json:"after"`
	Files    []string `json:"files"`
	For      string   `json:"for"`
	Why      string   `json:"why"`

	Record       string       `json:"_type"` // of beads: "issue", or what is none
	ID           string       `json:"id"`
	Type         string       `json:"issue_type"`
	Description  string       `json:"description"`
	Design       string       `json:"design"`
	Acceptance   string       `json:"acceptance_criteria"`
	Notes        string       `json:"notes"`
	Status       string       `json:"status"`
	Template     bool         `json:"is_template"`
	Pinned       bool         `json:"pinned"`
	Dependencies []dependency `json:"dependencies"`
}

// isWork reports whether there is something to do in it, or was. A line of beads can also
// be an issue that was deleted, something to remember, or what its agents keep of
// themselves: bd ready names none of these either.
func (i *imported) isWork() bool {
	if i.Record != "" && i.Record != "issue" {
		return false
	}
	switch i.Type {
	case "merge-request", "gate", "molecule", "message", "agent", "role", "rig", "event", "convoy":
		return false
	}
	return !i.Template && !i.Pinned && i.Status != "pinned" && i.Status != "tombstone"
}

// dependency is beads' edge. "blocks", "conditional-blocks" and "waits-for": the issue
// comes after the other; "parent-child": the other, the parent, comes after the issue.
// Other kinds bind nobody.
type dependency struct {
	Issue string `json:"issue_id"`
	On    string `json:"depends_on_id"`
	Type  string `json:"type"`
}

func (i *imported) name() string {
	if i.ID != "" {
		return i.ID
	}
	return fmt.Sprintf("#%d", i.Number)
}

// ParseJSON reads tasks from lines of JSON, as git swarm task export --json and beads
// write them. Numbers and ids are those of the file, and name its tasks to each other.
// left is how many lines of beads were left out, for they are no work.
func ParseJSON(content []byte) (tasks []New, left int, err error) {
	var read []imported
	at := map[string]int{}
	for number, line := range slices.Collect(bytes.Lines(content)) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var i imported
		if err := json.Unmarshal(line, &i); err != nil {
			return nil, 0, bus.Inputf("line %d: not a task: %s", number+1, err.Error())
		}
		if !i.isWork() {
			left++
			continue
		}
		if _, twice := at[i.name()]; twice {
			return nil, 0, bus.Inputf("line %d: %.80s is there twice", number+1, i.name())
		}
		at[i.name()] = len(read)
		read = append(read, i)
	}
	tasks = make([]New, len(read))
	for place := range read {
		i := &read[place]
		n := &tasks[place]
		*n = New{Title: i.Title, Body: i.text(), Priority: DefaultPriority, Files: i.Files, For: i.For, Landed: i.State == string(Landed) || i.Status == "closed", Dropped: i.State == string(Dropped), Why: i.Why}
		if i.ID != "" {
			n.Title = line(i.Title, maxTitle)
		}
		if i.Status == "deferred" {
			n.Dropped, n.Why = true, "it was deferred where it was imported from"
		}
		if i.Priority != nil {
			n.Priority = *i.Priority
		}
		for _, a := range i.After {
			other, ok := at[fmt.Sprintf("#%d", a)]
			if !ok {
				return nil, 0, bus.Inputf("%.80s comes after #%d, which is not in the file", i.name(), a)
			}
			n.AfterNew = append(n.AfterNew, other)
		}
	}
	for _, i := range read {
		for _, d := range i.Dependencies {
			issue, ok := at[d.Issue]
			on, there := at[d.On]
			switch {
			case !ok || !there: // an issue that was not exported
			case d.Type == "blocks", d.Type == "conditional-blocks", d.Type == "waits-for":
				tasks[issue].AfterNew = append(tasks[issue].AfterNew, on)
			case d.Type == "parent-child":
				tasks[on].AfterNew = append(tasks[on].AfterNew, issue)
			}
		}
	}
	if len(tasks) == 0 {
		return nil, left, bus.Inputf("there is no task")
	}
	return tasks, left, nil
}

// text is the task's text; of an issue of beads its parts, each under a heading.
func (i *imported) text() string {
	if i.ID == "" {
		return i.Body
	}
	var parts []string
	for _, part := range []struct{ heading, text string }{{"", i.Description}, {"## Design\n\n", i.Design}, {"## Acceptance criteria\n\n", i.Acceptance}, {"## Notes\n\n", i.Notes}} {
		if text := strings.TrimSpace(part.text); text != "" {
			parts = append(parts, part.heading+text+"\n")
		}
	}
	return strings.Join(parts, "\n")
}
