package cli

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func flags() []Flag {
	return []Flag{
		&StringFlag{Name: "category", Aliases: []string{"c"}, Usage: "one of `CATEGORY`"}, &BoolFlag{Name: "json"},
		&BoolFlag{Name: "all", Aliases: []string{"a"}}, &BoolFlag{Name: "force", Aliases: []string{"f"}},
		&StringFlag{Name: "message", Aliases: []string{"m"}}, &IntFlag{Name: "limit", Aliases: []string{"n"}, Value: 7},
		&StringSliceFlag{Name: "files"}, &DurationFlag{Name: "wait"},
	}
}

// TestParse holds what is an option, what is an argument, and what is neither.
func TestParse(t *testing.T) {
	words := func(w ...string) []string { return w }
	for _, c := range []struct {
		words, args             []string
		category, message       string
		limit                   int
		json, all, force, wrong bool
	}{
		{},
		{words: words("text", "--category", "decision"), args: words("text"), category: "decision"},
		{words: words("-c", "decision", "text"), args: words("text"), category: "decision"},
		{words: words("--category=-x", "--json", "a", "b"), args: words("a", "b"), category: "-x", json: true},
		{words: words("--category", "--json", "a"), args: words("a"), category: "--json"},
		{words: words("--category", "x", "--category=", "a"), args: words("a")},
		{words: words("--category= b "), category: " b "},
		{words: words("-c=a=b"), category: "a=b"},
		{words: words("-"), args: words("-")},
		{words: words("- an item"), args: words("- an item")},
		{words: words("-x y = z"), args: words("-x y = z")},
		{words: words("--", "--json", "--"), args: words("--json", "--")},
		{words: words("a", "--json", "--", "--all"), args: words("a", "--all"), json: true},
		{words: words("help"), args: words("help")},
		{words: words("-am", "text"), all: true, message: "text"},
		{words: words("x", "-fan", "3", "y"), args: words("x", "y"), force: true, all: true, limit: 3},
		{words: words("-n5", "-an12"), all: true, limit: 12},
		{words: words("--limit", "0x10"), limit: 16},
		{words: words("-n", "-1"), limit: -1},
		{words: words("-m", "-am"), message: "-am"},
		{words: words("-ma", "x"), wrong: true},
		{words: words("-ax"), wrong: true},
		{words: words("-am"), wrong: true},
		{words: words("-n5a"), wrong: true},
		{words: words("-n", "5a"), wrong: true},
		{words: words("--wait", "5"), wrong: true},
		{words: words("-amtext"), wrong: true},
		{words: words("--am", "x"), wrong: true},
		{words: words("-all"), wrong: true},
		{words: words("-x"), wrong: true},
		{words: words("--what"), wrong: true},
		{words: words("--c", "decision"), wrong: true},
		{words: words("-category", "decision"), wrong: true},
		{words: words("--json=1"), wrong: true},
		{words: words("--category"), wrong: true},
		{words: words("-json"), wrong: true},
		{words: words("---json"), wrong: true},
	} {
		before := slices.Clone(c.words)
		l, err := Parse(flags(), c.words, false)
		if c.wrong {
			if !errors.As(err, new(*Error)) {
				t.Errorf("%q: %v", c.words, err)
			}
			continue
		}
		if c.limit == 0 {
			c.limit = 7
		}
		if err != nil || !slices.Equal(l.Args, c.args) || l.String("c") != c.category || l.String("message") != c.message || l.Int("limit") != c.limit ||
			l.Bool("json") != c.json || l.Bool("a") != c.all || l.Bool("force") != c.force || !slices.Equal(before, c.words) {
			t.Errorf("%q: %+v, %v", c.words, l, err)
		}
	}
}

// TestValues holds what an option is by its other name, given twice, not given, and of a command
// that has no such option.
func TestValues(t *testing.T) {
	l, err := Parse(flags(), []string{"--files", "a,b", "--files=", "-n", "0", "--wait=2m", "x"}, true)
	if err != nil {
		t.Fatal(err)
	}
	if got := l.StringSlice("files"); !slices.Equal(got, []string{"a", "b", ""}) {
		t.Errorf("files: %q", got)
	}
	if !l.IsSet("limit") || !l.IsSet("n") || l.Int("n") != 0 || l.Duration("wait") != 2*time.Minute || l.Rest != nil {
		t.Errorf("%+v", l)
	}
	if l.IsSet("json") || l.IsSet("nothing") || l.Bool("nothing") || l.Bool("limit") || new(Line).String("category") != "" {
		t.Error("an option has a value that was not given")
	}
}

// TestRest holds that what is behind "--" is left alone.
func TestRest(t *testing.T) {
	for _, c := range []struct{ words, args, rest []string }{
		{[]string{"A", "--json", "--", "--model", "x", "--", "y"}, []string{"A"}, []string{"--model", "x", "--", "y"}},
		{[]string{"A", "--"}, []string{"A"}, []string{}},
	} {
		l, err := Parse(flags(), c.words, true)
		if err != nil || !slices.Equal(l.Args, c.args) || !slices.Equal(l.Rest, c.rest) || l.Rest == nil {
			t.Errorf("%q: %+v, %v", c.words, l, err)
		}
	}
}

// TestNear holds that an option that is misspelt is corrected.
func TestNear(t *testing.T) {
	_, err := Parse(flags(), []string{"--categroy=x"}, false)
	var wrong *Error
	if !errors.As(err, &wrong) || wrong.Near != "--category" {
		t.Errorf("%+v", err)
	}
}
