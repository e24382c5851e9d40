package heal

import (
	"slices"
	"unicode/utf8"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
	"github.com/sergi/go-diff/diffmatchpatch"
)

// edit says that the pieces base[at.from:at.to] became with. An insertion has an empty at.
type edit struct {
	at   linemerge.Span
	with []int32
}

func (e edit) equal(f edit) bool { return e.at == f.at && slices.Equal(e.with, f.with) }

// maxCells bounds the work of one alignment: pieces of the one side times pieces of the other.
const maxCells = 1 << 20

// align returns the edits that lead from base to side, or false if that is too much work. The
// pieces (lines or tokens) are ids; go-diff sees them as runes, never the bytes themselves, so that
// nothing is taken for invalid UTF-8, and it has no time-out, so that the answer is always the same.
func align(base, side []int32) ([]edit, bool) {
	head, tail := linemerge.Trim(base, side)
	a, b := base[head:len(base)-tail], side[head:len(side)-tail]
	if len(a) == 0 && len(b) == 0 {
		return nil, true
	}
	if len(a)*len(b) > maxCells {
		return nil, false
	}
	ra, okA := runes(a)
	rb, okB := runes(b)
	if !okA || !okB {
		return nil, false
	}
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = 0
	return edits(dmp.DiffMainRunes(ra, rb, false), side, head), true
}

// runes gives each id a valid rune of its own: from 1 on, with a hole where surrogates are.
func runes(ids []int32) ([]rune, bool) {
	const hole, size = 0xD800, 0x800
	out := make([]rune, len(ids))
	for i, id := range ids {
		r := id + 1
		if r >= hole {
			r += size
		}
		if r > utf8.MaxRune {
			return nil, false
		}
		out[i] = r
	}
	return out, true
}

// edits reads go-diff's list. Only the number of runes in each piece counts; the pieces themselves
// are taken from side. Deletions and insertions between two equal pieces are one edit.
func edits(diffs []diffmatchpatch.Diff, side []int32, head int) []edit {
	var out []edit
	open := false
	i, j := head, head
	for _, d := range diffs {
		n := utf8.RuneCountInString(d.Text)
		if d.Type == diffmatchpatch.DiffEqual {
			i, j, open = i+n, j+n, open && n == 0
			continue
		}
		if !open {
			out = append(out, edit{at: linemerge.Span{From: i, To: i}})
			open = true
		}
		e := &out[len(out)-1]
		if d.Type == diffmatchpatch.DiffDelete {
			i += n
			e.at.To = i
		} else {
			e.with = append(e.with, side[j:j+n]...)
			j += n
		}
	}
	return out
}
