package launch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// ErrNoTmux says that there is no tmux on PATH.
var ErrNoTmux = errors.New("no tmux on PATH to open windows in")

// Tmux opens windows for sessions: in the tmux session that we run in, or else in
// one of the swarm's own, which starts with its first window.
type Tmux struct {
	env  repo.Env
	path string
	Own  string // the name of the swarm's own session, "" within tmux
}

// ErrWindow says that there is a window of a session's name already.
var ErrWindow = errors.New("there is a tmux window of that name already")

// FindTmux is ErrNoTmux where there is none.
func FindTmux(ctx context.Context, env repo.Env, r *repo.Repo) (*Tmux, error) {
	path, err := exec.LookPath("tmux")
	if err != nil {
		return nil, ErrNoTmux
	}
	t := &Tmux{env: env, path: path}
	if _, err := t.run(ctx, "", "list-windows"); env.Get("TMUX") == "" || err != nil {
		sum := sha256.Sum256([]byte(r.CommonDir)) // two repositories may have one name
		t.Own = fmt.Sprintf("swarm-%s-%x", agents.PlainName(filepath.Base(strings.TrimSuffix(WorktreeDir(r), ".worktrees"))), sum[:2])
	}
	return t, nil
}

// Open opens a window of that name in which a shell runs line, and leaves the
// user where he is. If the line fails, a shell stays, with what was said above it; not
// if the client was ended, as retire does.
func (t *Tmux) Open(ctx context.Context, name, dir, line string) error {
	line += ` || case $? in 137|143) ;; *) exec "${SHELL:-sh}" ;; esac`
	list, place := []string{"list-windows", "-F", "#W"}, []string{}
	if t.Own != "" {
		list, place = append(list, "-t", "="+t.Own), []string{"-t", "=" + t.Own + ":"}
	}
	windows, err := t.run(ctx, "", list...)
	switch {
	case err != nil && t.Own != "":
		_, err = t.run(ctx, dir, "new-session", "-d", "-s", t.Own, "-n", name, line)
		return err
	case err != nil:
		return err
	case slices.Contains(strings.Split(windows, "\n"), name):
		return ErrWindow
	}
	_, err = t.run(ctx, dir, append(append([]string{"new-window", "-d", "-n", name}, place...), line)...)
	return err
}

// run starts tmux in dir, where a new window then begins: tmux would run commands
// that it finds in the argument of -c. It starts without the variables that a client sets for its children: a
// tmux server that starts now would pass them on to all its windows.
func (t *Tmux) run(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, t.path, args...)
	cmd.Dir, cmd.Env = dir, clientEnv(t.env)
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) > 0 {
		err = errors.New("tmux: " + strings.TrimSpace(string(out)))
	}
	return string(out), err
}
