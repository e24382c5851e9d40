package install

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// joinKey is the configuration that lets sessions join by themselves before any
// was registered.
const joinKey = "swarm.claude"

// MayJoin reports whether agents may join in this worktree before any session was
// registered: init --claude or --agents allowed it here, or hooks of ours came with
// the clone.
func MayJoin(r *repo.Repo) (bool, error) {
	config, err := r.Config()
	if err != nil {
		return false, err
	}
	if join, err := config.Bool(joinKey, false); err == nil && join {
		return true, nil
	}
	return committed(r), nil
}

// committed reports whether this work tree has hooks of ours in the settings of its
// project, for sessions of every clone to join by.
func committed(r *repo.Repo) bool {
	if r.WorkTree == "" {
		return false
	}
	if len(commandsIn(filepath.Join(r.WorkTree, claudeShared))) > 0 {
		return true
	}
	return slices.ContainsFunc(OtherAgents(), func(a OtherAgent) bool { return a.isIn(r.WorkTree) })
}

// commandsIn are the commands of our hooks in a settings file, none of one that
// cannot be read.
func commandsIn(path string) []string {
	file, err := readShared(path)
	if err != nil || !file.there {
		return nil
	}
	root, err := parseObject(file.text)
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
		top, err := c.top(ctx, r)
		if err != nil {
			continue
		}
		path := filepath.Join(top, c.file())
		for _, command := range commandsIn(path) {
			command = programOf(command)
			if !slices.Contains(found[path], command) {
				found[path] = append(found[path], command)
			}
		}
	}
	return found
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
	return gitConfig(ctx, r, "--local", key, value)
}

func unsetConfig(ctx context.Context, r *repo.Repo, key string) error {
	err := gitConfig(ctx, r, "--local", "--unset-all", key)
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
	return unsetConfig(ctx, r, joinKey)
}
