package refstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Hub is the remote through which the clones of a swarm meet. Refs are named
// without their prefix on it: "claims", "from/desk". turn is a file whose lock is
// this clone's turn at the hub: a process that is started inherits it, so that the
// lock is free only when that process has ended.
type Hub interface {
	// Fetch makes the refs below [TrackingPrefix] those that the hub has, and brings
	// their objects. An error is a *HubError, or a *RefusedError where the hub lets
	// nobody in.
	Fetch(ctx context.Context, turn *os.File) error

	// Push moves all the refs on the hub, or none: each from exactly Old, or the error
	// is ErrStale, a *StaleError where it is known of which. *RefusedError says that the hub does not take it. After any other
	// error, a *HubError, nobody knows whether they were moved, unless it is Unsent.
	Push(ctx context.Context, turn *os.File, updates []HubUpdate) error
}

// HubUpdate moves one ref on the hub from Old, "" for one that must not exist, to New, ""
// for one that goes: see [Tx.Uncarry].
// A name that begins with "refs/" is not below the prefix: it is a branch that lands.
type HubUpdate struct {
	Ref      string
	Old, New object.Hash
}

// TrackingPrefix begins the names of the refs in which a clone keeps what the hub had
// when it last looked.
const TrackingPrefix = "refs/swarm-remotes/hub/"

// appliedPrefix begins the names of the refs that say how far this clone has taken
// the entries of others into its own journals.
const appliedPrefix = "refs/swarm-remotes/applied/"

// The refs that only a swarm with a hub has. Those with a prefix end in a clone's name.
const (
	metaRef     = "refs/swarm/meta"
	fromPrefix  = "refs/swarm/from/"
	toldPrefix  = "refs/swarm/told/"
	inboxPrefix = "refs/swarm/inbox/"
	tipsPrefix  = "tips/" // on the hub alone; here it is a pin
)

const (
	fieldSwarm = "Swarm"       // of meta: the swarm's id
	fieldTo    = "To"          // of a published entry: the journal that it belongs in
	fieldReply = "In-Reply-To" // a number, or an origin
	labelHub   = "hub"
	labelJoin  = "join"
	labelBeat  = "beat"
)

// class says what a change of a ref takes where there is a hub.
type class int

const (
	localRef     class = iota // this clone's own: cursors, collisions, the queue, pins
	sharedRef                 // one for all clones: a change is made on the hub first
	viewRef                   // context, inboxes: each clone builds its own from what all publish
	publishedRef              // from/<clone>: written here first, then delivered
)

// classOf is the class of a ref by its local name.
func classOf(ref string) class {
	switch {
	case ref == "refs/swarm/sessions", ref == "refs/swarm/claims", ref == "refs/swarm/locks", ref == "refs/swarm/reviews", ref == "refs/swarm/tasks", ref == "refs/swarm/turns", ref == "refs/swarm/offers", ref == "refs/swarm/adopted",
		ref == metaRef, strings.HasPrefix(ref, toldPrefix):
		return sharedRef
	case ref == "refs/swarm/context", strings.HasPrefix(ref, inboxPrefix):
		return viewRef
	case strings.HasPrefix(ref, fromPrefix):
		return publishedRef
	}
	return localRef
}

// IsHubJournal reports whether the ref is a journal that only a swarm with a hub has.
func IsHubJournal(ref string) bool {
	return ref == metaRef || strings.HasPrefix(ref, fromPrefix) || strings.HasPrefix(ref, toldPrefix)
}

// localName is the name that a ref of the hub has here, of the ref that keeps what
// the hub had; other names are returned as they are.
func localName(ref string) string {
	if name, ok := strings.CutPrefix(ref, TrackingPrefix); ok {
		return "refs/swarm/" + name
	}
	return ref
}

// hubName is the name on the hub of the ref with that local name.
func hubName(ref string) string { return strings.TrimPrefix(ref, "refs/swarm/") }

// tipsOf is the name on the hub of what the pin keeps; ok is false for a pin that
// this clone keeps for itself.
func tipsOf(pin string) (name string, ok bool) {
	id, below := strings.CutPrefix(pin, PinPrefix)
	id, review := strings.CutSuffix(id, ".review")
	return tipsPrefix + id, below && review
}

// fieldsPublished are the fields of an entry of from/<clone> or told/<clone>.
func fieldsPublished(label string) (fields []string, ok bool) {
	switch label {
	case labelJoin, labelBeat:
		return nil, true
	case "message", "decision", "interface", "warning", "convention", "discovery":
		return []string{fieldTo}, true
	case "reply":
		return []string{fieldTo, fieldReply}, true
	}
	return nil, false
}

// IsClone reports whether that can be a clone's name: [a-z0-9][a-z0-9-]{0,31}.
func IsClone(name string) bool {
	if len(name) == 0 || len(name) > 32 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '-' && i > 0) {
			return false
		}
	}
	return true
}

// IsOrigin reports whether s names an entry for all clones: "<clone>.<n>" is entry n
// of from/<clone>, "<clone>.t<n>" of told/<clone>.
func IsOrigin(s string) bool {
	clone, number, ok := strings.Cut(s, ".")
	n, err := ParseNumber(strings.TrimPrefix(number, "t"))
	return ok && err == nil && n > 0 && IsClone(clone)
}

// ErrStale says that a ref of the hub is not what it was when it was last fetched.
var ErrStale = errors.New("the hub has moved")

// StaleError is an ErrStale that knows the refs, or what git said there of a file that
// keeps it from moving one: another push is under way, or was killed.
type StaleError struct {
	Refs   []string // none for unknown
	Locked string
}

func (e *StaleError) Error() string {
	return ErrStale.Error() + ": " + cmp.Or(e.Locked, strings.Join(e.Refs, " "))
}

// Is reports whether target is ErrStale.
func (e *StaleError) Is(target error) bool { return target == ErrStale }

// HubLockedError is an ErrBusy: for as long as the command was patient a file has kept git
// from moving a ref on the hub.
type HubLockedError struct {
	Why   string // git's words, with the file's name
	Tries int
}

func (e *HubLockedError) Error() string {
	return fmt.Sprintf("%v: tried %d times, the hub says: %s", ErrBusy, e.Tries, e.Why)
}

// Is reports whether target is ErrBusy.
func (e *HubLockedError) Is(target error) bool { return target == ErrBusy }

// lostRaces is the ErrBusy of a command that has tried so many times, the last time with
// that error.
func lostRaces(last error, tries int) error {
	return cmp.Or(lockedThere(last, tries), fmt.Errorf("%w: other clones were first, %d times", ErrBusy, tries))
}

// lockedThere is the HubLockedError of a push that has failed with that error, nil if no
// file was in its way.
func lockedThere(err error, tries int) error {
	var stale *StaleError
	if errors.As(err, &stale) && stale.Locked != "" {
		return &HubLockedError{stale.Locked, tries}
	}
	return nil
}

// ErrBranchMoved says that the branch which was to move along with a transaction is
// not, or may not be, where the transaction has it: nothing was changed.
var ErrBranchMoved = errors.New("the branch on the hub has moved")

// HubError says that the hub could not be reached, or did not answer.
type HubError struct {
	Err     error
	InDoubt bool // the change may have been made all the same
	Unsent  bool // of a push: it has certainly not reached the hub
}

func (e *HubError) Error() string {
	if e.InDoubt {
		return "the hub did not answer, so this may have been granted or not: " + e.Err.Error()
	}
	return "the hub is out of reach: " + e.Err.Error()
}

// Unwrap returns why.
func (e *HubError) Unwrap() error { return e.Err }

// RefusedError says that the hub is there, and does not take what this clone writes:
// nothing was changed, and trying again does not help.
type RefusedError struct {
	Why    string // as the server worded it
	Kind   Refusal
	Branch string // the branch that was refused, by its full name; "" for a ref of the swarm
}

// Refusal is what a hub refuses, and to whom.
type Refusal int

const (
	RefusedPush   Refusal = iota // this push, by a rule of the server's own, such as a hook
	RefusedPlace                 // these refs, from all: they are hidden, or not allowed
	RefusedWriter                // every push of whoever this is
	RefusedReader                // even the fetch
)

func (e *RefusedError) Error() string {
	switch e.Kind {
	case RefusedWriter:
		return "the hub does not let you push: " + e.Why
	case RefusedReader:
		return "the hub does not let you in: " + e.Why
	}
	return "the hub refused the push: " + e.Why
}

// HubRewoundError says that a ref of the hub no longer has what this clone had
// fetched from it or written to it.
type HubRewoundError struct{ Ref string }

func (e *HubRewoundError) Error() string {
	return fmt.Sprintf("'%s' was moved back or deleted on the hub: what it had granted is no longer there", e.Ref)
}

// HubDamagedError says that a ref of the hub is not as git swarm writes it. What this
// clone has of it stays as it was.
type HubDamagedError struct {
	Ref string
	Err *DamagedError
}

func (e *HubDamagedError) Error() string {
	return "on the hub, " + e.Err.Error()
}

// Unwrap returns what is wrong.
func (e *HubDamagedError) Unwrap() error { return e.Err }

// Clone is the name of this clone on its hub, "" without one.
func (s *Store) Clone() string {
	if s.opts.Hub == nil {
		return ""
	}
	return s.clone()
}

// HubInterval is for how long what was fetched from the hub counts.
func (s *Store) HubInterval() time.Duration { return s.opts.HubInterval }

// hasHub reports whether there is one.
func (s *Store) hasHub() bool { return s.opts.Hub != nil }

func (s *Store) fromRef() string { return fromPrefix + s.clone() }
func (s *Store) toldRef() string { return toldPrefix + s.clone() }

// HubTrouble is what has kept this Store from the hub since the last call, nil for
// nothing. What was published meanwhile waits, and is delivered with what comes next.
func (s *Store) HubTrouble() error {
	s.noting.Lock()
	defer s.noting.Unlock()
	err := s.trouble
	s.trouble = nil
	return err
}

func (s *Store) noteTrouble(err error) {
	s.noting.Lock()
	defer s.noting.Unlock()
	if s.trouble == nil {
		s.trouble = err
	}
}

// pinnedView is a view in which some refs are what they were.
type pinnedView struct {
	refs.View
	pinned map[string]object.Hash
}

func (v pinnedView) Tip(ref string) (object.Hash, error) {
	if tip, ok := v.pinned[ref]; ok {
		return tip, nil
	}
	return v.View.Tip(ref)
}
