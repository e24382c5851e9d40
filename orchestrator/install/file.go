package install

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// shared is a file that is not ours alone, as it was read.
type shared struct {
	path  string
	text  string
	there bool
	mode  fs.FileMode
}

// ErrLink says that a settings file is a symbolic link, or is reached through one:
// it can come with the repository, and lead anywhere.
var ErrLink = errors.New("it is a link, or behind one")

// maxShared is how many bytes of a file that is not ours alone are read.
const maxShared = 4 << 20

// Why else a shared file is left alone.
var (
	errNowhere    = errors.New("it is a link to nothing")
	errReadOnly   = errors.New("it is read-only")
	errNotRegular = errors.New("it is no regular file")
	errTooLong    = fmt.Errorf("it has more than %d bytes", maxShared)
)

// openShared reads the file of that name below dir; one that is not there is empty.
// It fails with ErrLink if a part of the name is a symbolic link.
func openShared(dir, name string) (*shared, error) {
	path := dir
	for part := range strings.SplitSeq(name, "/") {
		path = filepath.Join(path, part)
		if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return nil, ErrLink
		}
	}
	return readShared(path)
}

// openInstructions is openShared for a file that may be a link, as CLAUDE.md often is
// one to AGENTS.md, but only to a file in the work tree.
func openInstructions(workTree, name string) (*shared, error) {
	path := filepath.Join(workTree, name)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	} else if _, err := os.Lstat(path); err == nil {
		return nil, errNowhere
	}
	if err := inWorkTree(workTree, path); err != nil {
		return nil, err
	}
	return readShared(path)
}

func readShared(path string) (*shared, error) {
	s := &shared{path: path, mode: 0o666}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular(): // a FIFO would never end
		return nil, errNotRegular
	case info.Size() > maxShared:
		return nil, errTooLong
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s.text, s.there, s.mode = string(content), true, info.Mode().Perm()
	return s, nil
}

// write replaces it, whole or not at all, unless that changes nothing. It keeps
// its mode, and links to it stay.
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

// editFile replaces a settings file, named from the top of its work tree, by what
// edit makes of its text, whole or not at all; the text of one that does not exist
// is absent. If nothing changes, nothing is written.
func editFile(top, name, absent string, edit func(text string) (string, error)) error {
	path := filepath.Join(top, name)
	file, err := openShared(top, name)
	if err != nil {
		return &SettingsError{path, err}
	}
	before := file.text
	if !file.there {
		before = absent
	}
	after, err := edit(before)
	if err == nil && strings.HasSuffix(name, ".json") && !json.Valid([]byte(after)) {
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
		for dir := filepath.Dir(file.path); dir != top && os.Remove(dir) == nil; dir = filepath.Dir(dir) { // if nothing else is in it
		}
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
