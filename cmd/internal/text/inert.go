package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Inert makes text safe to print: one line, nothing that a terminal would act
// on, nothing that changes the order in which it is read.
func Inert(s string) string { return escape(s, false) }

// Quoted is Inert in double quotes, so that it cannot be taken for ours.
func Quoted(s string) string { return `"` + escape(s, true) + `"` }

// Block keeps line breaks and tabs, for text that is shown in full.
func Block(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		cells := strings.Split(line, "\t")
		for j, cell := range cells {
			cells[j] = escape(cell, false)
		}
		lines[i] = strings.Join(cells, "\t")
	}
	return strings.Join(lines, "\n")
}

func escape(s string, inQuotes bool) string {
	if !inQuotes && isPrintable(s) {
		return s
	}
	if !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) || inQuotes && (r == '"' || r == '\\') }) {
		return s
	}
	var b strings.Builder
	var seen symbols
	for i, r := range s {
		switch asIs := seen.add(r); {
		case inQuotes && (r == '"' || r == '\\'):
			b.WriteByte('\\')
			b.WriteRune(r)
		case asIs:
			b.WriteRune(r)
		case r == utf8.RuneError && s[i] != 0xef: // a byte that is no UTF-8
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// symbols follows a text rune by rune, to tell what of it can be printed as it is.
type symbols struct{ before rune } // the last one, 0 if it was escaped: there is nothing to join

// add reports whether the next rune is plain, or belongs to the symbol before it.
func (s *symbols) add(r rune) (asIs bool) {
	asIs = plain(r) || joinsEmoji(s.before, r)
	if s.before = 0; asIs {
		s.before = r
	}
	return asIs
}

// isPrintable reports whether s is printable ASCII, as most text is: lists can be long.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// plain is what can be printed as it is: neither a control character (C0, C1)
// nor one that reorders, hides or breaks what stands beside it.
func plain(r rune) bool {
	switch {
	case r < 0x7f:
		return r >= ' '
	case r == utf8.RuneError, r == 0x2028, r == 0x2029, unicode.IsControl(r), unicode.Is(unicode.Cf, r):
		return false
	}
	return !unseen(r)
}

// joinsEmoji reports whether r, which is not plain, belongs to the symbol before it: a
// joiner or the variation selector of emoji. After a letter it would be hidden text.
func joinsEmoji(before, r rune) bool {
	return (r == 0x200d || r == 0xfe0f) && (before == 0xfe0f && r == 0x200d || unicode.In(before, unicode.So, unicode.Sk) || before >= 0x2190 && before < 0x2c00)
}

// unseen reports whether a character takes no place, or a blank one, though Unicode
// counts it among letters, marks or symbols: text can be hidden in them.
func unseen(r rune) bool {
	for _, span := range [...][2]rune{
		{0x034f, 0x034f},   // combining grapheme joiner
		{0x115f, 0x1160},   // Hangul fillers
		{0x17b4, 0x17b5},   // Khmer inherent vowels
		{0x180b, 0x180f},   // Mongolian variation selectors
		{0x2800, 0x2800},   // blank braille pattern
		{0x3164, 0x3164},   // Hangul filler
		{0xfe00, 0xfe0f},   // variation selectors
		{0xffa0, 0xffa0},   // halfwidth Hangul filler
		{0xe0000, 0xe0fff}, // tags, and variation selectors supplement
	} {
		if span[0] <= r && r <= span[1] {
			return true
		}
	}
	return false
}

// ShellWord quotes a word for a command line that a person may copy.
func ShellWord(s string) string {
	s = Inert(s)
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_./+:@%=,", r)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
