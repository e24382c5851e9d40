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
	t := NewTrials(r, opts)
	defer t.Close()
	return t.Try(ctx, a, b)
}

// Trials are merges of several pairs of commits, one after the other. What they have in
// common is asked of git once: what .gitattributes says must not change meanwhile.
type Trials struct {
	repo       *repo.Repo
	options    heal.Options
	objects    *blobs
	attributes *attributes
}

// NewTrials starts nothing yet. What is started, Close ends.
func NewTrials(r *repo.Repo, opts heal.Options) *Trials {
	return &Trials{r, opts, &blobs{git: r.GitParsed}, &attributes{git: r.GitParsed}}
}

// Close ends what was started.
func (t *Trials) Close() { t.objects.close() }

// Try is [Try] for one pair.
func (t *Trials) Try(ctx context.Context, a, b string) ([]Healed, error) {
	files, err := conflicts(ctx, t.repo, a, b)
	if err == nil {
		err = t.attributes.read(ctx, files)
	}
	if err != nil {
		return nil, err
	}
	var all []Healed
	for _, f := range files {
		h, err := healFile(ctx, t.objects, f, t.options)
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
