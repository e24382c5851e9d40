package text

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
)

// JSON encodes v as one line, without a line break. What a terminal would act on
// is written as \u escapes, which mean the same.
func JSON(v any) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", err
	}
	line := strings.TrimSuffix(b.String(), "\n")
	if isPrintable(line) || !strings.ContainsFunc(line, func(r rune) bool { return !plain(r) }) {
		return line, nil
	}
	b.Reset()
	var seen symbols
	for _, r := range line {
		switch {
		case seen.add(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String(), nil
}

// AppendJSON appends s as JSON encodes it.
func AppendJSON(b []byte, s string) []byte {
	if isPrintable(s) && !strings.ContainsAny(s, `"\`) {
		return append(append(append(b, '"'), s...), '"')
	}
	line, _ := JSON(s) // a string can always be encoded
	return append(b, line...)
}

// Stamp is a time in JSON: RFC 3339 in UTC, null where there is none.
func Stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format(time.RFC3339)
	return &s
}
