package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// putHooksBack is what has git's hooks of ours run again, behind those of others.
const putHooksBack = "git swarm init --git-hooks"

// hooksPathLine says that another program has set core.hooksPath since git's hooks of
// ours were installed.
func hooksPathLine(path string) string {
	return fmt.Sprintf("core.hooksPath is '%s' now: git swarm's git hooks do not run, or not with those that are there", text.Inert(path))
}

// checkGitHooks says of each worktree which of git's hooks of ours run there.
func (c *call) checkGitHooks(ctx context.Context, r *repo.Repo) []finding {
	states, err := install.HookStates(ctx, r)
	if err != nil {
		line, hint, _ := c.format(err)
		return []finding{{"git hooks", "bad", line, hint}}
	}
	var found []finding
	if path := install.HooksPathChanged(r); path != "" {
		found = append(found, finding{"git hooks", "bad", hooksPathLine(path), putHooksBack})
	}
	for _, s := range states {
		place := text.Inert(c.near(s.WorkTree))
		if len(s.Missing) == 0 {
			found = append(found, finding{"git hooks", "ok", fmt.Sprintf("%s: %s", place, strings.Join(s.Present, ", ")), ""})
			continue
		}
		line := fmt.Sprintf("%s: %s of git swarm's does not run; git looks in %s", place, strings.Join(s.Missing, ", "), text.Inert(c.near(s.Dir)))
		if len(s.Present) > 0 {
			line += "; " + strings.Join(s.Present, ", ") + " does"
		}
		found = append(found, finding{"git hooks", "bad", line, putHooksBack})
	}
	if len(states) == 0 && len(install.Installed(ctx, r)) > 0 {
		found = append(found, finding{"git hooks", "note", "none of git swarm's: of an agent's plain pushes, only those are let through that name another branch than the one on which work lands", putHooksBack})
	}
	return found
}
