package app

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock/task"
)

// taskLines prints tasks in a list.
type taskLines struct {
	list *listing
	now  time.Time
	line []byte // of JSON

	at  time.Time // that of ago: many tasks are added at once
	ago string
}

// add reports whether more can be printed. landed says whether a task has landed.
func (l *taskLines) add(t *task.Task, landed func(int) bool) bool {
	if l.list.json {
		l.line = append(appendTask(append(l.line[:0], `{"kind":"task",`...), t), "}\n"...)
		return l.list.line(l.line)
	}
	return l.list.row([]text.Cell{
		text.Bold.Cell("#" + strconv.Itoa(t.Number)),
		stateColour(t.State).Cell(string(t.State)),
		{Text: strconv.Itoa(t.Priority)},
		{Text: text.Inert(t.Title)},
		{Text: text.Inert(l.note(t, landed))},
	})
}

// note is what there is to say of a task in its state.
func (l *taskLines) note(t *task.Task, landed func(int) bool) string {
	switch t.State {
	case task.Open:
		return "after " + task.Numbers(slices.DeleteFunc(slices.Clone(t.After), landed))
	case task.Taken, task.Review:
		note := fmt.Sprintf("%s, for %s", t.Holder, text.Age(l.now, t.Since))
		if t.Part {
			note += ", in part landed"
		}
		return note
	case task.Landed:
		ago := l.since(t.Ended)
		if n := len(t.Commits); n > 0 {
			return short(t.Commits[n-1].ID) + ", " + ago
		}
		return ago
	case task.Ready:
		note := "added " + l.since(t.Added)
		if t.For != "" {
			note += ", for " + t.For
		}
		switch {
		case t.Waits == 1:
			note += ", 1 waits"
		case t.Waits > 1:
			note += fmt.Sprintf(", %d wait", t.Waits)
		}
		return note
	}
	return t.Why
}

func (l *taskLines) since(at time.Time) string {
	if l.ago == "" || at != l.at {
		l.at, l.ago = at, text.Ago(l.now, at)
	}
	return l.ago
}

// appendTask appends the fields of [taskJSON], as encoding/json has them.
func appendTask(b []byte, t *task.Task) []byte {
	b = appendNumber(b, `"number":`, t.Number)
	b = appendText(b, `,"title":`, t.Title)
	b = appendText(b, `,"state":`, string(t.State))
	b = appendNumber(b, `,"priority":`, t.Priority)
	b = append(b, `,"after":[`...)
	for i, n := range t.After {
		b = appendNumber(b, separator(i), n)
	}
	b = append(b, `],"files":[`...)
	for i, spec := range t.Files {
		b = appendText(b, separator(i), spec)
	}
	b = appendText(b, `],"for":`, t.For)
	b = appendStamp(b, `,"added":`, t.Added)
	b = appendText(b, `,"added_by":`, t.AddedBy)
	b = appendText(b, `,"session":`, t.Holder)
	b = appendStamp(b, `,"since":`, t.Since)
	b = appendNumber(b, `,"epoch":`, t.Epoch)
	b = strconv.AppendBool(append(b, `,"part":`...), t.Part)
	b = appendCommits(append(b, `,"commits":[`...), t.Commits, false)
	b = appendCommits(append(b, `],"reverted":[`...), t.Commits, true)
	b = appendStamp(b, `],"ended":`, t.Ended)
	b = appendText(b, `,"why":`, t.Why)
	b = appendNumber(b, `,"tries":`, t.Tries)
	b = appendNumber(b, `,"waits":`, t.Waits)
	b = appendNumber(b, `,"passed":`, t.Passed)
	return appendNumber(b, `,"revision":`, t.Revision)
}

// separator stands before element i of an array.
func separator(i int) string {
	if i > 0 {
		return ","
	}
	return ""
}

func appendNumber(b []byte, key string, n int) []byte {
	return strconv.AppendInt(append(b, key...), int64(n), 10)
}

func appendText(b []byte, key, s string) []byte { return text.AppendJSON(append(b, key...), s) }

func appendStamp(b []byte, key string, at time.Time) []byte {
	if b = append(b, key...); at.IsZero() {
		return append(b, "null"...)
	}
	b = at.UTC().AppendFormat(append(b, '"'), time.RFC3339)
	return append(b, '"')
}

// appendCommits appends the ids of those that are reverted, or that are not.
func appendCommits(b []byte, commits []task.Commit, reverted bool) []byte {
	n := 0
	for _, c := range commits {
		if (c.Reverted != "") == reverted {
			b = appendText(b, separator(n), c.ID)
			n++
		}
	}
	return b
}
