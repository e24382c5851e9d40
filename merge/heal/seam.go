package heal

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// lineAbove is the unchanged line right above a place, empty if that is blank or none.
func (c *conflict) lineAbove(p *pieces, g group) string {
	line := ""
	if g.at.From > 0 {
		line = p.names[p.base[g.at.From-1]]
	} else if n := len(c.above); n > 0 {
		line = c.above[n-1]
	}
	return strings.TrimSpace(line)
}

// joinable reports whether lines that both sides brought in below a line can stand one after the other, in either
// order: as parts of a list both go on, or none does; none belongs to the statement above it, leaves the block that
// the other would stand in, or comes between a comment or an annotation and what that is of.
func (c *conflict) joinable(above string, a, b []string, textA, textB string) bool {
	goesOn := continued(a[len(a)-1])
	leadsA, leadsB := leads(a, textA), leads(b, textB)
	switch {
	case goesOn != continued(b[len(b)-1]), goesOn == "" && inList().MatchString(withoutRemark(above)):
		return false
	case goesOn == "" && beginsObject(withoutRemark(above)) && haveKeys(a) && haveKeys(b):
		return false
	case endsChain(a) || endsChain(b), follows(a) || follows(b), leavesBlock(a) || leavesBlock(b):
		return false
	case leadsA && leadsB, leading().MatchString(above) && (leadsA || leadsB):
		return false
	case c.inComment(above) && strings.Contains(textA+textB, "*/"):
		return false
	}
	return !nextNumber(above, a, b) && !c.areArguments(a, b)
}

// continued is the mark by which what a line is part of goes on behind it. Before other lines, the last of a list
// would miss its comma.
func continued(line string) string { return continuing().FindString(withoutRemark(line)) }

var continuing = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(,|\\|&&|\|\|)$`) })

// inList matches a line below which a list goes on or begins. Lines of a block, as of imports in Go, have no commas.
var inList = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(,|\\|&&|\|\||\[|\w\(|[^\s\w]\s*\(|^\()$`) })

// beginsObject reports whether below a line the entries of an object begin, which have commas between them. Those of a
// type need none.
func beginsObject(line string) bool {
	return objectHead().MatchString(line) && !typeHead().MatchString(line)
}

var objectHead = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`([=:(\[,]|\breturn)\s*\{$`) })

var typeHead = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^((export|declare)\s+)*type\b`) })

func withoutRemark(line string) string {
	return strings.TrimSpace(remarkBehind().ReplaceAllString(strings.TrimSpace(line), ""))
}

var remarkBehind = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(\s|^)(//.*|/\*.*\*/|#\s.*)$`) })

// endsChain reports whether lines are the last of a chain of calls.
func endsChain(lines []string) bool {
	return strings.HasPrefix(strings.TrimSpace(lines[0]), ".") && strings.HasSuffix(withoutRemark(lines[len(lines)-1]), ";")
}

// follows reports whether lines begin as a part of the statement above them.
func follows(lines []string) bool { return clause().MatchString(lines[0]) }

var clause = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(else|elif|elsif|elseif|catch|except|finally|rescue|ensure)\b`)
})

// leavesBlock reports whether nothing runs behind the lines.
func leavesBlock(lines []string) bool {
	last, outer := "", outermost(lines)
	for _, l := range lines {
		if indent(l) == outer {
			last = l
		}
	}
	return left().MatchString(last) && (left().MatchString(lines[0]) || !beginsBranch(lines[0]))
}

var left = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(return|throw|raise|break|continue|goto)\b`)
})

// endsBlock reports whether lines, by their indentation or by a head such as [name], end the block that the other's begin
// in: behind them, these would be in another.
func (c *conflict) endsBlock(lines, others []string) bool {
	if len(outermost(c.code(lines))) < len(indent(c.code(others)[0])) {
		return true
	}
	return slices.ContainsFunc(lines, blockHead().MatchString) && !blockHead().MatchString(c.code(others)[0])
}

// blockHead matches what begins a block, and ends the one above: a table or section of settings, or a stage of a
// Dockerfile.
var blockHead = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\[\[?[^\[\]]+\]\]?\s*([#;].*)?|FROM\s\S+(\s+(AS|as)\s+\S+)?\s*)$`)
})

// code is the lines that are no comments, which may stand at any indentation; all if there are no others.
func (c *conflict) code(lines []string) []string {
	remark := func(l string) bool { return c.kind != indented && strings.HasPrefix(strings.TrimSpace(l), "#") }
	if out := slices.DeleteFunc(slices.Clone(lines), remark); len(out) > 0 {
		return out
	}
	return lines
}

// inComment reports whether a line is within a comment that goes on below it.
func (c *conflict) inComment(line string) bool {
	return c.kind != indented && (strings.HasPrefix(line, "/*") || strings.HasPrefix(line, "*")) && !strings.Contains(line, "*/")
}

// areArguments reports whether lines are arguments of one call, which mean what their places say, as far as that can
// be seen from the lines above them.
func (c *conflict) areArguments(a, b []string) bool {
	if continued(a[len(a)-1]) != "," || every(a, hasKey) && every(b, hasKey) {
		return false
	}
	closed := 0
	for _, line := range slices.Backward(c.above) {
		for i, r := range slices.Backward([]byte(withoutRemark(line))) {
			switch r {
			case ')', ']', '}':
				closed++
			case '(', '[', '{':
				if closed--; closed < 0 {
					head := withoutRemark(line)[:i+1]
					return call().MatchString(head) && !makesList().MatchString(head)
				}
			}
		}
	}
	return false
}

var call = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\w\($`) })

// makesList matches a call that makes a list or a set of what it is given.
var makesList = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(list|set|array|map|seq|tuple|vec|entries)(\w|\.of)*\($`)
})

// nextNumber reports whether both sides gave the number that follows one of the line above.
func nextNumber(above string, a, b []string) bool {
	return slices.ContainsFunc(numbers(above), func(n int) bool {
		has := func(l string) bool { return slices.Contains(numbers(l), n+1) }
		return slices.ContainsFunc(a, has) && slices.ContainsFunc(b, has)
	})
}

// numbers are those of a line that stand by themselves, and are no part of a version or date.
func numbers(line string) []int {
	var out []int
	for _, word := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n=(),;", r) }) {
		if n, err := strconv.Atoi(strings.TrimSuffix(word, ".")); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// exclusive reports whether of the branches of a switch that both sides brought in below a line, if there are any, no
// two are for one value, and none runs into the next: then their order means nothing. A pattern that may stand for
// many values (a wildcard, a name, a condition) is for any, and one with parts for all of its kind.
func (c *conflict) exclusive(above string, a, b []string) bool {
	labelsA, ok1 := c.labels(a)
	labelsB, ok2 := c.labels(b)
	switch {
	case len(labelsA) == 0 && len(labelsB) == 0:
		return ok1 && ok2
	case !ok1, !ok2, !c.leaves(a), !c.leaves(b), c.falls(above):
		return false
	}
	return !slices.ContainsFunc(labelsA, func(l string) bool { return slices.Contains(labelsB, l) })
}

// labels are the values that branches are for; not ok if one cannot be told.
func (c *conflict) labels(lines []string) (labels []string, ok bool) {
	outer := outermost(lines)
	ext := path.Ext(c.path)
	patterns := ext == ".rs" || ext == ".scala" || ext == ".py" || ext == ".swift"
	for _, l := range lines {
		text := strings.TrimSpace(l)
		head := branchHead().FindString(text)
		isCase := strings.HasPrefix(text, "case ")
		if indent(l) != outer || isComment(l) || !isCase && (ext != ".rs" || head == "") {
			continue
		}
		if head == "" { // its labels go on below
			return []string{text}, false
		}
		for _, label := range strings.FieldsFunc(withoutParts(strings.TrimPrefix(head, "case ")), func(r rune) bool { return r == '|' || r == ',' }) {
			label = strings.Trim(label, " =>:")
			if !value().MatchString(label) || label == "error" || label == "any" || patterns && bound().MatchString(label) {
				return []string{label}, false
			}
			label = label[strings.LastIndex(label, "::")+1:]
			labels = append(labels, strings.Trim(label, `:"'`))
		}
	}
	return labels, true
}

// withoutParts takes out what stands in brackets.
func withoutParts(s string) string {
	for {
		short := inBrackets().ReplaceAllString(s, "")
		if short == s {
			return s
		}
		s = short
	}
}

var inBrackets = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\([^(){}]*\)|\{[^(){}]*\}`) })

var value = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([*&]?-?[\w.:]+|"[^"]*"|'[^']*')$`) })

// bound matches what stands for any value in a pattern.
var bound = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z_]\w*$`) })

// leaves reports whether a switch is left at the end of branches: by itself, as in Go and where branches have arrows,
// or by what their last line says, if that is not within a condition.
func (c *conflict) leaves(lines []string) bool {
	last := lines[len(lines)-1]
	if !c.fallsThrough() {
		return !strings.HasPrefix(strings.TrimSpace(last), "fallthrough")
	}
	return leaving().MatchString(last) && (len(lines) < 3 || len(indent(last)) <= len(indent(lines[1])))
}

var leaving = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(case\b.*[:\s]|\}\s*)?(break|return|continue|goto|throw)\b|;;\s*$`)
})

// fallsThrough reports whether in the language of the file a branch goes on in the next if it does not say otherwise.
func (c *conflict) fallsThrough() bool {
	switch path.Ext(c.path) {
	case ".go", ".rs", ".scala", ".kt", ".swift", ".py", ".rb":
		return false
	}
	return true
}

// falls reports whether a branch may go on below its line.
func (c *conflict) falls(line string) bool {
	if !c.fallsThrough() {
		return line == "fallthrough"
	}
	return line != "" && !leaving().MatchString(line) && !strings.HasSuffix(line, "{") && !strings.HasSuffix(line, "}")
}
