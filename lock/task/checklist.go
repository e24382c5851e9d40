package task

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// ParseChecklist reads the tasks of a Markdown checklist:
//
//   - [ ] #1 Title (after #2; priority 0; for A; files src/**, docs)
//     Text of the task.
//   - [x] A task that has to be done before, and is
//
// An item comes after those that are nested in it. The number and what stands in
// parentheses may be missing; numbers are those of the file, and name its items to each
// other. A pathspec may stand between quotes, with Go's escapes. What would be an item in
// the text of one has a backslash before its box, as in "- \[ ] no task". Blank lines
// around a text are left out, and so is everything else of the file.
func ParseChecklist(text string) ([]New, error) {
	p := &checklist{item: itemPattern(), escaped: boxPattern(`\\`), byNumber: map[int]int{}}
	for number, line := range slices.Collect(strings.Lines(text)) {
		if err := p.line(strings.TrimRight(line, "\r\n")); err != nil {
			return nil, bus.Inputf("line %d: %s", number+1, err.Error())
		}
	}
	if len(p.tasks) == 0 {
		return nil, bus.Inputf("there is no item such as \"- [ ] Title\"")
	}
	for i := range p.tasks {
		for _, n := range p.after[i] {
			j, ok := p.byNumber[n]
			if !ok {
				return nil, bus.Inputf("'%.80s' comes after #%d, and no item has that number, as in \"- [ ] #%d Title\"", p.tasks[i].Title, n, n)
			}
			p.tasks[i].AfterNew = append(p.tasks[i].AfterNew, j)
		}
		p.tasks[i].Body = strings.Trim(p.tasks[i].Body, "\n")
		if p.tasks[i].Body != "" {
			p.tasks[i].Body += "\n"
		}
	}
	return p.tasks, nil
}

// itemPattern is an item of a checklist: indentation, mark, box, number, title.
func itemPattern() *regexp.Regexp {
	return regexp.MustCompile(`^(\s*)(?:[-*+]|\d+[.)])\s+\[([ xX~])\]\s+(?:#(\d+)\s+)?(.*?)\s*$`)
}

// boxPattern is a line of text that looks like an item, or an item with backslashes
// before its box, in two parts. before stands between them and is left out.
func boxPattern(before string) *regexp.Regexp {
	return regexp.MustCompile(`^(\s*(?:[-*+]|\d+[.)])\s+)` + before + `(\\*\[[ xX~]\]\s)`)
}

type checklist struct {
	item     *regexp.Regexp
	escaped  *regexp.Regexp // a line of text
	tasks    []New
	after    [][]int // of each, numbers of the file
	byNumber map[int]int
	above    []openItem // the items in which the next line can be nested
}

// codeIndent is how many blanks make code of a text's first line.
const codeIndent = 4

// openItem is the item at that index. Its text begins at a column of its own.
type openItem struct{ indent, at, column int }

func (p *checklist) line(line string) error {
	indent := indentation(line)
	m := p.item.FindStringSubmatch(line)
	if m == nil {
		p.text(line, indent)
		return nil
	}
	for len(p.above) > 0 && p.above[len(p.above)-1].indent >= indent {
		p.above = p.above[:len(p.above)-1]
	}
	n := New{Priority: DefaultPriority, Landed: m[2] == "x" || m[2] == "X", Dropped: m[2] == "~"}
	at := len(p.tasks)
	if m[3] != "" {
		number, _ := strconv.Atoi(m[3])
		if _, twice := p.byNumber[number]; twice {
			return fmt.Errorf("#%d is there twice", number)
		}
		p.byNumber[number] = at
	}
	title, after, err := parseNotes(&n, m[4])
	if err != nil {
		return err
	}
	n.Title = title
	if len(p.above) > 0 {
		parent := p.above[len(p.above)-1].at
		p.tasks[parent].AfterNew = append(p.tasks[parent].AfterNew, at)
	}
	p.tasks, p.after = append(p.tasks, n), append(p.after, after)
	p.above = append(p.above, openItem{indent, at, indent + 2})
	return nil
}

// indentation is how deep a line is indented, where a tab counts as four blanks.
func indentation(line string) int {
	return len(expandTabs(line)) - len(strings.TrimLeft(expandTabs(line), " "))
}

func expandTabs(s string) string { return strings.ReplaceAll(s, "\t", "    ") }

// text adds a line to the text of the item that it is nested in.
func (p *checklist) text(line string, indent int) {
	if len(p.above) == 0 {
		return
	}
	last := &p.above[len(p.above)-1]
	body := &p.tasks[last.at].Body
	if strings.TrimSpace(line) == "" {
		*body += "\n"
		return
	}
	if indent <= last.indent { // the list has ended
		p.above = nil
		return
	}
	// As in Markdown, blanks before a text's first line are code if there are 4 more than it
	// needs, below a blank line; else they mean nothing.
	if strings.Trim(*body, "\n") == "" && (*body == "" || indent < last.column+codeIndent) {
		last.column = indent
	}
	*body += p.escaped.ReplaceAllString(unindent(line, last.column), "$1$2") + "\n"
}

// unindent takes up to that many columns of white space from the beginning of a line.
func unindent(line string, columns int) string {
	for ; columns > 0 && line != ""; line = line[1:] {
		switch width := len(expandTabs(line[:1])); {
		case line[0] != ' ' && line[0] != '\t':
			return line
		case width > columns:
			return strings.Repeat(" ", width-columns) + line[1:]
		default:
			columns -= width
		}
	}
	return line
}

// parseNotes takes what stands in parentheses at the end of a title, if it is that.
func parseNotes(n *New, title string) (rest string, after []int, err error) {
	open := lastOpened(title)
	if open < 0 || !strings.HasSuffix(title, ")") {
		return title, nil, nil
	}
	got := *n
	for note := range strings.SplitSeq(title[open+2:len(title)-1], "; ") {
		key, value, _ := strings.Cut(note, " ")
		switch key {
		case "after":
			for word := range strings.SplitSeq(value, ", ") {
				number, err := strconv.Atoi(strings.TrimPrefix(word, "#"))
				if err != nil {
					return title, nil, nil
				}
				after = append(after, number)
			}
		case "priority":
			if got.Priority, err = strconv.Atoi(value); err != nil {
				return title, nil, nil
			}
		case "for":
			got.For = value
		case "files":
			got.Files = strings.Split(value, ", ")
			for i, spec := range got.Files {
				if plain, err := strconv.Unquote(spec); err == nil && spec[0] == '"' {
					got.Files[i] = plain
				}
			}
		default:
			return title, nil, nil
		}
	}
	*n = got
	return title[:open], after, nil
}

// endsInNotes reports whether a title alone would be read as another one with notes.
func endsInNotes(title string) bool {
	rest, _, err := parseNotes(new(New), title)
	return err != nil || rest != title
}

// lastOpened is where the blank before the parenthesis is that the last one closes, else
// the last blank before one; -1 if there is none. Pathspecs may have parentheses.
func lastOpened(title string) int {
	depth := 0
	for i := len(title) - 1; i > 0; i-- {
		switch title[i] {
		case ')':
			depth++
		case '(':
			depth--
		}
		if depth == 0 && strings.HasPrefix(title[i-1:], " (") {
			return i - 1
		}
	}
	return strings.LastIndex(title, " (")
}

// FormatChecklist is the tasks as ParseChecklist reads them. body gives the text of one.
func FormatChecklist(tasks []*Task, body func(n int) (string, error)) (string, error) {
	f := &checklistWriter{box: boxPattern(""), tasks: map[int]*Task{}, body: body, inner: map[int][]int{}}
	for _, t := range tasks {
		f.tasks[t.Number] = t
	}
	nested := map[int]bool{}
	for _, t := range tasks {
		for _, n := range t.After {
			if f.tasks[n] != nil && !nested[n] { // in the first that comes after it
				nested[n] = true
				f.inner[t.Number] = append(f.inner[t.Number], n)
			}
		}
	}
	for _, t := range tasks {
		if !nested[t.Number] {
			f.top = append(f.top, t.Number)
		}
	}
	for len(f.top) > 0 {
		next := f.tasks[f.top[0]]
		f.top = f.top[1:]
		if err := f.write(next, 0); err != nil {
			return "", err
		}
	}
	return f.b.String(), nil
}

// deepest is how deep items are nested. What would be deeper stands beside the others: in a
// long chain the indentation alone would otherwise be more than can be read again.
const deepest = 8

type checklistWriter struct {
	b     strings.Builder
	box   *regexp.Regexp // in a line of text
	tasks map[int]*Task
	inner map[int][]int
	top   []int // what is still to be written that is in no other
	body  func(n int) (string, error)
}

func (f *checklistWriter) write(t *Task, depth int) error {
	if depth == deepest {
		f.top = append(f.top, f.inner[t.Number]...)
		delete(f.inner, t.Number)
	}
	indent, box := strings.Repeat("  ", depth), " "
	switch t.State {
	case Landed:
		box = "x"
	case Dropped:
		box = "~"
	}
	fmt.Fprintf(&f.b, "%s- [%s] #%d %s%s\n", indent, box, t.Number, t.Title, f.notes(t))
	body, err := f.body(t.Number)
	if err != nil {
		return err
	}
	if indentation(body) >= codeIndent {
		f.b.WriteString("\n")
	}
	for line := range strings.Lines(body) {
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			f.b.WriteString("\n")
			continue
		}
		fmt.Fprintf(&f.b, "%s  %s\n", indent, f.box.ReplaceAllString(line, `$1\$2`))
	}
	for _, n := range f.inner[t.Number] {
		if err := f.write(f.tasks[n], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// notes are what stands in parentheses behind a title.
func (f *checklistWriter) notes(t *Task) string {
	var notes, after []string
	for _, n := range t.After {
		if f.tasks[n] != nil && !slices.Contains(f.inner[t.Number], n) {
			after = append(after, fmt.Sprintf("#%d", n))
		}
	}
	if len(after) > 0 {
		notes = append(notes, "after "+strings.Join(after, ", "))
	}
	if t.Priority != DefaultPriority || endsInNotes(t.Title) {
		notes = append(notes, fmt.Sprintf("priority %d", t.Priority))
	}
	if t.For != "" {
		notes = append(notes, "for "+t.For)
	}
	if len(t.Files) > 0 {
		var specs []string
		for _, spec := range t.Files {
			specs = append(specs, quoteSpec(spec))
		}
		notes = append(notes, "files "+strings.Join(specs, ", "))
	}
	if len(notes) == 0 {
		return ""
	}
	return " (" + strings.Join(notes, "; ") + ")"
}

// quoteSpec writes a pathspec between quotes, with Go's escapes, where it would be read as
// another one, or as several.
func quoteSpec(spec string) string {
	if !strings.HasPrefix(spec, `"`) && !strings.ContainsAny(spec, ",;()\t") && strings.TrimSpace(spec) == spec {
		return spec
	}
	return strings.NewReplacer(",", `\x2c`, ";", `\x3b`, "(", `\x28`, ")", `\x29`).Replace(strconv.Quote(spec))
}
