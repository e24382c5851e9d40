package odb

import (
	"bytes"
	"io"
	"strconv"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// maxLooseHeader is git's bound on "<kind> <size>\0".
const maxLooseHeader = 32

// readLoose reads and verifies one file.
func (d *DB) readLoose(path string, id object.Hash) (object.Object, error) {
	raw, err := readLooseFile(path)
	if err != nil {
		return object.Object{}, blame(id, path, err)
	}
	in := d.inflater()
	defer d.inflaters.Put(in)
	kind, content, err := in.decodeLoose(raw)
	if err == nil && object.SHA1.Sum(kind, content) != id {
		err = damage("its content has another id")
	}
	if err != nil {
		return object.Object{}, blame(id, path, err)
	}
	return object.Object{ID: id, Kind: kind, Content: content}, nil
}

// looseLimit bounds a loose file: deflated data never outgrows its content by as
// much as a thousandth.
const looseLimit = MaxSize + MaxSize/1000

func readLooseFile(path string) ([]byte, error) {
	raw, err := file.Read(path, looseLimit+1)
	if len(raw) > looseLimit {
		return nil, oversize(len(raw))
	}
	return raw, err
}

// decodeLoose is a loose file's kind and content, which may be a part of raw.
func (in *inflater) decodeLoose(raw []byte) (object.Kind, []byte, error) {
	if flat, ok := storedOnce(raw); ok {
		kind, size, head, err := parseLooseHeader(flat, uint64(len(flat)))
		if err == nil && size != len(flat)-head {
			err = damaged("%d bytes instead of %d", len(flat)-head, size)
		}
		if err != nil {
			return "", nil, err
		}
		return kind, flat[head:len(flat):len(flat)], nil
	}
	if err := in.reset(raw); err != nil {
		return "", nil, err
	}
	var start [maxLooseHeader]byte
	n, err := io.ReadFull(in.z, start[:])
	if err != nil && err != io.ErrUnexpectedEOF {
		return "", nil, damaged("header: %v", err)
	}
	kind, size, head, err := parseLooseHeader(start[:n], inflatedBound(raw))
	if err != nil {
		return "", nil, err
	}
	if n-head > size {
		return "", nil, damaged("more than %d bytes", size)
	}
	content := make([]byte, size)
	if err := in.fill(content, copy(content, start[head:n])); err != nil {
		return "", nil, err
	}
	if in.src.Len() > 0 {
		return "", nil, damage("garbage at its end")
	}
	return kind, content, nil
}

// parseLooseHeader reads "<kind> <size>\0" and returns the header's own length
// too. A size above bound, which is what the file can at most hold, is damage.
func parseLooseHeader(b []byte, bound uint64) (kind object.Kind, size, head int, err error) {
	line, _, found := bytes.Cut(b[:min(len(b), maxLooseHeader)], []byte{0})
	name, digits, spaced := bytes.Cut(line, []byte(" "))
	kind = object.Kind(name)
	if !found || !spaced || !known(kind) {
		return "", 0, 0, damage("no header of a known kind")
	}
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != string(digits) {
		return "", 0, 0, damage("no size in its header")
	}
	if err := checkSize(n, bound); err != nil {
		return "", 0, 0, err
	}
	return kind, int(n), len(line) + 1, nil
}

func known(kind object.Kind) bool {
	switch kind {
	case object.Blob, object.Tree, object.Commit, object.Tag:
		return true
	}
	return false
}

// checkSize is asked before size bytes are allocated.
func checkSize(size, bound uint64) error {
	if size > MaxSize {
		return oversize(size)
	}
	if size > bound {
		return damaged("%d bytes cannot come out of so short a file", size)
	}
	return nil
}
