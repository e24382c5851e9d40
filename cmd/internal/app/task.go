package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

const groupTask = "tasks"

// taskVerb answers "git swarm task" alone with what it lacks.
func taskVerb() *verb {
	subs := []string{"add", "list", "show", "edit", "take", "give", "done", "fail", "drop", "reopen", "graph", "import", "export", "log"}
	return &verb{
		name: "task", hidden: true, args: "COMMAND", max: -1, subs: subs, short: "a backlog of tasks that wait for each other",
		run: func(_ context.Context, c *call) error {
			if len(c.args) == 0 {
				return usageOf(c.verb, "task what? "+strings.Join(subs, ", "))
			}
			return c.unknownSub()
		},
	}
}

// backlog is the tasks of the repository.
func (c *call) backlog(ctx context.Context) (*task.Backlog, error) {
	b, err := c.Bus()
	if err != nil {
		return nil, err
	}
	claims, err := c.Claims(ctx)
	if err != nil {
		return nil, err
	}
	return &task.Backlog{Bus: b, Claims: claims}, nil
}

// taking is the backlog, and the session that takes or finishes tasks, with the agent that
// runs it: a subagent does as the one that it works for.
func (c *call) taking(ctx context.Context) (l *task.Backlog, id, agent string, err error) {
	b, id, err := c.acting()
	if err != nil {
		return nil, "", "", err
	}
	s, err := b.Session(ctx, id)
	if err == nil && s.Parent != "" {
		s, err = b.Session(ctx, s.Parent)
	}
	if err != nil {
		return nil, "", "", err
	}
	l, err = c.backlog(ctx)
	return l, s.ID, s.Agent, err
}

// planning is the backlog, and who changes the plan: a person who is no session does it
// as the orchestrator.
func (c *call) planning(ctx context.Context) (*task.Backlog, string, error) {
	_, id, err := c.acting()
	if errors.Is(err, errWhoAmI) {
		id, err = bus.Orchestrator, nil
	}
	if err != nil {
		return nil, "", err
	}
	l, err := c.backlog(ctx)
	return l, id, err
}

// taskTarget is where work lands, as far as anything says so.
func (c *call) taskTarget(ctx context.Context) (task.Branch, error) {
	ref, err := c.targetRef(ctx, "HEAD")
	if errors.Is(err, repo.ErrNoTarget) {
		return task.Branch{}, nil
	}
	if err != nil {
		return task.Branch{}, err
	}
	tip, err := c.swarm.Store().Tip(ctx, ref)
	return task.Branch{Ref: ref, Tip: string(tip)}, err
}

// catchUpQuick is catchUp where one of the branches that were looked at before has
// moved: finding out where work lands takes git.
func (c *call) catchUpQuick(ctx context.Context, l *task.Backlog, by string) error {
	if known, err := l.Exists(ctx); err != nil || !known {
		return err
	}
	if moved, err := l.Moved(ctx); err != nil || !moved {
		return err
	}
	target, err := c.taskTarget(ctx)
	if err != nil {
		return err
	}
	return c.catchUp(ctx, l, by, target)
}

// catchUp closes the tasks that have landed by plain git on the branch that work here
// lands on, which is target.
func (c *call) catchUp(ctx context.Context, l *task.Backlog, by string, target task.Branch) error {
	landed, err := l.CatchUp(ctx, by, c.swarm.Repo, target.Ref)
	for _, t := range landed {
		c.notef("task #%d has landed", t.Number)
	}
	return err
}

// lookCatchUp is catchUpQuick for a verb that only shows something: where it fails, the
// verb goes on.
func (c *call) lookCatchUp(ctx context.Context, l *task.Backlog) {
	by := c.viewer()
	if _, err := l.Bus.Resolve(ctx, by); err != nil {
		by = bus.Orchestrator
	}
	if err := c.catchUpQuick(ctx, l, by); err != nil && !errors.Is(err, refstore.ErrBusy) {
		c.notef("git swarm: what has landed by plain git was not looked at: %s", text.Inert(c.describe(err)))
	}
}

// lookAt is the task that the argument names, with its text, for a verb that shows it.
func (c *call) lookAt(ctx context.Context) (l *task.Backlog, t *task.Task, body string, err error) {
	n, err := c.taskNumber(c.args[0])
	if err != nil {
		return nil, nil, "", err
	}
	if l, err = c.backlog(ctx); err != nil {
		return nil, nil, "", err
	}
	c.lookCatchUp(ctx, l)
	t, body, err = l.Get(ctx, n)
	return l, t, body, err
}

// taskNumber reads an argument such as 12 or #12.
func (c *call) taskNumber(arg string) (int, error) {
	n, err := refstore.ParseNumber(strings.TrimPrefix(arg, "#"))
	if err != nil || n == 0 {
		return 0, usageOf(c.verb, fmt.Sprintf("'%s' is not the number of a task", text.Inert(arg)))
	}
	return n, nil
}

// taskNumbers reads "3,4", "#3 #4"; "" and "none" are none.
func (c *call) taskNumbers(list string) ([]int, error) {
	numbers := []int{}
	if list == "none" {
		return numbers, nil
	}
	for word := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		n, err := c.taskNumber(word)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// ownTask is the number of the argument, 0 for whichever task the session has.
func (c *call) ownTask() (int, error) {
	if len(c.args) == 0 {
		return 0, nil
	}
	return c.taskNumber(c.args[0])
}

// taskFiles brings pathspecs, seen from where the command was started, into the form in
// which tasks have them.
func (c *call) taskFiles(specs []string) ([]string, error) {
	r, err := c.Repo()
	if err != nil {
		return nil, err
	}
	files := []string{}
	for _, spec := range specs {
		name, prefix, magic := spec, strings.TrimSuffix(r.Prefix, "/"), ""
		for _, top := range []string{":(top)", ":/"} {
			if rest, ok := strings.CutPrefix(name, top); ok {
				name, prefix = rest, ""
			}
		}
		name = strings.TrimPrefix(name, ":(glob)")
		if rest, ok := strings.CutPrefix(name, ":(literal)"); ok {
			name, magic = rest, ":(literal)"
		}
		if filepath.IsAbs(name) {
			if inside, err := inWorkTree(r, name); err == nil {
				name, prefix = inside, ""
			}
		}
		clean, err := inRepo(prefix, name)
		if err == nil {
			err = task.CheckFiles(magic + clean)
		}
		if err != nil {
			return nil, err
		}
		files = append(files, magic+clean)
	}
	return files, nil
}

// inRepo is a path seen from the folder prefix, as it is from the work tree's top.
func inRepo(prefix, name string) (string, error) {
	var parts []string
	if prefix != "" && !strings.HasPrefix(name, ":") {
		parts = strings.Split(prefix, "/")
	}
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "", ".":
		case "..":
			if len(parts) == 0 {
				return "", bus.Inputf("pathspec '%s': outside the repository", text.Inert(name))
			}
			parts = parts[:len(parts)-1]
		default:
			parts = append(parts, part)
		}
	}
	switch {
	case name == "":
		return "", bus.Inputf("an empty pathspec")
	case strings.HasPrefix(name, "/"):
		return "", bus.Inputf("pathspec '%s': outside the repository", text.Inert(name))
	case len(parts) == 0:
		return ".", nil
	}
	return strings.Join(parts, "/"), nil
}

type taskJSON struct {
	Number   int      `json:"number"`
	Title    string   `json:"title"`
	State    string   `json:"state"`
	Priority int      `json:"priority"`
	After    []int    `json:"after"`
	Files    []string `json:"files"`
	For      string   `json:"for"`
	Added    *string  `json:"added"`
	AddedBy  string   `json:"added_by"`
	Session  string   `json:"session"`
	Since    *string  `json:"since"`
	Epoch    int      `json:"epoch"`
	Part     bool     `json:"part"`
	Commits  []string `json:"commits"`
	Reverted []string `json:"reverted"`
	Ended    *string  `json:"ended"`
	Why      string   `json:"why"`
	Tries    int      `json:"tries"`
	Waits    int      `json:"waits"`
	Passed   int      `json:"passed"`
	Revision int      `json:"revision"`
}

func jsonTask(t *task.Task) taskJSON {
	j := taskJSON{
		t.Number, t.Title, string(t.State), t.Priority, append([]int{}, t.After...), append([]string{}, t.Files...), t.For, text.Stamp(t.Added), t.AddedBy, t.Holder, text.Stamp(t.Since), t.Epoch,
		t.Part,
		[]string{},
		[]string{},
		text.Stamp(t.Ended), t.Why, t.Tries, t.Waits, t.Passed, t.Revision,
	}
	for _, commit := range t.Commits {
		if commit.Reverted != "" {
			j.Reverted = append(j.Reverted, commit.ID)
		} else {
			j.Commits = append(j.Commits, commit.ID)
		}
	}
	return j
}

// fullTaskJSON is a task with its text, and, where it was taken, why better ones were
// not.
type fullTaskJSON struct {
	taskJSON
	Body    string       `json:"body"`
	Trailer string       `json:"trailer"`
	Passed  []passedJSON `json:"passed_over,omitempty"`
	Again   bool         `json:"again,omitempty"`
}

type passedJSON struct {
	Number  int    `json:"number"`
	File    string `json:"file"`
	Session string `json:"session"`
	Path    string `json:"path,omitempty"`
	Task    int    `json:"task,omitempty"`
}

func jsonPassed(all []task.InTheWay) (passed []passedJSON) {
	for _, w := range all {
		p := passedJSON{Number: w.Task.Number, File: w.Spec, Session: w.Session, Path: w.Path}
		if w.Other != nil {
			p.Task = w.Other.Number
		}
		passed = append(passed, p)
	}
	return passed
}

// printTask says in a line what was done to a task.
func (c *call) printTask(t *task.Task, format string, args ...any) error {
	if c.wantJSON() {
		return c.object("task", jsonTask(t))
	}
	return c.printf("Task #%d %s\n", t.Number, fmt.Sprintf(format, args...))
}

// tellReady names the tasks that have become ready.
func (c *call) tellReady(ready []*task.Task) {
	if numbers := taskList(ready); numbers != "" {
		c.notef("Ready by that: %s", numbers)
	}
}

func taskList(tasks []*task.Task) string { return task.Numbers(taskNumbersOf(tasks)) }

func taskNumbersOf(tasks []*task.Task) []int {
	numbers := make([]int, len(tasks))
	for i, t := range tasks {
		numbers[i] = t.Number
	}
	return numbers
}

// short is a commit's id as it is shown.
func short(id string) string { return object.Hash(id).Short() }
