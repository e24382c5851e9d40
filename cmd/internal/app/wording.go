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
	"github.com/git-swarm/git-swarm/cmd/internal/swarm"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/orchestrator/standing"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// Every error that a user can meet gets its words here: one line that says what was
// refused and who or what stood in the way, one next command where there is one,
// and the exit code. Verbs return errors as they are, with two exceptions: wrong
// usage (usageOf) is said where the option is, and what only a verb finds out is
// one of the refusals in refusal.go.

// wording is how an error is told.
type wording struct {
	line string
	hint string // the next step, "" for none
	code int
}

// format words an error.
func (c *call) format(err error) (line, hint string, code int) {
	for _, known := range []func(error) *wording{c.formatUnanswered, c.formatUsage, c.formatAdoption, formatLocked, formatWorktree, c.formatRetire, c.formatLanding, formatTarget, c.formatReview, c.formatSetup, c.formatClaim, c.formatTaskError, c.formatHub, c.formatBus, c.formatRepository} {
		if w := known(err); w != nil {
			return w.line, w.hint, w.code
		}
	}
	line = formatSystem(err)
	if cannotWrite(err) {
		hint = sandboxHint
	}
	return line, hint, exitFatal
}

// sandboxHint is for a git dir that cannot be written to.
const sandboxHint = "in an agent's sandbox, use the tools of git swarm mcp, or let it write to the git dir: git rev-parse --path-format=absolute --git-common-dir --git-dir"

// cannotWrite reports whether the system refused to write.
func cannotWrite(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission)
}

func (c *call) formatUsage(err error) *wording {
	var usage *usageError
	var refused *refusal
	var played *demo.FailedError
	switch {
	case errors.As(err, &usage):
		hint := helpHint(usage.verb)
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
		return &wording{err.Error(), c.sessionHint(), exitUsage}
	}
	return nil
}

// sessionHint says how to name the session, and which there are, as far as that can be read.
func (c *call) sessionHint() string {
	how := "name the session: --session ID, or GIT_SWARM_SESSION, or git config swarm.session ID"
	if c == nil {
		return how
	}
	anew := *c // its swarm is closed by now
	anew.swarm = nil
	b, err := anew.Bus()
	defer func() { anew.swarm.Close() }()
	if err != nil {
		return how
	}
	all, err := b.Sessions(context.Background())
	if err != nil {
		return how
	}
	if len(all) == 0 {
		return c.noSessions()
	}
	const most = 8
	var ids []string
	for _, s := range all[:min(len(all), most)] {
		ids = append(ids, s.ID)
	}
	if len(all) > most {
		ids = append(ids, "...")
	}
	return fmt.Sprintf("%s (%s)", how, strings.Join(ids, ", "))
}

// helpHint is the command that shows how the verb is used; nil stands for none.
func helpHint(v *verb) string {
	if v == nil {
		return "git swarm help"
	}
	return "git swarm help " + v.name
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
		switch no.Reason {
		case review.IsPending:
			hint = fmt.Sprintf("git swarm review show %d", no.Review.Number)
		case review.IsRejected:
			hint = fmt.Sprintf("git swarm review show %d, then a new request: git swarm review request --to %s", no.Review.Number, strings.Join(no.Review.To, ","))
		case review.IsGone:
			hint = "ask again: git swarm review request --to " + strings.Join(no.Review.To, ",")
		case review.HasLanded:
			hint = "to land it again, git swarm pull, then git swarm review request --to " + strings.Join(no.Review.To, ",")
		case review.IsOwn:
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
		return &wording{err.Error(), "commit first, or give a range: git swarm review request --to SESSION main..HEAD", exitNo}
	}
	return nil
}

// firstCommit is how a branch gets its first commit: the remote's, if that has one by now.
func (c *call) firstCommit() string {
	const own = "git commit --allow-empty -m start"
	r, err := c.Repo()
	if err != nil {
		return own
	}
	if r.WorkTree == "" {
		return "push a commit to this repository"
	}
	if config, err := r.Config(); err != nil || len(config.Subsections("remote", "url")) == 0 {
		return own
	}
	return "git pull, or, where the remote has no commit yet, " + own
}

// formatSetup words what can go wrong with what init, start and launch set up.
func (c *call) formatSetup(err error) *wording {
	var gone *launch.GoneError
	var settings *install.SettingsError
	switch {
	case errors.Is(err, launch.ErrNoCommit):
		return &wording{"a worktree needs a commit to begin with, and the branch that is checked out has none", c.firstCommit(), exitNo}
	case errors.As(err, &gone):
		return &wording{gone.Error(), "git worktree prune if it was deleted, git worktree repair NEWPATH if it was moved; then this again", exitNo}
	case errors.Is(err, install.ErrForeignHook):
		return &wording{err.Error(), "move it to the folder that git config --local core.hooksPath names, or delete it; then this again", exitNo}
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
		return &wording{err.Error(), c.printHint(), exitNo}
	}
	return nil
}

// printHint is the launch that was asked for, printed.
func (c *call) printHint() string {
	sessions := "SESSION"
	if c.verb != nil && c.verb.name == "launch" && len(c.args) > 0 {
		sessions = text.Inert(strings.Join(c.args, " "))
	}
	return "git swarm launch --print " + sessions
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
		return &wording{c.heldLine(timeout.Held), hint, exitAgain}
	case errors.As(err, &held):
		path := text.ShellWord(c.fromHere(held.Path))
		hint := fmt.Sprintf("git swarm claim --wait 10m %s, or git swarm message %s \"…\"", path, held.Claim.Session)
		if held.Stale {
			hint = "git swarm claim --takeover " + path
		}
		return &wording{c.heldLine(held), hint, exitNo}
	case errors.As(err, &push):
		line := fmt.Sprintf("%s (for %s, on %s, pid %d); waited %s", push.Error(), text.Age(c.Now(), push.Holder.Since), push.Holder.Host, push.Holder.PID, push.Waited)
		return &wording{line, "git swarm push --wait 10m", exitAgain}
	case errors.As(err, &holder):
		return &wording{holder.Error(), "git swarm claims", exitNo}
	}
	return nil
}

// heldLine says who holds a path, and how that session stands where it does not run.
func (c *call) heldLine(held *lock.HeldError) string {
	line := text.HeldLine(c.Now(), held)
	if c.swarm == nil {
		return line
	}
	open := swarm.In(c.swarm.Repo, swarm.Options{Now: c.Now}) // the call's own is closed by now
	defer open.Close()
	ctx, b := context.Background(), open.Bus()
	s, err := b.Session(ctx, held.Claim.Session)
	if err != nil {
		return line
	}
	stands, err := c.standing(b).Of(ctx, s)
	if err != nil || stands.State == standing.Running {
		return line
	}
	return line + "; " + s.ID + ": " + text.Inert(stands.String())
}

// fromHere is a path from the work tree's top as it is typed where the command was
// started.
func (c *call) fromHere(path string) string {
	if c.swarm == nil {
		return path
	}
	return text.PathFrom(c.swarm.Repo.Prefix, path)
}

func (c *call) formatBus(err error) *wording {
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
		return &wording{err.Error(), helpHint(c.verb), exitUsage}
	}
	return nil
}

// formatRepository words what is wrong with the repository or the refs.
func (c *call) formatRepository(err error) *wording {
	var (
		locked  *refstore.LockedError
		damaged *refstore.DamagedError
		trust   *repo.NotTrustedError
		there   *refstore.HubLockedError
	)
	if w := c.formatValue(err); w != nil {
		return w
	}
	switch {
	case errors.Is(err, refstore.ErrVersion):
		return &wording{err.Error(), "upgrade git swarm", exitFatal}
	case errors.As(err, &damaged):
		return &wording{err.Error(), damageHint(damaged), exitFatal}
	case errors.As(err, &locked):
		return &wording{err.Error(), fmt.Sprintf("a git command is running, or was killed: if none is running, remove %s", locked.Path), exitAgain}
	case errors.Is(err, refstore.ErrUnfinished):
		return &wording{err.Error(), "run the next git swarm command when the cause is gone: it completes this one", exitFatal}
	case errors.As(err, &there):
		return &wording{err.Error(), "try again; where no git is at work in the hub one was killed: who owns it removes that file", exitAgain}
	case errors.Is(err, refstore.ErrBusy):
		return &wording{err.Error(), "try again", exitAgain}
	case errors.Is(err, refstore.ErrNotExist):
		return &wording{err.Error(), c.listHint(), exitNo}
	case errors.Is(err, repo.ErrNotRepository):
		return c.formatNoRepository()
	case errors.As(err, &trust):
		return &wording{trust.Error(), trustHint(trust), exitFatal}
	case errors.Is(err, repo.ErrNoGit):
		return &wording{err.Error(), "install git", exitFatal}
	case errors.Is(err, repo.ErrNoIdentity):
		return &wording{err.Error(), setIdentity, exitFatal}
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
	case cannotWrite(err):
		return "cannot write to the repository" + where
	case errors.Is(err, exec.ErrNotFound):
		return "git is not installed, or not on PATH"
	}
	return err.Error()
}

// installClient is how Claude Code is installed or upgraded.
const installClient = "npm install -g @anthropic-ai/claude-code@latest"
