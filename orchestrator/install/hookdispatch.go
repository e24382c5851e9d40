package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// core.hooksPath is set in a file of its own, which the repository's configuration
// includes: the value that the user set stays as it is, byte for byte, a program that
// sets it again does not undo ours, and what git config --local prints is the user's.
// It is included only while the repository is where it was: the path is absolute, and
// git runs no hook at all from a folder that is not there.
const (
	dispatchConfig = "swarm/githooks.config" // from the common git dir
	beforeKey      = "swarm.hooksBefore"     // in that file: what our hooks take core.hooksPath for
)

// dispatchDir is the folder of hooks that run theirs and ours.
func dispatchDir(r *repo.Repo) string { return filepath.Join(r.CommonDir, "swarm", "githooks") }

// installDispatch has git look for hooks in our folder. The folder is complete before
// git looks there.
func installDispatch(ctx context.Context, r *repo.Repo, theirs theirHooks, wanted []string) error {
	dir := dispatchDir(r)
	for _, name := range slices.Concat(hookNames, sometimes) {
		path := filepath.Join(dir, name)
		var err error
		if slices.Contains(sometimes, name) && !theirs.has(name) {
			err = removeOurs(path)
		} else {
			err = writeHook(path, dispatchScript(theirs.path, name, slices.Contains(wanted, name)))
		}
		if err != nil {
			return fmt.Errorf("the %s hook: %w", name, err)
		}
	}
	text := fmt.Sprintf("# Written by git swarm init; git swarm uninit takes it out.\n[core]\n\thooksPath = %s\n[swarm]\n\thooksBefore = %s\n", configValue(dir), configValue(theirs.value))
	path := filepath.Join(r.CommonDir, dispatchConfig)
	if now, err := os.ReadFile(path); err != nil || string(now) != text {
		if err := file.Replace(path, []byte(text), 0o666); err != nil {
			return err
		}
	}
	return include(ctx, r, includeKey(r))
}

// configValue is how a value stands in a configuration file.
func configValue(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value) + `"`
}

// giveBack moves hooks that another program has written into our folder to where they
// would be without it, if that is in the git dir. A hook of that name that is there
// is kept beside it.
func giveBack(r *repo.Repo, theirs theirHooks) error {
	for _, name := range slices.Concat(hookNames, sometimes) {
		path := filepath.Join(dispatchDir(r), name)
		if err := removeOurs(path + ".old"); err != nil { // lefthook's copy of ours
			return err
		}
		if _, err := os.Lstat(path); err != nil {
			continue
		}
		if ours, err := isOurs(path); err != nil || ours {
			if err != nil {
				return err
			}
			continue
		}
		if theirs.set {
			return fmt.Errorf("'%s': %w", path, ErrForeignHook)
		}
		own := filepath.Join(ownHooksDir(r), name)
		if err := os.MkdirAll(ownHooksDir(r), 0o777); err != nil {
			return err
		}
		if ours, err := isOurs(own); err != nil {
			return err
		} else if _, err := os.Lstat(own); err == nil && !ours {
			if err := os.Rename(own, own+chained); err != nil {
				return err
			}
		}
		if err := os.Rename(path, own); err != nil {
			return err
		}
	}
	return nil
}

// removeDispatch has git look for hooks where it would without us.
func removeDispatch(ctx context.Context, r *repo.Repo) error {
	if err := include(ctx, r, ""); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(r.CommonDir, dispatchConfig)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.RemoveAll(dispatchDir(r)); err != nil {
		return err
	}
	_ = os.Remove(filepath.Join(r.CommonDir, "swarm")) // if nothing else is in it
	return nil
}

// includeKey is the key by which the repository's configuration includes ours.
func includeKey(r *repo.Repo) string {
	above := filepath.Dir(r.CommonDir)
	if above != "/" {
		above += "/"
	}
	return "includeIf.gitdir:" + strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(above) + ".path"
}

// include has the repository's configuration include ours by this key, and by no
// other, as it had where the repository was before; by none if the key is "".
func include(ctx context.Context, r *repo.Repo, key string) error {
	out, err := repo.Output(r.GitParsed(ctx, "config", "--local", "-z", "--get-regexp", `^includeif\..*\.path$`))
	var no *repo.GitError
	if err != nil && !(errors.As(err, &no) && no.ExitCode == 1) { // 1: none
		return err
	}
	there := false
	for entry := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		name, value, _ := strings.Cut(entry, "\n")
		switch {
		case value != dispatchConfig:
		case strings.EqualFold(name, key):
			there = true
		default:
			if err := unsetValue(ctx, r, "--local", name, dispatchConfig); err != nil {
				return err
			}
		}
	}
	if there || key == "" {
		return nil
	}
	return gitConfig(ctx, r, "--local", "--add", key, dispatchConfig)
}
