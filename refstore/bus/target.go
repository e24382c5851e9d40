package bus

import (
	"context"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// FindTarget is where the branch lands by [repo.Repo.FindTarget], seen from r, a checkout
// of the swarm's repository. Branch and to are those of [repo.TargetQuery].
func (b *Bus) FindTarget(ctx context.Context, r *repo.Repo, branch, to string) (repo.Target, error) {
	return r.FindTarget(ctx, repo.TargetQuery{Branch: branch, To: to, IsSessionBranch: b.IsSessionBranch, TeamFile: b.TeamFileAt})
}

// TeamFileAt is [repo.Repo.TeamFileAt], in process where that is possible. What is wrong
// with the file git is asked about again, so that it is worded once.
func (b *Bus) TeamFileAt(ctx context.Context, tip string) (*repo.TeamFile, error) {
	r := b.store.Repo()
	commit := tip
	if strings.HasPrefix(tip, "refs/") {
		commit = r.RefHere(tip)
	}
	if ok, _ := r.ReadInProcess(); ok && commit != "" {
		content, found, err := b.store.File(ctx, commit, repo.TeamFileName)
		if err == nil && !found {
			return new(repo.TeamFile), nil
		}
		if err == nil && len(content) <= repo.MaxTeamFile {
			if f, err := repo.ParseTeamFile(content); err == nil {
				return f, nil
			}
		}
	}
	return r.TeamFileAt(ctx, tip)
}
