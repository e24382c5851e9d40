package odb

import (
	"errors"
	"fmt"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// ErrNotFound is wrapped, with the id, when an object is in no place.
var ErrNotFound = errors.New("object not found")

// DamagedError is an object that is there and broken, or, with an empty ID, a
// pack or index that cannot be used at all, so that nothing can be said about
// what it holds.
type DamagedError struct {
	ID   object.Hash
	Path string // the file; empty for what Options.Fallback gave
	What string // what is wrong with it
}

func (e *DamagedError) Error() string {
	switch "" {
	case string(e.ID):
		return fmt.Sprintf("%q is damaged: %s", e.Path, e.What)
	case e.Path:
		return fmt.Sprintf("object %s is damaged: %s", e.ID, e.What)
	}
	return fmt.Sprintf("object %s in %q is damaged: %s", e.ID, e.Path, e.What)
}

// TooLargeError is an object, or a delta needed for it, above [MaxSize]. It is
// given before anything of that size is allocated.
type TooLargeError struct {
	ID   object.Hash
	Path string // the file; empty if the object was to be written
	Size uint64 // in bytes, as the file states it
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("object %s is too large: %d bytes", e.ID, e.Size)
}

// damage and oversize make the errors of decoders, which know neither id nor file.
type (
	damage   string
	oversize uint64
)

func (e damage) Error() string   { return string(e) }
func (e oversize) Error() string { return fmt.Sprintf("%d bytes are too many", uint64(e)) }

func damaged(format string, args ...any) error { return damage(fmt.Sprintf(format, args...)) }

// blame adds the object and the file to a decoder's error. Other errors name their
// file already.
func blame(id object.Hash, path string, err error) error {
	switch err := err.(type) {
	case damage:
		return &DamagedError{id, path, string(err)}
	case oversize:
		return &TooLargeError{id, path, uint64(err)}
	}
	return err
}
