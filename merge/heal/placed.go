package heal

import (
	"slices"
	"strings"
)

// placed: one side brought in lines right above or below lines that the other changed in place, or above
// lines of which the other made more. The place is known by the line that nobody changed, on the other side of
// the insertion. It must be whole in itself, and no line of it may be made from one that the other changed.
//
// In TOML the packages of one workspace share a version: what is beside a version that changed is left.
func placed(c *conflict) (string, bool) {
	if ours, theirs := c.moves(); c.kind == tomlFile && (ours.in.any(isNumber) && ours.out.any(isNumber) || theirs.in.any(isNumber) && theirs.out.any(isNumber)) {
		return "", false
	}
	p := c.lines()
	n, okX := countBeside(p.x, p.y, p.keepsPlace)
	m, okY := countBeside(p.y, p.x, p.keepsPlace)
	if !okX || !okY || n+m == 0 || reindented(p, p.x) || reindented(p, p.y) || besideKin(p, p.x, p.y) || besideKin(p, p.y, p.x) {
		return "", false
	}
	return p.weave(0, mustBeApart)
}

// rewritten is the share of its tokens that a line has to keep: else it is another line.
const rewritten = 0.25

// keepsPlace reports whether an insertion has its place still when the lines beside it are changed so.
func (p *pieces) keepsPlace(insertion, change edit) bool {
	grows := len(change.with) > change.at.Len() && insertion.at.From == change.at.From
	if len(change.with) != change.at.Len() && !grows {
		return false
	}
	near := 0 // of the changed lines
	if insertion.at.From > change.at.From {
		near = len(change.with) - 1
	}
	if likeness(p.names[p.base[change.at.From+near]], p.names[change.with[near]]) < rewritten {
		return false
	}
	in := p.words(insertion.with)
	if len(in) > 0 && !complete(in, p.text(insertion.with)) {
		return false
	}
	old, now := p.base[change.at.From:change.at.To], change.with
	return !slices.ContainsFunc(in, func(l string) bool {
		for i, id := range now {
			if looksLike(l, p.names[id]) {
				return true
			}
			if i < len(old) && (looksLike(l, p.names[old[i]]) || usesRenamed(l, p.names[old[i]], p.names[id])) {
				return true
			}
		}
		return p.swept(l, old, now)
	})
}

// swept reports whether each of several lines was changed alike, or a line has the same marks as one of them: as
// when all entries of a list got an argument more. A line that comes into the list would have got it, too.
func (p *pieces) swept(line string, old, now []int32) bool {
	var common tally
	sibling := false
	for i := range min(len(old), len(now)) {
		was, is := count(p.names[old[i]]), count(p.names[now[i]])
		changed := was.minus(is)
		for t, n := range is.minus(was) {
			changed[t] += n
		}
		if common == nil {
			common = changed
		}
		common = common.minus(common.minus(changed))
		sibling = sibling || marks(line) == marks(p.names[old[i]])
	}
	return len(old) > 1 && (sibling || common.total() > 0)
}

// marks is a line without its words, numbers and white space.
func marks(line string) string {
	var b strings.Builder
	for _, t := range tokens(line) {
		if !isSpace(t) && !isWord(t[0]) {
			b.WriteString(t)
		}
	}
	return b.String()
}

// usesRenamed reports whether a line uses a name as it was before a change: one that was qualified (a to
// x.a), one of a family that was renamed, or one that was declared anew, as behind its type.
func usesRenamed(line, old, changed string) bool {
	uses, was, now := heads(line), heads(old), heads(changed)
	before, after := count(old), count(changed)
	gone, came := before.minus(after), after.minus(before)
	declared := following(old, gone)
	for t := range following(changed, came) {
		declared[t]++
	}
	return count(line).any(func(t token) bool {
		qualified := uses[t] > 0 && was[t] > 0 && now[t] == 0 && after[t] > 0
		return declared[t] > 0 || qualified || renamedStem(t, gone, came)
	})
}

// heads counts the words that no mark joins to a word before them.
func heads(line string) tally {
	out, follows := tally{}, false
	for _, t := range tokens(line) {
		if isWord(t[0]) && !follows {
			out[t]++
		}
		follows = joins[t] || isWord(t[0])
	}
	return out
}

// following counts the words right behind a word of those given.
func following(line string, words tally) tally {
	out, before := tally{}, " "
	for _, t := range tokens(line) {
		if isSpace(t) {
			continue
		}
		if isWord(before[0]) && words[before] > 0 && isWord(t[0]) {
			out[t]++
		}
		before = t
	}
	return out
}
