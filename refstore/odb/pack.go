package odb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"sync"
	"sync/atomic"
)

const packHead = 12 // "PACK", version, number of objects

// pack is a pack and its index by name. They are mapped when first needed.
type pack struct {
	base string // the path without .pack or .idx

	mu sync.Mutex // held while mapping
	m  atomic.Pointer[packFile]
}

// packFile is a pack and its index, mapped.
type packFile struct {
	index *index
	data  []byte // the pack
	idx   []byte // what index looks into

	unpacked atomic.Int64 // bytes, since data was last forgotten
}

// maxMapped is about how much of a pack stays in memory after it was read: of a long
// chain all is read once, and the whole of its pack would be there in the end.
const maxMapped = 4 << 20

// noteRead is called when an object of that size was read.
func (m *packFile) noteRead(size int) {
	if m.unpacked.Add(int64(size)) > maxMapped {
		m.unpacked.Store(0)
		forget(m.data)
	}
}

// open maps the files unless they are. The error is os.ErrNotExist if either is
// gone, a DamagedError if they do not fit each other or themselves.
func (p *pack) open() (*packFile, error) {
	if m := p.m.Load(); m != nil {
		return m, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := p.m.Load(); m != nil {
		return m, nil
	}
	idx, err := mapFile(p.base + ".idx")
	if err != nil {
		return nil, err
	}
	data, err := mapFile(p.base + ".pack")
	if err != nil {
		return nil, errors.Join(err, unmap(idx))
	}
	m, file, err := newPackFile(idx, data)
	if err != nil {
		_, _ = unmap(idx), unmap(data)
		return nil, blame("", p.base+file, err)
	}
	p.m.Store(m)
	return m, nil
}

// newPackFile puts an index and its pack together. With an error, file is the
// suffix of the file at fault.
func newPackFile(idx, data []byte) (m *packFile, file string, err error) {
	x, err := newIndex(idx)
	if err != nil {
		return nil, ".idx", err
	}
	if len(data) < packHead+idSize || !bytes.HasPrefix(data, []byte("PACK")) {
		return nil, ".pack", damage("no pack at all")
	}
	if v := binary.BigEndian.Uint32(data[4:]); v != 2 && v != 3 {
		return nil, ".pack", damage("a pack of unknown version")
	}
	if binary.BigEndian.Uint32(data[8:]) != x.count || !bytes.Equal(data[len(data)-idSize:], x.packSum) {
		return nil, ".pack", damage("not the pack that its index describes")
	}
	return &packFile{index: x, data: data, idx: idx}, "", nil
}

// close must not be called while p is in use elsewhere.
func (p *pack) close() error {
	m := p.m.Swap(nil)
	if m == nil {
		return nil
	}
	return errors.Join(unmap(m.idx), unmap(m.data))
}

// regularSize is the size of an open file that can be mapped.
func regularSize(f *os.File) (int, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if n := int(info.Size()); info.Mode().IsRegular() && int64(n) == info.Size() {
		return n, nil
	}
	return 0, &os.PathError{Op: "map", Path: f.Name(), Err: os.ErrInvalid}
}
