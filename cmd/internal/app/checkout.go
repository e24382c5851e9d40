package app

import (
	"context"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// Where a session works: in the checkout with its identity, wherever a command for it
// is run. What it lands, and has reviewed, is what that has checked out.

// checkoutHere is the checkout that the command runs in; its session is "" if it is
// nobody's.
func (c *call) checkoutHere() (agents.Checkout, error) {
	r, err := c.Repo()
	if err != nil {
		return agents.Checkout{}, err
	}
	content, err := file.Read(r.SessionFile(), 1024)
	if err != nil {
		return agents.Checkout{}, nil
	}
	return agents.Checkout{Session: strings.TrimSpace(string(content))}, nil
}

// worksHere refuses a session that does not work in the checkout that the command
// runs in: the checkout is another's, or nobody's while the session has one.
func (c *call) worksHere(ctx context.Context, id string) error {
	here, err := c.checkoutHere()
	if err != nil || strings.EqualFold(here.Session, id) {
		return err
	}
	own, ok := agents.CheckoutOf(c.swarm.Repo, id)
	if ok && own.Path() != "" {
		again := c.verb.name
		if to := c.cmd.String("to"); to != "" {
			again += " --to " + text.ShellWord(to)
		}
		return refuseElsewhere(id, here.Session, own.Path(), again)
	}
	if here.Session == "" || here.Shares(id) {
		return nil
	}
	s, err := c.swarm.Bus().Session(ctx, id)
	if err != nil {
		return err
	}
	if s.Branch != "" && s.Branch == agents.CurrentBranch(ctx, c.swarm.Repo) {
		return nil
	}
	return refuseOthersWorktree(id, here.Session, s.Workstream)
}

// branchOf is what session id would land: what is checked out where it works, as a
// ref's full name, HEAD or a commit; else its registered branch. A checkout that is
// nobody's is where it works if it is the one that asks.
func (c *call) branchOf(ctx context.Context, id string) (string, error) {
	here, err := c.checkoutHere()
	if err != nil {
		return "", err
	}
	if strings.EqualFold(here.Session, id) {
		return "HEAD", nil
	}
	if head := c.headOf(ctx, id); head != "" {
		return head, nil
	}
	if here.Shares(id) {
		return "HEAD", nil
	}
	own, err := c.Session()
	if err == nil && here.Session == "" && strings.EqualFold(own, id) && c.swarm.Repo.WorkTree != "" {
		return "HEAD", nil
	}
	s, err := c.swarm.Bus().Session(ctx, id)
	if err != nil {
		return "", err
	}
	return "refs/heads/" + s.Branch, nil
}

// headOf is what the session's own checkout has checked out, a branch's full name or
// a commit; "" if it has none.
func (c *call) headOf(ctx context.Context, id string) string {
	own, ok := agents.CheckoutOf(c.swarm.Repo, id)
	if !ok {
		return ""
	}
	head := own.Head()
	if path := own.Path(); path != "" && strings.HasPrefix(head, "refs/heads/.") { // a reftable has it
		if r, err := repo.Discover(c.Env, path); err == nil {
			head, _ = r.Head(ctx)
		}
	}
	return head
}

// mayRequest refuses a range that was read where the session does not work, if it
// holds what the session's branch does not: HEAD is another's there.
func (c *call) mayRequest(ctx context.Context, id, branch string, r *review.Range) error {
	elsewhere := c.worksHere(ctx, id)
	if len(c.args) == 0 || elsewhere == nil || r.Branch == branch {
		return nil
	}
	err := c.swarm.Repo.GitParsed(ctx, "merge-base", "--is-ancestor", string(r.Tip), branch).Run()
	if err != nil {
		return elsewhere
	}
	return nil
}
