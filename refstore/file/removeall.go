package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// RemoveAll is [os.RemoveAll], also of folders that may not be written, as those of Go's module cache.
func RemoveAll(path string) error {
	err := os.RemoveAll(path)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	_ = filepath.WalkDir(path, func(path string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(path)
}
