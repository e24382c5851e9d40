package lock

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// ClaimsRef is the table of claims. Its tree mirrors the work tree: a claim on a
// folder is a blob at the folder's path.
const ClaimsRef = "refs/swarm/claims"

// maxState is the size of the largest blob of a claim, in bytes. The blob may be
// at .gitattributes, where git fsck, and hosts that run it, refuse a line of
// 2,048 bytes.
const maxState = 2047

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

func (c Claim) encode() ([]byte, error) {
	content, err := refstore.EncodeState(claimState{refstore.Versioned{Version: refstore.FormatVersion}, c.Session, c.Since, c.Reason, c.Epoch})
	if err == nil && len(content) > maxState {
		err = bus.Inputf("the reason is too long")
	}
	return content, err
}

func decodeClaim(path string, content []byte) (Claim, error) {
	var s claimState
	err := refstore.DecodeState(content, &s)
	if err == nil {
		err = bus.CheckID(s.Session)
	}
	if err == nil && (s.Epoch < 1 || s.Epoch > refstore.MaxNumber) {
		err = fmt.Errorf("epoch %d", s.Epoch)
	}
	if err != nil {
		return Claim{}, &refstore.DamagedError{Ref: ClaimsRef, Path: path, Err: err}
	}
	return Claim{path, s.Session, s.Since, s.Reason, s.Epoch}, nil
}

// decodeClaims is decodeClaim for many: claims that were granted together have the same
// content, which it decodes once.
func decodeClaims() func(path string, content []byte) (Claim, error) {
	const most = 1024
	known := map[string]Claim{}
	var before Claim // of the path before, where most often the same stands
	var same []byte
	return func(path string, content []byte) (Claim, error) {
		if before.Session != "" && bytes.Equal(content, same) {
			before.Path = path
			return before, nil
		}
		if claim, ok := known[string(content)]; ok {
			claim.Path = path
			return claim, nil
		}
		claim, err := decodeClaim(path, content)
		if err == nil {
			if len(known) == most {
				clear(known)
			}
			known[string(content)] = claim
			before, same = claim, content
		}
		return claim, err
	}
}

// HeldError says that another session's claim stands in the way.
type HeldError struct {
	Path  string    // the path that was asked for
	Claim Claim     // the claim in the way, on that path, above or below it
	Seen  time.Time // when its session was last seen
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

// NotHolderError says that a session cannot release a path, because it does not
// hold it.
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

// DoneError says that a session is done: it claims nothing until it is running
// again.
type DoneError struct{ Session string }

func (e *DoneError) Error() string { return fmt.Sprintf("session %s is done", e.Session) }
