package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// The hooks that git swarm has in a repository.
const (
	PreCommit = "pre-commit" // refuses staged files that another session holds
	PrePush   = "pre-push"   // refuses an agent's plain push of the target, and what is not approved
)

// hooksKey is the configuration that says which of them are to be there.
const hooksKey = "swarm.gitHooks"

// ErrForeignHook says that another program has put a hook into the folder of ours,
// and there is no place of its own to which it could be moved.
var ErrForeignHook = errors.New("another program put it there")

// InstallGitHooks puts these hooks of ours in place, beside those of ours that are
// there already, for all worktrees. Hooks that others have keep their place and their
// name, and run before ours. Run again it changes nothing; after another program has
// installed its hooks over ours, it puts ours back beside them.
//
// Ours are files in the git dir's own folder of hooks, as long as nobody else has a
// hook of the same name there and core.hooksPath is not set. Else core.hooksPath leads
// to a folder of ours in the git dir, whose hooks run the others' first; what
// the user set it to stays where it stands, and counts again after RemoveGitHooks, or
// if the repository is moved.
func InstallGitHooks(ctx context.Context, r *repo.Repo, names ...string) error {
	wanted, err := wantedHooks(r)
	if err != nil {
		return err
	}
	for _, name := range []string{PreCommit, PrePush} { // one order
		if slices.Contains(names, name) && !slices.Contains(wanted, name) {
			wanted = append(wanted, name)
		}
	}
	slices.Sort(wanted)
	return haveHooks(ctx, r, wanted)
}

// RemoveGitHooks takes these hooks of ours out. When none is left, all is as it was
// before the first was installed. It also completes what was cut short.
func RemoveGitHooks(ctx context.Context, r *repo.Repo, names ...string) error {
	wanted, err := wantedHooks(r)
	if err != nil {
		return err
	}
	return haveHooks(ctx, r, slices.DeleteFunc(wanted, func(name string) bool { return slices.Contains(names, name) }))
}

// wantedHooks are those of ours that are to be there.
func wantedHooks(r *repo.Repo) (names []string, err error) {
	config, err := r.OwnConfigNow() // not as it was when the command began
	if err != nil {
		return nil, err
	}
	value, _ := config.Get(hooksKey)
	for _, name := range strings.Fields(value) {
		if (name == PreCommit || name == PrePush) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// haveHooks makes it so that just these hooks of ours are there. What is wanted is
// recorded first: after a kill doctor finds what is missing.
func haveHooks(ctx context.Context, r *repo.Repo, wanted []string) error {
	if now, err := wantedHooks(r); err != nil || len(wanted) > 0 && !slices.Equal(now, wanted) {
		if err = errors.Join(err, gitConfig(ctx, r, "--local", hooksKey, strings.Join(wanted, " "))); err != nil {
			return err
		}
	}
	theirs, err := findTheirs(ctx, r)
	if err != nil {
		return err
	}
	for _, dir := range theirs.dirs {
		if err := removeKept(dir); err != nil {
			return err
		}
	}
	if err := giveBack(r, theirs); err != nil {
		return err
	}
	inPlace, err := theirs.leavesRoom(r, wanted)
	if err != nil {
		return err
	}
	if inPlace {
		if err := haveHookFiles(ownHooksDir(r), wanted); err != nil {
			return err
		}
		if err := removeDispatch(ctx, r); err != nil {
			return err
		}
	} else {
		if err := installDispatch(ctx, r, theirs, wanted); err != nil {
			return err
		}
		if err := haveHookFiles(ownHooksDir(r), nil); err != nil {
			return err
		}
	}
	if len(wanted) == 0 {
		return errors.Join(unsetConfig(ctx, r, hooksKey), forgetHooksPath(r))
	}
	return watchHooksPath(r)
}

// ownHooksDir is the folder in which git looks for hooks where core.hooksPath is not
// set.
func ownHooksDir(r *repo.Repo) string { return filepath.Join(r.CommonDir, "hooks") }

// haveHookFiles puts those of our hooks into dir that are wanted, where no other file
// has their name, and takes the rest out.
func haveHookFiles(dir string, wanted []string) error {
	for _, name := range []string{PreCommit, PrePush} {
		path := filepath.Join(dir, name)
		var err error
		if slices.Contains(wanted, name) {
			err = writeHook(path, ownScript(name))
		} else {
			err = removeOurs(path)
		}
		if err != nil {
			return fmt.Errorf("the %s hook: %w", name, err)
		}
	}
	return nil
}

// writeHook writes a hook, unless it is there as it should be.
func writeHook(path, script string) error {
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
		if now, err := os.ReadFile(path); err == nil && string(now) == script {
			return nil
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return file.Replace(path, []byte(script), 0o777)
}

// removeOurs removes the file if it is a hook of ours.
func removeOurs(path string) error {
	ours, err := isOurs(path)
	if err != nil || !ours {
		return err
	}
	return os.Remove(path)
}

// isOurs reports whether the file at path is a hook of ours. What is no regular file,
// a link too, is not: somebody else put it there.
func isOurs(path string) (bool, error) {
	content, err := readHook(path)
	return strings.Contains(content, hookMark), err
}

// isAbsent reports whether the error says that there is no such file, be it that the
// folder is none: core.hooksPath is often /dev/null.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// readHook is the beginning of a hook, which has our mark if it is ours; "" of what
// is no regular file.
func readHook(path string) (string, error) {
	info, err := os.Lstat(path)
	if isAbsent(err) || err == nil && !info.Mode().IsRegular() {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, 4096))
	return string(content), err
}

// RemoveGuard takes out the pre-push hook that came with agents' hooks, once none of
// those is left; with the pre-commit hook it stays.
func RemoveGuard(ctx context.Context, r *repo.Repo) error {
	wanted, err := wantedHooks(r)
	if err != nil || slices.Contains(wanted, PreCommit) || len(Installed(ctx, r)) > 0 || committed(r) {
		return err
	}
	return RemoveGitHooks(ctx, r, PrePush)
}
