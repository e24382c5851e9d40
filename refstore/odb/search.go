package odb

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// maxRounds bounds how often one search lists the packs, when each list finds
// that a repack has gone on meanwhile.
const maxRounds = 8

// probe is called for each place where an object may be, until one returns true.
type probe struct {
	loose  func(path string) bool // path need not exist
	packed func(p *pack, m *packFile, at uint64) bool
}

// search calls pr for the places in an order that misses no object that a running
// gc moves: git deletes a loose object only after its pack has got an index, and a
// pack only after its objects are in another pack or loose. If nothing was found,
// the error is ErrNotFound, or says which place could not be searched.
func (d *DB) search(id object.Hash, pr probe) (bool, error) {
	raw, err := hex.DecodeString(string(id))
	if err != nil || !object.SHA1.Valid(id) {
		return false, fmt.Errorf("%.70q is no object id: %w", string(id), ErrNotFound)
	}
	if found, err := d.inHotPack(raw, pr); found || err != nil {
		return found, err
	}
	if d.isLoose(id, pr) {
		return true, nil
	}
	found, trouble := d.inPacks(raw, pr)
	if found || d.isLoose(id, pr) {
		return true, nil
	}
	if trouble == nil {
		trouble = fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	return false, trouble
}

// inHotPack searches the pack where the last object was found. It saves a walk
// along a packed chain one failing open(2) for each object.
func (d *DB) inHotPack(raw []byte, pr probe) (bool, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return false, os.ErrClosed
	}
	if p := d.hot.Load(); p != nil {
		if found, err := inPack(p, raw, pr); found && err == nil {
			return true, nil
		}
	}
	return false, nil
}

func (d *DB) isLoose(id object.Hash, pr probe) bool {
	d.mu.RLock()
	stores := d.stores // a slice is never changed once it is here
	d.mu.RUnlock()
	for _, s := range stores {
		if pr.loose(s.loosePath(id)) {
			return true
		}
	}
	return false
}

// inPacks searches the packs as last listed, and lists them again until a list
// brings nothing new. The error is about packs that could not be searched.
func (d *DB) inPacks(raw []byte, pr probe) (bool, error) {
	for round := 0; ; round++ {
		found, gone, seen, trouble := d.inListedPacks(raw, pr)
		if found || round == maxRounds {
			return found, trouble
		}
		latest, err := d.list()
		if err != nil {
			return false, err
		}
		if latest == seen && !gone {
			return false, trouble
		}
	}
}

// inListedPacks reports with gone that a listed pack is there no more, and which
// list it saw.
func (d *DB) inListedPacks(raw []byte, pr probe) (found, gone bool, seen int, trouble error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return false, false, 0, os.ErrClosed
	}
	for _, s := range d.stores {
		for _, p := range s.packs {
			found, err := inPack(p, raw, pr)
			switch {
			case errors.Is(err, os.ErrNotExist):
				gone = true
			case err != nil && trouble == nil:
				trouble = err
			case found:
				d.hot.Store(p)
				return true, false, d.lists, nil
			}
		}
	}
	return false, gone, d.lists, trouble
}

// inPack calls pr if the pack holds the object. A page of a mapped file that
// cannot be read (a disk error, a file cut short meanwhile) is an error and does
// not crash the process.
func inPack(p *pack, raw []byte, pr probe) (found bool, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			if _, fault := r.(interface{ Addr() uintptr }); !fault {
				panic(r)
			}
			found, err = false, &DamagedError{"", p.base + ".pack", "pages of the pack or its index cannot be read"}
		}
	}()
	m, err := p.open()
	if err != nil {
		return false, err
	}
	at, found, err := m.index.find(raw)
	if err != nil {
		return false, blame(object.Hash(hex.EncodeToString(raw)), p.base+".idx", err)
	}
	return found && pr.packed(p, m, at), nil
}
