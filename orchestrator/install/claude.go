package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// The settings files of Claude Code that git swarm writes to,
// relative to the top of a work tree.
const (
	claudeLocal  = ".claude/settings.local.json" // untracked; that of the main checkout counts in all worktrees
	claudeShared = ".claude/settings.json"       // committed
)

// SettingsError says that a settings file is not what it should be, and was left
// alone.
type SettingsError struct {
	Path string
	Err  error
}

func (e *SettingsError) Error() string { return fmt.Sprintf("'%s': %v; left alone", e.Path, e.Err) }

// Unwrap returns what is wrong with it.
func (e *SettingsError) Unwrap() error { return e.Err }

// ErrNoCheckout says that there is no work tree that could hold settings.
var ErrNoCheckout = errors.New("no work tree that could hold an agent's settings")

// Claude is where Claude Code's hooks are put.
type Claude struct {
	Shared  bool   // in the committed file of this work tree, for every clone
	Command string // the absolute path of git-swarm; not used if Shared
}

// ruleKey is the configuration that says whether the allow rule is ours, one for
// each of the two files.
func (c Claude) ruleKey() string {
	if c.Shared {
		return "swarm.claudeSharedRule"
	}
	return "swarm.claudeRule"
}

// Install merges the hooks into the settings, in place of those of ours that are
// there already, and returns the file. All else in it keeps its bytes. Run again
// it changes nothing.
func (c Claude) Install(ctx context.Context, r *repo.Repo) (string, error) {
	path, ours, err := c.file(ctx, r)
	if err != nil {
		return "", err
	}
	had := false
	err = editFile(path, absent, func(text string) (string, error) {
		bare, err := withoutOurs(text, ours)
		if err != nil {
			return "", err
		}
		had = hasRule(bare)
		return withOurs(bare, claudeHooks(c), !had)
	})
	if err != nil {
		return "", err
	}
	if err := errors.Join(setConfig(ctx, r, joinKey, "true"), setConfig(ctx, r, c.ruleKey(), fmt.Sprint(!had))); err != nil {
		return "", err
	}
	if c.Shared {
		return path, nil
	}
	return path, addExclude(r.CommonDir, "/"+claudeLocal)
}

// Remove takes out what Install put in, and no more; a file that Install made and
// that holds nothing else is removed.
func (c Claude) Remove(ctx context.Context, r *repo.Repo) (string, error) {
	path, ours, err := c.file(ctx, r)
	if err != nil {
		return "", err
	}
	if _, err := os.Lstat(path); err == nil {
		err := editFile(path, absent, func(text string) (string, error) { return withoutOurs(text, ours) })
		if err != nil {
			return "", err
		}
	}
	if err := unsetConfig(ctx, r, c.ruleKey()); err != nil {
		return "", err
	}
	if err := forgetJoin(ctx, r); err != nil {
		return "", err
	}
	if c.Shared {
		return path, nil
	}
	return path, removeExclude(r.CommonDir, "/"+claudeLocal)
}

// file is the settings file, and whether the allow rule in it is ours.
func (c Claude) file(ctx context.Context, r *repo.Repo) (path string, ourRule bool, err error) {
	if path, err = c.path(ctx, r); err != nil {
		return "", false, err
	}
	config, err := r.Config()
	if err != nil {
		return "", false, err
	}
	ourRule, err = config.Bool(c.ruleKey(), false)
	return path, ourRule, err
}

// path is the settings file: of the main checkout, or the shared one here.
func (c Claude) path(ctx context.Context, r *repo.Repo) (string, error) {
	if c.Shared {
		if r.WorkTree == "" {
			return "", ErrNoCheckout
		}
		return filepath.Join(r.WorkTree, claudeShared), nil
	}
	top, err := mainCheckout(ctx, r)
	return filepath.Join(top, claudeLocal), err
}

// mainCheckout is the top of the main work tree, the one that is not linked, or
// ErrNoCheckout.
func mainCheckout(ctx context.Context, r *repo.Repo) (string, error) {
	if r.GitDir == r.CommonDir && r.WorkTree != "" {
		return r.WorkTree, nil
	}
	out, err := repo.Output(r.GitParsed(ctx, "worktree", "list", "--porcelain"))
	if err != nil {
		return "", err
	}
	first, _, _ := strings.Cut(out, "\n\n")
	path, _, _ := strings.Cut(strings.TrimPrefix(first, "worktree "), "\n")
	if _, err := os.Lstat(filepath.Join(path, ".git")); err != nil || strings.Contains(first+"\n", "\nbare\n") {
		return "", ErrNoCheckout
	}
	return path, nil
}
