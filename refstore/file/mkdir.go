package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// MkdirAll makes the folder and those above it that are missing. Each gets the
// permission bits of the folder that it is made in, whatever the umask: in a
// shared repository, whoever may write there can write in the new one.
func MkdirAll(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return &fs.PathError{Op: "mkdir", Path: path, Err: fs.ErrExist}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := filepath.Dir(path)
	if err := MkdirAll(parent); err != nil {
		return err
	}
	if info, err = os.Stat(parent); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o777); errors.Is(err, fs.ErrExist) {
		return nil // another process was faster
	} else if err != nil {
		return err
	}
	return os.Chmod(path, info.Mode()&(fs.ModePerm|fs.ModeSetgid))
}
