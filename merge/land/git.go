package land

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"slices"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// userGit is a git command that may ask for credentials and run hooks. Its messages
// are in English, to be read here, and are copied to progress as they come.
func userGit(ctx context.Context, r *repo.Repo, progress io.Writer, args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := r.Git(ctx, args...)
	cmd.Env = append(slices.Clip(cmd.Env), "LC_ALL=C", "LANGUAGE=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if progress != nil {
		cmd.Stderr = io.MultiWriter(&stderr, progress)
	}
	return cmd, &stderr
}

// ancestor reports whether a is an ancestor of b, or b itself.
func ancestor(ctx context.Context, r *repo.Repo, a, b string) (bool, error) {
	_, err := repo.Output(r.GitParsed(ctx, "merge-base", "--is-ancestor", a, b))
	var no *repo.GitError
	if errors.As(err, &no) && no.ExitCode == 1 {
		return false, nil
	}
	return err == nil, err
}
