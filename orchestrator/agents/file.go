package agents

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ReplaceFile writes a file of ours whole or not at all. Nobody may do more with it
// than with the folder that it is in: that stands in for the umask.
func ReplaceFile(path, content string, mode fs.FileMode) error {
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	return WriteFile(path, content, mode&folder.Mode())
}

// WriteFile is ReplaceFile with just that mode.
func WriteFile(path, content string, mode fs.FileMode) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".git-swarm-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.WriteString(content)
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	if err := os.Chmod(temp.Name(), mode); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
