package redo

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Record describes one transaction: refs with old and new value, and the objects
// that are new.
type Record struct {
	Updates []refs.Update
	Objects []object.Object
}

const (
	magic     = "git swarm redo 1 "
	maxHeader = len(magic) + len("18446744073709551615 01234567\n")
)

func header(payload []byte) string {
	return fmt.Sprintf("%s%d %08x\n", magic, len(payload), crc32.ChecksumIEEE(payload))
}

// Encode is the log's content: the header, a line "update REF PREV NEXT" for each
// ref, with "-" for a PREV that must not exist, and "object KIND SIZE", the
// content and a line feed for each object.
func (r *Record) Encode() []byte {
	size := maxHeader
	for _, o := range r.Objects {
		size += len(o.Content)
	}
	const about = 256 // bytes of a line
	var b bytes.Buffer
	b.Grow(size + about*(len(r.Updates)+len(r.Objects)))
	b.Write(make([]byte, maxHeader)) // for the header, which ends with it
	for _, u := range r.Updates {
		prev := u.Prev
		if prev == "" {
			prev = "-"
		}
		fmt.Fprintf(&b, "update %s %s %s\n", u.Ref, prev, u.Next)
	}
	for _, o := range r.Objects {
		fmt.Fprintf(&b, "object %s %d\n", o.Kind, len(o.Content))
		b.Write(o.Content)
		b.WriteByte('\n')
	}
	payload := b.Bytes()[maxHeader:]
	head := header(payload)
	from := maxHeader - len(head)
	copy(b.Bytes()[from:], head)
	return b.Bytes()[from:]
}

// decode reads what Encode wrote. It returns nil for a content that does not match
// its header, and an error for one that does but is not what Encode writes.
func decode(content []byte, algo object.Algo) (*Record, error) {
	line, payload, ok := bytes.Cut(content, []byte("\n"))
	if !ok || string(line)+"\n" != header(payload) {
		return nil, nil
	}
	return decodePayload(payload, algo)
}

func decodePayload(payload []byte, algo object.Algo) (*Record, error) {
	r := &Record{}
	for len(payload) > 0 {
		line, rest, ok := bytes.Cut(payload, []byte("\n"))
		if !ok {
			return nil, fmt.Errorf("unterminated line %.80q", line)
		}
		words := strings.Split(string(line), " ")
		switch {
		case len(words) == 4 && words[0] == "update":
			u := refs.Update{Ref: words[1], Prev: object.Hash(words[2]), Next: object.Hash(words[3])}
			if refs.CheckName(u.Ref) != nil || !algo.Valid(u.Next) || (u.Prev != "-" && !algo.Valid(u.Prev)) {
				return nil, fmt.Errorf("malformed line %.80q", line)
			}
			if u.Prev == "-" {
				u.Prev = ""
			}
			r.Updates = append(r.Updates, u)
		case len(words) == 3 && words[0] == "object":
			size, err := strconv.Atoi(words[2])
			if err != nil || size < 0 || words[2] != strconv.Itoa(size) || size >= len(rest) || rest[size] != '\n' {
				return nil, fmt.Errorf("malformed line %.80q", line)
			}
			r.Objects = append(r.Objects, algo.NewObject(object.Kind(words[1]), bytes.Clone(rest[:size])))
			rest = rest[size+1:]
		default:
			return nil, fmt.Errorf("malformed line %.80q", line)
		}
		payload = rest
	}
	return r, nil
}
