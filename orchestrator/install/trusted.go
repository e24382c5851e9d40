package install

import (
	"context"
	"errors"
	"os"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TrustNested adds the repository to the user's own [repo.TrustedKey] where it lies
// in the work tree of another one: agents' hooks take such a one for a folder, as
// content can make it, unless the user says otherwise. It reports whether it did. Where
// that configuration is hidden, it is [ErrHiddenConfig].
func TrustNested(ctx context.Context, r *repo.Repo) (bool, error) {
	outer, err := r.Outer()
	if err != nil || outer == "" {
		return false, err
	}
	if trusted, err := r.Trusted(); err != nil || trusted {
		return false, err
	}
	if path := repo.Env(r.GitParsed(ctx).Env).Get("GIT_CONFIG_GLOBAL"); path != "" {
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // git would put a file in its place
			return false, ErrHiddenConfig
		}
	}
	err = gitConfig(ctx, r, "--global", "--add", repo.TrustedKey, r.CommonDir)
	return err == nil, err
}

// ErrHiddenConfig says that GIT_CONFIG_GLOBAL names no regular file, such as /dev/null:
// the user's own configuration can be neither read nor written.
var ErrHiddenConfig = errors.New("the user's git configuration is hidden by GIT_CONFIG_GLOBAL")
