package odb

import "encoding/binary"

// applyDelta makes the object that delta describes as pieces of base and new bytes.
func applyDelta(base, delta []byte) ([]byte, error) {
	from, n := binary.Uvarint(delta)
	if n <= 0 || from != uint64(len(base)) {
		return nil, damage("a delta on a base of another size")
	}
	delta = delta[n:]
	size, n := binary.Uvarint(delta)
	if n <= 0 {
		return nil, damage("a delta that is cut short")
	}
	delta = delta[n:]
	if err := checkSize(size, deltaBound(len(base), len(delta))); err != nil {
		return nil, err
	}
	out := make([]byte, 0, size)
	for len(delta) > 0 {
		piece, n := deltaPiece(base, delta)
		if n == 0 {
			return nil, damage("a delta with a piece that is not there")
		}
		if uint64(len(out)+len(piece)) > size {
			return nil, damage("a delta that makes more than it says")
		}
		out, delta = append(out, piece...), delta[n:]
	}
	if uint64(len(out)) != size {
		return nil, damage("a delta that makes less than it says")
	}
	return out, nil
}

// deltaBound is how much a delta can make: each instruction copies at most
// 16 MiB less a byte, and never more than the base holds, or brings its bytes along.
func deltaBound(base, delta int) uint64 {
	return uint64(delta) * uint64(max(min(base, 1<<24-1), 1))
}

// deltaPiece reads one instruction; n, the bytes it takes, is 0 if it is wrong.
func deltaPiece(base, delta []byte) (piece []byte, n int) {
	op := delta[0]
	if op&0x80 == 0 { // op new bytes follow; 0 is reserved
		if op == 0 || len(delta) <= int(op) {
			return nil, 0
		}
		return delta[1 : 1+int(op)], 1 + int(op)
	}
	n = 1
	var args [7]uint64 // four bytes of offset, three of size, absent ones zero
	for i := range args {
		if op&(1<<i) == 0 {
			continue
		}
		if n == len(delta) {
			return nil, 0
		}
		args[i] = uint64(delta[n])
		n++
	}
	offset := args[0] | args[1]<<8 | args[2]<<16 | args[3]<<24
	size := args[4] | args[5]<<8 | args[6]<<16
	if size == 0 {
		size = 0x10000
	}
	if offset+size > uint64(len(base)) {
		return nil, 0
	}
	return base[offset : offset+size], n
}
