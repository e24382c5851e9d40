package repo

import (
	"path/filepath"
	"slices"
	"strings"
)

// ReadInProcess reports whether refs and objects may be read from git's own
// files, and if not, why not in a few words. It needs no more than [Discover] read.
func (r *Repo) ReadInProcess() (bool, string) {
	if r.format.unusual != "" {
		return false, r.format.unusual
	}
	for _, key := range []string{
		"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
		"GIT_NAMESPACE", "GIT_REFERENCE_BACKEND",
	} {
		if r.env.Get(key) != "" {
			return false, key
		}
	}
	if r.env.Get("GIT_QUARANTINE_PATH") != "" {
		return false, "quarantine"
	}
	return true, ""
}

// InProcess reports whether refs and objects may be written with git's own files
// protocol, and if not, why not in a few words: everything that [Repo.ReadInProcess]
// needs, and no setting or hook that makes git do more than that protocol. It
// needs the whole configuration.
func (r *Repo) InProcess() (bool, string) {
	if ok, why := r.ReadInProcess(); !ok {
		return false, why
	}
	c, err := r.Config()
	if err != nil {
		return false, "unreadable configuration"
	}
	if mode, ok := c.last("core.sharedRepository"); ok && !private(mode) {
		return false, "core.sharedRepository"
	}
	if mode, _ := c.Get("core.logAllRefUpdates"); strings.EqualFold(mode, "always") {
		return false, "core.logAllRefUpdates=always"
	}
	if !r.unhooked(c, "reference-transaction") {
		return false, "reference-transaction hook"
	}
	return true, ""
}

// private reports whether a value of core.sharedRepository leaves permissions to
// the umask.
func private(mode entry) bool {
	if mode.value == "umask" {
		return true
	}
	shared, err := mode.truth()
	return err == nil && !shared
}

// Unhooked reports whether git certainly runs none of these hooks. It needs the whole
// configuration.
func (r *Repo) Unhooked(names ...string) bool {
	c, err := r.Config()
	return err == nil && !slices.ContainsFunc(names, func(name string) bool { return !r.unhooked(c, name) })
}

// unhooked reports whether git certainly runs no hook of that name. A
// relative core.hooksPath is taken from wherever git could run hooks.
func (r *Repo) unhooked(c *Config, hookName string) bool {
	for _, e := range c.entries { // hooks named in the configuration, since git 2.54
		if strings.HasPrefix(e.key, "hook.") && strings.HasSuffix(e.key, ".event") && e.value == hookName {
			return false
		}
	}
	path, set := c.Get("core.hooksPath")
	if !set {
		return executableIn(r.CommonDir+"/hooks", hookName) == ""
	}
	path, sure := expandHome(r.env, path)
	if !sure {
		return false
	}
	if filepath.IsAbs(path) {
		return executableIn(path, hookName) == ""
	}
	for _, base := range []string{r.WorkTree, r.GitDir, r.CommonDir, r.dir} {
		if base != "" && executableIn(filepath.Join(base, path), hookName) != "" {
			return false
		}
	}
	return path != ""
}

// SessionFile is the path of this worktree's session identity. It need not exist.
func (r *Repo) SessionFile() string { return SessionFileIn(r.GitDir) }

// SessionFileIn is SessionFile of the worktree that has that git dir.
func SessionFileIn(gitDir string) string { return filepath.Join(gitDir, "swarm-session") }
