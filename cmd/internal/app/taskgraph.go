package app

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/urfave/cli/v3"
)

func taskGraphVerb() *verb {
	return &verb{
		name: "task graph", group: groupTask, short: "show what waits for what",
		long: `Each task stands below the last of those that it comes after; the others are named
beside it. Finished tasks are left out, but for those that unfinished ones come after.`,
		json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORMAT`: text, mermaid, dot or json (default: text)"}}
		},
		run: func(ctx context.Context, c *call) error {
			format := c.cmd.String("format")
			if c.wantJSON() {
				format = "json"
			}
			formats := map[string]func([]*task.Task) error{"text": c.graphText, "mermaid": c.graphMermaid, "dot": c.graphDot, "json": c.graphJSON}
			write, ok := formats[format]
			if !ok {
				return usageOf(c.verb, fmt.Sprintf("unknown format '%s': text, mermaid, dot or json", text.Inert(format)))
			}
			l, err := c.backlog(ctx)
			if err != nil {
				return err
			}
			c.lookCatchUp(ctx, l)
			all, err := l.List(ctx)
			if err != nil {
				return err
			}
			if len(all) == 0 && format == "text" {
				c.notef("%s", c.noTasks(false, ""))
				return nil
			}
			return write(inGraph(all))
		},
	}
}

// inGraph are the tasks that the graph shows.
func inGraph(all []*task.Task) []*task.Task {
	needed := map[int]bool{}
	for _, t := range all {
		if !t.State.Finished() {
			for _, n := range t.After {
				needed[n] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(t *task.Task) bool { return t.State.Finished() && !needed[t.Number] })
}

// graphText draws the graph as a tree: each task below the one of those that it comes
// after which is last in the order of work.
func (c *call) graphText(shown []*task.Task) error {
	place := map[int]int{}
	for depth, layer := range task.Layers(shown) {
		for _, t := range layer {
			place[t.Number] = depth + 1
		}
	}
	there := map[int]bool{}
	for _, t := range shown {
		there[t.Number] = true
	}
	below := map[int][]*task.Task{} // 0: the roots
	for _, t := range shown {
		parent := 0
		for _, n := range t.After {
			if there[n] && !t.State.Finished() && (parent == 0 || place[n] > place[parent]) {
				parent = n
			}
		}
		below[parent] = append(below[parent], t)
	}
	var lines []text.Line
	var draw func(parent int, indent string)
	draw = func(parent int, indent string) {
		for i, t := range below[parent] {
			branch, next := "├─ ", "│  "
			if i == len(below[parent])-1 {
				branch, next = "└─ ", "   "
			}
			if parent == 0 {
				branch, next = "", ""
			}
			lines = append(lines, graphLine(indent+branch, t, parent))
			draw(t.Number, indent+next)
		}
	}
	draw(0, "")
	if width := c.terminalWidth(); width > 0 {
		for i := range lines {
			lines[i] = lines[i].Cut(width)
		}
	}
	return c.printLines(lines)
}

func graphLine(indent string, t *task.Task, parent int) text.Line {
	line := text.Line{{Text: indent}, text.Bold.Cell("#" + strconv.Itoa(t.Number)), {Text: " "}, stateColour(t.State).Cell(string(t.State)), {Text: " " + text.Inert(t.Title)}}
	if t.Holder != "" {
		line = append(line, text.Cell{Text: " (" + t.Holder + ")"})
	}
	others := slices.DeleteFunc(slices.Clone(t.After), func(n int) bool { return n == parent })
	if len(others) > 0 && parent != 0 {
		line = append(line, text.Dim.Cell(", also after "+task.Numbers(others)))
	}
	return line
}

func (c *call) graphMermaid(shown []*task.Task) error {
	var b strings.Builder
	b.WriteString("graph TD\n")
	escape := strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;", "#", "#35;", "&", "#amp;")
	for _, t := range shown {
		fmt.Fprintf(&b, "  t%d[\"%s\"]:::%s\n", t.Number, escape.Replace(fmt.Sprintf("#%d %s", t.Number, text.Inert(t.Title))), t.State)
	}
	graphEdges(shown, func(from, to int) { fmt.Fprintf(&b, "  t%d --> t%d\n", from, to) })
	for _, class := range [][2]string{{"ready", "#2da44e"}, {"taken", "#bf8700"}, {"review", "#bf8700"}, {"landed", "#8250df"}, {"failed", "#cf222e"}, {"reverted", "#cf222e"}} {
		fmt.Fprintf(&b, "  classDef %s stroke:%s\n", class[0], class[1])
	}
	return c.printf("%s", b.String())
}

func (c *call) graphDot(shown []*task.Task) error {
	var b strings.Builder
	b.WriteString("digraph tasks {\n  rankdir=LR\n  node [shape=box]\n")
	escape := strings.NewReplacer(`"`, `\"`, `\`, `\\`)
	for _, t := range shown {
		fmt.Fprintf(&b, "  t%d [label=\"%s\\n%s\"]\n", t.Number, escape.Replace(fmt.Sprintf("#%d %s", t.Number, text.Inert(t.Title))), t.State)
	}
	graphEdges(shown, func(from, to int) { fmt.Fprintf(&b, "  t%d -> t%d\n", from, to) })
	b.WriteString("}\n")
	return c.printf("%s", b.String())
}

// graphEdges calls edge for each task that another one which is shown comes after.
func graphEdges(shown []*task.Task, edge func(from, to int)) {
	there := map[int]bool{}
	for _, t := range shown {
		there[t.Number] = true
	}
	for _, t := range shown {
		for _, n := range t.After {
			if there[n] {
				edge(n, t.Number)
			}
		}
	}
}

func (c *call) graphJSON(shown []*task.Task) error {
	for _, t := range shown {
		if err := c.object("task", jsonTask(t)); err != nil {
			return err
		}
	}
	return nil
}
