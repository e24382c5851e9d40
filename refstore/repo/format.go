package repo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// format is what the repository's own config file says about how it is stored.
type format struct {
	separate       bool // the common dir is another than the git dir
	version        int64
	worktreeConfig bool
	bare           tristate // core.bare where it decides about the work tree
	declared       tristate // core.bare wherever it stands, as programs see it later
	workTree       *string  // core.worktree
	unusual        string   // what keeps us from reading refs and objects in process
}

type tristate int

const (
	unset tristate = iota
	yes
	no
)

func (t *tristate) set(value bool) {
	*t = no
	if value {
		*t = yes
	}
}

// readFormat reads the repository's own config file, and the worktree's if
// extensions.worktreeConfig is set. What this package does not know for certain,
// git is asked about.
func (f *finder) readFormat() error {
	entries, err := readSettings(f.env, f.CommonDir+"/config")
	if err != nil {
		return f.refused(err)
	}
	f.Algo, f.RefFormat = object.SHA1, "files"
	if bare, err := (&Config{entries: entries}).Bool("core.bare", false); err == nil && has(entries, "core.bare") {
		f.format.declared.set(bare)
	}
	f.format.version, err = (&Config{entries: entries}).Int("core.repositoryFormatVersion", -1)
	if err != nil {
		return f.refused(err)
	}
	if f.format.version < 0 { // git then looks at no other setting
		return nil
	}
	doubtful := f.format.version > 1
	for _, e := range entries {
		if name, ok := strings.CutPrefix(e.key, "extensions."); ok {
			known, err := f.extension(name, e)
			if err != nil {
				return f.refused(err)
			}
			doubtful = doubtful || !known
		}
	}
	if f.format.version > 1 {
		f.format.unusual = fmt.Sprintf("repository format %d", f.format.version)
	}
	if doubtful {
		if err := askGit(f.env, f.dir); err != nil {
			return err
		}
	}
	return f.readPlace(entries)
}

func has(entries []entry, key string) bool {
	return slices.ContainsFunc(entries, func(e entry) bool { return e.key == key })
}

// extension notes one extension. known is false where versions of git differ on
// whether they can open such a repository.
func (f *finder) extension(name string, e entry) (known bool, err error) {
	v1 := f.format.version > 0
	switch name {
	case "noop", "preciousobjects", "partialclone":
		return true, nil
	case "worktreeconfig":
		f.format.worktreeConfig, err = e.truth()
		return true, err
	case "noop-v1", "relativeworktrees":
		return v1, nil
	case "objectformat":
		switch e.value {
		case "sha1":
			f.Algo = object.SHA1
			return v1, nil
		case "sha256":
			f.Algo = object.SHA256
			f.format.unusual = "sha256"
			return v1, nil
		}
	case "refstorage":
		f.RefFormat, _, _ = strings.Cut(e.value, ":") // a place may follow
		if e.value == "files" {
			return false, nil
		}
		f.format.unusual = f.RefFormat
		return false, nil
	}
	f.format.unusual = "unknown extension " + name
	return false, nil
}

// readPlace reads core.bare and core.worktree. In a linked worktree only the
// worktree's own file counts, unless that file exists by extension: then both do.
func (f *finder) readPlace(entries []entry) error {
	if f.format.separate && !f.format.worktreeConfig {
		return nil
	}
	if f.format.worktreeConfig {
		own, err := readSettings(f.env, f.GitDir+"/config.worktree")
		if err != nil {
			return f.refused(err)
		}
		entries = append(entries, own...)
	}
	for _, e := range entries {
		switch e.key {
		case "core.bare":
			bare, err := e.truth()
			if err != nil {
				return f.refused(err)
			}
			f.format.bare.set(bare)
			f.format.declared = f.format.bare
		case "core.worktree":
			if e.bare {
				return f.refused(&ValueError{e.key, "", "path"})
			}
			f.format.workTree = &e.value
		}
	}
	return nil
}
