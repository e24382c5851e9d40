package install

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// shared is a file that is not ours alone, as it was read: what a link at path
// leads to, if it is one.
type shared struct {
	path  string
	text  string
	there bool
	mode  fs.FileMode
}

// Why a shared file is left alone.
var (
	errNowhere  = errors.New("it is a link to nothing")
	errReadOnly = errors.New("it is read-only")
)

// openShared reads the file; one that is not there is empty.
func openShared(path string) (*shared, error) {
	s := &shared{path: path, mode: 0o666}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		s.path = real
	} else if _, err := os.Lstat(path); err == nil {
		return nil, errNowhere
	}
	content, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(s.path)
	if err != nil {
		return nil, err
	}
	s.text, s.there, s.mode = string(content), true, info.Mode().Perm()
	return s, nil
}

// write replaces it, whole or not at all, unless that changes nothing. It keeps
// its mode, and the links that lead to it.
func (s *shared) write(text string) error {
	switch {
	case text == s.text && s.there:
		return nil
	case s.there && s.mode&0o200 == 0:
		return errReadOnly
	case s.there:
		return file.ReplaceMode(s.path, []byte(text), s.mode)
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o777); err != nil {
		return err
	}
	return file.Replace(s.path, []byte(text), s.mode)
}

// absent stands for a file that does not exist. No other program writes exactly
// this, so a file that is reduced to it was made by Install.
const absent = "{ \n}\n"

// editFile replaces a settings file by what edit makes of its text, whole or not
// at all; the text of one that does not exist is absent. If nothing changes,
// nothing is written.
func editFile(path, absent string, edit func(text string) (string, error)) error {
	file, err := openShared(path)
	if err != nil {
		return &SettingsError{path, err}
	}
	before := file.text
	if !file.there {
		before = absent
	}
	after, err := edit(before)
	if err == nil && !json.Valid([]byte(after)) {
		err = errors.New("it would not be valid JSON any more")
	}
	if err != nil {
		return &SettingsError{path, err}
	}
	switch {
	case after == absent:
		if err := os.Remove(file.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		_ = os.Remove(filepath.Dir(file.path)) // if nothing else is in it
		return nil
	case after == before:
		return nil
	}
	if err := file.write(after); errors.Is(err, errReadOnly) {
		return &SettingsError{path, err}
	} else if err != nil {
		return err
	}
	return nil
}
