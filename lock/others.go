package lock

import (
	"path"
	"slices"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// GoneIn reports, within a transaction, whether what the session holds may be taken
// over: its agent has ended, or it is stale. seen is when it was last heard of.
func (c *Claims) GoneIn(tx *refstore.Tx, session string) (seen time.Time, gone bool, err error) {
	seen, err = bus.LastSeen(tx, session)
	if err != nil {
		return seen, false, err
	}
	silent, err := c.silentIn(tx, session, seen)
	return seen, c.ended(session, seen) || silent, err
}

// BeginningIn returns, within a transaction, the claims on paths that begin with
// prefix, and those on folders above such paths.
func (c *Claims) BeginningIn(tx *refstore.Tx, prefix string) ([]Claim, error) {
	table, err := tx.ReadTable(ClaimsRef)
	if err != nil {
		return nil, err
	}
	dir := path.Dir(prefix)
	if dir == "." || c.FoldCase {
		dir = ""
	}
	above := ""
	if dir != "" {
		if above, err = table.Above(dir + "/"); err != nil {
			return nil, err
		}
	}
	if above != "" {
		dir = above
	}
	claims, err := listBut(table, dir, anything)
	if err != nil || tx.Clone() == "" {
		return claims, err
	}
	queued, err := tx.ReadTable(ReleasesRef)
	if err != nil {
		return nil, err
	}
	gone, err := givenBackIn(queued, anything)
	return slices.DeleteFunc(claims, gone.has), err
}
