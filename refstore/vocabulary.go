package refstore

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// MaxNumber bounds every number that is stored: numbers of entries, messages and
// reviews, and epochs. Readers in languages that count in float64 lose none.
const MaxNumber = 1<<53 - 1

// ParseNumber reads a number from 0 to MaxNumber in the one way that it is
// written: decimal, without a sign or leading zeros.
func ParseNumber(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > MaxNumber || s[0] < '0' || s[0] == '0' && len(s) > 1 {
		return 0, fmt.Errorf("%.80q is no number from 0 to 2^53-1", s)
	}
	return n, nil
}

// IsSessionID reports whether id is [A-Za-z0-9][A-Za-z0-9_-]{0,63} and not
// "all", in whatever case. Every author is one.
func IsSessionID(id string) bool {
	if len(id) == 0 || len(id) > 64 || strings.EqualFold(id, "all") {
		return false
	}
	for i := range len(id) {
		c := id[i]
		alphanumeric := c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
		if !alphanumeric && (i == 0 || c != '_' && c != '-') {
			return false
		}
	}
	return true
}

// RepairLabel is the label of an entry by which the numbers of a table may rise by more
// than one, and which no session has made.
const RepairLabel = "repair"

// The fields of a repair record, an entry that fsck writes on top of damage.
const (
	labelRepair   = RepairLabel
	fieldSetAside = "Set-Aside" // a commit below that counts for nothing; once for each
	fieldLost     = "Lost"      // the commit that could not be read any more, and was a part of the chain
)

// The fields that count along a chain: they rise by at most one a commit, but for
// Tasks, of which one commit may add many.
const (
	fieldEpoch   = "Epoch"
	fieldReviews = "Reviews"
	fieldTasks   = "Tasks"
)

// Repair reports whether e is a repair record and no entry of a session.
func (e *Entry) Repair() bool { return e.Label == labelRepair }

// setAside are the commits that a repair record sets aside.
func (e *Entry) setAside() (ids []object.Hash) {
	if !e.Repair() {
		return nil
	}
	for _, f := range e.Fields {
		if f.Key == fieldSetAside {
			ids = append(ids, object.Hash(f.Value))
		}
	}
	return ids
}

// Anew reports whether e begins its chain anew, because what was there could not
// be read any more.
func (e *Entry) Anew() bool { return e.Repair() && e.Field(fieldLost) != "" }

// shapeOf is the shape that FORMAT.md gives the ref; ok is false for a ref that
// it does not know.
func shapeOf(ref string) (shape Shape, ok bool) {
	switch ref = localName(ref); {
	case ref == "refs/swarm/context", strings.HasPrefix(ref, "refs/swarm/inbox/"),
		ref == metaRef, strings.HasPrefix(ref, fromPrefix), strings.HasPrefix(ref, toldPrefix):
		return JournalShape, true
	case strings.HasPrefix(ref, "refs/swarm/seen/"):
		return CursorShape, true
	case ref == "refs/swarm/sessions", ref == "refs/swarm/claims", ref == "refs/swarm/locks", ref == "refs/swarm/conductors", ref == "refs/swarm/reviews", ref == "refs/swarm/collisions", ref == "refs/swarm/queue", ref == "refs/swarm/tasks", ref == "refs/swarm/releases", ref == "refs/swarm/turns", ref == "refs/swarm/offers", ref == "refs/swarm/adopted":
		return TableShape, true
	}
	return TableShape, false
}

// fieldsOf is FORMAT.md's table "Fields and labels": the fields of an entry with
// that label, in their order; ok is false if the chain knows no such label.
func fieldsOf(ref, label string) (fields []string, ok bool) {
	switch ref = localName(ref); {
	case ref == metaRef:
		return []string{fieldSwarm}, label == labelHub
	case strings.HasPrefix(ref, fromPrefix), strings.HasPrefix(ref, toldPrefix):
		return fieldsPublished(label)
	case ref == "refs/swarm/sessions":
		return nil, label == "" || label == "running" || label == "blocked" || label == "done"
	case ref == "refs/swarm/context":
		switch label {
		case "decision", "interface", "warning", "convention", "discovery":
			return nil, true
		}
	case strings.HasPrefix(ref, "refs/swarm/inbox/"):
		switch label {
		case "message":
			return nil, true
		case "reply":
			return []string{"In-Reply-To"}, true
		}
	case strings.HasPrefix(ref, "refs/swarm/seen/"):
		return []string{"Context", "Inbox", "Read"}, label == ""
	case ref == "refs/swarm/claims":
		return []string{fieldEpoch}, label == ""
	case ref == "refs/swarm/reviews":
		switch label {
		case "request", "approve", "reject", "comment", "withdraw":
			return []string{fieldReviews}, true
		}
	case ref == "refs/swarm/tasks":
		return []string{fieldEpoch, fieldTasks}, label == ""
	case ref == "refs/swarm/collisions", ref == "refs/swarm/locks", ref == "refs/swarm/conductors", ref == "refs/swarm/queue", ref == "refs/swarm/releases", ref == "refs/swarm/turns", ref == "refs/swarm/offers", ref == "refs/swarm/adopted":
		return nil, label == ""
	}
	return nil, false
}

// checkVocabulary holds an entry against fieldsOf. A ref that FORMAT.md does not
// know may have any entries.
func checkVocabulary(ref string, e *Entry) error {
	if shape, ok := shapeOf(ref); !ok || e.Repair() && shape != CursorShape {
		return e.checkRepair(ref)
	}
	want, ok := fieldsOf(ref, e.Label)
	switch {
	case !ok && e.Label == "":
		return fmt.Errorf("no label")
	case !ok:
		return fmt.Errorf("unknown label %.80q", e.Label)
	}
	return checkFields(want, e.Fields)
}

// checkFields names the first field that is not the one that is due.
func checkFields(want []string, fields []Field) error {
	known := make(map[string]bool, len(want))
	for _, key := range want {
		known[key] = true
	}
	for i, f := range fields {
		switch {
		case !known[f.Key]:
			return fmt.Errorf("unknown field '%.80s'", f.Key)
		case i >= len(want) || f.Key != want[i]:
			return fmt.Errorf("the field '%.80s' is not in its place", f.Key)
		}
		switch f.Key {
		case "In-Reply-To", fieldEpoch, fieldReviews, fieldTasks:
			if f.Key == "In-Reply-To" && IsOrigin(f.Value) {
				continue
			}
			if n, err := ParseNumber(f.Value); err != nil {
				return fmt.Errorf("%s: %w", f.Key, err)
			} else if n == 0 && f.Key == "In-Reply-To" {
				return fmt.Errorf("%s: there is no number 0", f.Key)
			}
		}
	}
	if len(fields) < len(want) {
		return fmt.Errorf("the field '%s' is missing", want[len(fields)])
	}
	return nil
}

// checkRepair checks a repair record: the fields that every entry of a table
// has, then the commits set aside, or the one that was lost.
func (e *Entry) checkRepair(ref string) error {
	if !e.Repair() {
		return nil
	}
	own := len(e.Fields)
	for i, f := range e.Fields {
		if f.Key == fieldSetAside || f.Key == fieldLost {
			if id := object.Hash(f.Value); !object.SHA1.Valid(id) && !object.SHA256.Valid(id) {
				return fmt.Errorf("%s: %.80q is no object id", f.Key, f.Value)
			}
			own = min(own, i)
		} else if i > own {
			return fmt.Errorf("the field '%.80s' is not in its place", f.Key)
		}
	}
	return checkFields(ownFields(ref), e.Fields[:own])
}

// ownFields are the fields that every entry of the chain has.
func ownFields(ref string) []string {
	switch localName(ref) {
	case "refs/swarm/claims":
		return []string{fieldEpoch}
	case "refs/swarm/reviews":
		return []string{fieldReviews}
	case "refs/swarm/tasks":
		return []string{fieldEpoch, fieldTasks}
	}
	return nil
}
