package repo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// maxIndex is the length in bytes up to which the index is read whole: git, which has to
// take it apart, costs more than that only where it is short.
const maxIndex = 16 << 20

// KnownUntracked returns a function that reports whether git certainly tracks neither the
// path, from the work tree's top, nor anything below it. False says that only git can tell.
func (r *Repo) KnownUntracked() func(path string) bool {
	if r.env.Get("GIT_INDEX_FILE") != "" {
		return func(string) bool { return false }
	}
	index, err := file.Read(filepath.Join(r.GitDir, "index"), maxIndex+1)
	if errors.Is(err, fs.ErrNotExist) {
		return func(string) bool { return true }
	}
	if err != nil || !spelledOut(index) {
		return func(string) bool { return false }
	}
	return func(path string) bool { return isASCII(path) && !bytes.Contains(index, []byte(path)) }
}

// spelledOut reports whether the index names each file that git tracks in full: it is not
// one of those that leave out what a path has in common with the one before it (version
// 4), that are divided between two files, or that name folders in place of what is in them.
func spelledOut(index []byte) bool {
	const header = 12 // "DIRC", the version, the number of entries
	if len(index) < header || len(index) > maxIndex || string(index[:4]) != "DIRC" {
		return false
	}
	version := binary.BigEndian.Uint32(index[4:])
	// Extensions follow the entries: a signature, and a length below 2^24. A file of that
	// name looks the same, and costs a question to git.
	return (version == 2 || version == 3) && !bytes.Contains(index, []byte("link\x00")) && !bytes.Contains(index, []byte("sdir\x00"))
}

// isASCII tells the paths of which there is one spelling: git may be set to keep others
// composed as the file system does not.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
