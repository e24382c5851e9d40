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

// userGit makes a command that may ask for credentials and run hooks, in English
// for us to read, and copies what it says to the user as it goes.
func userGit(r *repo.Repo, ctx context.Context, progress io.Writer, args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := r.Git(ctx, args...)
	cmd.Env = append(slices.Clip(cmd.Env), "LC_ALL=C", "LANGUAGE=")
	var heard bytes.Buffer
	cmd.Stderr = &heard
	if progress != nil {
		cmd.Stderr = io.MultiWriter(&heard, progress)
	}
	return cmd, &heard
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
