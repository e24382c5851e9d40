package land

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Where the target is protected, a branch goes there by a request: a pull request, or
// what the host calls it. The branch is pushed to the remote under its own name.

// Request is a branch that is in review on the remote.
type Request struct {
	Branch string // on the remote, as here
	Target repo.Target
	URL    string // where the request is, "" if the command did not say
}

// RequestFile holds "BRANCH TIP…" while the checked out branch is in review: what this
// worktree last pushed of it, and is about to push.
func RequestFile(r *repo.Repo) string { return filepath.Join(r.GitDir, "swarm-request") }

// PushRequest rebases the checked out branch as Push does, asks gate and verify command,
// pushes it to the remote under its own name, over nothing but what was pushed from here
// before, and has open open a request or update it. The session's note says so then.
//
// If all of the branch has landed, it follows to the target instead, and what the
// session claims and has not changed again is released: the request is nil.
func (l *Lander) PushRequest(ctx context.Context, target repo.Target, open func(context.Context, Request) (url string, err error)) (*Landed, *Request, error) {
	c, release, err := begin(ctx, l.Repo)
	defer release()
	if err == nil && c.branch == detached {
		err = ErrDetached
	}
	if err != nil {
		return nil, nil, err
	}
	if target.Remote == "" || c.branch == target.Branch {
		return nil, nil, &NoRequestError{target}
	}
	defer l.unpin(ctx)
	landed, err := l.prepare(ctx, c, target)
	if err == nil && landed.After == landed.Before {
		landed.Stayed = l.follow(ctx, c, landed.After)
		return landed, nil, errors.Join(l.endRequest(ctx, c.branch, nil), l.unmarkBlocked(ctx))
	}
	request := &Request{Branch: c.branch, Target: target}
	if err == nil {
		err = l.pushBranch(ctx, c, landed, target)
	}
	if err != nil {
		if blocks(err) {
			after := context.WithoutCancel(ctx)
			err = errors.Join(err, l.markBlocked(after, err), l.notifyConflict(after, err))
		}
		return nil, nil, err
	}
	landed.Stayed = l.follow(ctx, c, landed.After)
	if request.URL, err = open(ctx, *request); err != nil {
		return landed, request, err
	}
	status, note := bus.Running, bus.RequestNote+strings.ToValidUTF8(strings.TrimSpace(request.Target.String()+" "+request.URL), "\ufffd")
	return landed, request, l.Bus.SetStatus(ctx, l.Session, l.Session, bus.Change{Status: &status, Note: &note}, nil)
}

// NoRequestError says that there is nothing that could be requested.
type NoRequestError struct{ Target repo.Target }

func (e *NoRequestError) Error() string {
	if e.Target.Remote == "" {
		return "a pull request needs a remote"
	}
	return fmt.Sprintf("%s itself is checked out: a pull request needs another branch", e.Target.Branch)
}

// prepare is the branch as it would land, past gate, claims and verify command.
func (l *Lander) prepare(ctx context.Context, c checkout, target repo.Target) (*Landed, error) {
	before, err := l.fetch(ctx, target)
	if err != nil {
		return nil, err
	}
	if before == "" {
		return nil, &NoBranchError{target}
	}
	tried, err := triedOn(l.Repo, c.branch)
	if err != nil {
		return nil, err
	}
	own := &queue.Entry{Session: l.Session, Branch: c.branch, Tip: c.tip, Tried: tried}
	t := &train{Lander: l, target: target, own: own, pins: true}
	one, err := t.stage(ctx, own, before, before)
	if err != nil {
		return nil, err
	}
	landed := t.landedOf(one)
	if one.tip == before || l.Verify == "" {
		return landed, nil
	}
	tree, err := treeOf(ctx, l.Repo, one.tip)
	if err == nil && !l.passed(tree) {
		err = t.runOn(ctx, stack{one}, tree, 0)
	}
	var failure *VerifyError
	if errors.As(err, &failure) {
		l.blame(failure, l.Session)
	}
	return landed, err
}

// pushBranch makes the branch on the remote what it is to be, unless it has there what
// neither is in that nor on the target, nor was pushed from here.
func (l *Lander) pushBranch(ctx context.Context, c checkout, prepared *Landed, target repo.Target) error {
	tip := prepared.After
	there := repo.Target{Remote: target.Remote, Branch: c.branch}
	now, err := l.fetch(ctx, there)
	if err != nil || now == tip {
		return err
	}
	pushed, err := pushedBefore(l.Repo, c.branch)
	if err != nil {
		return err
	}
	if now != "" && !slices.Contains(pushed, now) {
		ours, err := l.ancestor(ctx, now, tip)
		if err == nil && !ours { // an earlier request, that was squashed
			ours, err = HasAll(ctx, l.Repo, prepared.Before, now)
		}
		if err != nil {
			return err
		}
		if !ours {
			return &RejectedError{fmt.Sprintf("%s has commits that were not pushed from here", there)}
		}
	}
	if err := l.runPushHook(ctx, checkout{c.branch, tip}, there, now); err != nil {
		return err
	}
	if err := file.Replace(RequestFile(l.Repo), []byte(strings.TrimSpace(c.branch+" "+now)+" "+tip+"\n"), 0o666); err != nil {
		return err
	}
	cmd, stderr := userGit(ctx, l.Repo, l.Progress, "push", "--no-verify", "--porcelain", "--force-with-lease=refs/heads/"+c.branch+":"+now, target.Remote, tip+":refs/heads/"+c.branch)
	cmd.Env = append(cmd.Env, LandingEnv+"=1")
	if _, err := repo.Output(cmd); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return &RejectedError{complaint(stderr.String(), err)}
	}
	return nil
}

// pushedBefore are the tips of the branch that were pushed from this worktree, or may
// have been; none if it is not in review.
func pushedBefore(r *repo.Repo, branch string) ([]string, error) {
	content, err := os.ReadFile(RequestFile(r))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	words := strings.Fields(string(content))
	if len(words) < 2 || words[0] != branch {
		return nil, nil
	}
	return words[1:], nil
}

// endRequest ends the review of a branch that has landed: the session's note goes, and
// so do its claims but those under which something is not committed. tell, if not nil, joins
// the transaction in which the note goes.
func (l *Lander) endRequest(ctx context.Context, branch string, tell func(*refstore.Tx) error) error {
	pushed, err := pushedBefore(l.Repo, branch)
	if err != nil || pushed == nil {
		return err
	}
	claims, err := l.Claims.List(ctx, "")
	if err != nil {
		return err
	}
	var done []string
	for _, claim := range claims {
		if claim.Session != l.Session {
			continue
		}
		changed, err := repo.Output(l.Repo.GitParsed(ctx, "--no-optional-locks", "status", "--porcelain", "--", ":(top,literal)"+claim.Path))
		if err != nil {
			return err
		}
		if changed == "" {
			done = append(done, claim.Path)
		}
	}
	if len(done) > 0 {
		if _, err := l.Claims.Release(ctx, l.Session, done); err != nil {
			return err
		}
	}
	s, err := l.Bus.Session(ctx, l.Session)
	switch {
	case err != nil:
	case strings.HasPrefix(s.Note, bus.RequestNote):
		none := ""
		err = l.Bus.SetStatus(ctx, l.Session, l.Session, bus.Change{Note: &none}, tell)
	case tell != nil:
		err = l.Bus.Update(ctx, l.Session, func(tx *refstore.Tx, _ string) error { return tell(tx) })
	}
	if err != nil {
		return err
	}
	_ = os.Remove(requestSeenFile(l.Repo)) // it counts for these tips alone
	return os.Remove(RequestFile(l.Repo))
}
