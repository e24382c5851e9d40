package heal

import (
	"regexp"
	"strings"
	"sync"
)

// complete reports whether an insertion is whole in itself: its brackets and its conditions of a preprocessor
// are closed, and it does not end in an annotation or a comment, which belongs to the line below it.
func complete(lines []string, text string) bool { return closed(lines, text) && !leads(lines, text) }

// closed reports whether the brackets are, and the conditions of a preprocessor.
func closed(lines []string, text string) bool {
	open := 0
	for _, l := range lines {
		l = strings.ReplaceAll(strings.TrimSpace(l), "# ", "#")
		switch {
		case strings.HasPrefix(l, "#if"):
			open++
		case strings.HasPrefix(l, "#endif"):
			open--
		case strings.HasPrefix(l, "#el") && open <= 0:
			return false
		}
		if open < 0 {
			return false
		}
	}
	return open == 0 && balanced([]byte(text))
}

// leads reports whether lines end in an annotation or a comment, which belongs to the line below it.
func leads(lines []string, text string) bool {
	return leading().MatchString(lines[len(lines)-1]) && !strings.HasSuffix(text, "\n\n")
}

// leading matches an annotation or attribute, a comment of a whole line or its beginning, the head of a template and
// a label of the lines below.
var leading = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(@[\w.:]+(\(.*\))?(\s+@[\w.:]+(\(.*\))?)*\s*(//.*|#.*|/\*.*\*/)?\s*$|#\[|//|<!--|#\s|--\s|/\*[^/]*$|` +
		`\[\[?\w[^\]=]*\]\]?\s*$|template\s*<.*>\s*$|(public|private|protected)(\s+\w+)?:\s*$)|\*/\s*$`)
})
