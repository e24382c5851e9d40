package index

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strconv"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// ErrUnread says that only git can tell.
var ErrUnread = errors.New("the index is not read in process")

// file is an entry of the index: what the next commit has at a path.
type file struct {
	path string
	mode object.Mode
	id   object.Hash
	stat []byte // of the file in the work tree, as git saw it last
}

// folder is what the index knows of the tree of a folder.
type folder struct {
	name string
	tree object.Hash // "" where files below it have changed since
	subs []*folder
}

// sub is the folder of that name, nil if nothing is known of it. f may be nil.
func (f *folder) sub(name string) *folder {
	if f == nil {
		return nil
	}
	for _, s := range f.subs {
		if s.name == name {
			return s
		}
	}
	return nil
}

const (
	headerSize = 12 // "DIRC", the version, the number of entries
	statSize   = 40 // of an entry, before its id; the mode is in there
	modeAt     = 24

	extended    = 0x4000 // of an entry's flags: more of them follow
	stage       = 0x3000
	intentToAdd = 0x2000 // of those
)

// parse reads an index. special reports whether there are entries of another kind, which
// git takes for ones that are not there, or of which it does not look at the file.
func parse(content []byte, algo object.Algo) (files []file, root *folder, special bool, err error) {
	if len(content) < headerSize+algo.Size || string(content[:4]) != "DIRC" {
		return nil, nil, false, ErrUnread
	}
	version, count := binary.BigEndian.Uint32(content[4:]), binary.BigEndian.Uint32(content[8:])
	if version != 2 && version != 3 {
		return nil, nil, false, ErrUnread
	}
	b := content[headerSize : len(content)-algo.Size]
	for range count {
		f, flags, n := parseFile(b, algo)
		if n == 0 || n > len(b) || flags.stage || len(files) > 0 && files[len(files)-1].path >= f.path {
			return nil, nil, false, ErrUnread
		}
		special = special || flags.extended
		if !flags.intended {
			files = append(files, f)
		}
		b = b[n:]
	}
	for len(b) > 0 {
		if len(b) < 8 {
			return nil, nil, false, ErrUnread
		}
		name, size := string(b[:4]), uint64(binary.BigEndian.Uint32(b[4:]))
		if size > uint64(len(b)-8) || name[0] < 'A' || name[0] > 'Z' { // who does not know such a one must not read the index
			return nil, nil, false, ErrUnread
		}
		if name == "TREE" {
			var rest []byte
			if root, rest, err = parseFolder(b[8:8+size], algo, 0); err != nil || len(rest) > 0 {
				return nil, nil, false, ErrUnread
			}
		}
		b = b[8+size:]
	}
	return files, root, special, nil
}

// fileFlags are the flags of an entry that matter.
type fileFlags struct{ stage, extended, intended bool }

// parseFile reads an entry of n bytes; 0 says that it is cut short.
func parseFile(b []byte, algo object.Algo) (f file, flags fileFlags, n int) {
	head := statSize + algo.Size + 2
	if len(b) < head+2 {
		return f, flags, 0
	}
	bits := binary.BigEndian.Uint16(b[head-2:])
	flags.stage = bits&stage != 0
	if bits&extended != 0 {
		flags.extended = true
		flags.intended = binary.BigEndian.Uint16(b[head:])&intentToAdd != 0
		head += 2
	}
	length := bytes.IndexByte(b[head:], 0)
	if length <= 0 {
		return f, flags, 0
	}
	f.path = string(b[head : head+length])
	f.mode = object.Mode(strconv.FormatUint(uint64(binary.BigEndian.Uint32(b[modeAt:])), 8))
	f.id = object.Hash(hex.EncodeToString(b[statSize : statSize+algo.Size]))
	f.stat = b[:statSize]
	return f, flags, (head + length + 8) &^ 7 // at least one NUL, up to a multiple of eight
}

// maxDepth is how deep folders may be.
const maxDepth = 1000

// parseFolder reads what is known of a folder and of those in it.
func parseFolder(b []byte, algo object.Algo, depth int) (f *folder, rest []byte, err error) {
	name, b, ok1 := bytes.Cut(b, []byte{0})
	counts, b, ok2 := bytes.Cut(b, []byte("\n"))
	files, subs, ok3 := bytes.Cut(counts, []byte(" "))
	n, err1 := strconv.Atoi(string(files))
	m, err2 := strconv.Atoi(string(subs))
	if !ok1 || !ok2 || !ok3 || errors.Join(err1, err2) != nil || depth > maxDepth {
		return nil, nil, ErrUnread
	}
	f = &folder{name: string(name)}
	if n >= 0 {
		if len(b) < algo.Size {
			return nil, nil, ErrUnread
		}
		f.tree, b = object.Hash(hex.EncodeToString(b[:algo.Size])), b[algo.Size:]
	}
	for range m {
		sub, rest, err := parseFolder(b, algo, depth+1)
		if err != nil {
			return nil, nil, err
		}
		f.subs, b = append(f.subs, sub), rest
	}
	return f, b, nil
}
