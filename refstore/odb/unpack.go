package odb

import (
	"github.com/git-swarm/git-swarm/refstore/object"
)

// maxChain bounds how many deltas make an object. git writes no more than 4,095;
// a loop has no end.
const maxChain = 10_000

// readPacked unpacks and verifies the object id that p's index says is at an offset.
func (d *DB) readPacked(p *pack, m *packFile, at uint64, id object.Hash) (object.Object, error) {
	in := d.inflater()
	defer d.inflaters.Put(in)
	e, err := m.entryAt(at)
	var u unpacked
	switch {
	case err != nil:
	case e.kind != "": // most are not asked for again, and not the base of what is
		u.kind = e.kind
		u.content, err = in.inflate(e.zlib, e.size)
	default:
		u, err = d.unpack(in, p, m, at)
	}
	if err == nil && !in.hasID(u, id) {
		err = damage("its content has another id")
	}
	if err != nil {
		return object.Object{}, blame(id, p.base+".pack", err)
	}
	m.noteRead(len(u.content))
	return object.Object{ID: id, Kind: u.kind, Content: u.content}, nil
}

// unpack follows the deltas down to a whole object or a cached one and applies
// them on the way back.
func (d *DB) unpack(in *inflater, p *pack, m *packFile, at uint64) (unpacked, error) {
	var room [64]entry
	chain := room[:0]
	u, cached := d.bases.get(baseKey{p, at})
	for !cached {
		e, err := m.entryAt(at)
		if err != nil {
			return u, err
		}
		if e.kind != "" {
			if u.content, err = in.inflate(e.zlib, e.size); err != nil {
				return u, err
			}
			u.kind = e.kind
			d.bases.put(baseKey{p, at}, u)
			break
		}
		if len(chain) == maxChain {
			return u, damaged("more than %d deltas on one another", maxChain)
		}
		chain = append(chain, e)
		at = e.base
		u, cached = d.bases.get(baseKey{p, at})
	}
	for i := len(chain) - 1; i >= 0; i-- {
		delta, err := in.inflateScratch(chain[i].zlib, chain[i].size)
		if err == nil {
			u.content, err = applyDelta(u.content, delta)
		}
		if err != nil {
			return u, err
		}
		d.bases.put(baseKey{p, chain[i].at}, u)
	}
	return u, nil
}
