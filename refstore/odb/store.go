package odb

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// store is one objects directory: the repository's or an alternate's.
type store struct {
	dir   string
	packs []*pack
}

func (s *store) loosePath(id object.Hash) string {
	return s.dir + "/" + string(id[:2]) + "/" + string(id[2:])
}

// list reads the alternates and the names of all packs anew, and returns the
// number of the list that is in use then: it counts the lists that differed from
// the one before. Packs that are listed no more are unmapped.
func (d *DB) list() (int, error) {
	d.listing.Lock()
	defer d.listing.Unlock()
	before := d.stores // it and lists only change under listing
	dirs, err := withAlternates(before[0].dir)
	if err != nil {
		return 0, err
	}
	after := make([]*store, len(dirs))
	changed := len(before) != len(after)
	for i, dir := range dirs {
		old := &store{dir: dir}
		if j := slices.IndexFunc(before, func(s *store) bool { return s.dir == dir }); j >= 0 {
			old = before[j]
		}
		if after[i], err = old.relist(); err != nil {
			return 0, err
		}
		changed = changed || before[i] != old || !slices.Equal(old.packs, after[i].packs)
	}
	if changed {
		err = d.exchange(after)
	}
	return d.lists, err
}

// relist is the store with the packs that it has now; known ones are kept.
func (s *store) relist() (*store, error) {
	bases, err := packBases(filepath.Join(s.dir, "pack"))
	if err != nil {
		return nil, err
	}
	known := make(map[string]*pack, len(s.packs))
	for _, p := range s.packs {
		known[p.base] = p
	}
	next := &store{dir: s.dir}
	for _, base := range bases {
		p := known[base]
		if p == nil {
			p = &pack{base: base}
		}
		next.packs = append(next.packs, p)
	}
	return next, nil
}

// exchange waits for running searches, then makes stores the ones in use.
func (d *DB) exchange(stores []*store) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return os.ErrClosed
	}
	kept := make(map[*pack]bool)
	for _, s := range stores {
		for _, p := range s.packs {
			kept[p] = true
		}
	}
	for _, s := range d.stores {
		for _, p := range s.packs {
			if kept[p] {
				continue
			}
			_ = p.close() // munmap has no failure that matters here
			d.bases.clear()
			d.hot.CompareAndSwap(p, nil)
		}
	}
	d.stores = stores
	d.lists++
	return nil
}

// packBases are the packs in dir that have an index, without their suffix,
// sorted. One that is being written has none yet.
func packBases(dir string) ([]string, error) {
	f, err := file.Open(dir, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	packs := make(map[string]bool)
	for _, name := range names {
		if base, ok := strings.CutSuffix(name, ".pack"); ok {
			packs[base] = true
		}
	}
	var bases []string
	for _, name := range names {
		if base, ok := strings.CutSuffix(name, ".idx"); ok && packs[base] {
			bases = append(bases, filepath.Join(dir, base))
		}
	}
	slices.Sort(bases)
	return bases, nil
}
