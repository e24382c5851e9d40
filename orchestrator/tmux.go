package orchestrator

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// ErrNoTmux says that there is no tmux on PATH.
var ErrNoTmux = errors.New("no tmux on PATH to open windows in")

// Tmux is where sessions get a window each: the tmux session that we are in, or
// else one of the swarm's own, which is begun with its first window.
type Tmux struct {
	env  repo.Env
	path string
	Own  string // the name of the swarm's own session, "" within tmux
}

// FindTmux is ErrNoTmux where there is none.
func FindTmux(env repo.Env, r *repo.Repo) (*Tmux, error) {
	path, err := exec.LookPath("tmux")
	if err != nil {
		return nil, ErrNoTmux
	}
	t := &Tmux{env: env, path: path}
	if env.Get("TMUX") == "" {
		t.Own = "swarm-" + plainName(filepath.Base(strings.TrimSuffix(WorktreeDir(r), ".worktrees")))
	}
	return t, nil
}

// Open opens a window of that name in which a shell runs line, and leaves the
// user where he is.
func (t *Tmux) Open(ctx context.Context, name, dir, line string) error {
	args := []string{"new-window", "-d", "-n", name, "-c", dir}
	if t.Own != "" {
		if t.run(ctx, "has-session", "-t", "="+t.Own) == nil {
			args = append(args, "-t", "="+t.Own+":")
		} else {
			args = []string{"new-session", "-d", "-s", t.Own, "-n", name, "-c", dir}
		}
	}
	return t.run(ctx, append(args, line)...)
}

// run has what a client hands down to its children taken out of the environment:
// a tmux server that begins now keeps it for all windows.
func (t *Tmux) run(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, t.path, args...)
	cmd.Env = clientEnv(t.env)
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) > 0 {
		err = errors.New("tmux: " + strings.TrimSpace(string(out)))
	}
	return err
}
