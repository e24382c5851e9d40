package odb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// MaxSize is the size in bytes above which an object is neither read nor written.
const MaxSize = 32 << 20

// Options are read once, by [Open].
type Options struct {
	// Fallback is asked for an object of which no copy was found in process
	// (partial clones); nil means there is none to ask. It is not asked when a
	// copy is there and damaged. What it returns is verified like anything else.
	Fallback func(ctx context.Context, id object.Hash) (object.Object, error)

	// Fsync makes Write sync each object before it gets its name: for
	// repositories whose core.fsync holds loose-object.
	Fsync bool
}

// idSize is the length of an object id in bytes.
const idSize = 20

// DB is the object database of one repository.
type DB struct {
	opts Options

	listing sync.Mutex   // held while packs are listed; taken before mu
	mu      sync.RWMutex // guards what follows, and the packs against unmapping
	stores  []*store     // the repository's own, then those of its alternates once listed
	lists   int          // how often stores was exchanged
	closed  bool

	hot       atomic.Pointer[pack] // where the last packed object was; used under mu
	bases     baseCache
	inflaters sync.Pool // of *inflater
	deflaters sync.Pool // of *deflater
}

// Open is the object database in dir, the objects directory of a repository with
// SHA-1 ids. Nothing is read yet; a directory that does not exist is a database
// without objects.
func Open(dir string, opts Options) *DB {
	return &DB{
		opts:   opts,
		stores: []*store{{dir: dir}},
		bases:  baseCache{limit: baseCacheLimit},
	}
}

// Close unmaps the packs once running calls have ended. Calls that begin later
// give [os.ErrClosed] or false. Contents that were returned stay valid.
func (d *DB) Close() error {
	d.listing.Lock()
	defer d.listing.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.hot.Store(nil)
	d.bases.clear()
	var errs []error
	for _, s := range d.stores {
		for _, p := range s.packs {
			errs = append(errs, p.close())
		}
		s.packs = nil
	}
	return errors.Join(errs...)
}

// Read returns the object whose id is id. The content must not be changed: others may be
// given the same. Errors are [ErrNotFound], a [*DamagedError], a [*TooLargeError], those of
// the file system, of Options.Fallback, and of ctx.
func (d *DB) Read(ctx context.Context, id object.Hash) (object.Object, error) {
	if err := ctx.Err(); err != nil {
		return object.Object{}, err
	}
	var obj object.Object
	var bad error // about the first copy that could not be read
	take := func(o object.Object, err error) bool {
		if err == nil {
			obj = o
		} else if bad == nil {
			bad = err
		}
		return err == nil
	}
	found, err := d.search(id, probe{
		loose: func(path string) bool {
			o, err := d.readLoose(path, id)
			return !errors.Is(err, os.ErrNotExist) && take(o, err)
		},
		packed: func(p *pack, m *packFile, at uint64) bool {
			return take(d.readPacked(p, m, at, id))
		},
	})
	switch {
	case found:
		return obj, nil
	case bad != nil:
		return object.Object{}, bad
	case errors.Is(err, os.ErrClosed) || d.opts.Fallback == nil || !object.SHA1.Valid(id):
		return object.Object{}, err
	}
	return d.fallBack(ctx, id, err)
}

// fallBack asks Options.Fallback. If that fails, too, and a pack could not be
// searched, the error is that of the pack.
func (d *DB) fallBack(ctx context.Context, id object.Hash, trouble error) (object.Object, error) {
	o, err := d.opts.Fallback(ctx, id)
	if err != nil {
		if !errors.Is(trouble, ErrNotFound) {
			err = trouble
		}
		return object.Object{}, fmt.Errorf("object %s: %w", id, err)
	}
	if o.ID != id || object.SHA1.Sum(o.Kind, o.Content) != id {
		return object.Object{}, &DamagedError{id, "", "the fallback gave another object"}
	}
	return o, nil
}

// Has reports whether the object is loose, packed or in an alternate. It
// decodes nothing, so a damaged object counts; Options.Fallback is not asked.
func (d *DB) Has(id object.Hash) bool {
	found, _ := d.search(id, probe{
		loose:  exists,
		packed: func(*pack, *packFile, uint64) bool { return true },
	})
	return found
}

// own is the store that is written to. It is the same for the DB's whole life.
func (d *DB) own() *store {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.stores[0]
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
