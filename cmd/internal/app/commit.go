package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/urfave/cli/v3"
)

func commitVerb() *verb {
	return &verb{
		name: "commit", group: groupLand, args: "MESSAGE [PATH...]", max: -1, short: "commit what is staged, or PATH..., signed with the session's name",
		long: `Runs git commit with the subject "[Session ID] MESSAGE". With --all it takes
all that git tracks and that is changed; with paths, what is changed under them,
new files, too, and leaves what else is staged. Files that
another session claims are refused, and so is a commit that deletes all files, or
over half of 20 or more, without --allow-deletions. Where the session has taken a
task, a trailer Swarm-Task says so: with the commit, the task lands.`,
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.StringFlag{Name: "message", Aliases: []string{"m"}, Usage: "`MESSAGE`, given as git commit takes it"},
				&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "all changed files that git tracks"},
				&cli.BoolFlag{Name: "allow-deletions", Usage: "commit although most files are deleted"},
			}
		},
		run: runCommit,
	}
}

func runCommit(ctx context.Context, c *call) error {
	if c.cmd.IsSet("message") {
		c.args = append([]string{c.cmd.String("message")}, c.args...)
	}
	if len(c.args) == 0 {
		return usageOf(c.verb, "missing argument: MESSAGE")
	}
	b, id, err := c.acting()
	if err != nil {
		return err
	}
	if err := c.mend(ctx); err != nil {
		return err
	}
	if id, err = b.Resolve(ctx, id); err != nil {
		return err
	}
	if here, err := c.checkoutHere(); err != nil || here.Session != "" {
		if err = errors.Join(err, c.worksHere(ctx, id)); err != nil {
			return err
		}
	}
	message, err := c.body(c.args[0])
	if err != nil {
		return err
	}
	if strings.TrimSpace(message) == "" {
		return usageOf(c.verb, "the message is empty")
	}
	r, err := c.Repo()
	if err != nil {
		return err
	}
	if r.WorkTree == "" {
		return land.ErrBare
	}
	take, err := c.choose(ctx, r, id)
	switch {
	case err != nil:
	case take != nil:
		err = c.mayTake(ctx, r, id, take)
	default:
		var deletes bool
		if deletes, err = c.mayCommit(ctx, r, id); err == nil && deletes && !c.cmd.Bool("allow-deletions") {
			err = land.CheckDeletions(ctx, r, "HEAD", "")
		}
	}
	if err != nil {
		return err
	}
	locks := commitLocks(ctx, r)
	awaited := slices.DeleteFunc(slices.Clone(locks), func(l string) bool { return slices.Contains(gitlock.Maintenance(r), l) })
	if err := gitlock.Await(ctx, r, awaited...); err != nil { // of a commit that a killed command had begun
		return err
	}
	message = fmt.Sprintf("[Session %s] %s", id, message)
	args := []string{"commit", "--quiet", "-F", "-"}
	if trailer, err := c.taskTrailer(ctx, id); err != nil {
		return err
	} else if trailer != "" {
		args = append(args, "--trailer", trailer)
	}
	if take != nil {
		if err := take.track(ctx, r); err != nil {
			return err
		}
		args = append(append([]string{"-C", c.Dir}, args...), take.args...)
	}
	if c.looksInVain(r) {
		args = append([]string{"-c", "maintenance.auto=false"}, args...)
	}
	cmd := r.Git(ctx, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(message), c.Stderr, c.Stderr
	if err := passStatus(gitlock.Attached(r, cmd, locks)); err != nil {
		return err
	}
	subject, _, _ := strings.Cut(message, "\n")
	if !c.wantJSON() {
		return c.printf("Committed: %s\n", text.Inert(subject))
	}
	head, err := repo.Output(r.GitParsed(ctx, "rev-parse", "HEAD"))
	if err != nil {
		return err
	}
	return c.object("commit", map[string]any{"commit": strings.TrimSpace(head), "session": id, "subject": subject})
}

// looksInVain reports whether the git maintenance that git commit starts at its end would
// find nothing to do, and no hook could see that it was not started.
func (c *call) looksInVain(r *repo.Repo) bool {
	return r.Unhooked("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-index-change", "reference-transaction", "pre-auto-gc") &&
		!c.swarm.Store().MaintenanceDue()
}

// commitLocks are the locks that git commit may take. It stays at the terminal, where
// it may sign, and run the user's hooks.
func commitLocks(ctx context.Context, r *repo.Repo) []string {
	locks := append(gitlock.Ref(r, "HEAD"), gitlock.Index(r))
	locks = append(locks, gitlock.Maintenance(r)...)
	if head, err := r.Head(ctx); err == nil && head != "" {
		locks = append(locks, gitlock.Ref(r, head)...)
	}
	return locks
}

// mayCommit refuses staged files that others claim, naming them all. deletes reports
// whether some are staged as deleted: of a worktree whose index was lost, all are.
func (c *call) mayCommit(ctx context.Context, r *repo.Repo, id string) (deletes bool, err error) {
	staged, err := c.staged(ctx, r)
	if err != nil {
		return false, err
	}
	var files []string
	for _, change := range staged {
		deletes = deletes || change.Deleted
		files = append(files, change.Path)
	}
	if len(files) == 0 {
		return false, nil // git has its own word on that, and merges may be empty
	}
	return deletes, c.mayCommitFiles(ctx, id, files, refuseStaged)
}

// inherits reports whether the holder is a subagent of the session that has ended: what it
// has left is the session's to take over.
func (c *call) inherits(ctx context.Context, id, holder string) (bool, error) {
	if id == "" {
		return false, nil
	}
	main, err := c.swarm.Bus().CountsAs(ctx, holder)
	if err != nil || main == holder || !strings.EqualFold(main, id) {
		return false, err
	}
	sign, known := agents.In(c.swarm.Repo).Signs()[holder]
	return known && sign.Over, nil
}

// mayCommitFiles refuses those that others claim, with the words of refuse.
func (c *call) mayCommitFiles(ctx context.Context, id string, files []string, refuse func(first, more string, paths []string) error) error {
	claims, err := c.Takes(ctx)
	if err != nil {
		return err
	}
	holders, err := claims.Holders(ctx, files)
	if err != nil {
		return err
	}
	var theirs []string
	for _, path := range files {
		held, ok := holders[path]
		if !ok || held.Session == id {
			continue
		}
		ours, err := c.inherits(ctx, id, held.Session)
		if err != nil {
			return err
		}
		if !ours {
			theirs = append(theirs, path)
		}
	}
	if len(theirs) == 0 {
		return nil
	}
	first := holders[theirs[0]]
	words := make([]string, len(theirs))
	for i, path := range theirs {
		words[i] = text.ShellWord(":/" + path)
	}
	held := lock.HeldError{Path: theirs[0], Claim: first}
	return refuse(fmt.Sprintf("%s (for %s)", held.Error(), text.Age(c.Now(), first.Since)), alsoHeld(theirs[1:]), words)
}
