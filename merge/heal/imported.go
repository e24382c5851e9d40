package heal

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// importSame reports whether two lines of imports, one of each side, give a file the same name, from wherever.
func (c *conflict) importSame(a, b []string) bool {
	names := map[string]bool{}
	for _, l := range a {
		for _, n := range c.imported(l) {
			names[n] = true
		}
	}
	return slices.ContainsFunc(b, func(l string) bool {
		return slices.ContainsFunc(c.imported(l), func(n string) bool { return names[n] })
	})
}

// imported are the names that a line of imports gives the file, as far as the line tells.
func (c *conflict) imported(line string) []string {
	text := strings.Trim(withoutRemark(line), "; ")
	if !imports().MatchString(line) || noNames().MatchString(text) {
		return nil
	}
	first, rest, braces := strings.Cut(text, "{")
	switch {
	case braces:
		first, _, _ = strings.Cut(strings.TrimPrefix(first, "import "), ",")
		if !oneWord().MatchString(first) {
			first = ""
		}
		rest, _, _ = strings.Cut(rest, "}")
		text = first + "," + rest
	case strings.HasPrefix(text, "from "):
		_, text, _ = strings.Cut(text, " import ")
	case strings.Contains(text, " from "):
		text, _, _ = strings.Cut(strings.TrimPrefix(text, "import "), " from ")
	case path.Ext(c.path) == ".py" && !strings.Contains(text, " as "):
		return nil // import a.b and import a.c both give a
	}
	var names []string
	for part := range strings.SplitSeq(text, ",") {
		part = majorVersion().ReplaceAllString(strings.Trim(part, "() \""), "")
		name := part[strings.LastIndexAny(part, " ./:")+1:]
		if name != "" && name != "*" && name != "_" && name != "self" {
			names = append(names, name)
		}
	}
	return names
}

// noNames matches imports of files and of all that is in them.
var noNames = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(#|using\s|(pub )?mod\s|export \*|import\s*['"])`)
})

var oneWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\w+$`) })

// majorVersion matches the end of a path of Go that is no part of the package's name.
var majorVersion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`/v([2-9]|\d\d+)$`) })
