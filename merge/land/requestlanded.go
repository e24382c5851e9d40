package land

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// requestSeenFile holds "TIP TARGET": the branch's tip and the target's, as it was fetched last, when it
// was last looked whether what is in review has landed. It had not.
func requestSeenFile(r *repo.Repo) string { return filepath.Join(r.GitDir, "swarm-request-seen") }

// InRequest reports, by one look at a file, whether the branch here may be in review by a
// pull request.
func InRequest(r *repo.Repo) bool {
	_, err := os.Lstat(RequestFile(r))
	return err == nil
}

// SettleRequest lets the branch here follow to the target where all of it has landed by
// its request, as the target was fetched last, and ends the review as PushRequest does;
// nil if that is not so. Nothing is fetched, and while neither the branch nor the target has moved git is
// not asked again.
func (l *Lander) SettleRequest(ctx context.Context, target repo.Target) (*Landed, error) {
	branch, tip, at, err := l.requestLanded(ctx, target)
	if err != nil || branch == "" {
		return nil, err
	}
	c, release, err := begin(ctx, l.Repo)
	defer release()
	if err != nil || c.branch != branch || c.tip != tip {
		return nil, err
	}
	landed := &Landed{Target: target, Before: at, After: at, Tip: tip}
	landed.Stayed = l.follow(ctx, c, at)
	return landed, errors.Join(l.endRequest(ctx, branch, nil), l.unmarkBlocked(ctx))
}

// EndRequest is SettleRequest for who watches over the session: the branch stays where it
// is until the session's own command, and the session is told in the transaction that ends
// the review. landed reports whether the review has ended.
func (l *Lander) EndRequest(ctx context.Context, target repo.Target) (landed bool, err error) {
	branch, _, at, err := l.requestLanded(ctx, target)
	if err != nil || branch == "" {
		return false, err
	}
	body := fmt.Sprintf("your %s landed on %s by its request (%.10s): git swarm pull lets the branch follow", branch, target, at)
	tell := func(tx *refstore.Tx) error {
		told, err := l.Bus.Told(ctx, tx, bus.Notice{From: l.Session, To: l.Session, Body: body}) // by who was killed then
		if told || err != nil {
			return err
		}
		return notify(tx, l.Session, body)
	}
	if err := errors.Join(l.endRequest(ctx, branch, tell), l.unmarkBlocked(ctx)); err != nil {
		return false, err
	}
	return true, nil
}

// requestLanded is the branch that is in review and has landed, its tip and the target's;
// "" for none.
func (l *Lander) requestLanded(ctx context.Context, target repo.Target) (branch, tip, at string, err error) {
	content, err := file.Read(RequestFile(l.Repo), 1<<20)
	if err != nil {
		return "", "", "", nil
	}
	branch, _, _ = strings.Cut(string(content), " ")
	ref, err := l.Repo.TargetName(target)
	if err != nil {
		return "", "", "", err
	}
	store := l.Bus.Store()
	now, err := store.Tip(ctx, "refs/heads/"+branch)
	if err != nil || now == "" {
		return "", "", "", err
	}
	onto, err := store.Tip(ctx, ref)
	if err != nil || onto == "" {
		return "", "", "", err
	}
	seen := fmt.Sprintf("%s %s\n", now, onto)
	if before, _ := file.Read(requestSeenFile(l.Repo), 1<<10); string(before) == seen {
		return "", "", "", nil
	}
	has, err := HasAll(ctx, l.Repo, string(onto), string(now))
	if err != nil {
		return "", "", "", err
	}
	if !has {
		return "", "", "", file.Replace(requestSeenFile(l.Repo), []byte(seen), 0o666)
	}
	return branch, string(now), string(onto), nil
}
