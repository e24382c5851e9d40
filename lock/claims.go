package lock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// Claims grants and releases paths.
type Claims struct {
	bus *bus.Bus
	// StaleAfter is how long a session may be silent before its claims can be
	// taken over. It is asked only where that matters.
	StaleAfter func() time.Duration
	// Ended, if not nil, reports whether the agent of a session that was last seen
	// at that time has certainly ended. Then its claims can be taken over at once.
	Ended func(session string, seen time.Time) bool
	// Present, if not nil, reports whether the agent of a session is certainly there.
	// Then it is not stale, however long it has been silent.
	Present func(session string) bool
	// FoldCase makes paths that differ only in case the same (core.ignoreCase).
	FoldCase bool
}

// NewClaims returns the claims of the repository that b is on.
func NewClaims(b *bus.Bus, staleAfter time.Duration, foldCase bool) *Claims {
	return &Claims{bus: b, StaleAfter: func() time.Duration { return staleAfter }, FoldCase: foldCase}
}

// Request says what to grant.
type Request struct {
	Paths    []string // as CleanPath returns them; none grants nothing
	Reason   string
	Takeover bool // take what stale sessions hold, and tell them
	Force    bool // with Takeover, take what any session holds: a person decides so
}

// Grant claims all the paths for session by, or none: then the error is a
// *HeldError, or a *DoneError. What by holds already, itself or by a folder
// above, it keeps as it is; its claims below a folder that it claims become part
// of that.
func (c *Claims) Grant(ctx context.Context, by string, r Request) ([]Claim, error) {
	if strings.ToValidUTF8(r.Reason, "") != r.Reason {
		return nil, bus.Inputf("the reason is not valid UTF-8")
	}
	var granted []Claim
	err := c.bus.Update(ctx, by, func(tx *refstore.Tx, by string) error {
		t := &claimTx{claims: c, tx: tx, by: by, request: r, lost: map[string][]Claim{}, ended: map[string]bool{}, forced: map[string]bool{}}
		err := t.run()
		granted = t.granted
		return err
	})
	return granted, err
}

// Release gives up by's claims on the paths, all or none: a *NotHolderError
// names the first that is not by's. queued says that the hub is out of reach, or has not
// taken it: they are held here no more, and for other clones not from when it has.
func (c *Claims) Release(ctx context.Context, by string, paths []string) (queued bool, err error) {
	err = c.bus.Update(ctx, by, func(tx *refstore.Tx, by string) error {
		if err := deliverWithHub(tx); err != nil {
			return err
		}
		table, err := tx.Table(ClaimsRef)
		if err != nil {
			return err
		}
		released, err := c.storedAll(table, paths)
		if err != nil {
			return err
		}
		for _, path := range released {
			if _, err := heldBy(table, by, path); err != nil {
				return err
			}
			if err := table.Delete(path); err != nil {
				return err
			}
		}
		return record(tx, "release", released)
	})
	if Away(c.bus, err) {
		return true, c.queueRelease(ctx, by, paths)
	}
	return false, err
}

// heldBy is by's claim on the path; a *NotHolderError says that it has none.
func heldBy(table *refstore.Table, by, path string) (Claim, error) {
	content, err := table.Get(path)
	if errors.Is(err, refstore.ErrNotExist) {
		return Claim{}, &NotHolderError{Path: path}
	}
	if err != nil {
		return Claim{}, err
	}
	claim, err := decodeClaim(path, content)
	if err == nil && claim.Session != by {
		err = &NotHolderError{path, claim.Session}
	}
	return claim, err
}

// ReleaseAll gives up all that session by holds and returns the paths. queued is as with
// Release.
func (c *Claims) ReleaseAll(ctx context.Context, by string) (released []string, queued bool, err error) {
	err = c.bus.Update(ctx, by, func(tx *refstore.Tx, by string) error {
		if err := deliverWithHub(tx); err != nil {
			return err
		}
		released, err = ReleaseAllIn(tx, by)
		return err
	})
	if Away(c.bus, err) {
		released, err = c.queueReleaseAll(ctx, by)
		return released, true, err
	}
	return released, false, err
}

// ReleaseAllIn is ReleaseAll for session id as part of another transaction, such
// as the one that ends the session.
func ReleaseAllIn(tx *refstore.Tx, id string) ([]string, error) {
	table, err := tx.Table(ClaimsRef)
	if err != nil {
		return nil, err
	}
	all, err := list(table, "")
	if err != nil {
		return nil, err
	}
	var released []string
	for _, claim := range slices.Backward(all) { // the end of a folder is quickest to take away
		if claim.Session == id {
			released = append(released, claim.Path)
			if err := table.Delete(claim.Path); err != nil {
				return nil, err
			}
		}
	}
	slices.Reverse(released)
	return released, record(tx, "release", released)
}

// List returns the claims at path and below it, all of them for "", by path.
// Damaged ones are left out: [refstore.Store.SetAside] tells.
func (c *Claims) List(ctx context.Context, path string) (claims []Claim, err error) {
	err = c.Each(ctx, path, func(claim Claim) bool {
		claims = append(claims, claim)
		return true
	})
	return claims, err
}

// Each calls visit with each claim of List as it is read, until visit says false. It
// takes as much memory for many as for few. Claims that a newer git swarm wrote are no
// reason to keep back the others: it visits those, and then returns
// [refstore.ErrVersion] with the path of the first.
func (c *Claims) Each(ctx context.Context, path string, visit func(Claim) bool) error {
	table, err := c.bus.Store().Table(ctx, ClaimsRef)
	if err != nil {
		return err
	}
	gone, err := c.givenBack(ctx)
	if err != nil {
		return err
	}
	return each(table, path, c.bus.Store().LeaveOut, func(claim Claim) bool { return gone.has(claim) || visit(claim) })
}

// Paths returns the claimed paths, in the order of their folders. It does not read the
// claims.
func (c *Claims) Paths(ctx context.Context) (paths []string, err error) {
	table, err := c.bus.Store().Table(ctx, ClaimsRef)
	if err != nil {
		return nil, err
	}
	var walk func(names []string, prefix string) error
	walk = func(names []string, prefix string) error {
		for _, name := range names {
			below, err := table.Names(prefix + name)
			switch {
			case err != nil:
				return err
			case len(below) == 0:
				paths = append(paths, prefix+name)
			default:
				if err := walk(below, prefix+name+"/"); err != nil {
					return err
				}
			}
		}
		return nil
	}
	top, err := table.Names("")
	if err == nil {
		err = walk(top, "")
	}
	if err != nil {
		return nil, err
	}
	gone, err := c.givenBack(ctx)
	return slices.DeleteFunc(paths, func(path string) bool { return gone[path] > 0 }), err
}

// list is strict: a damaged claim is an error.
func list(table *refstore.Table, path string) ([]Claim, error) {
	return listBut(table, path, nothing)
}

// listBut lists the claims that each visits.
func listBut(table *refstore.Table, path string, leaveOut func(error) bool) (claims []Claim, err error) {
	err = each(table, path, leaveOut, func(claim Claim) bool {
		claims = append(claims, claim)
		return true
	})
	return claims, err
}

// each visits the claims without the damaged ones that leaveOut takes, and without those
// of a newer git swarm, which it returns as an error at the end.
func each(table *refstore.Table, path string, leaveOut func(error) bool, visit func(Claim) bool) error {
	var newer, damaged error
	more := 0 // newer ones than the first
	decode := decodeClaims()
	err := table.Below(path, func(path string, content []byte) bool {
		claim, err := decode(path, content)
		switch {
		case err == nil:
			return visit(claim)
		case errors.Is(err, refstore.ErrVersion) && newer == nil:
			newer = err
		case errors.Is(err, refstore.ErrVersion):
			more++
		case !leaveOut(err):
			damaged = err
		}
		return damaged == nil
	})
	if err = errors.Join(err, damaged); err == nil && more > 0 {
		return fmt.Errorf("%w, and %d more", newer, more)
	}
	return cmp.Or(err, newer)
}

// Holders returns, for each of the paths that is claimed, the claim that covers
// it: on the path itself or on a folder above it.
func (c *Claims) Holders(ctx context.Context, paths []string) (map[string]Claim, error) {
	table, err := c.bus.Store().Table(ctx, ClaimsRef)
	if err != nil {
		return nil, err
	}
	gone, err := c.givenBack(ctx)
	if err != nil {
		return nil, err
	}
	holders := map[string]Claim{}
	for _, path := range paths {
		claim, err := c.covering(table, path)
		if err != nil {
			return nil, err
		}
		if claim != nil && !gone.has(*claim) {
			holders[path] = *claim
		}
	}
	return holders, nil
}

// covering returns the claim on the path or on a folder above it, nil for none.
func (c *Claims) covering(table *refstore.Table, path string) (*Claim, error) {
	at, err := c.stored(table, path)
	if err != nil {
		return nil, err
	}
	content, err := table.Get(at)
	if errors.Is(err, refstore.ErrNotExist) {
		if at, err = table.Above(at); err != nil || at == "" {
			return nil, err
		}
		content, err = table.Get(at)
	}
	if err != nil {
		return nil, err
	}
	claim, err := decodeClaim(at, content)
	return &claim, err
}

// InTheWay returns the error with which Grant would refuse path because of
// another session's claim, without a transaction.
func (c *Claims) InTheWay(ctx context.Context, path string, claim Claim) (*HeldError, error) {
	s, err := c.bus.Session(ctx, claim.Session)
	var unknown *bus.UnknownSessionError
	if err != nil && !errors.As(err, &unknown) {
		return nil, err
	}
	now, clone := c.bus.Store().Now(), c.bus.Store().Clone()
	elsewhere := clone != "" && s.Host != clone
	stale := !s.Keeps(now, c.StaleAfter()) && (c.silent(claim.Session, s.Seen, now, elsewhere) || c.ended(claim.Session, s.Seen))
	return &HeldError{Path: path, Claim: claim, Seen: s.Seen, Stale: stale}, nil
}

// silent reports whether the session, last seen then, has been silent for so long
// that its claims may be taken over. The clocks are those of the wall: a session of
// which no process is known is stale also when the machine itself has slept. Of one that
// is at home in another clone no more is known than that clone last said.
func (c *Claims) silent(session string, seen, now time.Time, elsewhere bool) bool {
	after := c.StaleAfter()
	if elsewhere {
		after *= 2
	}
	return bus.Stale(seen, now, after) && (c.Present == nil || !c.Present(session))
}

// silentIn is silent within a transaction.
func (c *Claims) silentIn(tx *refstore.Tx, session string, seen time.Time) (bool, error) {
	elsewhere, err := bus.Elsewhere(tx, session)
	return c.silent(session, seen, tx.At(), elsewhere), err
}

func (c *Claims) ended(session string, seen time.Time) bool {
	return c.Ended != nil && c.Ended(session, seen)
}

// Drop takes out the claims of the sessions, which are of a swarm that this repository
// has left.
func Drop(tx *refstore.Tx, sessions []string) error {
	for _, id := range sessions {
		if _, err := ReleaseAllIn(tx, id); err != nil {
			return err
		}
	}
	return nil
}
