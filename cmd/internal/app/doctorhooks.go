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

// hookNewsLine says what keeps git's hooks of ours from running.
func hookNewsLine(news install.HookNews) string {
	if news.Path != "" {
		return hooksPathLine(news.Path)
	}
	return fmt.Sprintf("git swarm's %s does not run any more: the hook is gone, not executable, or another program's", strings.Join(news.Missing, ", "))
}

// hooksHint is what has git's hooks of ours run again, where core.hooksPath is that now.
// What one worktree sets for itself, no installation for the repository reaches.
func (c *call) hooksHint(ctx context.Context, path string) string {
	if path == "" {
		return putHooksBack
	}
	out, err := repo.Output(c.swarm.Repo.GitParsed(ctx, "config", "--show-scope", "--get", "core.hooksPath"))
	if err == nil && strings.HasPrefix(out, "worktree\t") {
		return "git config --worktree --unset core.hooksPath, then " + putHooksBack
	}
	return putHooksBack
}

// checkGitHooks says of each worktree which of git's hooks of ours run there.
func (c *call) checkGitHooks(ctx context.Context, r *repo.Repo) []finding {
	states, err := install.HookStates(ctx, r)
	var old []string
	if err == nil {
		old, err = install.OldGitHooks(ctx, r)
	}
	if len(old) > 0 {
		return []finding{{"git hooks", "bad", strings.Join(old, ", ") + " of an older git swarm's: it does not run in every worktree, and nobody notices when another program replaces it", putHooksBack}}
	}
	if err == nil {
		err = install.RenewGitHooks(ctx, r)
	}
	if err != nil {
		line, hint, _ := c.format(err)
		return []finding{{"git hooks", "bad", line, hint}}
	}
	var found []finding
	told := false // what another core.hooksPath does
	changed := install.HooksPathChanged(r)
	back := c.hooksHint(ctx, changed)
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
		found = append(found, finding{"git hooks", "bad", line, back})
		told = true
	}
	if changed != "" && !told {
		found = append(found, finding{"git hooks", "bad", hooksPathLine(changed), back})
	}
	if len(states) == 0 && len(install.Installed(ctx, r)) > 0 {
		found = append(found, finding{"git hooks", "note", "none of git swarm's: of an agent's plain pushes, only those are let through that name another branch than the one on which work lands", putHooksBack})
	}
	return found
}
