package app

import (
	"context"
	"fmt"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// target is what branch (a full ref name, HEAD, or "" for one without an upstream)
// lands on; to is the branch that the user names for it, if any.
func (c *call) target(ctx context.Context, branch, to string) (repo.Target, error) {
	b, err := c.Bus()
	if err != nil {
		return repo.Target{}, err
	}
	return c.swarm.Repo.FindTarget(ctx, repo.TargetQuery{Branch: branch, To: to, IsSessionBranch: b.IsSessionBranch})
}

// targetRef is the ref of what branch lands on, as this clone knows it.
func (c *call) targetRef(ctx context.Context, branch string) (string, error) {
	t, err := c.target(ctx, branch, "")
	if err != nil {
		return "", err
	}
	return c.swarm.Repo.TargetRef(ctx, t)
}

// formatSource says what named the target.
func formatSource(t repo.Target) string {
	switch t.Source {
	case repo.FromOption:
		return "--to"
	case repo.FromConfig:
		return "git config swarm.target"
	case repo.FromTeamFile:
		return repo.TeamFileName
	case repo.FromUpstream:
		return "the branch's upstream"
	case repo.FromRemoteDefault:
		return fmt.Sprintf("the default branch of %s", text.Inert(t.Remote))
	default:
		return "the default branch here"
	}
}

// formatLandsOn is the line that says where work lands.
func formatLandsOn(t repo.Target) string {
	line := fmt.Sprintf("Work lands on %s (%s)", text.Inert(t.String()), formatSource(t))
	if t.Remote == "" {
		line += ", once there is a remote"
	}
	return line
}
