package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/urfave/cli/v3"
)

func taskImportVerb() *verb {
	return &verb{
		name: "task import", group: groupTask, args: "FILE", min: 1, max: 1, short: "add the tasks of a Markdown checklist, or of lines of JSON",
		long: `In a checklist ("- [ ] Title"), an item comes after those that are nested in it; what
is indented below a title is the task's text; "(after #2, #3; priority 0; for A;
files src/**)" may end a title; "- \[ ]" in a text is no item. Lines of JSON are
those that export prints, or issues as beads exports them. "-" is standard input.
All are added, or none.`,
		session: true, json: true,
		run: func(ctx context.Context, c *call) error {
			content, err := c.readTasks(c.args[0])
			if err != nil {
				return err
			}
			tasks, left, err := parseTasks(content)
			if err != nil {
				return err
			}
			l, by, err := c.planning(ctx)
			if err != nil {
				return err
			}
			before, err := l.List(ctx)
			if err != nil {
				return err
			}
			added, err := c.addTasks(ctx, l, by, tasks)
			if err != nil {
				return err
			}
			if left > 0 {
				c.notef("Left out, for they are no work: %s (deleted, pinned, templates, messages and what agents keep)", text.Count(left, "line"))
			}
			if same := sameTitles(before, added); same != "" {
				c.notef("Same title as an earlier task: %s", same)
			}
			if !c.wantJSON() {
				return c.printImported(added)
			}
			for _, t := range added {
				if err := c.object("task", jsonTask(t)); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (c *call) printImported(added []*task.Task) error {
	first, last := added[0].Number, added[len(added)-1].Number
	if first == last {
		return c.printf("1 task added: #%d\n", first)
	}
	return c.printf("%d tasks added: #%d to #%d\n", len(added), first, last)
}

// maxSame bounds how many tasks are named that may be there twice.
const maxSame = 5

// sameTitles is "#3 (#1), #4 (#2)" where #3 and #4 have the titles that #1 and #2 had
// before: a list without numbers may have been imported twice.
func sameTitles(before, added []*task.Task) string {
	number := map[string]int{}
	for _, t := range before {
		number[t.Title] = t.Number
	}
	var same []string
	for _, t := range added {
		if n, ok := number[t.Title]; ok {
			same = append(same, fmt.Sprintf("#%d (#%d)", t.Number, n))
		}
	}
	if more := len(same) - maxSame; more > 0 {
		same = append(same[:maxSame], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(same, ", ")
}

// maxImport bounds what is read at once, in bytes.
const maxImport = 64 << 20

func (c *call) readTasks(name string) ([]byte, error) {
	in := c.Stdin
	if name != "-" {
		file, err := os.Open(c.at(name))
		if err != nil {
			return nil, refuseFile(name, err)
		}
		defer file.Close()
		in = file
	}
	content, err := io.ReadAll(io.LimitReader(in, maxImport+1))
	switch {
	case err != nil:
		return nil, refuseFile(name, err)
	case len(content) > maxImport || !utf8.Valid(content):
		return nil, bus.Inputf("'%s' has more than %d bytes, or is no UTF-8 text", text.Inert(name), maxImport)
	}
	return content, nil
}

// parseTasks reads the tasks, and of how many lines there are none, for they are no work.
func parseTasks(content []byte) (tasks []task.New, left int, err error) {
	if bytes.HasPrefix(bytes.TrimSpace(content), []byte("{")) {
		return task.ParseJSON(content)
	}
	tasks, err = task.ParseChecklist(string(content))
	return tasks, 0, err
}

func taskExportVerb() *verb {
	return &verb{
		name: "task export", group: groupTask, short: "print all tasks as a Markdown checklist, or as lines of JSON",
		long: `git swarm task import reads both. Lines of JSON keep each text as it is; a checklist
leaves out blank lines around it.`,
		json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{&cli.BoolFlag{Name: "unfinished", Usage: "only those that have neither landed nor were dropped"}}
		},
		run: func(ctx context.Context, c *call) error {
			l, err := c.backlog(ctx)
			if err != nil {
				return err
			}
			all, err := l.List(ctx)
			if err != nil {
				return err
			}
			shown := all
			if c.cmd.Bool("unfinished") {
				shown = unfinished(all)
			}
			bodyOf := l.Texts(ctx)
			if !c.wantJSON() {
				list, err := task.FormatChecklist(shown, bodyOf)
				if err != nil {
					return err
				}
				return c.printf("%s", text.Block(list))
			}
			return c.exportJSON(shown, bodyOf)
		},
	}
}

// unfinished are the tasks that are to be done, without what they come after and is
// done.
func unfinished(all []*task.Task) []*task.Task {
	left := map[int]bool{}
	var kept []*task.Task
	for _, t := range all {
		if left[t.Number] = !t.State.Finished(); left[t.Number] {
			kept = append(kept, t)
		}
	}
	for i, t := range kept {
		one := *t
		one.After = nil
		for _, n := range t.After {
			if left[n] {
				one.After = append(one.After, n)
			}
		}
		kept[i] = &one
	}
	return kept
}

func (c *call) exportJSON(tasks []*task.Task, bodyOf func(int) (string, error)) error {
	for _, t := range tasks {
		body, err := bodyOf(t.Number)
		if err == nil {
			err = c.object("task", struct {
				taskJSON
				Body string `json:"body"`
			}{jsonTask(t), body})
		}
		if err != nil {
			return fmt.Errorf("task #%d: %w", t.Number, err)
		}
	}
	return nil
}
