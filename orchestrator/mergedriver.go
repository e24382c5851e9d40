package orchestrator

import (
	"context"
	"errors"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// driver is what the merge driver is called in git's configuration.
const driver = "git-swarm"

// The configuration of the merge driver. merge.default makes it the driver of
// all files that no .gitattributes gives another: a line in .git/info/attributes
// would overrule what the project says of its own files. While git makes up a
// common ancestor of several, nothing is healed.
var driverSettings = [][2]string{
	{"merge." + driver + ".name", "git swarm: heal conflicts"},
	{"merge." + driver + ".driver", "git-swarm merge-driver %O %A %B %L %P"},
	{"merge." + driver + ".recursive", "text"},
	{"merge.default", driver},
}

// ErrOtherDriver says that merge.default names a driver that is not ours.
var ErrOtherDriver = errors.New("merge.default names another driver")

// InstallMergeDriver sets the driver up. Run again it changes nothing.
func InstallMergeDriver(ctx context.Context, r *repo.Repo) error {
	config, err := r.Config()
	if err != nil {
		return err
	}
	if other, ok := config.Get("merge.default"); ok && other != driver {
		return ErrOtherDriver
	}
	for _, s := range driverSettings {
		if _, err := repo.Output(r.GitParsed(ctx, "config", "--local", s[0], s[1])); err != nil {
			return err
		}
	}
	return nil
}

// RemoveMergeDriver takes out what InstallMergeDriver set.
func RemoveMergeDriver(ctx context.Context, r *repo.Repo) error {
	config, err := r.Config()
	if err != nil {
		return err
	}
	if now, ok := config.Get("merge.default"); ok && now == driver {
		if _, err := repo.Output(r.GitParsed(ctx, "config", "--local", "--unset", "merge.default")); err != nil {
			return err
		}
	}
	if _, ok := config.Get("merge." + driver + ".driver"); !ok {
		return nil
	}
	_, err = repo.Output(r.GitParsed(ctx, "config", "--local", "--remove-section", "merge."+driver))
	return err
}
