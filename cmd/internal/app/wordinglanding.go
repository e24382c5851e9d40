package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// What can go wrong on the way to the target, in words.

// formatUnanswered words a push of which it is not known whether it has landed: not
// even an interruption may hide that.
func (c *call) formatUnanswered(err error) *wording {
	var unanswered *land.UnansweredError
	if !errors.As(err, &unanswered) {
		return nil
	}
	code := exitAgain
	if errors.Is(err, errInterrupted) || errors.Is(err, context.Canceled) {
		code = exitFatal + 2
	}
	return &wording{unanswered.Error(), c.pushAgain(), code}
}

// formatLanding words what can go wrong with a branch.
func (c *call) formatLanding(err error) *wording {
	var (
		conflict  *land.ConflictError
		rejected  *land.RejectedError
		there     *land.RemoteLockedError
		inTheWay  *land.InTheWayError
		half      *land.UnfinishedError
		none      *land.NoBranchError
		verify    *land.VerifyError
		local     *land.TargetCheckoutError
		hook      *land.HookError
		noRequest *land.NoRequestError
		command   *requestError
		claimed   *land.ClaimedError
		most      *land.DeletionsError
		queued    *land.QueuedError
		elsewhere *queue.ElsewhereError
		refused   *land.RefusedError
		lost      *land.LostTipError
	)
	switch {
	case errors.As(err, &queued):
		return &wording{queued.Error(), "wait for it, or git swarm push --cancel", exitAgain}
	case errors.As(err, &elsewhere):
		return &wording{elsewhere.Error(), "git swarm push", exitNo}
	case errors.Is(err, queue.ErrLanding):
		return &wording{err.Error(), "git swarm queue", exitAgain}
	case errors.Is(err, land.ErrWithdrawn):
		return &wording{err.Error(), c.pushAgain(), exitNo}
	case errors.As(err, &refused), errors.As(err, &lost):
		return &wording{err.Error(), c.pushAgain(), exitNo}
	case errors.Is(err, land.ErrNoVerify):
		return &wording{err.Error(), "git config swarm.verify COMMAND", exitNo}
	case errors.As(err, &verify):
		return &wording{verify.Error(), "git swarm pull" + c.landsAt(" ") + ", fix it, then " + c.pushAgain(), exitNo}
	case errors.As(err, &conflict):
		return &wording{formatConflict(conflict), "git rebase " + text.ShellWord(conflict.Onto) + ", resolve, then " + c.pushAgain(), exitNo}
	case errors.As(err, &most):
		return &wording{most.Error() + ", so it was refused", c.deletionsMeant(), exitNo}
	case errors.As(err, &rejected):
		return &wording{rejected.Error(), protectedHint(rejected), exitNo}
	case errors.As(err, &noRequest):
		return &wording{noRequest.Error(), "git checkout -b BRANCH, or git config --unset swarm.land", exitNo}
	case errors.As(err, &command):
		return &wording{command.Error(), "mend what it says, then " + c.pushAgain(), exitNo}
	case errors.As(err, &claimed):
		return &wording{text.Inert(claimed.Error()), overClaims(claimed), exitNo}
	case errors.As(err, &hook):
		return &wording{hook.Error(), "mend what it names, then " + c.pushAgain(), exitNo}
	case errors.As(err, &there):
		return &wording{there.Error(), "if no git command is at work there, remove that file on the remote, then " + c.pushAgain(), exitAgain}
	case errors.As(err, &local):
		return c.formatTargetCheckout(local)
	case errors.As(err, &inTheWay):
		return &wording{"uncommitted changes are in the way: " + inTheWay.Line, "git swarm commit", exitNo}
	case errors.As(err, &half) && half.What == "bisect":
		return &wording{half.Error(), "git bisect reset", exitNo}
	case errors.As(err, &half):
		return &wording{half.Error(), fmt.Sprintf("git %s --continue, or git %s --abort", half.What, half.What), exitNo}
	case errors.As(err, &none):
		return &wording{none.Error(), "git swarm pull BRANCH, or git config swarm.target BRANCH", exitNo}
	case errors.Is(err, land.ErrDetached):
		return &wording{err.Error(), "git swarm push --to BRANCH", exitNo}
	case errors.Is(err, land.ErrUnborn):
		return &wording{err.Error(), "", exitNo}
	case errors.Is(err, land.ErrBare):
		return &wording{err.Error(), "git worktree add PATH, and this again there", exitNo}
	case errors.Is(err, land.ErrBusy), errors.Is(err, land.ErrOvertaken):
		return &wording{err.Error(), "try again", exitAgain}
	case errors.Is(err, lock.ErrLost):
		return &wording{"another session is landing now, as this command was stopped for longer than its lease; nothing was pushed", c.pushAgain(), exitAgain}
	}
	return nil
}

// overClaims is what to do about others' claims that keep a push out.
func overClaims(e *land.ClaimedError) string {
	first := e.Files[0]
	if first.Stale {
		return "git swarm claim --takeover " + text.ShellWord(first.Claim.Path)
	}
	return fmt.Sprintf("git swarm message %s 'may I land my change of %s?', or wait until theirs has landed", first.Claim.Session, strings.ReplaceAll(text.Inert(first.Path), "'", ""))
}

// protectedHint is the next step where a remote refuses the target itself.
func protectedHint(e *land.RejectedError) string {
	if strings.HasPrefix(e.Why, "remote rejected") {
		return "if the branch is protected: git config swarm.land pr, then git swarm push"
	}
	return ""
}

// formatTargetCheckout words that a checkout of the local target cannot follow.
func (c *call) formatTargetCheckout(e *land.TargetCheckoutError) *wording {
	var half *land.UnfinishedError
	git := "git -C " + text.ShellWord(e.Dir)
	switch {
	case errors.Is(e, land.ErrBusy):
		return &wording{text.Inert(e.Error()), "try again", exitAgain}
	case errors.As(e, &half) && half.What == "bisect":
		return &wording{text.Inert(e.Error()), git + " bisect reset, then " + c.pushAgain(), exitNo}
	case errors.As(e, &half):
		return &wording{text.Inert(e.Error()), fmt.Sprintf("%[1]s %[2]s --continue, or %[1]s %[2]s --abort, then %[3]s", git, half.What, c.pushAgain()), exitNo}
	}
	return &wording{text.Inert(e.Error()), "commit it there: " + git + " commit -a, then " + c.pushAgain(), exitNo}
}

// formatLocked words that git's lock stayed in the way.
func formatLocked(err error) *wording {
	var locked *gitlock.LockedError
	if !errors.As(err, &locked) {
		return nil
	}
	return &wording{locked.Error(), "try again; if it stays: git swarm doctor", exitAgain}
}

// formatTarget words why there is nothing to land on.
func formatTarget(err error) *wording {
	var unknown *repo.UnknownRemoteError
	var name *repo.BranchNameError
	var file *repo.TeamFileError
	switch {
	case errors.As(err, &file) && file.Ref != "":
		return &wording{err.Error(), "mend it on that branch, or name swarm.target, swarm.remote and swarm.requireReview in git config", exitFatal}
	case errors.As(err, &file):
		return &wording{err.Error(), "mend or remove it", exitFatal}
	case errors.As(err, &unknown):
		return &wording{err.Error(), "git remote -v", exitNo}
	case errors.As(err, &name) && name.Source == repo.FromOption:
		return &wording{err.Error(), "", exitUsage}
	case errors.Is(err, repo.ErrWhichRemote):
		return &wording{err.Error(), "git config swarm.remote NAME", exitNo}
	case errors.Is(err, repo.ErrNotFetched):
		return &wording{err.Error(), "git fetch, or git config swarm.target BRANCH", exitNo}
	case errors.As(err, &name), errors.Is(err, repo.ErrNoTarget):
		return &wording{err.Error(), "git config swarm.target BRANCH", exitNo}
	}
	return nil
}

// deletionsMeant is what to do about a change that deletes most files.
func (c *call) deletionsMeant() string {
	switch {
	case c.verb == nil:
		return ""
	case c.verb.name == "commit":
		return "git reset, which leaves the files as they are, then git add; if it is meant: git swarm commit --allow-deletions MESSAGE"
	case c.verb.name == "hook":
		return "if it is meant: git push --no-verify"
	}
	return "if it is meant: " + c.pushAgain() + " --allow-deletions"
}

// pushAgain is the push that was asked for, or that follows a pull.
func (c *call) pushAgain() string { return "git swarm push" + c.landsAt(" --to ") }

// landsAt is the branch that was named, behind an option; "" if none was.
func (c *call) landsAt(option string) string {
	if c.cmd == nil {
		return ""
	}
	to := c.cmd.String("to")
	if c.verb.name == "pull" && len(c.args) == 1 {
		to = c.args[0]
	}
	if to == "" {
		return ""
	}
	return option + text.ShellWord(to)
}

// formatConflict names the files, and whose commits they conflict with.
func formatConflict(e *land.ConflictError) string {
	var sessions, commits []string
	seen := map[string]bool{}
	for _, t := range e.Theirs {
		who := t.Session
		if who == "" {
			who = t.Author
		}
		if !seen[who] {
			seen[who] = true
			sessions = append(sessions, who)
		}
		commits = append(commits, t.Commit)
	}
	theirs, unmade := "", ""
	if len(commits) > 0 { // a path that git has made up for one of two in each other's way is in none
		theirs = fmt.Sprintf(", changed by %s (%s)", strings.Join(sessions, ", "), strings.Join(commits, ", "))
	}
	if e.Unmade != "" {
		unmade = ": " + text.Inert(e.Unmade)
	}
	return fmt.Sprintf("conflict in %s%s%s; nothing was changed", strings.Join(e.Files, ", "), theirs, unmade)
}
