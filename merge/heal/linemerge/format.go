package linemerge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Format is how a conflict is printed. The zero value is git's default, without labels.
type Format struct {
	Style      Style
	MarkerSize int // the length of a marker; 0 means 7
	Labels     Labels
}

// Style is git's merge.conflictStyle.
type Style byte

const (
	StyleMerge  Style = iota // both sides, cut down to where they differ
	StyleDiff3               // both sides and the base
	StyleZDiff3              // as diff3, without the lines that both sides share at the ends
)

// Labels follow the markers of ours, base and theirs. An empty one is left out, as git does.
type Labels struct{ Ours, Base, Theirs string }

// markerSize is the length of a marker: 7 if none is given, as in git.
func markerSize(size int) int {
	if size <= 0 {
		return 7
	}
	return size
}

// SameButLabels reports whether two files with conflicts differ in nothing but the labels after the
// markers and the ends of lines. Markers are size characters long; 0 means 7.
func SameButLabels(a, b []byte, size int) bool {
	return slices.Equal(unlabelled(a, size), unlabelled(b, size))
}

// unlabelled are the lines of a file, whatever ends them, without what follows the markers.
func unlabelled(text []byte, size int) []string {
	marker := regexp.MustCompile(fmt.Sprintf(`^(<{%d}|\|{%[1]d}|>{%[1]d})( .*)?$`, markerSize(size)))
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = marker.ReplaceAllString(line, "$1")
	}
	return lines
}
