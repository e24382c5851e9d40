package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// requestError says that the command that opens requests failed: the branch is pushed.
type requestError struct {
	command string
	err     error
}

func (e *requestError) Error() string {
	return fmt.Sprintf("the branch is pushed, but '%s' failed: %s", e.command, e.err)
}

// pushRequest lands by a pull request, as swarm.land = pr wants it.
func (c *call) pushRequest(ctx context.Context, l *land.Lander, target repo.Target, command []string) error {
	landed, request, err := l.PushRequest(ctx, target, func(ctx context.Context, r land.Request) (string, error) {
		return c.openRequest(ctx, r, command)
	})
	if err != nil {
		c.tellVerify(err)
		return c.stopped(ctx, err)
	}
	if request == nil {
		return c.printLanded(landed, "Push successful", "landed on")
	}
	if c.wantJSON() {
		return c.object("request", map[string]any{
			"remote": target.Remote, "branch": request.Branch, "target": target.Branch, "url": request.URL, "commits": landed.Commits, "rebased": landed.Rebased,
		})
	}
	line := fmt.Sprintf("In review: %s for %s (%s)", text.Inert(request.Branch), text.Inert(target.String()), text.Count(landed.Commits, "commit"))
	if request.URL != "" {
		line += ": " + text.Inert(request.URL)
	}
	return c.printf("%s\n", line)
}

// openRequest opens a request, or updates it, by the command, else by the client of the
// host that is installed and signed in. Without any the remote's own message, which is
// shown, says where to open it.
func (c *call) openRequest(ctx context.Context, r land.Request, command []string) (url string, err error) {
	if len(command) > 0 {
		return c.runRequest(ctx, append(command, r.Branch, r.Target.Branch))
	}
	for _, host := range []struct{ status, show, create []string }{
		{
			[]string{"gh", "auth", "status"},
			[]string{"gh", "pr", "view", r.Branch, "--json", "url", "--jq", ".url"},
			[]string{"gh", "pr", "create", "--head", r.Branch, "--base", r.Target.Branch, "--fill"},
		},
		{
			[]string{"glab", "auth", "status"},
			[]string{"glab", "mr", "view", r.Branch},
			[]string{"glab", "mr", "create", "--source-branch", r.Branch, "--target-branch", r.Target.Branch, "--fill", "--yes"},
		},
	} {
		if c.requestCommand(ctx, host.status).Run() != nil {
			continue
		}
		if url, err := c.runRequest(ctx, host.show); err == nil {
			return url, nil // it shows what was pushed
		}
		return c.runRequest(ctx, host.create)
	}
	return "", nil
}

func (c *call) requestCommand(ctx context.Context, command []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Env = c.swarm.Repo.WorkTree, c.Env
	return cmd
}

// runRequest runs a command and returns the last URL that it prints.
func (c *call) runRequest(ctx context.Context, command []string) (url string, err error) {
	cmd := c.requestCommand(ctx, command)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, io.Writer(c.Stderr)
	if err := cmd.Run(); err != nil {
		return "", &requestError{strings.Join(command, " "), err}
	}
	for word := range strings.FieldsSeq(out.String()) {
		if strings.HasPrefix(word, "https://") || strings.HasPrefix(word, "http://") {
			url = word
		}
	}
	return url, nil
}
