package file

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// tempPrefix begins the names of files that are not yet in place.
const tempPrefix = ".git-swarm-"

// Replace writes the file whole or not at all. It is a new file with the
// permission bits perm less the umask, whatever was at path before; a symbolic
// link there is replaced and not followed.
func Replace(path string, content []byte, perm fs.FileMode) error {
	return replace(path, content, perm, func(*os.File) error { return nil })
}

// ReplaceMode is Replace for a file that must have exactly these permission bits.
func ReplaceMode(path string, content []byte, mode fs.FileMode) error {
	return replace(path, content, 0o600, func(f *os.File) error { return f.Chmod(mode) })
}

func replace(path string, content []byte, perm fs.FileMode, adjust func(*os.File) error) error {
	f, err := CreateTemp(filepath.Dir(path), tempPrefix, perm)
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

// CreateTemp makes a new file in dir, opened for writing, whose name begins with
// prefix. Unlike that of os.CreateTemp, its mode is perm less the umask.
func CreateTemp(dir, prefix string, perm fs.FileMode) (*os.File, error) {
	for range 1000 {
		name := fmt.Sprintf("%s/%s%08x", dir, prefix, rand.Uint32())
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, fmt.Errorf("no free temporary name in '%s'", dir)
}
