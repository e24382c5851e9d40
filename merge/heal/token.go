package heal

import "strings"

// token is a piece of text that rules keep whole: a word, a number (versions and dates too), a run
// of blanks, an end of line, or one other byte.
type token = string

// tokens cuts s up; joined, they are s again to the byte. Bytes above ASCII count as letters, so
// text that is not valid UTF-8 is kept as it is.
func tokens(s string) []token {
	out := make([]token, 0, len(s)/4+1)
	for len(s) > 0 {
		n := tokenLen(s)
		out = append(out, s[:n])
		s = s[n:]
	}
	return out
}

func tokenLen(s string) int {
	switch c := s[0]; {
	case c == '\r' && strings.HasPrefix(s, "\r\n"):
		return 2
	case isBlank(c):
		return prefixLen(s, isBlank)
	case isDigit(c), c == 'v' && len(s) > 1 && isDigit(s[1]):
		return numberLen(s)
	case isWord(c):
		return prefixLen(s, isWord)
	}
	return 1
}

// numberLen takes in points and hyphens inside, so that 1.2.0-rc.1 and 2024-05-01 are one token:
// half of a version is no version.
func numberLen(s string) int {
	n := 0
	for n < len(s) {
		if !isWord(s[n]) && (s[n] != '.' && s[n] != '-' || n+1 == len(s) || !isWord(s[n+1])) {
			break
		}
		n++
	}
	return n
}

func prefixLen(s string, in func(byte) bool) int {
	for i := range len(s) {
		if !in(s[i]) {
			return i
		}
	}
	return len(s)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWord(c byte) bool {
	return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}

// isSpace reports whether t is blanks or an end of line.
func isSpace(t token) bool {
	return isBlank(t[0]) || t[0] == '\n' || t[0] == '\r'
}
