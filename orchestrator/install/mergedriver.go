package install

import (
	"context"
	"errors"

	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// The configuration of the merge driver. merge.default makes it the driver of
// all files that no .gitattributes gives another: a line in .git/info/attributes
// would overrule what the project says of its own files. While git makes up a
// common ancestor of several, nothing is healed.
var driverSettings = [][2]string{
	{"merge." + merge.Driver + ".name", "git swarm: heal conflicts"},
	{"merge." + merge.Driver + ".driver", driverCommand},
	{"merge." + merge.Driver + ".recursive", "text"},
	{"merge.default", merge.Driver},
}

// driverCommand leaves the merge to git where git-swarm is gone or fails: git
// takes a driver that fails for a conflict, and would leave ours without markers,
// so that theirs is lost to whoever stages it.
const driverCommand = "git-swarm merge-driver %O %A %B %L %P; s=$?; test $s -le 1 && exit $s; " +
	"echo 'git swarm: the merge driver failed, merged without it' >&2; " +
	"git merge-file -q --marker-size=%L -L ours -L base -L theirs %A %O %B"

// ErrOtherDriver says that merge.default names a driver that is not ours.
var ErrOtherDriver = errors.New("merge.default names another driver")

// InstallMergeDriver sets the driver up. Run again it changes nothing.
func InstallMergeDriver(ctx context.Context, r *repo.Repo) error {
	config, err := r.Config()
	if err != nil {
		return err
	}
	if other, ok := config.Get("merge.default"); ok && other != merge.Driver {
		return ErrOtherDriver
	}
	for _, s := range driverSettings {
		if err := gitConfig(ctx, r, "--local", s[0], s[1]); err != nil {
			return err
		}
	}
	return nil
}

// RemoveMergeDriver takes out what InstallMergeDriver set in this repository.
func RemoveMergeDriver(ctx context.Context, r *repo.Repo) error {
	for _, s := range []struct{ look, remove []string }{
		{[]string{"--get", "merge.default", "^" + merge.Driver + "$"}, []string{"--unset", "merge.default", "^" + merge.Driver + "$"}},
		{[]string{"--get-regexp", "^merge\\." + merge.Driver + "\\."}, []string{"--remove-section", "merge." + merge.Driver}},
	} {
		_, err := repo.Output(r.GitParsed(ctx, append([]string{"config", "--local"}, s.look...)...))
		var no *repo.GitError
		if errors.As(err, &no) && no.ExitCode == 1 {
			continue
		}
		if err != nil {
			return err
		}
		if err := gitConfig(ctx, r, append([]string{"--local"}, s.remove...)...); err != nil {
			return err
		}
	}
	return nil
}
