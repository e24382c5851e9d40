package task

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// Ref is the table of tasks.
const Ref = "refs/swarm/tasks"

// State is what has become of a task so far.
type State string

// The states of a task.
const (
	Open     State = "open"     // it waits for others
	Ready    State = "ready"    // all that it comes after has landed
	Taken    State = "taken"    // a session works on it
	Review   State = "review"   // a session has taken it, and waits for a verdict
	Landed   State = "landed"   // for good, unless all its commits are reverted
	Dropped  State = "dropped"  // nobody is to do it
	Failed   State = "failed"   // tried in vain: a person or the orchestrator decides
	Reverted State = "reverted" // all its commits on the target were reverted
)

// States are all of them.
var States = []State{Open, Ready, Taken, Review, Landed, Dropped, Failed, Reverted}

// Held reports whether a session has the task.
func (s State) Held() bool { return s == Taken || s == Review }

// Finished reports whether nobody has to do anything for the task any more.
func (s State) Finished() bool { return s == Landed || s == Dropped }

// Bounds of a task's texts, in bytes, and of its lists.
const (
	maxTitle = 300
	maxWhy   = 1000
	maxFiles = 100
	maxSpec  = 1000
	maxAfter = 1000
	// maxCommits is how many commits of a task are remembered, the newest.
	maxCommits = 100
	// maxUnfinished is how many tasks may be unfinished.
	maxUnfinished = 20_000
)

// LowestPriority is the priority that is least urgent; 0 is the most urgent.
const LowestPriority = 4

// DefaultPriority is that of a task for which none was named.
const DefaultPriority = 2

// Task is a piece of the plan.
type Task struct {
	Number   int
	Title    string
	State    State
	Priority int
	After    []int    // the tasks that must have landed before, ascending
	Files    []string // pathspecs from the work tree's top that it is expected to change
	For      string   // the session or kind of agent that is to do it, "" for any

	Added   time.Time
	AddedBy string

	Holder string    // who has it
	Since  time.Time // since when
	Epoch  int       // of the newest grant, 0 before the first
	Part   bool      // what lands of it does not finish it

	Commits []Commit  // that landed, in the order in which they did
	Ended   time.Time // when it came to the state that it is in now
	Why     string    // dropped, failed, reverted, or given back: the reason
	Tries   int       // how often it failed

	Waits    int // how many unfinished tasks wait for it, directly or through others
	Passed   int // how often it was passed over since it was last taken
	Revision int // the number of the commit that last changed what is to be done
}

// Commit is a commit on the target that belongs to a task.
type Commit struct {
	ID       string
	Reverted string // the commit that reverts it, "" for none
}

// UnknownError says that there is no task with that number.
type UnknownError struct{ Number int }

func (e *UnknownError) Error() string { return fmt.Sprintf("there is no task #%d", e.Number) }

// StateError says that a task is in a state in which that cannot be done.
type StateError struct {
	Task *Task
	Open []int // of what it comes after, what has not landed
}

func (e *StateError) Error() string {
	switch {
	case e.Task.State.Held():
		return fmt.Sprintf("task #%d is taken by %s", e.Task.Number, e.Task.Holder)
	case e.Task.State == Open:
		return fmt.Sprintf("task #%d waits for %s", e.Task.Number, Numbers(e.Open))
	}
	return fmt.Sprintf("task #%d is %s", e.Task.Number, e.Task.State)
}

// NotHolderError says that a session does not have the task.
type NotHolderError struct {
	Number int
	Holder string // "" for nobody; of the task of a session that has none, 0 is the number
	Ended  State  // how the task has ended, "" where it has not
}

func (e *NotHolderError) Error() string {
	switch {
	case e.Number == 0:
		return "you have taken no task"
	case e.Ended != "":
		return fmt.Sprintf("task #%d is %s", e.Number, e.Ended)
	case e.Holder == "":
		return fmt.Sprintf("nobody has taken task #%d", e.Number)
	}
	return fmt.Sprintf("task #%d is taken by %s", e.Number, e.Holder)
}

// HoldsError says that the session has another task already.
type HoldsError struct{ Task *Task }

func (e *HoldsError) Error() string {
	return fmt.Sprintf("%s has task #%d already", e.Task.Holder, e.Task.Number)
}

// CycleError says that tasks would wait for each other.
type CycleError struct {
	Numbers []int          // each comes after the next, the last is the first
	Titles  map[int]string // of those that were to be added, and so have no number
}

// name has the tasks, which are not added, be called by their titles.
func (e *CycleError) name(tasks []*Task) {
	e.Titles = map[int]string{}
	for _, t := range tasks {
		e.Titles[t.Number] = t.Title
	}
}

func (e *CycleError) Error() string {
	words := make([]string, len(e.Numbers))
	for i, n := range e.Numbers {
		if words[i] = fmt.Sprintf("#%d", n); e.Titles[n] != "" {
			words[i] = fmt.Sprintf("'%.80s'", e.Titles[n])
		}
	}
	return "tasks would wait for each other: " + strings.Join(words, " after ")
}

// ChangedError says that somebody has changed the task since the caller read it.
type ChangedError struct{ Task *Task }

func (e *ChangedError) Error() string {
	return fmt.Sprintf("task #%d was changed meanwhile (revision %d)", e.Task.Number, e.Task.Revision)
}

// Numbers is "#3", "#3 and #4", "#3, #4 and #5".
func Numbers(numbers []int) string {
	var b strings.Builder
	for i, n := range numbers {
		switch {
		case i > 0 && i == len(numbers)-1:
			b.WriteString(" and ")
		case i > 0:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "#%d", n)
	}
	return b.String()
}

// checkBody refuses a task's text that is too long, or no text.
func checkBody(body string) error {
	switch {
	case len(body) > bus.MaxBody:
		return bus.Inputf("the text has %d bytes, more than %d", len(body), bus.MaxBody)
	case !utf8.ValidString(body) || strings.ContainsRune(body, 0):
		return bus.Inputf("the text is not valid UTF-8, or has NUL in it")
	}
	return nil
}

// checkText refuses what a caller cannot have meant, or what could not be stored.
func (t *Task) checkText() error {
	switch {
	case strings.TrimSpace(t.Title) == "":
		return bus.Inputf("the title is empty")
	case !isLine(t.Title, maxTitle):
		return bus.Inputf("the title is to be one line of at most %d bytes", maxTitle)
	case t.Priority < 0 || t.Priority > LowestPriority:
		return bus.Inputf("priority %d: from 0, the most urgent, to %d", t.Priority, LowestPriority)
	case len(t.After) > maxAfter || len(t.Files) > maxFiles:
		return bus.Inputf("more than %d tasks to come after, or more than %d pathspecs", maxAfter, maxFiles)
	case t.For != "" && !isAgent(t.For):
		return bus.Inputf("--for names a session or an agent: %.80q", t.For)
	}
	for _, spec := range t.Files {
		if err := CheckFiles(spec); err != nil {
			return err
		}
	}
	return nil
}

// isAgent reports whether the text can name a session, or a kind of agent.
func isAgent(s string) bool { return bus.CheckID(s) == nil }

// isLine reports whether s is one line of text, of at most so many bytes.
func isLine(s string, most int) bool {
	return len(s) <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// line makes one line of text of s, of at most so many bytes.
func line(s string, most int) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\ufffd"), func(r rune) bool { return unicode.IsControl(r) || r == ' ' }), " ")
	for len(s) > most {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// sameText reports whether what is to be done is the same.
func (t *Task) sameText(o *Task) bool {
	return t.Title == o.Title && t.Priority == o.Priority && t.For == o.For && slices.Equal(t.After, o.After) && slices.Equal(t.Files, o.Files)
}

// ErrTooMany says that there are too many unfinished tasks for one more.
var ErrTooMany = errors.New("there are more than 20,000 unfinished tasks")
