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
	wanted, err := wantedHooks(r)
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

// calls reports whether the hook at path is one of ours that git runs, and that calls us.
func calls(path, name string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Perm()&0o111 == 0 { // git ignores it
		return false
	}
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

// HookNews is what keeps git's hooks of ours from running here, since another program
// has installed its own.
type HookNews struct {
	Path    string   // what core.hooksPath is now, "" if it is as it was
	Missing []string // else those of ours that are not where git looks for hooks
}

// None reports whether they run.
func (n HookNews) None() bool { return n.Path == "" && len(n.Missing) == 0 }

// NewsOfHooks is what is wrong with the hooks of ours in this worktree, for what runs
// often: as long as no file of the configuration and no folder of hooks has changed since
// all was well, it opens none. A file that is put back with the time that it had before
// is not noticed here; doctor looks by itself.
func NewsOfHooks(r *repo.Repo) (news HookNews) {
	seen, err := os.Lstat(hooksPathSeen(r))
	if err != nil { // no hooks of ours
		return news
	}
	newest := seen.ModTime()
	for _, path := range HookNewsFiles(r)[1:] {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	if newest.Equal(seen.ModTime()) {
		return news
	}
	if news.Path = HooksPathChanged(r); news.Path == "" {
		news.Missing = missingHere(r)
	}
	if news.None() {
		_ = os.Chtimes(hooksPathSeen(r), time.Time{}, newest) // where nothing can be written, it is looked at again
	}
	return news
}

// HookNewsFiles are the files whose times alone say whether NewsOfHooks has anything to
// look at. The first is hooksPathSeen.
func HookNewsFiles(r *repo.Repo) []string {
	return append([]string{hooksPathSeen(r)}, append(r.ConfigFiles(), ownHooksDir(r), dispatchDir(r))...)
}

// missingHere are the wanted hooks of ours that are not where git looks for hooks in this
// worktree. It starts no process.
func missingHere(r *repo.Repo) (missing []string) {
	config, err := r.Config()
	if err != nil {
		return nil
	}
	dir := ownHooksDir(r)
	if path, set := config.Get("core.hooksPath"); set && path == dispatchDir(r) { // another is HooksPathChanged's
		dir = path
	}
	wanted, _ := config.Get(hooksKey)
	for _, name := range strings.Fields(wanted) {
		if !calls(filepath.Join(dir, name), name) {
			missing = append(missing, name)
		}
	}
	return missing
}

// hooksPathSeen is an empty file that is there while hooks of ours are. Its time is the
// newest of what NewsOfHooks looks at, when that was found as it should be.
func hooksPathSeen(r *repo.Repo) string {
	return filepath.Join(r.CommonDir, "swarm", "githooks.seen")
}

// RenewGitHooks brings hooks that an older version installed to where this one has them:
// in every worktree, and watched. Where there are none, or all is as it should be, it
// changes nothing.
func RenewGitHooks(ctx context.Context, r *repo.Repo) error {
	wanted, err := wantedHooks(r)
	if err != nil {
		return err
	}
	if len(wanted) > 0 {
		if _, err := os.Lstat(hooksPathSeen(r)); err == nil {
			return nil
		}
		if news := HooksPathChanged(r); news != "" || len(missingHere(r)) > 0 { // which is said, and not passed over
			return nil
		}
		return watchHooksPath(r)
	}
	old, err := OldGitHooks(ctx, r)
	if err != nil || len(old) == 0 {
		return err
	}
	return InstallGitHooks(ctx, r, old...)
}

// OldGitHooks are hooks of ours that a version before installed, which recorded nothing.
func OldGitHooks(ctx context.Context, r *repo.Repo) (names []string, err error) {
	if wanted, err := wantedHooks(r); err != nil || len(wanted) > 0 {
		return nil, err
	}
	theirs, err := findTheirs(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{PreCommit, PrePush} {
		for _, dir := range theirs.dirs {
			if ours, err := isOurs(filepath.Join(dir, name)); err == nil && ours && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, nil
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
