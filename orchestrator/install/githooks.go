package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// gitHooks are the hooks that git swarm has in a repository.
var gitHooks = []string{"pre-commit", "pre-push"}

// hookMark is in every hook of ours, and chained is the ending of the name under
// which a hook that was there before is kept, and still run.
const (
	hookMark = "# git swarm's hook; \"git swarm init --git-hooks --remove\" takes it out"
	chained  = ".before-git-swarm"
)

// hookScript runs the hook that was there before, then ours; each gets the
// arguments and what git says on standard input, and each can refuse.
func hookScript(name string) string {
	return "#!/bin/sh\n" + hookMark + `
input=$(cat)
if [ -x "$0` + chained + `" ]; then
	printf '%s' "$input${input:+
}" | "$0` + chained + `" "$@" || exit
fi
command -v git-swarm >/dev/null 2>&1 || exit 0
printf '%s' "$input${input:+
}" | git-swarm hook ` + name + ` "$@"
`
}

// InstallGitHooks puts our hooks in place; those that are there already run
// before ours. Run again it changes nothing. It changes nothing and fails with
// [ErrKept] where a hook cannot be kept, and with [ErrLink] where a symbolic link in
// the work tree leads to the folder of the hooks.
func InstallGitHooks(ctx context.Context, r *repo.Repo) error {
	dir, err := hooksDir(ctx, r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	there := map[string]bool{} // somebody else's
	for _, name := range gitHooks {
		if there[name], err = isTheirs(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("keep the %s hook: %w", name, err)
		}
	}
	for _, name := range gitHooks {
		path := filepath.Join(dir, name)
		if there[name] {
			if err := os.Rename(path, path+chained); err != nil {
				return fmt.Errorf("keep the %s hook: %w", name, err)
			}
		}
		if err := file.Replace(path, []byte(hookScript(name)), 0o777); err != nil {
			return fmt.Errorf("install the %s hook: %w", name, err)
		}
	}
	return nil
}

// ErrKept says that a hook cannot be kept, for one is kept already: somebody put
// another hook in the place of ours.
var ErrKept = errors.New("there is one kept from before")

// isTheirs reports whether a hook is at path that has to be kept.
func isTheirs(path string) (bool, error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	ours, err := isOurs(path)
	if err != nil || ours {
		return false, err
	}
	if _, err := os.Lstat(path + chained); err == nil {
		return false, fmt.Errorf("'%s': %w", path+chained, ErrKept)
	}
	return true, nil
}

// RemoveGitHooks takes our hooks out and puts back those that were there before,
// also if an installation was killed half-way.
func RemoveGitHooks(ctx context.Context, r *repo.Repo) error {
	dir, err := hooksDir(ctx, r)
	if err != nil {
		return err
	}
	for _, name := range gitHooks {
		path := filepath.Join(dir, name)
		ours, err := isOurs(path)
		if err != nil {
			return err
		}
		if _, err := os.Lstat(path); err == nil && !ours {
			continue
		}
		err = os.Rename(path+chained, path)
		if errors.Is(err, fs.ErrNotExist) && ours {
			err = os.Remove(path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the %s hook: %w", name, err)
		}
	}
	return nil
}

// isOurs reports whether the file at path is a hook of ours. What is no regular file,
// a link too, is not: somebody else put it there.
func isOurs(path string) (bool, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, 4096)) // the mark is at the beginning
	return strings.Contains(string(content), hookMark), err
}
