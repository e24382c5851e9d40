package merge

import (
	"context"
	"errors"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Try merges two commits without touching anything but the object store, and
// returns the files that would be in conflict, with what Heal would make of them.
func Try(ctx context.Context, r *repo.Repo, a, b string, opts Options) ([]Healed, error) {
	out, err := repo.Output(r.GitParsed(ctx, "merge-tree", "--write-tree", "--no-messages", "-z", a, b))
	var no *repo.GitError
	if errors.As(err, &no) && no.ExitCode == 1 && out != "" {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	fields := strings.Split(strings.TrimRight(out, "\x00"), "\x00")
	files, err := parseStages(fields[1:]) // the first is the tree
	if err != nil {
		return nil, err
	}
	var all []Healed
	for _, f := range files {
		h, err := healFile(ctx, r.GitParsed, f, opts)
		if err != nil {
			return nil, err
		}
		all = append(all, *h)
	}
	return all, nil
}
