package merge

import (
	"context"
	"errors"
	"path"
	"strings"

	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Try merges two commits without touching anything but the object store, and
// returns the files that would be in conflict, with what healing would make of them.
// The merge driver does not take part, so that it can be told.
func Try(ctx context.Context, r *repo.Repo, a, b string, opts heal.Options) ([]Healed, error) {
	files, err := conflicts(ctx, r, a, b)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, nil
	}
	if err := readAttributes(ctx, r.GitParsed, files); err != nil {
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

// conflicts are the files that would be in conflict, from the top of the work tree.
func conflicts(ctx context.Context, r *repo.Repo, a, b string) ([]unmerged, error) {
	plain, err := WithoutDriver(r)
	if err != nil {
		return nil, err
	}
	out, err := repo.Output(r.GitParsed(ctx, append(plain, "merge-tree", "--write-tree", "--no-messages", "-z", a, b)...))
	var no *repo.GitError
	if errors.As(err, &no) && no.ExitCode == 1 && out != "" {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	fields := strings.Split(strings.TrimRight(out, "\x00"), "\x00")
	files, err := parseStages(fields[1:]) // the first is the tree
	for i := range files {                // git names them as seen from where it runs
		files[i].path = path.Join(r.Prefix, files[i].path)
	}
	return files, err
}
