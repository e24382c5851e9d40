package gc

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// commitGraph is what git's commit-graph files list (gitformat-commit-graph(5)). A
// commit that is listed and gone makes git fsck fail until the next git gc.
type commitGraph struct {
	files []*graphFile
	whole bool // all of them can be read
}

// graphFile is one file, of which only the sorted list of ids is read.
type graphFile struct {
	*os.File
	fanout [256]uint32 // how many ids begin with this byte or a lower one
	ids    int64       // the offset of the first
	size   int         // of an id, in bytes
}

// openCommitGraph opens the file, or the chain of files, of the object directory.
func openCommitGraph(objectDir string, algo object.Algo) *commitGraph {
	info := filepath.Join(objectDir, "info")
	paths := []string{filepath.Join(info, "commit-graph")}
	chain, err := os.ReadFile(filepath.Join(info, "commit-graphs", "commit-graph-chain"))
	g := &commitGraph{whole: err == nil || errors.Is(err, fs.ErrNotExist)}
	for name := range strings.Lines(string(chain)) {
		paths = append(paths, filepath.Join(info, "commit-graphs", "graph-"+strings.TrimSuffix(name, "\n")+".graph"))
	}
	for i, path := range paths {
		f, err := openGraphFile(path, algo)
		switch {
		case err == nil:
			g.files = append(g.files, f)
		case i > 0 || !errors.Is(err, fs.ErrNotExist):
			g.whole = false
		}
	}
	return g
}

func (g *commitGraph) close() {
	for _, f := range g.files {
		_ = f.Close()
	}
}

// mayList reports whether the commit is listed. Where that cannot be read, it may be.
func (g *commitGraph) mayList(id object.Hash) bool {
	if !g.whole {
		return true
	}
	raw, err := hex.DecodeString(string(id))
	if err != nil {
		return true
	}
	for _, f := range g.files {
		if found, err := f.has(raw); found || err != nil {
			return true
		}
	}
	return false
}

var errGraph = errors.New("not a commit-graph that is known here")

func openGraphFile(path string, algo object.Algo) (*graphFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f := &graphFile{File: file, size: len(algo.EmptyTree()) / 2}
	if err := f.readHeader(); err != nil {
		_ = file.Close()
		return nil, err
	}
	return f, nil
}

// readHeader finds the chunks OIDF and OIDL by the table of contents.
func (f *graphFile) readHeader() error {
	var head [8]byte
	if _, err := f.ReadAt(head[:], 0); err != nil {
		return err
	}
	hash := byte(1)
	if f.size == 32 {
		hash = 2
	}
	if string(head[:4]) != "CGPH" || head[4] != 1 || head[5] != hash {
		return errGraph
	}
	toc := make([]byte, 12*int(head[6]))
	if _, err := f.ReadAt(toc, int64(len(head))); err != nil {
		return err
	}
	fanout := int64(0)
	for ; len(toc) > 0; toc = toc[12:] {
		switch at := int64(binary.BigEndian.Uint64(toc[4:])); string(toc[:4]) {
		case "OIDF":
			fanout = at
		case "OIDL":
			f.ids = at
		}
	}
	if fanout <= 0 || f.ids <= 0 {
		return errGraph
	}
	return binary.Read(io.NewSectionReader(f, fanout, 4*int64(len(f.fanout))), binary.BigEndian, &f.fanout)
}

// has looks the id up by bisection.
func (f *graphFile) has(id []byte) (bool, error) {
	if len(id) != f.size {
		return false, errGraph
	}
	low, high := int64(0), int64(f.fanout[id[0]])
	if id[0] > 0 {
		low = int64(f.fanout[id[0]-1])
	}
	at := make([]byte, f.size)
	for low < high {
		middle := (low + high) / 2
		if _, err := f.ReadAt(at, f.ids+middle*int64(f.size)); err != nil {
			return false, err
		}
		switch c := bytes.Compare(at, id); {
		case c == 0:
			return true, nil
		case c < 0:
			low = middle + 1
		default:
			high = middle
		}
	}
	return false, nil
}
