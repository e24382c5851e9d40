package task

import (
	"path"
	"strings"
	"unicode/utf8"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

const literalMagic = ":(literal)"

// CheckFiles refuses what is no pathspec that says which files a task changes. It is
// seen from the work tree's top; of git's magic it may begin with ":(literal)".
func CheckFiles(spec string) error {
	name := strings.TrimPrefix(spec, literalMagic)
	switch {
	case name == "" || len(spec) > maxSpec || !utf8.ValidString(spec) || !isLine(spec, maxSpec):
		return bus.Inputf("pathspec %.80q: empty, too long, or no line of text", spec)
	case strings.HasPrefix(name, ":"):
		return bus.Inputf("pathspec '%.80s': of git's magic only :(top), :(literal) and :(glob) say which files a task changes", spec)
	case strings.HasPrefix(name, "/"), name == "..", strings.HasPrefix(name, "../"), path.Clean(name) != strings.TrimSuffix(name, "/"):
		return bus.Inputf("pathspec '%.80s': outside the repository, or not as git writes paths", spec)
	}
	return nil
}

// reach is what a pathspec can match: what begins with prefix, or, where that is
// whole, the file or folder of that name and what is below it.
type reach struct {
	prefix string
	whole  bool
}

// reachOf is what the pathspec can match, and perhaps more.
func reachOf(spec string, fold bool) reach {
	name, literal := strings.CutPrefix(spec, literalMagic)
	if fold {
		name = strings.ToLower(name)
	}
	if name == "." {
		return reach{}
	}
	if i := strings.IndexAny(name, `*?[\`); i >= 0 && !literal {
		return reach{prefix: name[:i]}
	}
	return reach{strings.TrimSuffix(name, "/"), true}
}

// overlaps reports whether a path can be in both.
func (r reach) overlaps(o reach) bool { return r.holds(o.prefix) || o.holds(r.prefix) }

// holds reports whether a path that begins so, or is so, is within reach.
func (r reach) holds(prefix string) bool {
	rest, ok := strings.CutPrefix(prefix, r.prefix)
	return ok && (!r.whole || rest == "" || rest[0] == '/')
}
