package app

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/setup"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// trouble is what keeps a session from working in its worktree, in inert text.
type trouble struct {
	session string
	what    string
	hint    string // the next step
}

// worktreeTroubles finds the worktrees that are not where they were, those that belong
// to a repository that is not where it was, and, of these sessions, those whose set-up
// has not succeeded.
func worktreeTroubles(r *repo.Repo, sessions []bus.Session) (all []trouble) {
	for _, c := range agents.Checkouts(r) {
		dotGit := c.DotGit()
		if dotGit == "" { // the main checkout
			continue
		}
		id, path := text.Inert(c.Session), filepath.Dir(dotGit)
		say := func(hint, format string, args ...any) {
			all = append(all, trouble{c.Session, fmt.Sprintf(format, args...), hint})
		}
		content, err := file.Read(dotGit, 4096)
		if err != nil {
			say("git worktree prune if it was deleted, git worktree repair NEWPATH if it was moved", "the worktree of %s is not at '%s' any more", id, text.Inert(path))
			continue
		}
		to := strings.TrimSpace(strings.TrimPrefix(string(content), "gitdir: "))
		if !filepath.IsAbs(to) {
			to = filepath.Join(path, to)
		}
		if !sameFolder(to, c.GitDir()) {
			say("git worktree repair, if this repository was moved", "the worktree of %s in '%s' looks for its repository in '%s'", id, text.Inert(path), text.Inert(to))
			continue
		}
		i := slices.IndexFunc(sessions, func(s bus.Session) bool { return strings.EqualFold(s.ID, c.Session) })
		if record, err := setup.ReadRecord(c.GitDir()); i >= 0 && err == nil && record.State != setup.Done {
			say(setUpAgain(sessions[i].ID, sessions[i].Workstream), "the set-up of %s's worktree has not succeeded", id)
		}
	}
	return all
}

// setUpAgain is the command that sets a session's worktree up.
func setUpAgain(id, workstream string) string {
	return fmt.Sprintf("git swarm init --sessions \"%s:%s\" --worktrees", id, text.Inert(workstream))
}

// troubleOf is what there is of one session, "" for nothing.
func troubleOf(all []trouble, id string) string {
	for _, t := range all {
		if strings.EqualFold(t.session, id) {
			return t.what
		}
	}
	return ""
}

// troubleItems say each trouble, and the next step.
func troubleItems(all []trouble) (items []string) {
	for _, t := range all {
		items = append(items, t.what+": "+t.hint)
	}
	return items
}
