package refs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// packedRefs is the content of a packed-refs file, searched in place, and mapped where it
// is large: with 50,000 refs it is some 3 MB of which a look-up touches a few pages.
type packedRefs struct {
	algo   object.Algo
	file   *os.File // nil where there is none
	info   fs.FileInfo
	lines  []byte // the file behind its header
	mapped []byte // nil where the file was read
	sorted bool
}

// readWhole is up to how many bytes a file is read: mapping it costs more.
const readWhole = 32 << 10

// look hands packed-refs as it is now to see. The file is opened anew only where it is
// another than at the last look, as git does it: git replaces it by rename, and while the
// one before is open, no other has its inode number.
func (f *Files) look(see func(*packedRefs) error) error {
	f.looking.Lock()
	defer f.looking.Unlock()
	path := filepath.Join(f.Dir, "packed-refs")
	if p := f.packed; p != nil {
		info, err := os.Stat(path)
		if err == nil && os.SameFile(info, p.info) && info.Size() == p.info.Size() && info.ModTime().Equal(p.info.ModTime()) {
			return see(p)
		}
		f.forget()
	}
	p, err := openPackedRefs(path, f.Algo)
	if err != nil {
		return err
	}
	if p.file != nil {
		f.packed = p
	}
	return see(p)
}

// forget closes what look has kept open. f.looking is held.
func (f *Files) forget() {
	if f.packed != nil {
		f.packed.close()
		f.packed = nil
	}
}

// openPackedRefs reads or maps the file as it is now. The caller closes it.
func openPackedRefs(path string, algo object.Algo) (*packedRefs, error) {
	f, err := file.Open(path, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return &packedRefs{algo: algo, sorted: true}, nil
	}
	if err != nil {
		return nil, err
	}
	p := &packedRefs{algo: algo, file: f}
	if err := p.read(); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *packedRefs) read() (err error) {
	if p.info, err = p.file.Stat(); err != nil {
		return err
	}
	if !p.info.Mode().IsRegular() {
		return errPackedRefs
	}
	content := make([]byte, min(p.info.Size(), readWhole))
	if p.info.Size() < readWhole {
		_, err = io.ReadFull(p.file, content)
	} else {
		p.mapped, err = syscall.Mmap(int(p.file.Fd()), 0, int(p.info.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
		content = p.mapped
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", p.file.Name(), err)
	}
	p.lines = content
	if header, rest, ok := bytes.Cut(content, []byte("\n")); ok && bytes.HasPrefix(header, []byte("#")) {
		p.lines = rest
		p.sorted = slices.Contains(strings.Fields(string(header)), "sorted")
	}
	if n := len(p.lines); n > 0 && p.lines[n-1] != '\n' { // cut short: its last name may be, too
		return errPackedRefs
	}
	return nil
}

func (p *packedRefs) close() {
	if p.mapped != nil {
		_ = syscall.Munmap(p.mapped)
	}
	if p.file != nil {
		_ = p.file.Close()
	}
	p.file, p.mapped, p.lines = nil, nil, nil
}

// errPackedRefs says that the file holds a line that git does not write.
var errPackedRefs = errors.New("packed-refs holds a line that is no ref")

// tip returns the ref's value, "" if it is not packed.
func (p *packedRefs) tip(ref string) (object.Hash, error) {
	var tip object.Hash
	err := p.from(ref, func(name string, id object.Hash) bool {
		if name == ref {
			tip = id
		}
		return tip == "" && (!p.sorted || name <= ref)
	})
	return tip, err
}

// list calls add for each ref whose name begins with prefix.
func (p *packedRefs) list(prefix string, add func(name string, id object.Hash)) error {
	return p.from(prefix, func(name string, id object.Hash) bool {
		if strings.HasPrefix(name, prefix) {
			add(name, id)
			return true
		}
		return !p.sorted || name < prefix
	})
}

// from visits the lines from the first whose name is not below start (from the
// very first, if the file is not sorted) for as long as visit says so.
func (p *packedRefs) from(start string, visit func(name string, id object.Hash) bool) error {
	rest := p.lines
	if p.sorted {
		at, err := p.search(start)
		if err != nil {
			return err
		}
		rest = rest[at:]
	}
	for len(rest) > 0 {
		line, next, _ := bytes.Cut(rest, []byte("\n"))
		rest = next
		if len(line) > 0 && line[0] == '^' { // what the tag above peels to
			continue
		}
		name, id, err := p.parse(line)
		if err != nil {
			return err
		}
		if !visit(name, id) {
			return nil
		}
	}
	return nil
}

func (p *packedRefs) parse(line []byte) (string, object.Hash, error) {
	digits := 2 * p.algo.Size
	if len(line) < digits+2 || line[digits] != ' ' || !p.algo.Valid(object.Hash(line[:digits])) {
		return "", "", errPackedRefs
	}
	return string(line[digits+1:]), object.Hash(line[:digits]), nil
}

// search returns the offset of the first line whose name is not below name.
func (p *packedRefs) search(name string) (int, error) {
	low, high := 0, len(p.lines) // both at the start of a ref's line, or at the end
	for low < high {
		mid := p.lineStart(low, low+(high-low)/2)
		end := bytes.IndexByte(p.lines[mid:], '\n')
		if end < 0 {
			end = len(p.lines) - mid
		}
		at, _, err := p.parse(p.lines[mid : mid+end])
		if err != nil {
			return 0, err
		}
		if at >= name {
			high = mid
			continue
		}
		low = min(mid+end+1, len(p.lines))
		for low < len(p.lines) && p.lines[low] == '^' {
			next := bytes.IndexByte(p.lines[low:], '\n')
			if next < 0 {
				return len(p.lines), nil
			}
			low += next + 1
		}
	}
	return low, nil
}

// lineStart is the start of the ref's line that holds offset at, not before low.
func (p *packedRefs) lineStart(low, at int) int {
	for {
		start := low + bytes.LastIndexByte(p.lines[low:at], '\n') + 1
		if p.lines[start] != '^' || start == low {
			return start
		}
		at = start - 1
	}
}
