package install

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// HookState is which of git's hooks of ours run in one worktree.
type HookState struct {
	WorkTree string // its top, or the git dir of a bare repository
	Dir      string // where git looks for hooks there
	Present  []string
	Missing  []string
}

// HookStates asks git for each worktree; none where no hook of ours was installed.
func HookStates(ctx context.Context, r *repo.Repo) ([]HookState, error) {
	wanted, err := wantedHooks(ctx, r)
	if err != nil || len(wanted) == 0 {
		return nil, err
	}
	places, err := workTreeTops(ctx, r)
	if err != nil {
		return nil, err
	}
	if len(places) == 0 {
		places = []string{r.CommonDir}
	}
	var all []HookState
	for _, top := range places {
		dir, err := repo.Line(r.GitParsed(ctx, "-C", top, "rev-parse", "--git-path", "hooks"))
		if err != nil {
			return nil, err
		}
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(top, dir)
		}
		s := HookState{WorkTree: top, Dir: dir}
		for _, name := range wanted {
			if calls(filepath.Join(dir, name), name) {
				s.Present = append(s.Present, name)
			} else {
				s.Missing = append(s.Missing, name)
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// calls reports whether the hook at path is one of ours that calls us.
func calls(path, name string) bool {
	content, err := readHook(path)
	return err == nil && strings.Contains(content, hookMark) && strings.Contains(content, "git-swarm hook "+name)
}

// GuardsPush reports whether git runs our pre-push hook in this worktree. It starts no
// process.
func GuardsPush(r *repo.Repo) bool {
	config, err := r.Config()
	if err != nil {
		return false
	}
	dir := ownHooksDir(r)
	if path, set := config.Get("core.hooksPath"); set {
		if dir = dispatchDir(r); path != dir {
			return false
		}
	}
	return calls(filepath.Join(dir, PrePush), PrePush)
}

// HooksPathNews is HooksPathChanged for what runs often: as long as the repository's
// configuration is as it was when all was well, it is not read.
func HooksPathNews(r *repo.Repo) string {
	seen, err := os.Lstat(hooksPathSeen(r))
	if err != nil { // no hooks of ours
		return ""
	}
	config, err := os.Stat(filepath.Join(r.CommonDir, "config"))
	if err != nil || config.ModTime().Equal(seen.ModTime()) {
		return ""
	}
	changed := HooksPathChanged(r)
	if changed == "" {
		_ = os.Chtimes(hooksPathSeen(r), time.Time{}, config.ModTime()) // where nothing can be written, it is read again
	}
	return changed
}

// hooksPathSeen is an empty file that is there while hooks of ours are. Its time is that
// of the configuration in which core.hooksPath was found as it should be.
func hooksPathSeen(r *repo.Repo) string {
	return filepath.Join(r.CommonDir, "swarm", "githooks.seen")
}

func watchHooksPath(r *repo.Repo) error {
	if err := file.MkdirAll(filepath.Dir(hooksPathSeen(r))); err != nil {
		return err
	}
	return file.Replace(hooksPathSeen(r), nil, 0o666)
}

func forgetHooksPath(r *repo.Repo) error {
	if err := os.Remove(hooksPathSeen(r)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// HooksPathChanged is the value of core.hooksPath by which our hooks are not run any
// more, or do not run the user's as it says now, since another program set it; "" if
// there is none, or none of ours were installed. It looks at nothing but the
// configuration.
func HooksPathChanged(r *repo.Repo) string {
	config, err := r.Config()
	if err != nil {
		return ""
	}
	if _, installed := config.Get(hooksKey); !installed {
		return ""
	}
	all := config.All("core.hooksPath")
	if len(all) == 0 {
		return ""
	}
	ours := dispatchDir(r)
	if now := all[len(all)-1]; now != ours {
		return now
	}
	theirs := slices.DeleteFunc(all, func(value string) bool { return value == ours })
	before, _ := config.Get(beforeKey)
	if len(theirs) > 0 && theirs[len(theirs)-1] != before {
		return theirs[len(theirs)-1]
	}
	return ""
}
