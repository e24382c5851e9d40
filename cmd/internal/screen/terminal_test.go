package screen

import (
	"slices"
	"testing"
)

// TestKeysIn: what keys send is known in both modes, and what is not known is
// passed over whole.
func TestKeysIn(t *testing.T) {
	for typed, want := range map[string][]Event{
		"": nil, "q": {KeyQuit}, "\x1b[A\x1bOB": {KeyUp, KeyDown}, "\x1b[5~j\x1b[6~": {KeyPageUp, KeyDown, KeyPageDown}, "\x1b[1;5Aq": {KeyQuit}, "\x1b[200~qq\x1b[201~": {KeyQuit, KeyQuit},
		"\x1b": nil, "\x1b[": nil, "\x1bO": nil, "\x1bq": nil, "日q": {KeyQuit},
	} {
		if got := keysIn([]byte(typed)); !slices.Equal(got, want) {
			t.Errorf("%q is %v, not %v", typed, got, want)
		}
	}
}
