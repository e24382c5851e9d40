package review

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// patchID returns git's patch-id of the range's diff (git-patch-id(1)), which stays
// the same when a rebase shifts lines. For a change without text, such as one of
// modes alone, it is the id of the tip's tree.
func patchID(ctx context.Context, git *repo.Repo, r *Range) (object.Hash, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return "", err
	}
	diff := diffTree(ctx, git, r.Base, r.Tip, "--binary")
	diff.Stdout = write
	patch := git.GitParsed(ctx, "patch-id", "--stable")
	patch.Stdin = read
	done := make(chan error, 1)
	go func() {
		_, err := repo.Output(diff)
		done <- errors.Join(err, write.Close())
	}()
	out, err := repo.Output(patch)
	read.Close() // else git diff would wait for a reader
	if err := errors.Join(err, <-done); err != nil {
		return "", fmt.Errorf("patch-id: %w", err)
	}
	id, _, _ := strings.Cut(strings.TrimSpace(out), " ")
	if id == "" { // a change without text
		return treeID(ctx, git, r.Tip)
	}
	return object.Hash(id), nil
}

func treeID(ctx context.Context, git *repo.Repo, commit object.Hash) (object.Hash, error) {
	ids, err := resolve(ctx, git, string(commit)+"^{tree}")
	if err == nil && ids[0] == "" {
		err = &NoCommitError{string(commit)}
	}
	if err != nil {
		return "", err
	}
	return ids[0], nil
}
