package app

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/urfave/cli/v3"
)

// arrange puts options first and arguments behind "--", so that urfave/cli sees
// nothing that it could take for something else: text that begins with "-", the
// word "help", blanks at the ends. Values are words of their own: behind "=" some
// of its versions cut their blanks.
func (v *verb) arrange(words []string, flags []cli.Flag) ([]string, error) {
	var options, args []string
	words = slices.Clone(words)
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word == "--" {
			if v.passes { // command finds it there again
				args = append(args, word)
			}
			args = append(args, words[i+1:]...)
			break
		}
		if !strings.HasPrefix(word, "-") || word == "-" || strings.ContainsFunc(word, unicode.IsSpace) && !strings.Contains(word, "=") {
			args = append(args, word)
			continue
		}
		if parts := apart(word, flags); parts != nil {
			words = slices.Replace(words, i, i+1, parts...)
			word = words[i]
		}
		name, _, hasValue := strings.Cut(strings.TrimLeft(word, "-"), "=")
		at := slices.IndexFunc(flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
		if at < 0 || (len(name) == 1) == strings.HasPrefix(word, "--") || strings.HasPrefix(word, "---") {
			if strings.ContainsFunc(word, unicode.IsSpace) {
				args = append(args, word)
				continue
			}
			return nil, unknownOption(v, word, flags)
		}
		_, isBool := flags[at].(*cli.BoolFlag)
		switch {
		case isBool && hasValue:
			return nil, usageOf(v, fmt.Sprintf("option '--%s' takes no value", name))
		case isBool:
			options = append(options, word)
		case hasValue:
			option, value, _ := strings.Cut(word, "=")
			if err := v.checkValue(flags[at], value); err != nil {
				return nil, err
			}
			options = append(options, option, value)
		case i+1 == len(words):
			return nil, usageOf(v, fmt.Sprintf("option '%s' needs a value", word))
		default:
			i++
			if err := v.checkValue(flags[at], words[i]); err != nil {
				return nil, err
			}
			options = append(options, word, words[i])
		}
	}
	return append(append(options, "--"), args...), nil
}

// apart are the words that short options which stand together mean; nil if the word is
// none of that kind. Only the last of them may take a value.
func apart(word string, flags []cli.Flag) (parts []string) {
	letters := strings.TrimPrefix(word, "-")
	if len(letters) < 2 || letters[0] == '-' {
		return nil
	}
	for i, letter := range letters {
		name := string(letter)
		at := slices.IndexFunc(flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
		if at < 0 {
			return nil
		}
		parts = append(parts, "-"+name)
		rest := letters[i+len(name):]
		switch flags[at].(type) {
		case *cli.BoolFlag:
		case *cli.IntFlag:
			if _, err := strconv.Atoi(rest); err == nil {
				return append(parts, rest)
			}
			if rest != "" {
				return nil
			}
		default:
			if rest != "" {
				return nil
			}
		}
	}
	return parts
}

// unknownOption suggests the option that was meant, if one is near.
func unknownOption(v *verb, word string, flags []cli.Flag) error {
	var known []string
	for _, f := range flags {
		known = append(known, f.Names()...)
	}
	e := &usageError{verb: v, what: fmt.Sprintf("unknown option '%s'", text.Inert(word))}
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	if near := text.Nearest(name, known); near != "" {
		e.near = "--" + near
	}
	return e
}

// checkValue refuses what the flag cannot parse, before urfave/cli does: its errors
// have no types.
func (v *verb) checkValue(f cli.Flag, value string) error {
	var err error
	what := ""
	switch f.(type) {
	case *cli.IntFlag:
		what = "a number"
		_, err = strconv.ParseInt(value, 0, strconv.IntSize)
	case *cli.DurationFlag:
		what = "a duration such as 10m"
		_, err = time.ParseDuration(value)
	}
	if err == nil {
		return nil
	}
	return usageOf(v, fmt.Sprintf("option '--%s' takes %s, and not '%s'", f.Names()[0], what, text.Inert(value)))
}
