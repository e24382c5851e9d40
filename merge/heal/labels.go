package heal

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Labels follow the markers of ours, base and theirs. An empty one is left out, as git does.
type Labels struct{ Ours, Base, Theirs string }

// defaultMarkerSize is git's.
const defaultMarkerSize = 7

// SameButLabels reports whether two files with conflicts are the same but for what follows the
// markers, and for how lines end. Markers are size characters long; 0 means 7.
func SameButLabels(a, b []byte, size int) bool {
	return slices.Equal(unlabelled(a, size), unlabelled(b, size))
}

// unlabelled are the lines of a file, whatever ends them, without what follows the markers.
func unlabelled(text []byte, size int) []string {
	if size <= 0 {
		size = defaultMarkerSize
	}
	marker := regexp.MustCompile(fmt.Sprintf(`^(<{%d}|\|{%[1]d}|>{%[1]d})( .*)?$`, size))
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = marker.ReplaceAllString(line, "$1")
	}
	return lines
}
