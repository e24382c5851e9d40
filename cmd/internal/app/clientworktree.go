package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/refstore/worktree"
)

// Claude Code can ask for the worktrees that it wants to work in. Unlike other hooks
// these answer with a path, and fail where they cannot: there is no worktree then.

// worktreeInput is what Claude Code says of a worktree.
type worktreeInput struct {
	Dir     string `json:"cwd"`
	Name    string `json:"name"`
	AgentID string `json:"agent_id"`
	Path    string `json:"worktree_path"`
}

func (c *call) worktreeInput() (in worktreeInput, err error) {
	content, err := io.ReadAll(io.LimitReader(c.Stdin, 1<<20))
	if err == nil {
		err = json.Unmarshal(content, &in)
	}
	if err != nil {
		return in, fmt.Errorf("the hook's input is malformed: %w", err)
	}
	if filepath.IsAbs(in.Dir) {
		c.Dir = in.Dir
	}
	return in, nil
}

// hookWorktreeCreate makes the worktree that the client asks for, and prints its path:
// that of the session with that name, which is registered if it is not there; of a
// subagent one in the client's own folder, as the client would.
func (c *call) hookWorktreeCreate(ctx context.Context) error {
	in, err := c.worktreeInput()
	if err != nil {
		return err
	}
	if in.Name == "" {
		return bus.Inputf("the client names no worktree")
	}
	r, err := c.Repo()
	if err != nil {
		return err
	}
	var path string
	if in.AgentID != "" || strings.HasPrefix(in.Name, "agent-") {
		path, err = c.subagentWorktree(ctx, r, agents.PlainName(in.Name))
	} else {
		path, err = c.sessionWorktree(ctx, r, in.Name)
	}
	if err != nil {
		return err
	}
	return c.printf("%s\n", path)
}

// sessionWorktree is the worktree of the session with that name.
func (c *call) sessionWorktree(ctx context.Context, r *repo.Repo, name string) (string, error) {
	switch {
	case strings.EqualFold(name, bus.Orchestrator):
		return "", bus.Inputf("the orchestrator has no worktree: choose another name")
	case len(name) > agents.MaxPlainName: // two of them could be one session
		return "", bus.Inputf("the name is longer than %d bytes: choose another one", agents.MaxPlainName)
	}
	b, err := c.Bus()
	if err != nil {
		return "", err
	}
	s, err := b.Session(ctx, name)
	var unknown *bus.UnknownSessionError
	if errors.As(err, &unknown) || errors.Is(err, bus.ErrInput) {
		n := bus.Registration{ID: agents.PlainName(name), Workstream: agents.PlainName(name), Agent: "claude"}
		if err = c.mayRegister(ctx, []bus.Registration{n}); err == nil {
			_, err = b.Register(ctx, []bus.Registration{n})
		}
		if err == nil {
			s, err = b.Session(ctx, n.ID)
		}
	}
	if err != nil {
		return "", err
	}
	from, err := c.base(ctx)
	if err != nil {
		return "", err
	}
	w, err := launch.AddWorktree(ctx, r, launch.NewWorktree{Session: s.ID, Branch: s.Branch, Start: from.commit, Progress: c.Stderr})
	if err != nil {
		return "", err
	}
	app := *c.App // what it prints is not the path
	app.Stdout = c.Stderr
	aside := *c
	aside.App = &app
	return w.Path, aside.setUp(ctx, w, s.Workstream)
}

// clientWorktrees is the folder in which Claude Code has its worktrees, "" in a bare
// repository.
func clientWorktrees(r *repo.Repo) string {
	if filepath.Base(r.CommonDir) != ".git" {
		return ""
	}
	return filepath.Join(filepath.Dir(r.CommonDir), ".claude", "worktrees")
}

// subagentWorktree is a worktree for a subagent, at what is checked out where its session
// works.
func (c *call) subagentWorktree(ctx context.Context, r *repo.Repo, name string) (string, error) {
	dir := clientWorktrees(r)
	if dir == "" {
		dir = launch.WorktreeDir(r)
	}
	tip, err := c.commitOf(ctx, "HEAD")
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	c.sweepSubagents(ctx, r, dir)
	path := filepath.Join(dir, name)
	_, err = worktree.Make(ctx, r, worktree.Plan{Path: path, Branch: "worktree-" + name, Start: tip, Progress: c.Stderr})
	return path, err
}

// hookWorktreeRemove removes a worktree in the client's own folder, with its branch, if
// both hold nothing that is nowhere else. A session's stays until it is retired.
func (c *call) hookWorktreeRemove(ctx context.Context) error {
	in, err := c.worktreeInput()
	if err != nil {
		return err
	}
	r, err := c.Repo()
	if err != nil {
		return err
	}
	path := repo.ResolveLinks(filepath.Clean(in.Path))
	if dir := clientWorktrees(r); dir == "" || filepath.Dir(path) != repo.ResolveLinks(dir) {
		return nil
	}
	return c.removeClients(ctx, r, path)
}

// removeClients removes a worktree that git does not find changed, and its branch, if
// that is merged.
func (c *call) removeClients(ctx context.Context, r *repo.Repo, path string) error {
	main := filepath.Dir(r.CommonDir)
	if _, err := repo.Output(r.GitParsed(ctx, "-C", main, "worktree", "remove", "--", path)); err != nil {
		return err
	}
	_, err := repo.Output(r.GitParsed(ctx, "-C", main, "branch", "-q", "-d", "--", "worktree-"+filepath.Base(path)))
	var unmerged *repo.GitError
	if errors.As(err, &unmerged) { // its commits are nowhere else: the branch stays
		return nil
	}
	return err
}

// sweepSubagents removes the worktrees that were made here for subagents which have
// ended: the client removes only what it has made itself. One that git finds changed
// stays.
func (c *call) sweepSubagents(ctx context.Context, r *repo.Repo, dir string) {
	signs := agents.In(r).Signs()
	for _, at := range agents.Checkouts(r) {
		path := at.Path()
		_, err := os.Lstat(filepath.Join(at.GitDir(), "CLAUDE_BASE")) // the client's own
		if err == nil || !signs[at.Session].Over || filepath.Dir(path) != dir || !strings.HasPrefix(filepath.Base(path), "agent-") {
			continue
		}
		if err := c.removeClients(ctx, r, path); err != nil {
			c.notef("%s", text.Inert(err.Error()))
		}
	}
}
