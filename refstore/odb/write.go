package odb

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// writeAttempts bounds how often a write is tried again because a gc took its
// temporary file or its directory.
const writeAttempts = 100

// Write stores o as a loose object of the repository itself, even if a pack or
// an alternate has it: those may go. A sound loose copy is freshened instead, so
// that no git prune takes it for old; a damaged one is replaced.
//
// When Write returns nil the object is whole under its name, mode 0444 less
// the umask; with Options.Fsync its content is on the disk. Whatever process is
// killed, there is never a part of it under its name.
func (d *DB) Write(o object.Object) error {
	if !known(o.Kind) || object.SHA1.Sum(o.Kind, o.Content) != o.ID {
		return fmt.Errorf("write object %.70q: not the id of this %q", string(o.ID), string(o.Kind))
	}
	if len(o.Content) > MaxSize {
		return &TooLargeError{ID: o.ID, Size: uint64(len(o.Content))}
	}
	path := d.own().loosePath(o.ID)
	if d.isClosed() {
		return os.ErrClosed
	}
	if d.freshen(path, o.ID) {
		return nil
	}
	df := d.deflater()
	defer d.deflaters.Put(df)
	data := df.deflate(o.Kind, o.Content)
	var err error
	for range writeAttempts {
		if err = d.writeFile(path, data); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err = makeFanout(filepath.Dir(path)); err != nil {
			break
		}
		err = errors.New("its directory or temporary file is removed again and again")
	}
	if err != nil {
		return fmt.Errorf("write object %s: %w", o.ID, err)
	}
	return nil
}

func (d *DB) isClosed() bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.closed
}

// freshen sets the times of a loose object to now and reports whether it is
// there and sound after that: a prune may have taken it just before.
func (d *DB) freshen(path string, id object.Hash) bool {
	now := time.Now()
	if err := os.Chtimes(path, now, now); err != nil {
		return false
	}
	if _, err := d.readLoose(path, id); err != nil {
		return false
	}
	return !d.opts.Fsync || syncFile(path) == nil // its writer may not have
}

func syncFile(path string) error {
	f, err := file.Open(path, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// makeFanout makes the directory of two digits, but not the database itself.
func makeFanout(dir string) error {
	if err := os.Mkdir(dir, 0o777); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// writeFile gives data the name path in one step. fs.ErrNotExist means that the
// directory is missing, or that a prune took the temporary file.
func (d *DB) writeFile(path string, data []byte) error {
	f, err := createTemp(filepath.Dir(path))
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil && d.opts.Fsync {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // git prune clears what stays
	}
	return err
}

// createTemp makes a file under the name that git prune knows for an object
// that its writer did not finish. The kernel takes the umask off its mode.
func createTemp(dir string) (*os.File, error) {
	for range 1000 {
		name := fmt.Sprintf("%s/tmp_obj_%06x", dir, rand.Uint32())
		f, err := file.Open(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, fmt.Errorf("no free temporary name in %q", dir)
}

// RemoveLoose removes the repository's loose file of an object that the caller
// knows to be unreachable. It is no error if there is none.
func (d *DB) RemoveLoose(id object.Hash) error {
	if !object.SHA1.Valid(id) {
		return fmt.Errorf("%.70q is no object id", string(id))
	}
	if err := os.Remove(d.own().loosePath(id)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// CountLoose17 is the number of loose objects whose ids begin with 17. git gc
// --auto takes 27 of them for the 6,700 of gc.auto's default.
func (d *DB) CountLoose17() (int, error) {
	f, err := file.Open(filepath.Join(d.own().dir, "17"), os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	n := 0
	for _, name := range names {
		if object.SHA1.Valid(object.Hash("17" + name)) {
			n++
		}
	}
	return n, err
}
