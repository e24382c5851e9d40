package heal

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// often is how many times a file has a word, or two words side by side, that are common in it.
const often = 3

// useAlike reports whether both sides bring in one use of a word, however common the word is: both give it a value, add
// it, import it, name it as an option or call it on what stands before; or it stands by one word on both sides, as in
// name.strip(), and does so seldom in the file. Then both may do one thing, each in its way, and together do it twice.
func (c *conflict) useAlike() bool {
	p := c.lines()
	a, b := p.usesIn(p.x), p.usesIn(p.y)
	var inFile tally
	return c.importSame(p.broughtLines(p.x), p.broughtLines(p.y)) || remakes(a, b) || remakes(b, a) || a.any(func(use string) bool {
		if b[use] == 0 || strings.HasPrefix(use, applied) {
			return false
		}
		if !strings.HasPrefix(use, besides) {
			return true
		}
		if inFile == nil {
			inFile = uses(c.baseFile)
		}
		return inFile[use] < often
	})
}

func (p *pieces) broughtLines(edits []edit) (lines []string) {
	for _, e := range edits {
		lines = append(lines, p.words(e.with)...)
	}
	return lines
}

// remakes reports whether a side gives something what a function makes of it, and the other calls that function.
func remakes(a, b tally) bool {
	return a.any(func(use string) bool {
		word, ok := strings.CutPrefix(use, remade)
		return ok && b[applied+word] > 0
	})
}

// usesIn are the uses of words that edits bring in.
func (p *pieces) usesIn(edits []edit) tally {
	out := tally{}
	for _, e := range edits {
		for use, n := range uses(p.text(e.with)).minus(uses(p.text(p.base[e.at.From:e.at.To]))) {
			out[use] += n
		}
	}
	return out
}

// The kinds of uses that are told apart, each before the word.
const (
	besides = "beside " // the word before, joined by a mark that is no comma; and what it is called with, if it is
	valued  = "value "
	plus    = "plus "
	asked   = "option "
	called  = "call "
	applied = "apply "  // as a function
	remade  = "remake " // as a function, and what it is called with is given the result
)

// uses counts the uses of the words of a text.
func uses(text string) tally {
	out := tally{}
	for line := range strings.Lines(text) {
		for _, name := range assignedTogether(line) {
			out[valued+name]++
		}
		words, marks := cutWords(line)
		made := 0 // the word that is given a value, from 1
		for i, word := range words {
			before, behind := marks[i], marks[i+1]
			if isNumber(word) {
				continue
			}
			switch {
			case givesValue().MatchString(behind):
				out[valued+word]++
				made = i + 1
			case strings.HasPrefix(behind, "(") && (before == "." || strings.HasSuffix(before, ").") || strings.HasSuffix(before, ".") && setter().MatchString("."+word)):
				out[called+word]++
			}
			switch {
			case strings.HasSuffix(before, "+"), strings.HasSuffix(before, "+="), strings.HasSuffix(before, "-="), strings.HasSuffix(before, "*"), strings.HasSuffix(before, "*="):
				out[plus+word]++
			case strings.HasSuffix(before, "--"):
				out[asked+word]++
			}
			if strings.HasPrefix(behind, "(") {
				out[applied+word]++
				if made > 0 && slices.Contains(words[made:], words[made-1]) {
					out[remade+word]++
				}
			}
			if i > 0 && !isNumber(words[i-1]) && binds(words[i-1], before) && !imports().MatchString(line) {
				out[besides+words[i-1]+" "+word+argument(behind, words[i+1:])]++
			}
		}
	}
	return out
}

// cutWords cuts a line into words and the marks around them, of which there is one more.
func cutWords(line string) (words, marks []string) {
	marks = []string{""}
	for _, t := range tokens(line) {
		switch {
		case isSpace(t):
		case isWord(t[0]):
			words, marks = append(words, t), append(marks, "")
		default:
			marks[len(marks)-1] += t
		}
	}
	return words, marks
}

// binds reports whether marks, or what the word before them means, join it to the next.
func binds(word, marks string) bool {
	return marks != "" && !strings.ContainsAny(marks, ",;") || marks == "" && (word == "await" || word == "not")
}

// argument is the first of a call, if marks begin one.
func argument(marks string, words []string) string {
	switch {
	case !strings.HasPrefix(marks, "("):
		return ""
	case strings.HasPrefix(marks, "()"), len(words) == 0:
		return "()"
	}
	return "(" + words[0]
}

// givesValue matches the marks behind a word that is given a value.
var givesValue = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("^(['\"`?]*(:|=>)|['\"`?)\\]+*/%|&^-]*=([^=>]|$)|\\+\\+|--)")
})

// assignedTogether are the names of a line that are given values by one equals sign.
func assignedTogether(line string) []string {
	m := tuple().FindStringSubmatch(line)
	if m == nil {
		return nil
	}
	return strings.FieldsFunc(m[1], func(r rune) bool { return strings.ContainsRune(", \t", r) })
}

var tuple = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(?:(?:let|var|const|auto|val|final|mut)\s+)*[(\[{]?\s*(\w+(?:\s*,\s*\w+)+)\s*[)\]}]?\s*:?=(?:[^=>]|$)`)
})
