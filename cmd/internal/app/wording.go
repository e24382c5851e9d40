package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"syscall"

	"github.com/git-swarm/git-swarm/cmd/internal/demo"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// Every error that a user can meet gets its words here: one line that says what was
// refused and who or what stood in the way, one next command where there is one,
// and the exit code. Verbs return errors as they are, with two exceptions: wrong
// usage (usageOf) is said where the option is, and what only a verb finds out is
// one of the refusals at the end of this file.

// wording is how an error is told.
type wording struct {
	line string
	hint string // the next step, "" for none
	code int
}

// format words an error.
func (c *call) format(err error) (line, hint string, code int) {
	for _, known := range []func(error) *wording{c.formatUnanswered, c.formatUsage, formatLocked, formatWorktree, c.formatLanding, formatTarget, c.formatReview, c.formatSetup, c.formatClaim, formatBus, c.formatRepository} {
		if w := known(err); w != nil {
			return w.line, w.hint, w.code
		}
	}
	return formatSystem(err), "", exitFatal
}

func (c *call) formatUsage(err error) *wording {
	var usage *usageError
	var refused *refusal
	var played *demo.FailedError
	switch {
	case errors.As(err, &usage):
		hint := "git swarm help"
		if usage.verb != nil {
			hint += " " + usage.verb.name
		}
		if usage.near != "" {
			hint = "did you mean " + usage.near + "? See " + hint
		}
		return &wording{err.Error(), hint, exitUsage}
	case errors.As(err, &refused):
		return &wording{err.Error(), refused.hint, refused.code}
	case errors.As(err, &played):
		return &wording{err.Error(), "", exitNo}
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return &wording{"interrupted", "", exitFatal + 2}
	case errors.Is(err, errWhoAmI):
		return &wording{err.Error(), "name the session: --session ID, or GIT_SWARM_SESSION, or git config swarm.session ID", exitUsage}
	}
	return nil
}

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
		refused   *land.RefusedError
		lost      *land.LostTipError
	)
	switch {
	case errors.As(err, &queued):
		return &wording{queued.Error(), "wait for it, or git swarm push --cancel", exitAgain}
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
	case errors.Is(err, land.ErrUnborn), errors.Is(err, land.ErrBare):
		return &wording{err.Error(), "", exitNo}
	case errors.Is(err, land.ErrBusy), errors.Is(err, land.ErrOvertaken):
		return &wording{err.Error(), "try again", exitAgain}
	case errors.Is(err, lock.ErrLost):
		return &wording{"the push lock was lost: this command was stopped for longer than its lease; nothing was pushed", c.pushAgain(), exitAgain}
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

func refuseOverClaims() error {
	return no("git swarm message SESSION TEXT", "an agent may not land over others' claims")
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
	return fmt.Sprintf("conflict in %s, changed by %s (%s); nothing was changed", strings.Join(e.Files, ", "), strings.Join(sessions, ", "), strings.Join(commits, ", "))
}

// reviewError is what a review refuses, with its number.
type reviewError struct {
	number int
	error
}

func (e *reviewError) Error() string { return fmt.Sprintf("review #%d: %s", e.number, e.error) }
func (e *reviewError) Unwrap() error { return e.error }

// formatReview words what a review refuses, and why something may not land.
func (c *call) formatReview(err error) *wording {
	var (
		no    *review.NotClearError
		none  *review.NoCommitError
		which *reviewError
		close *review.NotIndependentError
	)
	show := "git swarm review list"
	if errors.As(err, &which) {
		show = fmt.Sprintf("git swarm review show %d", which.number)
	}
	switch {
	case errors.As(err, &no):
		hint := "git swarm review request --to SESSION"
		if no.Review != nil && (no.Reason == review.IsPending || no.Reason == review.IsRejected) {
			hint = fmt.Sprintf("git swarm review show %d", no.Review.Number)
		}
		switch no.Reason {
		case review.IsGone:
			hint = "ask again: git swarm review request --to " + strings.Join(no.Review.To, ",")
		case review.HasLanded:
			hint = "to land it again, git swarm pull, then git swarm review request --to " + strings.Join(no.Review.To, ",")
		}
		if no.Reason == review.IsOwn {
			hint = fmt.Sprintf("ask a person, in a terminal of their own: git swarm --session %s review approve %d", no.Reviewer, no.Review.Number)
		}
		return &wording{no.Error(), hint, exitNo}
	case errors.As(err, &none):
		return &wording{none.Error(), c.listHint(), exitNo}
	case errors.As(err, &close):
		verdict := "review approve REVIEW"
		if which != nil {
			verdict = fmt.Sprintf("review approve %d", which.number)
		}
		return &wording{err.Error(), "ask a person, in a terminal of their own: git swarm --session " + close.Reviewer + " " + verdict, exitNo}
	case errors.Is(err, review.ErrClosed), errors.Is(err, review.ErrNotNamed), errors.Is(err, review.ErrOwn), errors.Is(err, review.ErrNotAuthor):
		return &wording{err.Error(), show, exitNo}
	case errors.Is(err, review.ErrEmpty):
		return &wording{err.Error(), "commit first, or give a range: git swarm review request main..HEAD", exitNo}
	}
	return nil
}

// formatSetup words what can go wrong with what init, start and launch set up.
func (c *call) formatSetup(err error) *wording {
	var gone *launch.GoneError
	var settings *install.SettingsError
	switch {
	case errors.Is(err, launch.ErrNoCommit):
		return &wording{"a worktree needs a commit to begin with, and the repository has none", "git commit --allow-empty -m start", exitNo}
	case errors.As(err, &gone):
		return &wording{gone.Error(), "git worktree prune if it was deleted, git worktree repair NEWPATH if it was moved; then this again", exitNo}
	case errors.Is(err, install.ErrKept):
		return &wording{err.Error(), "", exitNo}
	case errors.Is(err, install.ErrOtherDriver):
		return &wording{err.Error() + ", which is left alone", "git config --unset merge.default", exitNo}
	case errors.Is(err, install.ErrCommitted):
		return &wording{err.Error(), "git rm --cached .claude/settings.local.json, or git swarm init --claude --shared", exitNo}
	case errors.Is(err, install.ErrLink):
		return &wording{err.Error(), "see where it leads, put a file of its own in its place, then run this again", exitNo}
	case errors.As(err, &settings):
		return &wording{err.Error(), "fix it, then run this again", exitNo}
	case errors.Is(err, install.ErrNoCheckout):
		return &wording{err.Error(), c.elsewhere(), exitNo}
	case errors.Is(err, launch.ErrNoClient):
		return &wording{launch.ErrNoClient.Error(), installClient, exitNo}
	case errors.Is(err, launch.ErrNoTmux):
		return &wording{err.Error(), "git swarm launch --print", exitNo}
	}
	return nil
}

// elsewhere is what to run where there is a checkout that can hold settings.
func (c *call) elsewhere() string {
	switch {
	case c.cmd == nil || c.verb.name != "init":
		return ""
	case c.cmd.Bool("claude"):
		return "git swarm init --claude --shared, in a worktree"
	case c.cmd.Bool("remove"):
		return "git swarm init --agents " + text.ShellWord(c.cmd.String("agents")) + " --remove, in a worktree"
	}
	return "git swarm init --agents " + text.ShellWord(c.cmd.String("agents")) + ", in a worktree"
}

// formatClaim words who holds what.
func (c *call) formatClaim(err error) *wording {
	var (
		timeout *lock.TimeoutError
		held    *lock.HeldError
		push    *lock.PushHeldError
		holder  *lock.NotHolderError
		done    *lock.DoneError
	)
	switch {
	case errors.As(err, &done):
		return &wording{done.Error() + ", so it claims nothing", fmt.Sprintf("git swarm update %s --status running", done.Session), exitNo}
	case errors.As(err, &timeout):
		hint := fmt.Sprintf("git swarm message %s \"…\", or wait longer than %s", timeout.Held.Claim.Session, timeout.Waited)
		return &wording{text.HeldLine(c.Now(), timeout.Held), hint, exitAgain}
	case errors.As(err, &held):
		path := text.ShellWord(c.fromHere(held.Path))
		hint := fmt.Sprintf("git swarm claim --wait 10m %s, or git swarm message %s \"…\"", path, held.Claim.Session)
		if held.Stale {
			hint = "git swarm claim --takeover " + path
		}
		return &wording{text.HeldLine(c.Now(), held), hint, exitNo}
	case errors.As(err, &push):
		line := fmt.Sprintf("%s (for %s, on %s, pid %d); waited %s", push.Error(), text.Age(c.Now(), push.Holder.Since), push.Holder.Host, push.Holder.PID, push.Waited)
		return &wording{line, "git swarm push --wait 10m", exitAgain}
	case errors.As(err, &holder):
		return &wording{holder.Error(), "git swarm claims", exitNo}
	}
	return nil
}

// fromHere is a path from the work tree's top as it is typed where the command was
// started.
func (c *call) fromHere(path string) string {
	if c.swarm == nil {
		return path
	}
	return text.PathFrom(c.swarm.Repo.Prefix, path)
}

func formatBus(err error) *wording {
	var unknown *bus.UnknownSessionError
	switch {
	case errors.As(err, &unknown):
		known := append(unknown.Known[:len(unknown.Known):len(unknown.Known)], bus.Orchestrator)
		hint := "git swarm status"
		if near := text.Nearest(unknown.ID, known); near != "" {
			hint = "did you mean " + near + "? See " + hint
		} else if len(unknown.Known) == 0 {
			hint = fmt.Sprintf("git swarm init --sessions \"%s:workstream\"", unknown.ID)
		}
		return &wording{fmt.Sprintf("unknown session '%s' (known: %s)", unknown.ID, strings.Join(known, ", ")), hint, exitNo}
	case errors.Is(err, bus.ErrInput):
		return &wording{err.Error(), "", exitUsage}
	}
	return nil
}

// formatRepository words what is wrong with the repository or the refs.
func (c *call) formatRepository(err error) *wording {
	var (
		locked  *refstore.LockedError
		damaged *refstore.DamagedError
		trust   *repo.NotTrustedError
		value   *repo.ValueError
	)
	switch {
	case errors.As(err, &value):
		return &wording{err.Error(), "git config --show-origin --get " + text.ShellWord(value.Key), exitFatal}
	case errors.Is(err, refstore.ErrVersion):
		return &wording{err.Error(), "upgrade git swarm", exitFatal}
	case errors.As(err, &damaged):
		return &wording{err.Error(), damageHint(damaged), exitFatal}
	case errors.As(err, &locked):
		return &wording{err.Error(), fmt.Sprintf("a git command is running, or was killed: if none is running, remove %s", locked.Path), exitAgain}
	case errors.Is(err, refstore.ErrUnfinished):
		return &wording{err.Error(), "run the next git swarm command when the cause is gone: it completes this one", exitFatal}
	case errors.Is(err, refstore.ErrBusy):
		return &wording{err.Error(), "try again", exitAgain}
	case errors.Is(err, refstore.ErrNotExist):
		return &wording{err.Error(), c.listHint(), exitNo}
	case errors.Is(err, repo.ErrNotRepository):
		return &wording{"not a git repository (or any of the parent directories)", "git init", exitFatal}
	case errors.As(err, &trust):
		return &wording{trust.Error(), trustHint(trust), exitFatal}
	case errors.Is(err, repo.ErrNoGit):
		return &wording{err.Error(), "install git", exitFatal}
	case errors.Is(err, repo.ErrNoIdentity):
		return &wording{err.Error(), "git config user.name \"Your Name\", and user.email", exitFatal}
	}
	return nil
}

// listHint is the command that lists what the verb shows one of.
func (c *call) listHint() string {
	if c == nil || c.verb == nil || c.verb.name == "review request" { // which shows none
		return ""
	}
	switch first, _, _ := strings.Cut(c.verb.name, " "); first {
	case "inbox", "reply":
		return "git swarm inbox --all"
	case "context":
		return "git swarm context show --all"
	case "review":
		return "git swarm review list --state all"
	}
	return ""
}

// trustHint is what git itself advises. A repository that only a configuration makes
// untrusted (safe.bareRepository) has no such command.
func trustHint(e *repo.NotTrustedError) string {
	_, rest, ok := strings.Cut(e.Line, "dubious ownership in repository at '")
	dir, _, ok2 := strings.Cut(rest, "'")
	if !ok || !ok2 {
		return ""
	}
	return "if you trust it: git config --global --add safe.directory " + text.ShellWord(dir)
}

// formatSystem turns what the operating system refused into a line for people.
func formatSystem(err error) string {
	var path *fs.PathError
	where := ""
	if errors.As(err, &path) {
		where = " (" + path.Path + ")"
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "no space left on the disk" + where
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return "cannot write to the repository" + where
	case errors.Is(err, exec.ErrNotFound):
		return "git is not installed, or not on PATH"
	}
	return err.Error()
}

// installClient is how Claude Code is installed or upgraded.
const installClient = "npm install -g @anthropic-ai/claude-code@latest"

// Refusals: what only a verb finds out. Each is exit code 1 unless it says more.

func no(hint, format string, args ...any) error {
	return &refusal{exitNo, fmt.Sprintf(format, args...), hint}
}

func refuseStaged(first lock.HeldError, age string, more, paths []string) error {
	line := fmt.Sprintf("%s (for %s), and is staged", first.Error(), age)
	if n := len(more); n > 0 {
		line += fmt.Sprintf(" (and %s more: %s)", text.Count(n, "file"), strings.Join(more[:min(n, 5)], ", "))
	}
	return no("git restore --staged "+strings.Join(paths, " "), "%s", line)
}

// refuseOther refuses an agent of session own that names another, or would act as it.
func refuseOther(own, other, how string) error {
	line := fmt.Sprintf("you are session %s: an agent does not act as another session (%s)", own, text.Inert(other))
	switch how {
	case byOption:
		return no("leave out --session, or tell it: git swarm message "+text.ShellWord(other)+" TEXT", "%s", line)
	case byEnvironment:
		return no("unset GIT_SWARM_SESSION", "%s", line)
	}
	return no("tell it: git swarm message "+text.ShellWord(other)+" TEXT", "%s", line)
}

func refuseOversee(own string) error {
	return no("ask it: git swarm message orchestrator TEXT", "you are session %s: only a person and the orchestrator start sessions and watch over them", own)
}

func refusePathspec(pathspec string) error {
	return no("if that is a file's name: git swarm claim "+text.ShellWord(":(literal)"+pathspec), "pathspec '%s' matches no file", pathspec)
}

func refuseScreen() error {
	return &refusal{exitUsage, "--watch needs a terminal that can be drawn on", "git swarm orchestrate dashboard"}
}

func refuseVerb(words []string, hint string) error {
	return &refusal{exitUsage, fmt.Sprintf("'%s' is not a git swarm command", strings.Join(words, " ")), hint}
}

// refuseDir says it as git does.
func refuseDir(dir string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &refusal{exitFatal, fmt.Sprintf("cannot change to '%s': there is no such folder", dir), ""}
	}
	return &refusal{exitFatal, fmt.Sprintf("cannot change to '%s': %v", dir, errors.Unwrap(err)), ""}
}

func refuseGuide(words []string) error {
	return &refusal{exitUsage, fmt.Sprintf("'%s' is not a guide", strings.Join(words, " ")), "git swarm help -g"}
}

func refuseExists(folder string) error {
	return no("git swarm demo --scratch NEWFOLDER", "'%s' exists already", folder)
}

func refuseHomeless() error {
	return no("", "HOME is not set, so there is no place for completions")
}

func refuseNoBin(dir string) error {
	return no("move it into such a folder on PATH, as go install does", "git-swarm is in '%s', and man only looks beside folders named bin", dir)
}

func refuseUnwritable(dir string) error {
	return no("run this again with sudo", "no permission to write in '%s'", dir)
}

func refuseRevision(arg string) error {
	return no("git swarm status", "'%s' is neither a branch nor a session with one", arg)
}

func refuseNoConflict(paths []string) error {
	if len(paths) == 1 {
		return no("git status", "%s is not in conflict", paths[0])
	}
	return no("git status", "%s are not in conflict", strings.Join(paths, ", "))
}

func refusePassing(command, word, why string) error {
	return &refusal{exitUsage, fmt.Sprintf("'%s' is not passed on to git %s: %s", text.Inert(word), command, why), "git " + command + ", with the same arguments"}
}

func refuseOutput(path, why string) error {
	return no("--output - writes to standard output", "--output '%s': %s", text.Inert(path), why)
}

func refuseWorktree(err error) error { return no("git worktree list", "%s", err.Error()) }

func refuseNotOnPath() error {
	return no("go install ./cmd/git-swarm", "git-swarm is not on PATH, so no hook could run it")
}

func refuseWindow(window string) error {
	return no("tmux select-window -t "+window, "there is a tmux window %s already", window)
}

func refuseSecondAgent(session string) error {
	return no(fmt.Sprintf("git swarm message %s \"…\"", session), "an agent is already running as %s", session)
}

func refuseTooLong(what string) error {
	return no("write it to a file in the repository, and say: it stands in FILE", "the %s has more than %d bytes, and cannot be handed to the client", what, launch.MaxPrompt)
}

func refuseOrchestratorWorktree() error {
	return no("git swarm start", "the orchestrator has no worktree: git swarm start runs it")
}

func refuseNoWorktree(session, workstream string) error {
	return no(fmt.Sprintf("git swarm init --sessions \"%s:%s\" --worktrees", session, workstream), "session %s has no worktree", session)
}

// refuseElsewhere refuses to act on what is checked out here for a session that works
// elsewhere.
func refuseElsewhere(id, here, path, again string) error {
	whose := "nobody's"
	if here != "" {
		whose = here + "'s"
	}
	return no("git -C "+text.ShellWord(path)+" swarm "+again, "session %s works in '%s': this checkout is %s", id, path, text.Inert(whose))
}

func refuseOthersWorktree(id, here, workstream string) error {
	hint := ""
	if workstream != "" {
		hint = fmt.Sprintf("git swarm init --sessions \"%s:%s\" --worktrees", id, workstream)
	}
	return no(hint, "session %s has no worktree: this one is %s's", id, text.Inert(here))
}

func refuseHalfMade(session, workstream string) error {
	return no(fmt.Sprintf("git swarm init --sessions \"%s:%s\" --worktrees", session, workstream), "the worktree of %s was cut short while it was made", session)
}

func refuseNobody() error {
	return no("git swarm init --sessions \"B:workstream\"", "there is nobody else to tell")
}

func refuseGoneCommit(id string) error {
	return no("", "commit %s is gone from this repository, so there is no diff to show", id)
}

func refuseUnnumbered(number int) error {
	return no(fmt.Sprintf("git swarm review show %d, then git swarm review approve %d", number, number),
		"an approval takes a number: a branch or commit may have a newer review than the one you looked at")
}

func refuseUnrelated(session string, err error) error { return no("", "%s: %s", session, err.Error()) }

func refuseBareStart() error {
	return no("git worktree add PATH", "git swarm start needs a work tree, and the repository is bare")
}

func refuseClient(err error) error { return no("git swarm setup", "%s", err.Error()) }

func refuseNoFile(file string) error { return no("", "there is no file '%s'", file) }

func refuseEmptyPlan() error { return no("", "the plan is empty: nothing to do") }

func refuseEditor(err error) error { return no("", "the editor ended with an error (%v)", err) }
