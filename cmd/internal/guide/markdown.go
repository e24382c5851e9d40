package guide

import (
	"regexp"
	"strings"
)

// kind is what a block of Markdown is.
type kind int

const (
	heading kind = iota
	paragraph
	item // of a list
	code
	row // of a table, its head included
)

// block is one block of a guide. Of Markdown there is what guides are written
// in: headings, paragraphs, lists of one level, fenced code, tables.
type block struct {
	kind  kind
	level int      // of a heading: 1 for the title
	text  string   // inline Markdown; of code, its lines
	mark  string   // of an item: "-", or "2."
	head  []string // of a row: the table's head
	cells []string // of a row
}

// itemMark finds what a list item begins with.
func itemMark() *regexp.Regexp { return regexp.MustCompile(`^(-|\d+\.) +`) }

// parse reads a guide into blocks.
func parse(text string) []block {
	marks := itemMark()
	var blocks []block
	var head []string // of the table at hand
	open := false     // whether a line can continue the last block
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		mark := marks.FindString(line)
		switch {
		case strings.HasPrefix(line, "```"):
			var body []string
			for i++; i < len(lines) && lines[i] != "```"; i++ {
				body = append(body, lines[i])
			}
			blocks, open = append(blocks, block{kind: code, text: strings.Join(body, "\n")}), false
		case strings.HasPrefix(line, "#"):
			level := len(line) - len(strings.TrimLeft(line, "#"))
			blocks, open = append(blocks, block{kind: heading, level: level, text: strings.TrimSpace(line[level:])}), false
		case strings.HasPrefix(line, "|"):
			cells := splitRow(line)
			switch {
			case head == nil:
				head = cells
			case strings.Trim(line, "|-: ") != "":
				blocks = append(blocks, block{kind: row, head: head, cells: cells})
			}
			open = false
			continue
		case strings.TrimSpace(line) == "":
			open = false
		case mark != "":
			blocks, open = append(blocks, block{kind: item, mark: strings.TrimSpace(mark), text: line[len(mark):]}), true
		case open:
			blocks[len(blocks)-1].text += "\n" + strings.TrimSpace(line)
		default:
			blocks, open = append(blocks, block{kind: paragraph, text: strings.TrimSpace(line)}), true
		}
		head = nil
	}
	return blocks
}

// splitRow splits a table's row at the bars that are not escaped.
func splitRow(line string) []string {
	line = strings.ReplaceAll(strings.Trim(strings.TrimSpace(line), "|"), `\|`, "\x00")
	cells := strings.Split(line, "|")
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(strings.TrimSpace(c), "\x00", "|")
	}
	return cells
}
