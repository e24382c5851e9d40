package heal

import (
	"slices"
	"strings"
)

// besideKin reports whether a side brings in, next to lines that the other changed, a name of a family of
// which these lines renamed another: the lines were written with the old names.
func besideKin(p *pieces, edits, others []edit) bool {
	for _, e := range edits {
		for _, g := range others {
			if !e.at.Empty() || g.at.Empty() || e.at.From < g.at.From || e.at.From > g.at.To || g.at.Len() != len(g.with) {
				continue
			}
			old, now := count(p.text(p.base[g.at.From:g.at.To])), count(p.text(g.with))
			went, came := old.minus(now), now.minus(old)
			if count(p.text(e.with)).any(func(t token) bool { return ofFamily(t, went, came) }) {
				return true
			}
		}
	}
	return false
}

func ofFamily(t token, went, came tally) bool {
	return went.any(func(old token) bool {
		return isWord(old[0]) && came.any(func(now token) bool { return isWord(now[0]) && kin(t, old, now) })
	})
}

// kin reports whether a name has the part that went where old became now, as one of several parts: where
// buf_oom became str_oom, buf_puts has it; where TASK_PROP became TASK_CONFIG, COPY_PROP; where bounded
// became finite, is_bounded. A part that is short says nothing, and old is no kin of its own.
func kin(name, old, now token) bool {
	const short = 2
	parts, a, b := strings.Split(name, "_"), strings.Split(old, "_"), strings.Split(now, "_")
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return name != old && len(parts) > 1 && len(a) == 1 && len(b) > 0 && len(a[0]) > short && slices.Contains(parts, a[0])
}
