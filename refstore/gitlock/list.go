package gitlock

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Lock is a lock file of git's.
type Lock struct {
	Path    string
	Since   time.Time
	Ours    bool     // a command that git swarm had started may have taken it
	Holders []Holder // the commands that may hold it
}

// List finds all of git's lock files in the repository, its worktrees and its
// submodules.
func List(r *repo.Repo) []Lock {
	ours := map[string]bool{}
	notes, _ := readNotes(r)
	for _, path := range notes {
		content, _ := os.ReadFile(path)
		for _, lock := range parseNote(string(content)).locks {
			ours[lock] = true
		}
	}
	var found []Lock
	_ = filepath.WalkDir(r.CommonDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // removed while we walk
		}
		name := d.Name()
		if d.IsDir() {
			if path == filepath.Join(r.CommonDir, "swarm") || name == "hooks" || filepath.Base(filepath.Dir(path)) == "objects" && len(name) == 2 ||
				strings.HasPrefix(name, "swarm-") && filepath.Base(filepath.Dir(path)) != "refs" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".lock") || strings.HasPrefix(name, "swarm-") {
			return nil
		}
		if info, err := d.Info(); err == nil {
			found = append(found, Lock{path, info.ModTime(), ours[path], holdersOf(r, path, info.ModTime())})
		}
		return nil
	})
	slices.SortFunc(found, func(a, b Lock) int { return strings.Compare(a.Path, b.Path) })
	return found
}
