package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// Config is the configuration as it applies to this repository and worktree. It
// is read at the first call. If git would refuse to read it, the error is its
// refusal.
func (r *Repo) Config() (*Config, error) {
	r.configOnce.Do(func() { r.config, r.configErr = r.ConfigNow() })
	return r.config, r.configErr
}

// ConfigNow is Config, read anew: this process or another may have changed it.
func (r *Repo) ConfigNow() (*Config, error) {
	l := loader{env: r.env, repo: r}
	entries, err := l.all()
	if errors.Is(err, errUnsure) {
		l.read = nil
		entries, err = configThroughGit(r.env, r.dir)
	}
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return &Config{entries, l.read}, nil
}

// OwnConfigNow is what the repository's own file says now, without what it includes:
// git config --local --list.
func (r *Repo) OwnConfigNow() (*Config, error) {
	entries, err := readSettings(r.env, filepath.Join(r.CommonDir, "config"))
	return &Config{entries: entries}, err
}

// ConfigFiles are the files that the configuration is read from, but for the system's and
// those that are included: the user's own, the repository's and this worktree's. They
// need not be there.
func (r *Repo) ConfigFiles() []string {
	l := loader{env: r.env, repo: r}
	return append(l.userFiles(), filepath.Join(r.CommonDir, "config"), filepath.Join(r.GitDir, "config.worktree"))
}

// errUnsure says that only git knows.
var errUnsure = errors.New("configuration is not certain in process")

// configThroughGit is git config --list in that directory.
func configThroughGit(env Env, dir string) ([]entry, error) {
	// GIT_CONFIG would send git config, and no other command, to another file.
	cmd := gitIn(context.Background(), parsedEnv(env).Without("GIT_CONFIG"), dir, []string{"config", "--list", "-z"})
	out, err := Output(cmd)
	if err != nil {
		return nil, err
	}
	return parseList(out), nil
}

// parseList reads git config --list -z: "key\nvalue\x00", or "key\x00".
func parseList(out string) []entry {
	var entries []entry
	for line := range strings.SplitSeq(out, "\x00") {
		if line == "" {
			continue
		}
		key, value, found := strings.Cut(line, "\n")
		entries = append(entries, entry{key, value, !found})
	}
	return entries
}

// loader collects the settings of several files in git's order. Its methods
// return errUnsure where the answer is git's alone.
type loader struct {
	env     Env
	repo    *Repo // nil before there is one
	entries []entry
	read    []string // the files
}

func (l *loader) all() ([]entry, error) {
	if err := l.shared(); err != nil {
		return nil, err
	}
	files := []string{filepath.Join(l.repo.CommonDir, "config")}
	if l.repo.format.worktreeConfig {
		files = append(files, filepath.Join(l.repo.GitDir, "config.worktree"))
	}
	for _, path := range files {
		if err := l.file(path, false, 0); err != nil {
			return nil, err
		}
	}
	return l.entries, nil
}

// shared reads what does not depend on the repository: the system's and the
// user's files. Settings from the command line make it unsure.
func (l *loader) shared() error {
	for _, key := range []string{"GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"} {
		if _, set := l.env.Lookup(key); set {
			return errUnsure
		}
	}
	system, err := l.systemFile()
	if err != nil {
		return err
	}
	if system != "" {
		if err := l.file(system, false, 0); err != nil {
			return err
		}
	}
	for _, path := range l.userFiles() {
		if path != "" && !filepath.IsAbs(path) {
			return errUnsure
		}
		if err := l.file(path, true, 0); err != nil {
			return err
		}
	}
	return nil
}

// systemFile is git's system-wide file, empty if it is not to be read. Where git
// looks for it was decided when git was built: of Linux distributions' /usr/bin/git
// it is known, any other git is asked.
func (l *loader) systemFile() (string, error) {
	skip, sure := l.env.truth("GIT_CONFIG_NOSYSTEM", false)
	if skip || !sure {
		return "", unless(sure)
	}
	if path, set := l.env.Lookup("GIT_CONFIG_SYSTEM"); set {
		return path, unless(filepath.IsAbs(path))
	}
	if runtime.GOOS != "linux" {
		return "", errUnsure
	}
	git := lookGit(l.env)
	if git != "/usr/bin/git" {
		git, _ = filepath.EvalSymlinks(git)
	} else if info, err := os.Lstat(git); err != nil || !info.Mode().IsRegular() {
		git = ""
	}
	return "/etc/gitconfig", unless(git == "/usr/bin/git")
}

func unless(sure bool) error {
	if sure {
		return nil
	}
	return errUnsure
}

// userFiles are the user's own files, in git's order.
func (l *loader) userFiles() []string {
	if path, set := l.env.Lookup("GIT_CONFIG_GLOBAL"); set {
		return []string{path}
	}
	var files []string
	home, set := l.env.Lookup("HOME")
	switch xdg := l.env.Get("XDG_CONFIG_HOME"); {
	case xdg != "":
		files = append(files, xdg+"/git/config")
	case set:
		files = append(files, home+"/.config/git/config")
	}
	if set {
		files = append(files, home+"/.gitconfig")
	}
	return files
}

// file adds the settings of one file. One that does not exist is empty, as is
// one that may not be read if lenient.
func (l *loader) file(path string, lenient bool, depth int) error {
	l.read = append(l.read, path)
	data, err := file.Read(path, math.MaxInt32)
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), lenient && errors.Is(err, fs.ErrPermission):
		return nil
	default:
		return errUnsure
	}
	return l.add(data, path, depth)
}

func (l *loader) add(data []byte, path string, depth int) error {
	entries, sure := scan(data)
	if !sure {
		return errUnsure
	}
	for _, e := range entries {
		l.entries = append(l.entries, e)
		switch {
		case e.key == "include.path":
			if err := l.include(e, path, depth); err != nil {
				return err
			}
		case strings.HasPrefix(e.key, "includeif."):
			if err := l.includeIf(e, path, depth); err != nil {
				return err
			}
		}
	}
	return nil
}

// readSettings reads one config file by itself, without what it includes. One
// that does not exist is empty.
func readSettings(env Env, path string) ([]entry, error) {
	data, err := file.Read(path, math.MaxInt32)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if entries, sure := scan(data); sure {
		return entries, nil
	}
	cmd := gitIn(context.Background(), parsedEnv(env), "/", []string{"config", "--no-includes", "--file", path, "--list", "-z"})
	out, err := Output(cmd)
	return parseList(out), err
}
