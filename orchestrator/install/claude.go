package install

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// ClaudeSettings are the settings files of Claude Code that git swarm writes to,
// relative to the top of a work tree.
const (
	ClaudeLocal  = ".claude/settings.local.json" // untracked; that of the main checkout counts in all worktrees
	ClaudeShared = ".claude/settings.json"       // committed
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

// JoinKey is the configuration that lets sessions join by themselves before any
// was registered.
const JoinKey = "swarm.claude"

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
	path, err := c.path(ctx, r)
	if err != nil {
		return "", err
	}
	config, err := r.Config()
	if err != nil {
		return "", err
	}
	ours, err := config.Bool(c.ruleKey(), false)
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
	if err := errors.Join(setConfig(ctx, r, JoinKey, "true"), setConfig(ctx, r, c.ruleKey(), fmt.Sprint(!had))); err != nil {
		return "", err
	}
	if c.Shared {
		return path, nil
	}
	return path, addExclude(r.CommonDir, "/"+ClaudeLocal)
}

// setConfig writes to the repository's own configuration, unless it says so already.
func setConfig(ctx context.Context, r *repo.Repo, key, value string) error {
	config, err := r.Config()
	if err != nil {
		return err
	}
	if now, _ := config.Get(key); now == value {
		return nil
	}
	_, err = repo.Output(r.GitParsed(ctx, "config", "--local", key, value))
	return err
}

func unsetConfig(ctx context.Context, r *repo.Repo, key string) error {
	_, err := repo.Output(r.GitParsed(ctx, "config", "--local", "--unset-all", key))
	var no *repo.GitError
	if errors.As(err, &no) && no.ExitCode == 5 { // it is not set here
		return nil
	}
	return err
}

// forgetJoin takes back that sessions may join by themselves, unless there are
// still hooks of ours through which they could.
func forgetJoin(ctx context.Context, r *repo.Repo) error {
	if len(Installed(ctx, r)) > 0 || committed(r) {
		return nil
	}
	return unsetConfig(ctx, r, JoinKey)
}

// Remove takes out what Install put in, and no more; a file that Install made and
// that holds nothing else is removed.
func (c Claude) Remove(ctx context.Context, r *repo.Repo) (string, error) {
	path, err := c.path(ctx, r)
	if err != nil {
		return "", err
	}
	config, err := r.Config()
	if err != nil {
		return "", err
	}
	ours, err := config.Bool(c.ruleKey(), false)
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
	return path, removeExclude(r.CommonDir, "/"+ClaudeLocal)
}

// path is the settings file: of the main checkout, or the shared one here.
func (c Claude) path(ctx context.Context, r *repo.Repo) (string, error) {
	if c.Shared {
		if r.WorkTree == "" {
			return "", ErrNoCheckout
		}
		return filepath.Join(r.WorkTree, ClaudeShared), nil
	}
	top, err := mainCheckout(ctx, r)
	return filepath.Join(top, ClaudeLocal), err
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

// absent stands for a file that does not exist. No other program writes exactly
// this, so a file that is reduced to it was made by Install.
const absent = "{ \n}\n"

// editFile replaces a settings file by what edit makes of its text, whole or not
// at all; the text of one that does not exist is absent. If nothing changes,
// nothing is written.
func editFile(path, absent string, edit func(text string) (string, error)) error {
	file, err := openShared(path)
	if err != nil {
		return &SettingsError{path, err}
	}
	before := file.text
	if !file.there {
		before = absent
	}
	after, err := edit(before)
	if err == nil && !json.Valid([]byte(after)) {
		err = errors.New("it would not be valid JSON any more")
	}
	if err != nil {
		return &SettingsError{path, err}
	}
	switch {
	case after == absent:
		if err := os.Remove(file.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		_ = os.Remove(filepath.Dir(file.path)) // if nothing else is in it
		return nil
	case after == before:
		return nil
	}
	if err := file.write(after); errors.Is(err, errReadOnly) {
		return &SettingsError{path, err}
	} else if err != nil {
		return err
	}
	return nil
}

// excludeMark stands above the line that is ours in .git/info/exclude.
const excludeMark = "# git swarm init --claude"

func addExclude(commonDir, pattern string) error {
	file, err := openShared(filepath.Join(commonDir, "info", "exclude"))
	if err != nil {
		return err
	}
	text := file.text
	if strings.Contains("\n"+text, "\n"+pattern+"\n") {
		return nil
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return file.write(text + excludeMark + "\n" + pattern + "\n")
}

func removeExclude(commonDir, pattern string) error {
	file, err := openShared(filepath.Join(commonDir, "info", "exclude"))
	if err != nil {
		return err
	}
	ours := excludeMark + "\n" + pattern + "\n"
	if !strings.Contains("\n"+file.text, "\n"+ours) {
		return nil
	}
	if file.text == ours {
		return os.Remove(file.path)
	}
	return file.write(strings.Replace(file.text, ours, "", 1))
}

// MayJoin reports whether agents may join in this worktree before any session was
// registered: init --claude or --agents allowed it here, or hooks of ours are
// committed.
func MayJoin(r *repo.Repo) (bool, error) {
	config, err := r.Config()
	if err != nil {
		return false, err
	}
	if join, err := config.Bool(JoinKey, false); err == nil && join {
		return true, nil
	}
	return committed(r), nil
}

// committed reports whether this work tree has hooks of ours in settings that are
// committed, for sessions of every clone to join by.
func committed(r *repo.Repo) bool {
	if r.WorkTree == "" {
		return false
	}
	files := []string{ClaudeShared}
	for _, a := range OtherAgents() {
		files = append(files, a.File)
	}
	return slices.ContainsFunc(files, func(name string) bool { return len(commandsIn(filepath.Join(r.WorkTree, name))) > 0 })
}

// commandsIn are the commands of our hooks in a settings file, none of one that
// cannot be read.
func commandsIn(path string) []string {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	root, err := parseObject(string(content))
	if err != nil {
		return nil
	}
	return ourCommands(root)
}

// Installed says where hooks of ours are installed, and which programs they run
// ("" for the portable form).
func Installed(ctx context.Context, r *repo.Repo) map[string][]string {
	found := map[string][]string{}
	for _, c := range []Claude{{}, {Shared: true}} {
		path, err := c.path(ctx, r)
		if err != nil {
			continue
		}
		for _, command := range commandsIn(path) {
			if strings.HasPrefix(command, "command -v ") {
				command = ""
			}
			if !slices.Contains(found[path], command) {
				found[path] = append(found[path], command)
			}
		}
	}
	return found
}
