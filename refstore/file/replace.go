package file

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// tempPrefix begins the names of files that are not yet in place.
const tempPrefix = ".git-swarm-"

// Replace writes the file whole or not at all. It is a new file with the
// permission bits perm less the umask, whatever was at path before; a symbolic
// link there is replaced and not followed.
func Replace(path string, content []byte, perm fs.FileMode) error {
	return replace(filepath.Dir(path), path, content, perm, func(*os.File) error { return nil })
}

// ReplaceMode is Replace for a file that must have exactly these permission bits.
func ReplaceMode(path string, content []byte, mode fs.FileMode) error {
	return ReplaceVia(filepath.Dir(path), path, content, mode)
}

// ReplaceVia is ReplaceMode with the new file made in the folder temp, where a kill
// leaves it. If that is on another file system, it is made beside path.
func ReplaceVia(temp, path string, content []byte, mode fs.FileMode) error {
	adjust := func(f *os.File) error { return f.Chmod(mode) }
	err := replace(temp, path, content, 0o600, adjust)
	if errors.Is(err, syscall.EXDEV) {
		return replace(filepath.Dir(path), path, content, 0o600, adjust)
	}
	return err
}

func replace(dir, path string, content []byte, perm fs.FileMode, adjust func(*os.File) error) error {
	f, err := CreateTemp(dir, tempPrefix, perm)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, adjust(f), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// Sweep removes the new files that killed processes have left in dir.
func Sweep(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, tempPrefix+"*"))
	for _, path := range left {
		if info, err := os.Lstat(path); err == nil && time.Since(info.ModTime()) > sweepAge {
			_ = os.Remove(path)
		}
	}
}

// sweepAge is how old a new file is that no process is still writing.
const sweepAge = time.Minute

// CreateTemp makes a new file in dir, opened for writing, whose name begins with
// prefix. Unlike that of os.CreateTemp, its mode is perm less the umask.
func CreateTemp(dir, prefix string, perm fs.FileMode) (*os.File, error) {
	for range 1000 {
		name := fmt.Sprintf("%s/%s%08x", dir, prefix, rand.Uint32())
		f, err := Open(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, fmt.Errorf("no free temporary name in '%s'", dir)
}
