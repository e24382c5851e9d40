package heal

import (
	"bytes"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
)

// The checks below look at the whole file, after all regions have been looked at one by one.

// objection tells what speaks against the heals of the file, if anything does. Where conflicts remain,
// the file is judged with ours in their place, and with theirs.
func (h *healing) objection(ours, theirs []byte, r Result) Reason {
	results := [][]byte{r.Text}
	if r.Conflicts > 0 {
		results = [][]byte{h.with(linemerge.TakeOurs, linemerge.Conflict), h.with(linemerge.TakeTheirs, linemerge.Conflict)}
	}
	switch {
	case h.breaks(ours, theirs, r, results):
		return Broken
	case h.doubles(ours, theirs, results), h.kind == records && h.repeatsID(ours, theirs, results):
		return Doubled
	case h.kind == golang && misnames(ours, theirs, results):
		return Names
	case h.leaves(results):
		return Stale
	case mixes(ours, theirs, results):
		return LineEnds
	}
	return NotRefused
}

// breaks reports whether the heals break a file that is whole on both sides. Where conflicts remain,
// it is the file with one side in their place, and before any heal, that must be whole.
func (h *healing) breaks(ours, theirs []byte, r Result, results [][]byte) bool {
	whole := wholeness(h.kind)
	if r.Conflicts == 0 {
		return !whole(r.Text) && whole(ours) && whole(theirs)
	}
	for i, side := range []linemerge.Kind{linemerge.TakeOurs, linemerge.TakeTheirs} {
		if !whole(results[i]) && whole(h.with(side, linemerge.Conflict, linemerge.Replaced)) {
			return true
		}
	}
	return false
}

// doubles reports whether a line that both sides brought in stands more often in the file than on
// either side: one that is new to the file, or any that says something among edits a line apart.
func (h *healing) doubles(ours, theirs []byte, results [][]byte) bool {
	return h.doublesNew(ours, theirs, results) || h.doublesNear()
}

func (h *healing) doublesNew(ours, theirs []byte, results [][]byte) bool {
	byOurs, byTheirs := map[string]int{}, map[string]int{}
	for _, k := range h.hunks {
		if k.Kind != linemerge.TakeTheirs {
			addLines(byOurs, h.Ours.Join(k.Ours))
		}
		if k.Kind != linemerge.TakeOurs {
			addLines(byTheirs, h.Theirs.Join(k.Theirs))
		}
	}
	both := map[string]int{}
	for l := range byOurs {
		if byTheirs[l] > 0 {
			both[l] = 0
		}
	}
	if len(both) == 0 {
		return false
	}
	inBase := occurrences(both, h.Base.Join(linemerge.Span{To: h.Base.Len()}))
	inOurs, inTheirs := occurrences(both, string(ours)), occurrences(both, string(theirs))
	within := h.withinDefinitions(both)
	for _, r := range results {
		for l, n := range occurrences(both, string(r)) {
			if inBase[l] == 0 && n > max(inOurs[l], inTheirs[l])+within[l] {
				return true
			}
		}
	}
	return false
}

// withinDefinitions counts how often each of the lines given was brought in by both sides at one place, within
// definitions of different names.
func (h *healing) withinDefinitions(lines map[string]int) map[string]int {
	out := map[string]int{}
	for i, r := range h.regions {
		if r.Rule == "defined" {
			k := h.hunks[h.at[i]]
			theirs := occurrences(lines, h.Theirs.Join(k.Theirs))
			for l, n := range occurrences(lines, h.Ours.Join(k.Ours)) {
				out[l] += min(n, theirs[l])
			}
		}
	}
	return out
}

// occurrences counts the lines of text that are among those given.
func occurrences(lines map[string]int, text string) map[string]int {
	out := map[string]int{}
	for l := range strings.Lines(text) {
		l = strings.TrimSpace(l)
		if _, ok := lines[l]; ok {
			out[l]++
		}
	}
	return out
}

// doublesNear takes hunks that are a line apart, or two, for one, as in a region.
func (h *healing) doublesNear() bool {
	for i := 0; i < len(h.hunks); {
		j, healed := i+1, h.hunks[i].Kind == linemerge.Replaced
		for ; j < len(h.hunks) && h.hunks[j].Base.From-h.hunks[j-1].Base.To <= hunkGap; j++ {
			healed = healed || h.hunks[j].Kind == linemerge.Replaced
		}
		if healed && j > i+1 && h.doublesIn(h.hunks[i:j]) {
			return true
		}
		i = j
	}
	return false
}

// hunkGap is the number of lines between two hunks up to which they are looked at as one.
const hunkGap = 2

func (h *healing) doublesIn(hunks []linemerge.Hunk) bool {
	first, last := hunks[0], hunks[len(hunks)-1]
	c := &conflict{
		base:   h.Base.Join(linemerge.Span{From: first.Base.From, To: last.Base.To}),
		ours:   h.Ours.Join(linemerge.Span{From: first.Ours.From, To: last.Ours.To}),
		theirs: h.Theirs.Join(linemerge.Span{From: first.Theirs.From, To: last.Theirs.To}),
	}
	var result strings.Builder
	at := first.Ours.From
	for _, k := range hunks {
		result.WriteString(h.Ours.Join(linemerge.Span{From: at, To: k.Ours.From}))
		switch k.Kind {
		case linemerge.Replaced:
			result.WriteString(k.Text)
		case linemerge.TakeTheirs:
			result.WriteString(h.Theirs.Join(k.Theirs))
		default:
			result.WriteString(h.Ours.Join(k.Ours))
		}
		at = k.Ours.To
	}
	return doubled(c, result.String())
}

// leaves reports whether a name is left, outside of conflicts that remain, which a heal takes to have been renamed
// throughout the file: the other side uses it anew where its lines merge by themselves.
func (h *healing) leaves(results [][]byte) bool {
	for _, names := range h.renamed {
		for from := range names {
			if !slices.ContainsFunc(results, func(r []byte) bool { return occurs(string(r), from) == 0 }) {
				return true
			}
		}
	}
	return false
}

// mixes reports whether both sides have line ends of one kind each, and not of the same kind, or a
// result has both kinds.
func mixes(ours, theirs []byte, results [][]byte) bool {
	if mixed(ours) || mixed(theirs) {
		return false
	}
	return endsInCRLF(ours) != endsInCRLF(theirs) || slices.ContainsFunc(results, mixed)
}

// mixed reports whether lines end in LF and in CR LF.
func mixed(text []byte) bool {
	n := bytes.Count(text, []byte("\r\n"))
	return n > 0 && n < bytes.Count(text, []byte("\n"))
}

func endsInCRLF(text []byte) bool { return bytes.Contains(text, []byte("\r\n")) }

// with renders the merge with one side taken in hunks of the kinds given.
func (h *healing) with(side linemerge.Kind, instead ...linemerge.Kind) []byte {
	hunks := slices.Clone(h.hunks)
	for i := range hunks {
		if slices.Contains(instead, hunks[i].Kind) {
			hunks[i].Kind = side
		}
	}
	return h.Render(hunks, linemerge.Format{})
}
