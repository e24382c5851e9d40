package app

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/orchestrator/retire"
	"github.com/git-swarm/git-swarm/refstore/file"
)

// formatRetire words why a session is not retired: the first of what cannot be kept,
// else the first.
func (c *call) formatRetire(err error) *wording {
	var in *retire.ObstacleError
	var stop *launch.StopError
	var unretired *retire.UnretiredError
	switch {
	case errors.As(err, &unretired):
		hint := fmt.Sprintf("what it claims is given back when the hub is reached; then git swarm retire %s", unretired.ID)
		return &wording{err.Error(), hint, exitAgain}
	case errors.As(err, &stop):
		return &wording{text.Inert(err.Error()), "claude stop " + stop.Job + ", then this again", exitNo}
	case errors.Is(err, file.ErrStillThere):
		return &wording{err.Error(), "end it, then this again", exitNo}
	case !errors.As(err, &in):
		return nil
	}
	o := in.Obstacles[0]
	for _, other := range in.Obstacles {
		if !other.Kind.Kept() {
			o = other
			break
		}
	}
	line, code := c.obstacleLine(in.Session, o), exitNo
	if n := len(in.Obstacles) - 1; n > 0 {
		line += fmt.Sprintf(" (and %d more in the way)", n)
	}
	if o.Kind == retire.Landing {
		code = exitAgain
	}
	return &wording{line, c.obstacleHint(in.Session, o), code}
}

func (c *call) obstacleLine(one *retire.Session, o retire.Obstacle) string {
	where := o.Where
	if filepath.IsAbs(where) {
		where = c.near(where)
	}
	switch o.Kind {
	case retire.Unlanded:
		onto := "no other branch has"
		if o.Onto != "" {
			onto = "have not landed on " + strings.TrimPrefix(strings.TrimPrefix(o.Onto, "refs/heads/"), "refs/remotes/")
			if len(o.Items) == 1 {
				onto = "has" + strings.TrimPrefix(onto, "have")
			}
		}
		return fmt.Sprintf("%s in %s that %s: %s", text.Count(len(o.Items), "commit"), where, onto, shortList(o.Items))
	case retire.Changed:
		return fmt.Sprintf("%s in %s that no commit has: %s", text.Count(len(o.Items), "file"), where, shortList(o.Items))
	case retire.Missing:
		return fmt.Sprintf("the worktree of %s is not at %s any more", one.ID, where)
	case retire.Foreign:
		return fmt.Sprintf("an agent that git swarm did not launch here is at work as %s (process %s)", one.ID, o.Items[0])
	case retire.Landing:
		return fmt.Sprintf("the branch of %s is being pushed at this moment", one.ID)
	case retire.Locked:
		return fmt.Sprintf("the worktree %s is locked", where)
	case retire.Inside:
		return fmt.Sprintf("this command runs in the worktree of %s, which it is to remove", one.ID)
	case retire.Nested:
		return fmt.Sprintf("another repository or worktree lies in %s: %s", where, o.Items[0])
	case retire.Submodule:
		return fmt.Sprintf("a submodule of %s has work that is nowhere else: %s", where, o.Items[0])
	}
	return fmt.Sprintf("git cannot say what is in %s: %s", where, strings.Join(o.Items, " "))
}

func (c *call) obstacleHint(one *retire.Session, o retire.Obstacle) string {
	force := "git swarm retire --force " + one.ID
	in := text.ShellWord(c.near(o.Where))
	switch o.Kind {
	case retire.Unlanded:
		return "land it, or keep it under refs/swarm-lost/" + one.ID + ": " + force
	case retire.Changed:
		return "git -C " + in + " status shows it; to keep it under refs/swarm-lost/" + one.ID + ": " + force
	case retire.Missing:
		return "git worktree prune if it was deleted, git worktree repair NEWPATH if it was moved, then this again"
	case retire.Foreign:
		return "end it, then this again; git swarm status shows who is at work"
	case retire.Landing:
		return "git swarm queue"
	case retire.Locked:
		return "git worktree unlock " + in
	case retire.Inside:
		return "go to the main checkout"
	case retire.Nested:
		return "git worktree list; move it away, or remove it"
	case retire.Submodule:
		return "push it, from " + in
	}
	return "git -C " + in + " status"
}
