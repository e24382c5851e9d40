package index

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// mostFiles is how many files are looked at: git looks at several at once.
const mostFiles = 10_000

// Touched are the files of the index, of that content and written at that time, that may
// be otherwise in the work tree below top, by path. A time that is too early is as good.
func Touched(content []byte, algo object.Algo, top string, written time.Time) (touched []Change, err error) {
	files, _, special, err := parse(content, algo)
	if err != nil || special || len(files) > mostFiles {
		return nil, ErrUnread
	}
	folders, empty := map[string]bool{".": true}, algo.Sum(object.Blob, nil)
	for _, f := range files {
		if f.mode == "160000" { // of a submodule git asks git
			return nil, ErrUnread
		}
		var info fs.FileInfo
		err := error(syscall.ENOTDIR)
		if inFolder(folders, top, path.Dir(f.path)) {
			info, err = os.Lstat(filepath.Join(top, f.path))
		}
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
			touched = append(touched, Change{Path: f.path, Deleted: true})
		case err != nil, info.IsDir(): // a repository in place of a file is a submodule
			return nil, ErrUnread
		case !f.as(info, written), info.Size() == 0 && f.id != empty: // a filter may have another opinion now, too
			touched = append(touched, Change{Path: f.path})
		}
	}
	return touched, nil
}

// inFolder reports whether dir and all above it are folders: behind a link git looks for
// no files.
func inFolder(known map[string]bool, top, dir string) bool {
	is, ok := known[dir]
	if !ok {
		info, err := os.Lstat(filepath.Join(top, dir))
		is = err == nil && info.IsDir() && inFolder(known, top, path.Dir(dir))
		known[dir] = is
	}
	return is
}

// as reports whether the file is certainly as git saw it when it wrote the index. What was
// changed in the second in which that was written may have been changed since.
func (f file) as(info fs.FileInfo, written time.Time) bool {
	if uint32(info.ModTime().Unix()) >= uint32(written.Unix()) { // as git compares: before 1970 is late
		return false
	}
	mode := object.Mode("120000")
	if info.Mode().IsRegular() {
		mode = object.ModeFile
		if info.Mode()&0o100 != 0 {
			mode = "100755"
		}
	} else if info.Mode().Type() != fs.ModeSymlink {
		return false
	}
	return f.mode == mode && sameStat(f.stat, info)
}
