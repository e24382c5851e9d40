package object

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
)

// Hash is an object id in lower-case hexadecimal, 40 or 64 digits. The empty
// Hash means "no object": as the old value of a ref it says "must not exist".
type Hash string

// Short is the first ten digits, for people.
func (h Hash) Short() string { return string(h[:min(len(h), 10)]) }

// Algo is a repository's object format.
type Algo struct {
	Name string // as in extensions.objectFormat
	Size int    // bytes in an id
	New  func() hash.Hash
}

// SHA1 and SHA256 are the object formats that git knows.
var (
	SHA1   = Algo{"sha1", sha1.Size, sha1.New}
	SHA256 = Algo{"sha256", sha256.Size, sha256.New}
)

// Valid reports whether h is a full id of this format.
func (a Algo) Valid(h Hash) bool {
	if len(h) != 2*a.Size {
		return false
	}
	for i := range len(h) {
		if c := h[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Sum is the id of an object of that kind with that content.
func (a Algo) Sum(kind Kind, content []byte) Hash {
	d := a.New()
	head := Header(kind, len(content))
	d.Write(head)
	d.Write(content)
	return hashOf(d.Sum(head[:0]))
}

// hashOf is the id whose bytes are raw, at most 32 of them.
func hashOf(raw []byte) Hash {
	var digits [2 * sha256.Size]byte
	return Hash(digits[:hex.Encode(digits[:], raw)])
}

// EmptyTree is the id of the tree with no entry. It is asked of every commit that is
// read, so it is not computed.
func (a Algo) EmptyTree() Hash {
	if a.Size == sha256.Size {
		return "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
	}
	return "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
}

// Kind is an object's type, by git's name for it.
type Kind string

// The four kinds of object.
const (
	Blob   Kind = "blob"
	Tree   Kind = "tree"
	Commit Kind = "commit"
	Tag    Kind = "tag"
)

// Object is an object with its content; ID is its hash.
type Object struct {
	ID      Hash
	Kind    Kind
	Content []byte
}

// NewObject hashes content as an object of that kind.
func (a Algo) NewObject(kind Kind, content []byte) Object {
	return Object{ID: a.Sum(kind, content), Kind: kind, Content: content}
}

// Header is what git hashes and stores in front of the content.
func Header(kind Kind, size int) []byte {
	return AppendHeader(make([]byte, 0, sha256.Size), kind, size) // room for a checksum, too: see Sum
}

// AppendHeader appends to b what Header gives.
func AppendHeader(b []byte, kind Kind, size int) []byte {
	b = append(b, kind...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(size), 10)
	return append(b, 0)
}

// SyntaxError says why bytes are not the object they should be.
type SyntaxError struct {
	Kind Kind
	What string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("malformed %s: %s", e.Kind, e.What) }
