package install

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// hooksDir is the folder in which git looks for hooks: core.hooksPath, if that is
// set. It fails with [ErrLink] where a symbolic link that lies in a work tree of the
// repository is on the way: it can have come with a commit, and lead anywhere. A link
// in the git dir, or outside of both, is the user's.
func hooksDir(ctx context.Context, r *repo.Repo) (string, error) {
	from := cmp.Or(r.WorkTree, r.CommonDir) // as hooks are run there
	dir, err := repo.Line(r.GitParsed(ctx, "-C", from, "rev-parse", "--git-path", "hooks"))
	if err != nil {
		return "", err
	}
	if !filepath.IsAbs(dir) { // were it asked for an absolute one, git would resolve the links
		dir = filepath.Join(from, dir)
	}
	dir = filepath.Clean(dir)
	main, err := mainCheckout(ctx, r)
	if err != nil && !errors.Is(err, ErrNoCheckout) {
		return "", err
	}
	content := func(folder string) bool {
		return (within(r.WorkTree, folder) || within(main, folder)) && !within(r.CommonDir, folder) && !within(r.GitDir, folder)
	}
	if linkIn(content, dir) {
		return "", &SettingsError{dir, ErrLink}
	}
	return dir, nil
}

// within reports whether path is top or below it; no path is within "".
func within(top, path string) bool {
	if top == "" {
		return false
	}
	rel, err := filepath.Rel(repo.ResolveLinks(top), path)
	return err == nil && filepath.IsLocal(rel)
}

// linkIn reports whether the absolute path leads through a symbolic link in one of
// those folders. It follows the other links, of which there can be forty, as for the
// kernel.
func linkIn(folders func(dir string) bool, path string) bool {
	at, rest, links := "/", strings.Split(path, "/"), 0
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		target, err := os.Readlink(filepath.Join(at, part))
		if err != nil { // no link, or nothing there yet
			at = filepath.Join(at, part)
			continue
		}
		if links++; links > 40 || folders(at) {
			return true
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return false
}
