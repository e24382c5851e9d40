package odb

import (
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Types of entries in a pack.
const (
	typeOfsDelta = 6
	typeRefDelta = 7
)

// kinds are the types that are no deltas.
var kinds = [8]object.Kind{1: object.Commit, 2: object.Tree, 3: object.Blob, 4: object.Tag}

// entry is an object in a pack, not yet inflated.
type entry struct {
	at   uint64
	kind object.Kind // empty for a delta
	size uint64      // inflated
	base uint64      // of a delta: where its base is; not at itself
	zlib []byte      // begins with the data
}

// entryAt reads the head of what stands at an offset.
func (m *packFile) entryAt(at uint64) (entry, error) {
	e := entry{at: at}
	end := uint64(len(m.data) - idSize)
	if at < packHead || at >= end {
		return e, damaged("offset %d is outside the pack", at)
	}
	rest := m.data[at:end]
	kind, size, n := entryHead(rest)
	if n == 0 {
		return e, damage("a head that does not end")
	}
	rest = rest[n:]
	e.kind, e.size = kinds[kind], size
	switch {
	case kind == typeOfsDelta:
		distance, n := baseDistance(rest)
		if n == 0 || distance == 0 || distance > at-packHead {
			return e, damage("a delta whose base is outside the pack")
		}
		e.base, rest = at-distance, rest[n:]
	case kind == typeRefDelta:
		if len(rest) < idSize {
			return e, damage("a head that does not end")
		}
		base, found, err := m.index.find(rest[:idSize])
		if err != nil {
			return e, err
		}
		if !found || base == at {
			return e, damage("a delta whose base is not in the pack")
		}
		e.base, rest = base, rest[idSize:]
	case e.kind == "":
		return e, damaged("an entry of unknown type %d", kind)
	}
	e.zlib = rest
	return e, checkSize(size, inflatedBound(rest))
}

// entryHead reads type and size; n, the bytes read, is 0 if they are cut short
// or beyond 64 bits.
func entryHead(b []byte) (kind byte, size uint64, n int) {
	for i, c := range b {
		switch {
		case i == 0:
			kind, size = c>>4&7, uint64(c&15)
		case i > 9 || i == 9 && c > 1: // bits 60 and up
			return 0, 0, 0
		default:
			size |= uint64(c&0x7f) << (4 + 7*(i-1))
		}
		if c&0x80 == 0 {
			return kind, size, i + 1
		}
	}
	return 0, 0, 0
}

// baseDistance reads how far back the base of an offset delta is; n as above.
func baseDistance(b []byte) (distance uint64, n int) {
	for i, c := range b {
		if i > 0 {
			distance++
		}
		if distance >= 1<<56 {
			return 0, 0
		}
		distance = distance<<7 | uint64(c&0x7f)
		if c&0x80 == 0 {
			return distance, i + 1
		}
	}
	return 0, 0
}
