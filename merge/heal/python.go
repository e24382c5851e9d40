package heal

import "strings"

// wholePython reports whether brackets match, strings end, and each line is indented as Python has it:
// deeper after a colon, and nowhere else. A string that is split without brackets around it fails here.
func wholePython(src []byte) bool {
	p := pythonScan{src: string(src), indents: []int{0}}
	for p.at < len(p.src) {
		if !p.line() {
			return false
		}
	}
	return len(p.open) == 0
}

type pythonScan struct {
	src     string
	at      int
	open    []byte // brackets
	indents []int
	opens   bool // the line before ended in a colon
}

// line reads one logical line.
func (p *pythonScan) line() bool {
	width := 0
	for ; p.at < len(p.src) && strings.IndexByte(" \t\f", p.src[p.at]) >= 0; p.at++ {
		width++
		if p.src[p.at] == '\t' {
			width = (width + 7) / 8 * 8
		}
	}
	if rest := p.src[p.at:]; rest == "" || strings.IndexByte("\r\n#", rest[0]) >= 0 {
		p.skipLine()
		return true
	}
	if !p.indent(width) {
		return false
	}
	return p.statement()
}

func (p *pythonScan) skipLine() {
	if i := strings.IndexByte(p.src[p.at:], '\n'); i >= 0 {
		p.at += i + 1
	} else {
		p.at = len(p.src)
	}
}

func (p *pythonScan) indent(width int) bool {
	top := p.indents[len(p.indents)-1]
	if (width > top) != p.opens {
		return false
	}
	if width > top {
		p.indents = append(p.indents, width)
	}
	for width < p.indents[len(p.indents)-1] {
		p.indents = p.indents[:len(p.indents)-1]
	}
	return width == p.indents[len(p.indents)-1]
}

// statement reads to the end of the logical line.
func (p *pythonScan) statement() bool {
	const opening, closing = "([{", ")]}"
	p.opens = false
	for p.at < len(p.src) {
		c := p.src[p.at]
		p.at++
		switch {
		case c == '#':
			p.skipLine()
			if len(p.open) == 0 {
				return true
			}
			continue
		case c == '\n':
			if len(p.open) == 0 {
				return true
			}
			continue
		case c == '\\':
			p.skipLine()
			continue
		case c == ' ', c == '\t', c == '\r':
			continue
		case c == '"', c == '\'':
			if !p.text(c) {
				return false
			}
		case strings.IndexByte(opening, c) >= 0:
			p.open = append(p.open, c)
		case strings.IndexByte(closing, c) >= 0:
			n := len(p.open) - 1
			if n < 0 || p.open[n] != opening[strings.IndexByte(closing, c)] {
				return false
			}
			p.open = p.open[:n]
		}
		p.opens = c == ':' && len(p.open) == 0
	}
	return true
}

// text reads a string to its end.
func (p *pythonScan) text(quote byte) bool {
	end := string(quote)
	if triple := strings.Repeat(end, 3); strings.HasPrefix(p.src[p.at-1:], triple) {
		end = triple
		p.at += 2
	}
	for p.at < len(p.src) {
		switch c := p.src[p.at]; {
		case c == '\\':
			p.at += 2
		case strings.HasPrefix(p.src[p.at:], end):
			p.at += len(end)
			return true
		case c == '\n' && len(end) == 1:
			return false
		default:
			p.at++
		}
	}
	return false
}
