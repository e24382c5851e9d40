package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// The settings files of Claude Code that git swarm writes to,
// relative to the top of a work tree.
const (
	claudeLocal  = ".claude/settings.local.json" // untracked; that of the main checkout counts in all worktrees
	claudeShared = ".claude/settings.json"       // committed
)

// clientWorktrees are those that Claude Code makes in the main checkout.
const clientWorktrees = "/.claude/worktrees/"

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

	worktrees bool // as WorktreeHookKey says
}

// WorktreeHookKey is the configuration that has Claude Code ask git swarm for the
// worktrees that it makes, from the next Install on.
const WorktreeHookKey = "swarm.worktreeHook"

// ErrCommitted says that the settings that are for this machine alone are committed:
// what is written into them would reach every clone, and what came with a clone is
// not the user's word.
var ErrCommitted = errors.New("it is committed, and is for this machine alone")

// ruleKey is the configuration that says whether the allow rules are ours, one for
// each of the two files.
func (c Claude) ruleKey() string {
	if c.Shared {
		return "swarm.claudeSharedRule"
	}
	return "swarm.claudeRule"
}

// Install merges the hooks and the allow rules into the settings, in place of those
// of ours that are there already, and returns the file. All else in it keeps its
// bytes. Run again it changes nothing. Where a rule of the user's own allows every
// command, wide is true, and no rule is added. It fails with a [SettingsError] where
// a link is on the way to the file, and with [ErrCommitted] where the file that is
// for this machine alone is committed.
func (c Claude) Install(ctx context.Context, r *repo.Repo) (path string, wide bool, err error) {
	top, err := c.top(ctx, r)
	if err == nil {
		err = c.notCommitted(ctx, r, top)
	}
	if err != nil {
		return "", false, err
	}
	commands, err := c.commands(r)
	if err == nil {
		c.worktrees, err = c.wantsWorktrees(r)
	}
	if err != nil {
		return "", false, err
	}
	err = editFile(top, c.file(), absent, func(text string) (string, error) {
		bare, err := c.withoutOurs(r, text)
		if err != nil {
			return "", err
		}
		rules := commandRules(commands)
		if wide = hasWideRule(bare); !wide {
			rules = RulesFor(commands)
		}
		return withOurs(bare, claudeHooks(c), rules)
	})
	if err != nil {
		return "", false, err
	}
	err = errors.Join(setConfig(ctx, r, joinKey, "true"), setConfig(ctx, r, c.ruleKey(), fmt.Sprint(!wide)))
	if err == nil && !c.Shared {
		err = noteCommands(ctx, r, commands)
	}
	if err == nil && !c.Shared {
		err = errors.Join(addExclude(r.CommonDir, "/"+claudeLocal), addExclude(r.CommonDir, clientWorktrees))
	}
	return filepath.Join(top, c.file()), wide, err
}

// withoutOurs takes out our hooks, and the rules if they are ours: as was recorded,
// else as hooks of ours that came with a clone say.
func (c Claude) withoutOurs(r *repo.Repo, text string) (string, error) {
	config, err := r.Config()
	if err != nil {
		return "", err
	}
	rules, err := config.Bool(c.ruleKey(), hasOurHooks(text))
	if err != nil {
		return "", err
	}
	if c.Shared {
		return withoutOurs(text, rules)
	}
	return withoutOurs(text, rules, config.All(commandsKey)...)
}

// commandsKey has the commands for which there are rules in the settings.
const commandsKey = "swarm.claudeCommands"

// commands are those for which there are to be rules: none in a committed file.
func (c Claude) commands(r *repo.Repo) ([]string, error) {
	if c.Shared {
		return nil, nil
	}
	return Allowed(r)
}

// wantsWorktrees reads WorktreeHookKey: what is committed has no such hook, for it stands
// in the client's way wherever git-swarm is missing.
func (c Claude) wantsWorktrees(r *repo.Repo) (bool, error) {
	if c.Shared {
		return false, nil
	}
	config, err := r.Config()
	if err != nil {
		return false, err
	}
	return config.Bool(WorktreeHookKey, false)
}

func noteCommands(ctx context.Context, r *repo.Repo, commands []string) error {
	config, err := r.Config()
	if err != nil || slices.Equal(config.All(commandsKey), commands) {
		return err
	}
	if err := unsetConfig(ctx, r, commandsKey); err != nil {
		return err
	}
	for _, command := range commands {
		if err := gitConfig(ctx, r, "--local", "--add", commandsKey, command); err != nil {
			return err
		}
	}
	return nil
}

// notCommitted is [ErrCommitted] where the file should not be.
func (c Claude) notCommitted(ctx context.Context, r *repo.Repo, top string) error {
	if c.Shared {
		return nil
	}
	if _, err := openShared(top, claudeLocal); err != nil { // the worse, so it is told first
		return &SettingsError{filepath.Join(top, claudeLocal), err}
	}
	out, err := repo.Output(r.GitParsed(ctx, "-C", top, "ls-files", "--", ":(top,icase,literal)"+claudeLocal))
	if err == nil && out != "" {
		err = &SettingsError{filepath.Join(top, claudeLocal), ErrCommitted}
	}
	return err
}

// Remove takes out what Install put in, and no more; a file that Install made and
// that holds nothing else is removed.
func (c Claude) Remove(ctx context.Context, r *repo.Repo) (string, error) {
	top, err := c.top(ctx, r)
	if err != nil {
		return "", err
	}
	path := filepath.Join(top, c.file())
	if _, err := os.Lstat(path); err == nil {
		err := editFile(top, c.file(), absent, func(text string) (string, error) { return c.withoutOurs(r, text) })
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
	if err := unsetConfig(ctx, r, commandsKey); err != nil {
		return "", err
	}
	return path, errors.Join(removeExclude(r.CommonDir, "/"+claudeLocal), removeExclude(r.CommonDir, clientWorktrees))
}

// file is the settings file, from the top of its work tree.
func (c Claude) file() string {
	if c.Shared {
		return claudeShared
	}
	return claudeLocal
}

// top is the work tree that holds it: the main checkout, or for the shared one this.
func (c Claude) top(ctx context.Context, r *repo.Repo) (string, error) {
	if !c.Shared {
		return mainCheckout(ctx, r)
	}
	if r.WorkTree == "" {
		return "", ErrNoCheckout
	}
	return r.WorkTree, nil
}

// HasPlace is ErrNoCheckout where there is no work tree for the settings.
func (c Claude) HasPlace(ctx context.Context, r *repo.Repo) error {
	_, err := c.top(ctx, r)
	return err
}
