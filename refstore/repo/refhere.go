package repo

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// RefHere is the id of a branch or remote-tracking ref, given its full name, as git's own
// files have it; "" where they do not say: the ref may be symbolic, kept otherwise, or not
// be there.
func (r *Repo) RefHere(ref string) string {
	refs, _ := r.refsHere([]string{ref})
	return refs[ref].id
}

// refValue is what a ref holds.
type refValue struct {
	id string // "" of a symbolic one
	to string // the ref that a symbolic one stands for, else ""
}

// maxPackedRefs is the length in bytes up to which packed-refs is read whole: above it
// git, which does not read all of it, is faster.
const maxPackedRefs = 4 << 20

// refsHere are those of the branches and remote-tracking refs that exist, as git's own
// files have them. ok is false if only git can tell.
func (r *Repo) refsHere(names []string) (refs map[string]refValue, ok bool) {
	if ok, _ := r.ReadInProcess(); !ok || r.RefFormat != "files" {
		return nil, false
	}
	refs = map[string]refValue{}
	var packed []string
	for _, name := range names {
		if !filepath.IsLocal(name) || !strings.HasPrefix(name, "refs/heads/") && !strings.HasPrefix(name, "refs/remotes/") {
			return nil, false
		}
		content, err := file.Read(filepath.Join(r.CommonDir, filepath.FromSlash(name)), 4096)
		text := strings.TrimSuffix(string(content), "\n")
		to, symbolic := strings.CutPrefix(text, "ref: ")
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
			packed = append(packed, name)
		case err == nil && symbolic:
			refs[name] = refValue{to: to}
		case err == nil && object.SHA1.Valid(object.Hash(text)):
			refs[name] = refValue{id: text}
		default:
			return nil, false
		}
	}
	if len(packed) == 0 {
		return refs, true
	}
	content, err := file.Read(filepath.Join(r.CommonDir, "packed-refs"), maxPackedRefs+1) // after the loose ones: git packs, and then removes them
	if errors.Is(err, fs.ErrNotExist) {
		return refs, true
	}
	if err != nil || len(content) > maxPackedRefs {
		return nil, false
	}
	for _, name := range packed {
		if id, ok := packedID(content, name); ok {
			refs[name] = refValue{id: id}
		}
	}
	return refs, true
}

// packedID looks for the line "ID NAME" of packed-refs.
func packedID(content []byte, name string) (id string, ok bool) {
	width := 2 * object.SHA1.Size
	for line := []byte(" " + name + "\n"); ; {
		at := bytes.Index(content, line)
		if at < 0 {
			return "", false
		}
		if at == width || at > width && content[at-width-1] == '\n' {
			id = string(content[at-width : at])
			return id, object.SHA1.Valid(object.Hash(id))
		}
		content = content[at+1:]
	}
}
