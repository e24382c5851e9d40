package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
)

// Line is what a command was given.
type Line struct {
	Args []string // the arguments
	Rest []string // what is behind "--", of a command that passes it on; nil without "--"

	flags []Flag
	given []Flag
}

// Bool is the value of an option. It is false, as the other types' is empty, if the command has
// no such option of that type. An alias is as good a name as the option's own.
func (l *Line) Bool(name string) bool { return value[bool](l, name) }

// String is the value of an option.
func (l *Line) String(name string) string { return value[string](l, name) }

// StringSlice is what an option that may be repeated was given.
func (l *Line) StringSlice(name string) []string { return value[[]string](l, name) }

// Int is the value of an option.
func (l *Line) Int(name string) int { return value[int](l, name) }

// Duration is the value of an option.
func (l *Line) Duration(name string) time.Duration { return value[time.Duration](l, name) }

// IsSet reports whether the option was given.
func (l *Line) IsSet(name string) bool {
	f := find(l.flags, name)
	return f != nil && slices.Contains(l.given, f)
}

func value[T any](l *Line, name string) (v T) {
	if f, ok := find(l.flags, name).(*flag[T]); ok {
		v = f.Value
	}
	return v
}

// Error says what is wrong with a command line, fit to be shown.
type Error struct {
	What string
	Near string // the option that was probably meant, "" if none is near
}

func (e *Error) Error() string { return e.What }

// Parse reads the words of a command with those flags, which hold the values then. What is behind
// "--" goes to Rest if the command passes it on, else to the arguments. Errors are of type *Error.
func Parse(flags []Flag, words []string, passes bool) (*Line, error) {
	l := &Line{flags: flags}
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word == "--" {
			if passes {
				l.Rest = words[i+1:]
			} else {
				l.Args = append(l.Args, words[i+1:]...)
			}
			break
		}
		blanks := strings.ContainsFunc(word, unicode.IsSpace)
		if !strings.HasPrefix(word, "-") || word == "-" || blanks && !strings.Contains(word, "=") {
			l.Args = append(l.Args, word)
			continue
		}
		if parts := apart(word, flags); parts != nil {
			words = slices.Concat(words[:i], parts, words[i+1:])
			word = words[i]
		}
		option, given, hasValue := strings.Cut(word, "=")
		f := l.named(option)
		switch _, isBool := f.(*BoolFlag); {
		case f == nil && blanks:
			l.Args = append(l.Args, word)
			continue
		case f == nil:
			return nil, l.unknown(word)
		case isBool && hasValue:
			return nil, &Error{What: fmt.Sprintf("option '--%s' takes no value", strings.TrimLeft(option, "-"))}
		case isBool || hasValue:
		case i+1 == len(words):
			return nil, &Error{What: fmt.Sprintf("option '%s' needs a value", word)}
		default:
			i++
			given = words[i]
		}
		if err := l.set(f, given); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// named returns the flag that a word stands for, with as many dashes as its name wants, else nil.
func (l *Line) named(option string) Flag {
	name := strings.TrimLeft(option, "-")
	if dashes := len(option) - len(name); dashes != min(len(name), 2) {
		return nil
	}
	return find(l.flags, name)
}

func (l *Line) set(f Flag, given string) error {
	if f.set(given) != nil {
		what := "a number"
		if _, ok := f.(*DurationFlag); ok {
			what = "a duration such as 10m"
		}
		return &Error{What: fmt.Sprintf("option '--%s' takes %s, and not '%s'", f.Names()[0], what, text.Inert(given))}
	}
	l.given = append(l.given, f)
	return nil
}

// apart are the words that short options which stand together mean; nil if the word is
// none of that kind. Only the last of them may take a value.
func apart(word string, flags []Flag) (parts []string) {
	letters := strings.TrimPrefix(word, "-")
	if len(letters) < 2 || letters[0] == '-' {
		return nil
	}
	for i, letter := range letters {
		name := string(letter)
		f := find(flags, name)
		if f == nil {
			return nil
		}
		parts = append(parts, "-"+name)
		rest := letters[i+len(name):]
		switch f.(type) {
		case *BoolFlag:
		case *IntFlag:
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

// unknown suggests the option that was meant, if one is near.
func (l *Line) unknown(word string) error {
	var known []string
	for _, f := range l.flags {
		known = append(known, f.Names()...)
	}
	e := &Error{What: fmt.Sprintf("unknown option '%s'", text.Inert(word))}
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	if near := text.Nearest(name, known); near != "" {
		e.Near = "--" + near
	}
	return e
}
