package hook

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

const (
	// changedWithin is how long ago a shell can have changed a file that is looked at
	// when it has ended: longer than clients let a command run.
	changedWithin = 15 * time.Minute

	// maxAsked is about how many paths git is asked at once.
	maxAsked = 1000

	// maxChanged is how many of others' claims are remembered as told.
	maxChanged = 50
)

// changedOthers are others' claims under which files here are changed, after a shell
// that may have done it: sed and patch ask nobody. It looks at the paths that are
// claimed and not at the work tree, and asks git only where one of them was changed
// lately. What the agent was told before is left out, and so is what sessions claim
// that work in this checkout themselves.
func (h *Handler) changedOthers(ctx context.Context, id string) ([]lock.Claim, error) {
	if !h.Input.Shell || h.Repo.WorkTree == "" {
		return nil, nil
	}
	paths, err := h.Claims.Paths(ctx)
	if err != nil {
		return nil, err
	}
	paths = slices.DeleteFunc(paths, func(p string) bool {
		return h.agent.Record != nil && slices.Contains(h.agent.Record.Changed, p)
	})
	if paths = h.changedLately(paths); len(paths) == 0 {
		return nil, nil
	}
	holders, err := h.Claims.Holders(ctx, paths)
	if err != nil {
		return nil, err
	}
	paths = slices.DeleteFunc(paths, func(p string) bool { return holders[p].Session == id || holders[p].Session == "" })
	if len(paths) == 0 {
		return nil, nil
	}
	args := []string{"--no-optional-locks", "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--"}
	for _, path := range paths[:min(len(paths), maxAsked)] {
		args = append(args, ":(top,literal)"+path)
	}
	out, err := repo.Output(h.Repo.GitParsed(ctx, args...))
	if err != nil || out == "" {
		return nil, err
	}
	dirty := map[string]bool{} // files, and the folders above them
	for entry := range strings.SplitSeq(out, "\x00") {
		for file := entry[min(len(entry), 3):]; file != "" && file != "." && !dirty[file]; file = path.Dir(file) {
			dirty[file] = true
		}
	}
	here := h.known().Sharing(h.Repo.GitDir, id, h.Claims.StaleAfter(), h.Now())
	var changed []lock.Claim
	for _, path := range paths {
		if claim := holders[path]; dirty[path] && !slices.Contains(here, claim.Session) {
			changed = append(changed, claim)
		}
	}
	return changed, nil
}

// changedLately are those of the paths where a file of the work tree was written,
// replaced, deleted or made within changedWithin. Of a folder it says only whether it
// is there: git looks into it.
func (h *Handler) changedLately(paths []string) (lately []string) {
	recent := func(info os.FileInfo) bool { return h.Now().Sub(info.ModTime()) < changedWithin }
	folders := map[string]bool{} // whether an entry was made or removed there
	for _, path := range paths {
		path := filepath.Join(h.Repo.WorkTree, filepath.FromSlash(path))
		dir := filepath.Dir(path)
		if _, known := folders[dir]; !known {
			info, err := os.Lstat(dir)
			folders[dir] = err == nil && recent(info)
		}
		info, err := os.Lstat(path)
		if folders[dir] || err == nil && (info.IsDir() || recent(info)) {
			lately = append(lately, filepath.ToSlash(path[len(h.Repo.WorkTree)+1:]))
		}
	}
	return lately
}
