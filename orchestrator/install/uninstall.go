package install

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Change is what Uninstall did: to a file, or to a value of the configuration.
type Change struct {
	File  string // its path, or the value's key and value as "key=value"
	Value bool   // it is a value
	Gone  bool   // the file is gone, else only what was ours in it
}

// Uninstall takes out what init, start and setup wrote outside refs/swarm: agents'
// settings, rules and instructions in this work tree and the main checkout, git hooks,
// the merge driver, values of the repository's configuration (of notes the folder of
// that ref), and the repository's line in the user's own. What others wrote keeps its
// bytes. It says what has changed, also when it fails half-way; run again it goes on.
func Uninstall(ctx context.Context, r *repo.Repo, notes string) ([]Change, error) {
	files, err := ourFiles(ctx, r)
	if err != nil {
		return nil, err
	}
	before := contents(files)
	values, err := configLines(ctx, r)
	if err != nil {
		return nil, err
	}
	failed := uninstall(ctx, r, notes)
	var changes []Change
	after := contents(files)
	for _, f := range files {
		if before[f] != after[f] {
			_, err := os.Lstat(f)
			changes = append(changes, Change{File: f, Gone: err != nil})
		}
	}
	left, err := configLines(ctx, r)
	for _, v := range values {
		if !slices.Contains(left, v) {
			changes = append(changes, Change{File: v, Value: true})
		}
	}
	return changes, errors.Join(failed, err)
}

func uninstall(ctx context.Context, r *repo.Repo, notes string) error {
	removeHooks := func(ctx context.Context, r *repo.Repo) error { return RemoveGitHooks(ctx, r, PreCommit, PrePush) }
	steps := []func(context.Context, *repo.Repo) error{removeHooks, RemoveMergeDriver}
	for _, c := range []Claude{{}, {Shared: true}} {
		steps = append(steps, func(ctx context.Context, r *repo.Repo) error {
			_, err := c.Remove(ctx, r)
			if errors.Is(err, ErrNoCheckout) {
				return nil
			}
			return err
		})
	}
	for _, a := range OtherAgents() {
		steps = append(steps, func(ctx context.Context, r *repo.Repo) error {
			_, err := a.Remove(ctx, r)
			if errors.Is(err, ErrNoCheckout) {
				return nil
			}
			return err
		})
	}
	if r.WorkTree != "" {
		for _, name := range instructionFiles {
			steps = append(steps, func(_ context.Context, r *repo.Repo) error { return removeProtocol(r.WorkTree, name) })
		}
	}
	steps = append(steps, func(ctx context.Context, r *repo.Repo) error { return hideNotes(ctx, r, notes) }, distrustNested)
	for _, key := range []string{"swarm.target", "swarm.remote", joinKey} { // the rest goes with the hooks
		steps = append(steps, func(ctx context.Context, r *repo.Repo) error { return unsetConfig(ctx, r, key) })
	}
	for _, step := range steps {
		if err := step(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// hideNotes takes back what ShowNotes set.
func hideNotes(ctx context.Context, r *repo.Repo, ref string) error {
	for _, key := range []string{"notes.displayRef", "notes.rewriteRef"} {
		if err := unsetValue(ctx, r, "--local", key, path.Dir(ref)+"/*"); err != nil {
			return err
		}
	}
	return nil
}

// distrustNested takes back what TrustNested added to the user's own configuration.
func distrustNested(ctx context.Context, r *repo.Repo) error {
	return unsetValue(ctx, r, "--global", repo.TrustedKey, r.CommonDir)
}

// unsetValue takes one value of a key out, if it is there.
func unsetValue(ctx context.Context, r *repo.Repo, scope, key, value string) error {
	_, err := repo.Output(r.GitParsed(ctx, "config", scope, "--fixed-value", "--unset-all", key, value))
	var no *repo.GitError
	if errors.As(err, &no) && no.ExitCode == 5 { // it is not there
		return nil
	}
	return err
}

// ourFiles are the files in which there can be something of ours.
func ourFiles(ctx context.Context, r *repo.Repo) (files []string, err error) {
	main, err := mainCheckout(ctx, r)
	if err != nil && !errors.Is(err, ErrNoCheckout) {
		return nil, err
	}
	names := append([]string{claudeLocal, claudeShared}, instructionFiles...)
	tops, err := checkouts(ctx, r)
	if err != nil && !errors.Is(err, ErrNoCheckout) {
		return nil, err
	}
	for _, top := range tops.all() {
		for _, a := range OtherAgents() {
			for _, f := range a.files() {
				files = append(files, filepath.Join(top, f.name))
			}
		}
	}
	for _, top := range []string{main, r.WorkTree} {
		for _, name := range names {
			if path := filepath.Join(top, name); top != "" && !slices.Contains(files, path) {
				files = append(files, path)
			}
		}
	}
	theirs, err := findTheirs(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, dir := range append(theirs.dirs, dispatchDir(r)) {
		files = append(files, filepath.Join(dir, PreCommit), filepath.Join(dir, PrePush))
	}
	return append(files, filepath.Join(r.CommonDir, excludeFile)), nil
}

// contents is what the files hold; one that is not there, or cannot be read, is not
// in it.
func contents(files []string) map[string]string {
	found := map[string]string{}
	for _, f := range files {
		if s, err := readShared(f); err == nil && s.there {
			found[f] = "=" + s.text
		}
	}
	return found
}

// configLines are the values of the repository's and the user's own configuration
// that could be ours.
func configLines(ctx context.Context, r *repo.Repo) ([]string, error) {
	var lines []string
	for _, scope := range []string{"--local", "--global"} {
		out, err := repo.Output(r.GitParsed(ctx, "config", scope, "--list", "-z"))
		var no *repo.GitError
		if errors.As(err, &no) && scope == "--global" { // there is no such file
			continue
		}
		if err != nil {
			return nil, err
		}
		for value := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
			lines = append(lines, strings.Replace(value, "\n", "=", 1))
		}
	}
	return lines, nil
}
