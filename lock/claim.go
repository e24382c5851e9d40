package lock

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// ClaimsRef is the table of claims. Its tree mirrors the work tree: a claim on a
// folder is a blob at the folder's path.
const ClaimsRef = "refs/swarm/claims"

// maxState is the largest blob of a claim. It may stand at .gitattributes, where
// git fsck, and forges with it, refuse a line of 2,048 bytes.
const maxState = 2047

// fieldEpoch stands on each commit of the table: the highest epoch granted yet.
const fieldEpoch = "Epoch"

// Claim is a path that a session holds.
type Claim struct {
	Path    string // slash separated, from the top of the work tree
	Session string
	Since   time.Time
	Reason  string
	Epoch   int
}

type claimState struct {
	refstore.Versioned
	Session string    `toml:"session"`
	Since   time.Time `toml:"since"`
	Reason  string    `toml:"reason"`
	Epoch   int       `toml:"epoch"`
}

func decodeClaim(path string, content []byte) (Claim, error) {
	var s claimState
	err := refstore.DecodeState(content, &s)
	if err == nil {
		err = bus.CheckID(s.Session)
	}
	if err == nil && s.Epoch < 1 {
		err = fmt.Errorf("epoch %d", s.Epoch)
	}
	if err != nil {
		return Claim{}, &refstore.DamagedError{Ref: ClaimsRef, Path: path, Err: err}
	}
	return Claim{path, s.Session, s.Since, s.Reason, s.Epoch}, nil
}

// HeldError says that another session's claim is in the way.
type HeldError struct {
	Path  string    // the path that was asked for
	Claim Claim     // the claim in the way, on that path, above or below it
	Seen  time.Time // when its session was last heard of
	Stale bool      // it may be taken over
}

func (e *HeldError) Error() string {
	switch {
	case e.Claim.Path == e.Path:
		return fmt.Sprintf("'%s' is claimed by %s", e.Path, e.Claim.Session)
	case strings.HasPrefix(e.Claim.Path, e.Path+"/"):
		return fmt.Sprintf("'%s' holds '%s', claimed by %s", e.Path, e.Claim.Path, e.Claim.Session)
	}
	return fmt.Sprintf("'%s' is covered by %s's claim on '%s'", e.Path, e.Claim.Session, e.Claim.Path)
}

// NotHolderError says that a path is not the session's to release.
type NotHolderError struct {
	Path   string
	Holder string // empty if nobody claims it
}

func (e *NotHolderError) Error() string {
	if e.Holder == "" {
		return fmt.Sprintf("'%s' is not claimed", e.Path)
	}
	return fmt.Sprintf("'%s' is claimed by %s", e.Path, e.Holder)
}

// Claims grants and releases paths.
type Claims struct {
	bus *bus.Bus
	// StaleAfter is how long a session may be silent before its claims can be
	// taken over.
	StaleAfter time.Duration
	// Ended, if not nil, says of a session last heard of at seen that what worked
	// on it has certainly ended: then nobody need wait for StaleAfter.
	Ended func(session string, seen time.Time) bool
	// FoldCase makes paths that differ only in case the same (core.ignoreCase).
	FoldCase bool
}

// NewClaims returns the claims of the repository that b is on.
func NewClaims(b *bus.Bus, staleAfter time.Duration, foldCase bool) *Claims {
	return &Claims{bus: b, StaleAfter: staleAfter, FoldCase: foldCase}
}

// Request is what Grant is to grant.
type Request struct {
	Paths    []string // as CleanPath leaves them; empty grants nothing
	Reason   string
	Takeover bool // take what stale sessions hold, and tell them
}

// Grant claims all the paths for session by, or none: then the error is a
// *HeldError. What by holds already, itself or by a folder above, it keeps as it
// is; its claims below a folder that it claims become part of that.
func (c *Claims) Grant(ctx context.Context, by string, r Request) ([]Claim, error) {
	if strings.ToValidUTF8(r.Reason, "") != r.Reason {
		return nil, bus.Inputf("the reason is not valid UTF-8")
	}
	var granted []Claim
	err := c.bus.Update(ctx, by, func(tx *refstore.Tx, by string) error {
		g := &claimTx{claims: c, tx: tx, by: by, request: r, lost: map[string][]Claim{}, ended: map[string]bool{}}
		err := g.run()
		granted = g.granted
		return err
	})
	return granted, err
}

// Release gives up by's claims on the paths, all or none: a *NotHolderError
// names the first that is not by's.
func (c *Claims) Release(ctx context.Context, by string, paths []string) error {
	return c.bus.Update(ctx, by, func(tx *refstore.Tx, by string) error {
		table, err := tx.Table(ClaimsRef)
		if err != nil {
			return err
		}
		released, err := c.storedAll(table, paths)
		if err != nil {
			return err
		}
		for _, path := range released {
			content, err := table.Get(path)
			if errors.Is(err, refstore.ErrNotExist) {
				return &NotHolderError{Path: path}
			}
			if err != nil {
				return err
			}
			held, err := decodeClaim(path, content)
			if err != nil {
				return err
			}
			if held.Session != by {
				return &NotHolderError{path, held.Session}
			}
			if err := table.Delete(path); err != nil {
				return err
			}
		}
		return record(tx, "release", released)
	})
}

// ReleaseAll gives up all that session by holds and returns the paths.
func (c *Claims) ReleaseAll(ctx context.Context, by string) (released []string, err error) {
	err = c.bus.Update(ctx, by, func(tx *refstore.Tx, by string) error {
		released, err = ReleaseAllIn(tx, by)
		return err
	})
	return released, err
}

// ReleaseAllIn is ReleaseAll for session id as part of another transaction, such
// as the one that ends the session.
func ReleaseAllIn(tx *refstore.Tx, id string) ([]string, error) {
	table, err := tx.Table(ClaimsRef)
	if err != nil {
		return nil, err
	}
	held, err := list(table, "")
	if err != nil {
		return nil, err
	}
	var released []string
	for _, claim := range held {
		if claim.Session == id {
			released = append(released, claim.Path)
			if err := table.Delete(claim.Path); err != nil {
				return nil, err
			}
		}
	}
	return released, record(tx, "release", released)
}

// List returns the claims at path and below it, all of them for "", by path.
func (c *Claims) List(ctx context.Context, path string) ([]Claim, error) {
	table, err := c.bus.Store().Table(ctx, ClaimsRef)
	if err != nil {
		return nil, err
	}
	return list(table, path)
}

func list(table *refstore.Table, path string) ([]Claim, error) {
	var claims []Claim
	var damaged error
	err := table.Below(path, func(path string, content []byte) bool {
		var claim Claim
		if claim, damaged = decodeClaim(path, content); damaged != nil {
			return false
		}
		claims = append(claims, claim)
		return true
	})
	return claims, errors.Join(err, damaged)
}

// Holders returns the claims that cover any of the paths: on the path itself or
// on a folder above it.
func (c *Claims) Holders(ctx context.Context, paths []string) (map[string]Claim, error) {
	table, err := c.bus.Store().Table(ctx, ClaimsRef)
	if err != nil {
		return nil, err
	}
	holders := map[string]Claim{}
	for _, path := range paths {
		stored, err := c.stored(table, path)
		if err != nil {
			return nil, err
		}
		at := stored
		content, err := table.Get(stored)
		if errors.Is(err, refstore.ErrNotExist) {
			if at, err = table.Above(stored); err != nil || at == "" {
				if err != nil {
					return nil, err
				}
				continue
			}
			content, err = table.Get(at)
		}
		if err != nil {
			return nil, err
		}
		if holders[path], err = decodeClaim(at, content); err != nil {
			return nil, err
		}
	}
	return holders, nil
}

// InTheWay is what Grant would answer for path, on which another session has this
// claim: as it stands now, without a transaction.
func (c *Claims) InTheWay(ctx context.Context, path string, claim Claim) (*HeldError, error) {
	s, err := c.bus.Session(ctx, claim.Session)
	var unknown *bus.UnknownSessionError
	if err != nil && !errors.As(err, &unknown) {
		return nil, err
	}
	stale := bus.Stale(s.Seen, c.bus.Store().Now(), c.StaleAfter) || (c.Ended != nil && c.Ended(claim.Session, s.Seen))
	return &HeldError{Path: path, Claim: claim, Seen: s.Seen, Stale: stale}, nil
}

// stored is path with the names under which its parts are claimed already, if
// they differ only in case and that makes no difference here.
func (c *Claims) stored(table *refstore.Table, path string) (string, error) {
	if !c.FoldCase {
		return path, nil
	}
	parts := strings.Split(path, "/")
	for i := range parts {
		names, err := table.Names(strings.Join(parts[:i], "/"))
		if err != nil {
			return "", err
		}
		if slices.Contains(names, parts[i]) {
			continue // there may be both, from before FoldCase
		}
		for _, name := range names {
			if strings.EqualFold(name, parts[i]) {
				parts[i] = name
				break
			}
		}
	}
	return strings.Join(parts, "/"), nil
}

// storedAll is the stored paths, each once.
func (c *Claims) storedAll(table *refstore.Table, paths []string) ([]string, error) {
	var all []string
	seen := map[string]bool{}
	for _, path := range paths {
		path, err := c.stored(table, path)
		if err != nil {
			return nil, err
		}
		if !seen[path] {
			all = append(all, path)
		}
		seen[path] = true
	}
	return all, nil
}

// record commits the table with a subject that reads like a log: one path, or
// the first and how many more, and then all of them.
func record(tx *refstore.Tx, verb string, paths []string, more ...string) error {
	if len(paths) == 0 {
		return nil
	}
	body := verb + " " + quote(paths[0])
	if len(paths) > 1 {
		body = fmt.Sprintf("%s and %d more\n", body, len(paths)-1)
		for _, path := range paths {
			body += "\n" + quote(path)
		}
	}
	for _, line := range more {
		body += "\n\n" + line
	}
	epoch, err := lastEpoch(tx)
	if err != nil {
		return err
	}
	if verb != "release" {
		epoch++
	}
	_, err = tx.Record(ClaimsRef, refstore.Entry{Body: body, Fields: []refstore.Field{{Key: fieldEpoch, Value: strconv.Itoa(epoch)}}})
	return err
}

func lastEpoch(tx *refstore.Tx) (int, error) {
	last, err := tx.Last(ClaimsRef)
	if err != nil || last == nil {
		return 0, err
	}
	epoch, err := strconv.Atoi(last.Field(fieldEpoch))
	if err != nil || epoch < 0 {
		return 0, &refstore.DamagedError{Ref: ClaimsRef, ID: last.ID, Err: fmt.Errorf("epoch %.80q", last.Field(fieldEpoch))}
	}
	return epoch, nil
}
