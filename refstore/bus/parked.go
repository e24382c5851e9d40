package bus

import (
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// A parked session is stored as a blocked one whose note begins with parkedMark, for
// readers that know no parked session: they take any other status for damage.
const (
	parkedMark  = "parked"
	parkedUntil = " until "
)

// park is the note as it is stored of a session that is parked, until a time if that
// is known.
func park(until time.Time, note string) string {
	text := parkedMark
	if !until.IsZero() {
		text += parkedUntil + refstore.Time(until).Format(time.RFC3339)
	}
	if note != "" {
		text += ": " + note
	}
	return text
}

// parked reads such a note; ok is false for any other.
func parked(stored string) (until time.Time, note string, ok bool) {
	rest, ok := strings.CutPrefix(stored, parkedMark)
	if !ok {
		return until, "", false
	}
	if after, found := strings.CutPrefix(rest, parkedUntil); found {
		stamp, _, _ := strings.Cut(after, ": ")
		at, err := time.Parse(time.RFC3339, stamp)
		if err != nil {
			return until, "", false
		}
		until, rest = at, after[len(stamp):]
	}
	if rest == "" {
		return until, "", true
	}
	note, ok = strings.CutPrefix(rest, ": ")
	return until, note, ok && note != ""
}

// said is what a session says of itself: its status and note, and until when it is parked.
func (s *sessionState) said() (Status, string, time.Time) {
	if s.Status == Blocked {
		if until, note, ok := parked(s.Note); ok {
			return Parked, note, until
		}
	}
	return s.Status, s.Note, time.Time{}
}

// say is the reverse of said.
func (s *sessionState) say(status Status, note string, until time.Time) {
	if status == Parked {
		status, note = Blocked, park(until, note)
	}
	s.Status, s.Note = status, note
}

// Keeps reports whether the session is parked, so that it keeps what it holds however
// silent it is: until it says otherwise or, where it is parked until a time, until it
// was silent for staleAfter from then on.
func (s *Session) Keeps(now time.Time, staleAfter time.Duration) bool {
	return s.Status == Parked && (s.Until.IsZero() || now.Before(s.Until) || !Stale(s.Until, now, staleAfter))
}

// KeepsIn is [Session.Keeps] within a transaction. A session that is not in the table
// keeps nothing.
func KeepsIn(tx *refstore.Tx, id string, staleAfter time.Duration) (bool, error) {
	s, err := stateIn(tx, id)
	if err != nil || s == nil {
		return false, err
	}
	status, _, until := s.said()
	return (&Session{Status: status, Until: until}).Keeps(tx.At(), staleAfter), nil
}
