package app

import (
	"errors"
	"slices"
	"testing"

	"github.com/urfave/cli/v3"
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
	short := &verb{flags: func() []cli.Flag {
		return []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}}, &cli.BoolFlag{Name: "force", Aliases: []string{"f"}},
			&cli.StringFlag{Name: "message", Aliases: []string{"m"}}, &cli.IntFlag{Name: "limit", Aliases: []string{"n"}},
		}
	}}
	for _, c := range []struct{ words, want []string }{
		{[]string{"-am", "text"}, []string{"-a", "-m", "text", "--"}},
		{[]string{"x", "-fan", "3", "y"}, []string{"-f", "-a", "-n", "3", "--", "x", "y"}},
		{[]string{"-n5", "-an12"}, []string{"-n", "5", "-a", "-n", "12", "--"}},
		{[]string{"-m", "-am"}, []string{"-m", "-am", "--"}},
		{[]string{"-ma", "x"}, nil},
		{[]string{"-ax"}, nil},
		{[]string{"-am"}, nil},
		{[]string{"-n5a"}, nil},
		{[]string{"-amtext"}, nil},
		{[]string{"--am", "x"}, nil},
		{[]string{"-all"}, nil},
	} {
		got, err := short.arrange(c.words, short.allFlags())
		if (err == nil) != (c.want != nil) || !slices.Equal(got, c.want) {
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
