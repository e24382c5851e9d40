package odb

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"hash/adler32"
	"io"
	"slices"

	"github.com/git-swarm/git-swarm/refstore/object"
)

const (
	zlibHeader   = 0x7801 // deflate, window of 32 KiB, fastest: what git writes at level 1
	storedMost   = 65535  // bytes: a stored block's bound
	maxRatio     = 1032   // deflate cannot expand by more
	scratchLimit = 1 << 20
)

// inflater is a zlib reader with its source and buffers, to be used again.
type inflater struct {
	src     bytes.Reader
	z       io.ReadCloser
	scratch []byte
	sum     hash.Hash
	head    [maxLooseHeader]byte
}

func (d *DB) inflater() *inflater {
	if in, ok := d.inflaters.Get().(*inflater); ok {
		return in
	}
	return new(inflater)
}

// hasID reports whether the object has that id.
func (in *inflater) hasID(u unpacked, id object.Hash) bool {
	if in.sum == nil {
		in.sum = object.SHA1.New()
	}
	in.sum.Reset()
	in.sum.Write(object.AppendHeader(in.head[:0], u.kind, len(u.content)))
	in.sum.Write(u.content)
	var digits [2 * idSize]byte
	return string(digits[:hex.Encode(digits[:], in.sum.Sum(in.head[:0]))]) == string(id)
}

func (in *inflater) reset(src []byte) error {
	in.src.Reset(src)
	var err error
	if in.z == nil {
		in.z, err = zlib.NewReader(&in.src)
	} else {
		err = in.z.(zlib.Resetter).Reset(&in.src, nil)
	}
	if err != nil {
		return damaged("zlib: %v", err)
	}
	return nil
}

// fill completes buf, of which n bytes are there, and verifies that the stream
// ends with it and has the right checksum.
func (in *inflater) fill(buf []byte, n int) error {
	if m, err := io.ReadFull(in.z, buf[n:]); err != nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return damaged("%d bytes or fewer instead of %d", n+m, len(buf))
		}
		return damaged("zlib: %v", err)
	}
	var more [1]byte
	switch n, err := io.ReadFull(in.z, more[:]); {
	case n > 0:
		return damaged("more than %d bytes", len(buf))
	case err != io.EOF:
		return damaged("zlib: %v", err)
	}
	return nil
}

// inflate makes size bytes from the zlib stream that src begins with.
func (in *inflater) inflate(src []byte, size uint64) ([]byte, error) {
	if err := checkSize(size, inflatedBound(src)); err != nil {
		return nil, err
	}
	buf := make([]byte, size)
	return buf, in.inflateInto(src, buf)
}

// inflateScratch is inflate into a buffer that the next call overwrites.
func (in *inflater) inflateScratch(src []byte, size uint64) ([]byte, error) {
	if size > scratchLimit {
		return in.inflate(src, size)
	}
	if uint64(cap(in.scratch)) < size {
		in.scratch = make([]byte, size, max(2*size, 512))
	}
	buf := in.scratch[:size]
	return buf, in.inflateInto(src, buf)
}

func (in *inflater) inflateInto(src, buf []byte) error {
	if err := in.reset(src); err != nil {
		return err
	}
	return in.fill(buf, 0)
}

func inflatedBound(src []byte) uint64 { return uint64(len(src))*maxRatio + maxRatio }

// storedOnce is the content of a zlib stream that is one stored block and
// nothing else: what [DB.deflate] makes of a small object. It is a part of raw.
// Anything else, damaged or not, is left to compress/zlib.
func storedOnce(raw []byte) ([]byte, bool) {
	if len(raw) < flatHead+flatSum || binary.BigEndian.Uint16(raw) != zlibHeader || raw[2] != 1 {
		return nil, false
	}
	n, inverse := binary.LittleEndian.Uint16(raw[3:]), binary.LittleEndian.Uint16(raw[5:])
	if n != ^inverse || len(raw) != flatHead+int(n)+flatSum {
		return nil, false
	}
	flat := raw[flatHead : flatHead+int(n)]
	return flat, adler32.Checksum(flat) == binary.BigEndian.Uint32(raw[len(raw)-flatSum:])
}

// deflater is what a zlib stream is made in, to be used again.
type deflater struct {
	flat []byte
	out  bytes.Buffer
	z    *zlib.Writer
}

func (d *DB) deflater() *deflater {
	if df, ok := d.deflaters.Get().(*deflater); ok {
		return df
	}
	return new(deflater)
}

// deflate is the zlib stream of an object, which the next call overwrites. What fits a
// stored block is stored as it is: setting up a compressor costs a short command a tenth
// of its time, and the disk blocks that it would save are saved when git gc packs the
// object.
func (df *deflater) deflate(kind object.Kind, content []byte) []byte {
	head := object.Header(kind, len(content))
	if len(head)+len(content) <= storedMost {
		df.flat = appendFlat(slices.Grow(df.flat[:0], flatHead+len(head)+len(content)+flatSum), head, content)
		return df.flat
	}
	df.out.Reset()
	if df.z == nil {
		df.z, _ = zlib.NewWriterLevel(&df.out, zlib.BestSpeed) // fails for unknown levels only
	} else {
		df.z.Reset(&df.out)
	}
	_, _ = df.z.Write(head) // a bytes.Buffer takes everything
	_, _ = df.z.Write(content)
	_ = df.z.Close()
	return df.out.Bytes()
}

// What a stream that is one stored block has before its content, and behind it, in bytes.
const (
	flatHead = 2 + 5
	flatSum  = 4
)

// appendFlat appends to out a stream of one stored block, with head and content, which
// are short enough.
func appendFlat(out, head, content []byte) []byte {
	from, n := len(out)+flatHead, uint16(len(head)+len(content))
	out = binary.BigEndian.AppendUint16(out, zlibHeader)
	out = append(out, 1) // the final block, stored
	out = binary.LittleEndian.AppendUint16(out, n)
	out = binary.LittleEndian.AppendUint16(out, ^n)
	out = append(out, head...)
	out = append(out, content...)
	return binary.BigEndian.AppendUint32(out, adler32.Checksum(out[from:]))
}
