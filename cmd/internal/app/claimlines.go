package app

import (
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
)

// claimLines prints claims in a list. What was claimed together differs in its path alone,
// so it formats the rest only when it changes.
type claimLines struct {
	list *listing
	now  time.Time

	last        lock.Claim
	ago, reason string // of last, in a table
	rest, line  []byte // in JSON: of last what stands behind its path, and a whole line
}

// add reports whether more can be printed.
func (l *claimLines) add(c lock.Claim) bool {
	first := l.last.Session == ""
	changed := first || c.Session != l.last.Session || c.Reason != l.last.Reason || c.Epoch != l.last.Epoch || c.Since != l.last.Since
	l.last = c
	if l.list.json {
		if changed {
			l.rest = appendClaimRest(l.rest[:0], c)
		}
		l.line = append(l.line[:0], `{"kind":"claim","path":`...)
		l.line = text.AppendJSON(l.line, c.Path)
		l.line = append(l.line, l.rest...)
		return l.list.line(l.line)
	}
	if changed {
		l.ago, l.reason = text.Ago(l.now, c.Since), text.Inert(c.Reason)
	}
	return l.list.row([]text.Cell{{Text: text.Inert(c.Path)}, {Text: c.Session}, {Text: l.ago}, {Text: l.reason}})
}

// appendClaimRest appends what [claimJSON] has behind the path, and the end of the line.
func appendClaimRest(b []byte, c lock.Claim) []byte {
	b = appendText(b, `,"session":`, c.Session)
	b = appendStamp(b, `,"since":`, c.Since)
	b = appendText(b, `,"reason":`, c.Reason)
	b = appendNumber(b, `,"epoch":`, c.Epoch)
	return append(b, "}\n"...)
}
