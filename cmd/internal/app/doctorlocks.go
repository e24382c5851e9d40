package app

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/refstore/worktree"
)

// checkWorktrees puts in order the worktrees that were being made when their process
// was killed, and finds those in which a session cannot work.
func (c *call) checkWorktrees(ctx context.Context, r *repo.Repo) finding {
	mended, err := worktree.Mend(ctx, r)
	var cut []string
	if err == nil {
		cut, err = worktree.CutShort(ctx, r)
	}
	switch {
	case err != nil:
		return finding{"worktrees", "bad", text.Inert(err.Error()), ""}
	case len(mended) > 0:
		return finding{"worktrees", "note", fmt.Sprintf("worktree '%s' had been cut short while it was made, and is put in order", text.Inert(strings.Join(mended, "', '"))), "git swarm init --worktrees makes it anew"}
	}
	if len(cut) > 0 {
		return finding{"worktrees", "bad", fmt.Sprintf("'%s' was cut short while it was made", text.Inert(strings.Join(cut, "', '"))), "git swarm init --worktrees makes a session's anew; another's: git worktree remove -f -f PATH"}
	}
	sessions, _ := c.swarm.Bus().Sessions(ctx) // what cannot be read is another check's
	if bad := worktreeTroubles(r, sessions); len(bad) > 0 {
		return finding{"worktrees", "bad", bad[0].what, bad[0].hint}
	}
	return finding{"worktrees", "ok", "git can read the record of each", ""}
}

func sameFolder(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	two, err := os.Stat(b)
	return err == nil && os.SameFile(one, two)
}

// staleLock is how old a lock is that no git command is likely to hold any more.
const staleLock = time.Minute

// checkLocks clears git's locks that killed commands of ours have left, and reports
// all others that stand for long: whose they may be, how old, and how they are removed.
func checkLocks(r *repo.Repo, now time.Time) []finding {
	cleared, err := gitlock.Clear(r)
	if err != nil {
		return []finding{{"locks", "bad", text.Inert(err.Error()), ""}}
	}
	var found []finding
	for _, path := range cleared {
		found = append(found, finding{"locks", "note", text.Inert(path) + " was left by a command of ours that was killed, and is removed", ""})
	}
	for _, lock := range gitlock.List(r) {
		if age := now.Sub(lock.Since); age > staleLock {
			found = append(found, finding{"locks", "bad", formatLock(lock, age), "if no git command is running: rm -f " + text.ShellWord(lock.Path)})
		}
	}
	if len(found) == 0 {
		return []finding{{"locks", "ok", "none left behind", ""}}
	}
	return found
}

// formatLock says whose a lock may be.
func formatLock(lock gitlock.Lock, age time.Duration) string {
	line := fmt.Sprintf("%s is %s old", text.Inert(lock.Path), age.Round(time.Minute))
	var holders []string
	for _, h := range lock.Holders {
		holders = append(holders, text.Inert(h.String()))
	}
	switch {
	case len(holders) > 0:
		line += "; it may be that of " + strings.Join(holders, ", ")
	case lock.Ours:
		line += "; a command of ours took it, on another machine, in another container or before a restart"
	default:
		line += "; no git command that is that old works here"
	}
	return line
}
