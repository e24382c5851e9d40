package cli

import (
	"strconv"
	"strings"
	"time"
)

// Flag is an option of a command: one of the types below.
type Flag interface {
	Names() []string // without dashes, the long one first
	Help() string    // one line, with the value's name in backquotes
	set(value string) error
}

// The kinds of options. A BoolFlag takes no value. A StringSliceFlag may be repeated, and its
// values are also apart where a comma is. Value is what the option is without being given.
type (
	BoolFlag        = flag[bool]
	StringFlag      = flag[string]
	StringSliceFlag = flag[[]string]
	IntFlag         = flag[int]
	DurationFlag    = flag[time.Duration]
)

type flag[T any] struct {
	Name    string
	Aliases []string // of one letter: behind one dash
	Usage   string
	Value   T
}

func (f *flag[T]) Names() []string { return append([]string{f.Name}, f.Aliases...) }

func (f *flag[T]) Help() string { return f.Usage }

func (f *flag[T]) set(value string) (err error) {
	switch v := any(&f.Value).(type) {
	case *bool:
		*v = true
	case *string:
		*v = value
	case *[]string:
		*v = append(*v, strings.Split(value, ",")...)
	case *int:
		var n int64
		n, err = strconv.ParseInt(value, 0, strconv.IntSize)
		*v = int(n)
	case *time.Duration:
		*v, err = time.ParseDuration(value)
	}
	return err
}

// find returns the flag that name stands for, nil if it is none of theirs.
func find(flags []Flag, name string) Flag {
	for _, f := range flags {
		for _, known := range f.Names() {
			if known == name {
				return f
			}
		}
	}
	return nil
}
