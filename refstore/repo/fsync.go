package repo

import (
	"runtime"
	"strings"
)

// component is a set of what core.fsync names.
type component uint

const (
	looseObject component = 1 << iota
	pack
	packMetadata
	commitGraph
	index
	reference

	objects   = looseObject | pack
	derived   = packMetadata | commitGraph
	committed = objects | reference
	added     = committed | index
	all       = added | derived
)

// components are the names that core.fsync knows.
var components = []struct {
	name string
	set  component
}{
	{"loose-object", looseObject},
	{"pack", pack},
	{"pack-metadata", packMetadata},
	{"commit-graph", commitGraph},
	{"index", index},
	{"objects", objects},
	{"reference", reference},
	{"derived-metadata", derived},
	{"committed", committed},
	{"added", added},
	{"all", all},
}

// Fsync reports whether git, as configured here (core.fsync, and the older
// core.fsyncObjectFiles), flushes loose objects and refs to the disk. By default
// it does neither. How it flushes (core.fsyncMethod) is not told apart. If the
// configuration cannot be read, both are true.
func (r *Repo) Fsync() (looseObjects, references bool) {
	c, err := r.Config()
	if err != nil {
		return true, true
	}
	on := defaultComponents()
	if value, set := c.Get("core.fsync"); set {
		on = parseComponents(value)
	}
	legacy, err := c.Bool("core.fsyncObjectFiles", false)
	return on&looseObject != 0 || legacy || err != nil, on&reference != 0
}

func defaultComponents() component {
	if runtime.GOOS == "windows" {
		return pack | derived | looseObject
	}
	return pack | derived
}

// parseComponents reads core.fsync as git does: names with a comma between them,
// "-" before a name takes it from the default, "none" at the end clears the
// default, and a name may be cut short.
func parseComponents(text string) component {
	on := defaultComponents()
	var more, less component
	for text != "" {
		text = strings.TrimLeft(text, ", \t\n\r")
		if text == "none" {
			on = 0
			break
		}
		word, _, _ := strings.Cut(text, ",")
		text = text[len(word):]
		name, negated := strings.CutPrefix(word, "-")
		if name == "" {
			break
		}
		for _, c := range components {
			switch {
			case !strings.HasPrefix(c.name, name):
			case negated:
				less |= c.set
			default:
				more |= c.set
			}
		}
	}
	return on&^less | more
}
