package app

import (
	"errors"
	"slices"
	"testing"
)

// TestArrange holds what is an option, what is an argument, and what is neither.
func TestArrange(t *testing.T) {
	v := contextAddVerb()
	for _, c := range []struct{ words, want []string }{
		{nil, []string{"--"}},
		{[]string{"text", "--category", "decision"}, []string{"--category", "decision", "--", "text"}},
		{[]string{"-c", "decision", "text"}, []string{"-c", "decision", "--", "text"}},
		{[]string{"--category=-x", "--json", "a", "b"}, []string{"--category", "-x", "--json", "--", "a", "b"}},
		{[]string{"--category", "--json", "a"}, []string{"--category", "--json", "--", "a"}},
		{[]string{"--category=", "a"}, []string{"--category", "", "--", "a"}},
		{[]string{"--category= b "}, []string{"--category", " b ", "--"}},
		{[]string{"-"}, []string{"--", "-"}},
		{[]string{"- an item"}, []string{"--", "- an item"}},
		{[]string{"-x y = z"}, []string{"--", "-x y = z"}},
		{[]string{"--", "--json", "--"}, []string{"--", "--json", "--"}},
		{[]string{"help"}, []string{"--", "help"}},
	} {
		got, err := v.arrange(c.words, v.allFlags())
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %q (%v), want %q", c.words, got, err, c.want)
		}
	}
	for _, words := range [][]string{
		{"-x"}, {"--what"}, {"--c", "decision"}, {"-category", "decision"}, {"--json=1"}, {"--category"}, {"-json"}, {"---json"},
	} {
		_, err := v.arrange(words, v.allFlags())
		var usage *usageError
		if !errors.As(err, &usage) {
			t.Errorf("%q: %v", words, err)
		}
	}
}
