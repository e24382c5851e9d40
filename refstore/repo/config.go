package repo

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config is a configuration: what git config --list would print, in that order.
// Keys are compared as git compares them: section and name without regard to
// case, the subsection exactly.
type Config struct {
	entries []entry
	read    []string
}

// Files are the files that Config has read, those that are not there among them; nil where
// git was asked.
func (c *Config) Files() []string { return c.read }

// Get returns the value of key, the last one if there are several, and whether
// there is one. A key without "=" has the empty value.
func (c *Config) Get(key string) (string, bool) {
	e, ok := c.last(key)
	return e.value, ok
}

// All returns all values of key, in order.
func (c *Config) All(key string) []string {
	key = canonicalKey(key)
	var values []string
	for i := range c.entries {
		if c.entries[i].key == key {
			values = append(values, c.entries[i].value)
		}
	}
	return values
}

// Keys returns the keys of a section, in lower case as git compares them, each
// once and in order. Those of subsections are not among them.
func (c *Config) Keys(section string) []string {
	var keys []string
	for i := range c.entries {
		name, ok := strings.CutPrefix(c.entries[i].key, section+".")
		if ok && !strings.Contains(name, ".") && !slices.Contains(keys, c.entries[i].key) {
			keys = append(keys, c.entries[i].key)
		}
	}
	return keys
}

// Subsections returns the subsections of a section that set one of the names, each
// once and in order. All of these are in lower case but for the subsections.
func (c *Config) Subsections(section string, names ...string) []string {
	var found []string
	for i := range c.entries {
		rest, ok := strings.CutPrefix(c.entries[i].key, section+".")
		dot := strings.LastIndexByte(rest, '.')
		if ok && dot >= 0 && slices.Contains(names, rest[dot+1:]) && !slices.Contains(found, rest[:dot]) {
			found = append(found, rest[:dot])
		}
	}
	return found
}

func (c *Config) last(key string) (entry, bool) {
	key = canonicalKey(key)
	for i := len(c.entries) - 1; i >= 0; i-- {
		if c.entries[i].key == key {
			return c.entries[i], true
		}
	}
	return entry{}, false
}

// Bool returns key as a boolean, or fallback if it is not set. The error is a
// [ValueError], with fallback.
func (c *Config) Bool(key string, fallback bool) (bool, error) {
	e, ok := c.last(key)
	if !ok {
		return fallback, nil
	}
	value, err := e.truth()
	if err != nil {
		return fallback, &ValueError{key, e.value, "boolean"}
	}
	return value, nil
}

// Int returns key as an integer, with git's suffixes k, m and g, or fallback if
// it is not set. The error is a [ValueError], with fallback.
func (c *Config) Int(key string, fallback int64) (int64, error) {
	e, ok := c.last(key)
	if !ok {
		return fallback, nil
	}
	n, ok := parseInt(e.value)
	if !ok {
		return fallback, &ValueError{key, e.value, "integer"}
	}
	return n, nil
}

// Duration returns key as a duration, or fallback if it is not set. A plain
// number means seconds, else it is written as "15m" or "1h30m". It is not
// negative. The error is a [ValueError], with fallback.
func (c *Config) Duration(key string, fallback time.Duration) (time.Duration, error) {
	e, ok := c.last(key)
	if !ok {
		return fallback, nil
	}
	text := e.value
	if _, err := strconv.ParseUint(text, 10, 64); err == nil {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return fallback, &ValueError{key, e.value, "duration"}
	}
	return d, nil
}

func (e entry) truth() (bool, error) {
	if e.bare {
		return true, nil
	}
	return parseBool(e.key, e.value)
}

// parseBool reads a boolean as git does: words, or a number.
func parseBool(key, text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "on":
		return true, nil
	case "", "false", "no", "off":
		return false, nil
	}
	n, ok := parseInt(text)
	if !ok || n > math.MaxInt32 || n < math.MinInt32 {
		return false, &ValueError{key, text, "boolean"}
	}
	return n != 0, nil
}

// parseInt reads a number as git does: C's notation (0x…, 0…) with a suffix,
// the least number excepted.
func parseInt(text string) (int64, bool) {
	digits := strings.TrimLeft(text, " \t\n\v\f\r")
	factor := int64(1)
	if n := len(digits); n > 0 {
		switch digits[n-1] | 0x20 {
		case 'k':
			factor = 1 << 10
		case 'm':
			factor = 1 << 20
		case 'g':
			factor = 1 << 30
		}
	}
	if factor > 1 {
		digits = digits[:len(digits)-1]
	}
	base, sign := 10, ""
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		sign, digits = digits[:1], digits[1:]
	}
	switch {
	case strings.HasPrefix(digits, "0x"), strings.HasPrefix(digits, "0X"):
		base, digits = 16, digits[2:]
	case strings.HasPrefix(digits, "0"):
		base = 8
	}
	if strings.HasPrefix(digits, "-") || strings.HasPrefix(digits, "+") {
		return 0, false
	}
	n, err := strconv.ParseInt(sign+digits, base, 64)
	if err != nil || n > math.MaxInt64/factor || n < -(math.MaxInt64/factor) {
		return 0, false
	}
	return n * factor, true
}

// canonicalKey is key with section and name in lower case.
func canonicalKey(key string) string {
	first, last := strings.IndexByte(key, '.'), strings.LastIndexByte(key, '.')
	if first < 0 || first == last {
		return strings.ToLower(key)
	}
	return strings.ToLower(key[:first]) + key[first:last] + strings.ToLower(key[last:])
}
