package odb

import (
	"bytes"
	"encoding/binary"
)

const (
	fanoutSize  = 256 * 4
	indexMagic  = "\xfftOc"
	indexV2Head = 8
)

// index finds offsets in a pack by id, on the file's bytes as they are: only
// the pages on the way are touched. Whatever is wrong in the file is noticed by
// find, but for wrong ids and offsets.
type index struct {
	count   uint32
	fanout  []byte
	ids     []byte // one every stride bytes
	stride  int
	near    []byte // 4 bytes an object, every stride of version 1 in front of the id
	far     []byte // 8 bytes each; nil in version 1
	packSum []byte // the checksum at the end of the pack
}

// newIndex reads the head of an index of version 1 or 2.
func newIndex(data []byte) (*index, error) {
	x := &index{}
	version, head := 1, 0
	if bytes.HasPrefix(data, []byte(indexMagic)) {
		if len(data) < indexV2Head || binary.BigEndian.Uint32(data[4:]) != 2 {
			return nil, damage("an index of unknown version")
		}
		version, head = 2, indexV2Head
	}
	if len(data) < head+fanoutSize+2*idSize {
		return nil, damage("too short for an index")
	}
	x.fanout = data[head : head+fanoutSize]
	for i := range 256 {
		n := binary.BigEndian.Uint32(x.fanout[4*i:])
		if n < x.count {
			return nil, damage("counts that are not in order")
		}
		x.count = n
	}
	tables := data[head+fanoutSize : len(data)-2*idSize]
	x.packSum = data[len(data)-2*idSize : len(data)-idSize]
	if version == 1 {
		return x, x.layout1(tables)
	}
	return x, x.layout2(tables)
}

func (x *index) layout1(tables []byte) error {
	x.stride = 4 + idSize
	if uint64(len(tables)) != uint64(x.count)*uint64(x.stride) {
		return damage("a length that does not fit its counts")
	}
	if x.count > 0 {
		x.near, x.ids = tables, tables[4:]
	}
	return nil
}

func (x *index) layout2(tables []byte) error {
	x.stride = idSize
	n, size := uint64(x.count), uint64(idSize)
	fixed := n * (size + 4 + 4) // id, CRC, offset
	if have := uint64(len(tables)); have < fixed || have > fixed+8*n || (have-fixed)%8 != 0 {
		return damage("a length that does not fit its counts")
	}
	x.ids = tables[:n*size]
	x.near = tables[n*(size+4) : fixed]
	x.far = tables[fixed:]
	return nil
}

// find is where in the pack the object begins.
func (x *index) find(id []byte) (at uint64, found bool, err error) {
	low, high := uint32(0), binary.BigEndian.Uint32(x.fanout[4*int(id[0]):])
	if id[0] > 0 {
		low = binary.BigEndian.Uint32(x.fanout[4*int(id[0]-1):])
	}
	for low < high {
		mid := low + (high-low)/2
		switch start := int(mid) * x.stride; bytes.Compare(x.ids[start:start+idSize], id) {
		case 0:
			at, err = x.offset(mid)
			return at, err == nil, err
		case -1:
			low = mid + 1
		default:
			high = mid
		}
	}
	return 0, false, nil
}

func (x *index) offset(i uint32) (uint64, error) {
	if x.far == nil {
		return uint64(binary.BigEndian.Uint32(x.near[int(i)*x.stride:])), nil
	}
	at := binary.BigEndian.Uint32(x.near[4*int(i):])
	if at>>31 == 0 {
		return uint64(at), nil
	}
	at &^= 1 << 31
	if uint64(at) >= uint64(len(x.far)/8) {
		return 0, damage("an offset outside the index's table of large ones")
	}
	return binary.BigEndian.Uint64(x.far[8*int(at):]), nil
}
