package install

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// ErrNoHome says that an agent has no settings of the user's own that could hold hooks.
var ErrNoHome = errors.New("it reads hooks in projects alone")

// HasHome reports whether the agent has settings for all of the user's projects.
func (a OtherAgent) HasHome() bool { return a.home.name != "" }

// HomeFile is where the agent's hooks for all of the user's projects are put.
func (a OtherAgent) HomeFile(env repo.Env) (string, error) {
	if !a.HasHome() {
		return "", ErrNoHome
	}
	dir, err := a.homeDir(env)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, a.home.name), nil
}

// homeDir is where the agent keeps what is the user's own.
func (a OtherAgent) homeDir(env repo.Env) (string, error) {
	dir := ""
	if a.home.variable != "" {
		dir = env.Get(a.home.variable)
	}
	if !filepath.IsAbs(dir) {
		home := env.Get("HOME")
		if !filepath.IsAbs(home) {
			return "", errors.New("HOME is not set")
		}
		dir = filepath.Join(home, a.home.folder)
	}
	return dir, nil
}

// InstallHome puts the agent's hooks into the settings of the user's own, in place of
// those of ours that are there; all else keeps its bytes. In a repository in which
// nobody has set up a swarm they do nothing.
func (a OtherAgent) InstallHome(env repo.Env) (path string, err error) {
	return a.editHome(env, func(text string) (string, error) { return a.hooks.put(text, Options{}) })
}

// RemoveHome takes out what InstallHome put in.
func (a OtherAgent) RemoveHome(env repo.Env) (path string, err error) {
	return a.editHome(env, a.hooks.cut)
}

// InHome reports whether there are hooks of ours in the settings of the user's own.
func (a OtherAgent) InHome(env repo.Env) bool {
	path, err := a.HomeFile(env)
	if err != nil {
		return false
	}
	s, err := readShared(path)
	return err == nil && s.there && a.holds(s.text)
}

// editHome follows links: they are the user's own.
func (a OtherAgent) editHome(env repo.Env, edit func(string) (string, error)) (string, error) {
	path, err := a.HomeFile(env)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path); err == nil {
			return path, &SettingsError{path, errNowhere}
		}
		real, err = path, nil
	}
	if err != nil {
		return path, err
	}
	return path, editFile(filepath.Dir(real), filepath.Base(real), a.hooks.absent, edit)
}
