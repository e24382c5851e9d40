package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// processMark is "" without a process.
func processMark(pid int) string {
	if pid <= 0 {
		return ""
	}
	return lock.ProcessMark(pid)
}

// identify says whom the agent works as: what GIT_SWARM_SESSION says, else who it
// was before, else whom it becomes by joining.
func (h *Hook) identify(ctx context.Context) (string, error) {
	if h.key() != "" {
		h.record = loadAgent(h.Repo.CommonDir, h.key())
	}
	if id := h.Env.Get("GIT_SWARM_SESSION"); id != "" && (h.record == nil || !strings.EqualFold(h.record.Session, id)) {
		return h.explicit(ctx, id)
	}
	if h.record == nil {
		return h.join(ctx)
	}
	return h.record.Session, nil
}

// explicit is a session that was named to the agent when it was started.
func (h *Hook) explicit(ctx context.Context, id string) (string, error) {
	id, err := h.Bus.Resolve(ctx, id)
	var unknown *bus.UnknownSessionError
	if errors.As(err, &unknown) && errors.Is(h.mayJoin(ctx), ErrNoInit) {
		err = ErrNoInit
	}
	if err != nil {
		return "", err
	}
	return id, h.become(id)
}

// become records whom the agent works as.
func (h *Hook) become(id string) error {
	if h.key() == "" {
		return nil
	}
	if h.record == nil {
		h.record = &presence{}
	}
	if h.record.Session != id {
		*h.record = presence{Session: id} // what it was told and held is another's
	}
	h.record.Ended = false
	h.record.PID, h.record.Process = h.Input.PID, processMark(h.Input.PID)
	return h.record.save(h.Repo.CommonDir, h.key())
}

// join gives the agent the worktree's identity, or a session of its own where
// there is none or another agent at work has it. Hooks that run at once join
// once.
func (h *Hook) join(ctx context.Context) (string, error) {
	if err := h.mayJoin(ctx); err != nil {
		return "", err
	}
	unlock, err := lockAgents(ctx, h.Repo.CommonDir)
	if err != nil {
		return "", err
	}
	defer unlock()
	if h.key() != "" {
		if h.record = loadAgent(h.Repo.CommonDir, h.key()); h.record != nil {
			return h.record.Session, nil
		}
	}
	here, err := h.identity()
	if err != nil {
		return "", err
	}
	if h.key() == "" && here == "" {
		return "", ErrNoID
	}
	if here != "" {
		id, err := h.Bus.Resolve(ctx, here)
		var unknown *bus.UnknownSessionError
		if errors.As(err, &unknown) {
			return "", fmt.Errorf("%w: %s", ErrDeleted, here)
		}
		if err != nil {
			return "", err
		}
		// Where the agent's process is not known, its commands cannot be told from
		// another's in this worktree: they are the worktree's session.
		if h.key() == "" || h.Input.PID == 0 || !h.taken(id) {
			return id, h.become(id)
		}
	}
	id, err := h.register(ctx, here)
	if err != nil {
		return "", err
	}
	if here == "" {
		if err := os.WriteFile(h.Repo.SessionFile(), []byte(id+"\n"), 0o666); err != nil {
			return "", err
		}
	}
	return id, h.become(id)
}

// mayJoin is ErrNoInit where nobody has asked for a swarm: then nothing is
// written, either.
func (h *Hook) mayJoin(ctx context.Context) error {
	tip, err := h.Bus.Store().Tip(ctx, bus.SessionsRef)
	if err != nil || tip != "" {
		return err
	}
	config, err := h.Repo.Config()
	if err != nil {
		return err
	}
	if join, err := config.Bool(JoinKey, false); (err != nil || !join) && !committed(h.Repo) {
		return ErrNoInit
	}
	return nil
}

// identity is the worktree's own, else swarm.session.
func (h *Hook) identity() (string, error) {
	content, err := os.ReadFile(h.Repo.SessionFile())
	if id := strings.TrimSpace(string(content)); err == nil && id != "" {
		return id, bus.CheckID(id)
	}
	config, err := h.Repo.Config()
	if err != nil {
		return "", err
	}
	id, _ := config.Get("swarm.session")
	return id, nil
}

// taken reports whether another agent is at work as the session. An agent whose
// session got another id (as /clear does) is the same process.
func (h *Hook) taken(id string) bool {
	for _, k := range agentsOf(h.Repo.CommonDir, id, h.Now()) {
		silent := k.PID == 0 && bus.Stale(k.active, h.Now(), h.Claims.StaleAfter)
		if k.key != h.key() && !k.over() && !silent && (k.PID == 0 || k.PID != h.Input.PID) {
			return true
		}
	}
	return false
}

// register makes a session named after the worktree or branch, or takes one of
// that name that was made so before and that nobody works as.
func (h *Hook) register(ctx context.Context, here string) (string, error) {
	branch := currentBranch(ctx, h.Repo)
	base := here
	if base == "" {
		base = sessionName(h.Repo, branch)
	}
	for n := 1; n < 1000; n++ {
		id := base
		if n > 1 {
			id = fmt.Sprintf("%s-%d", base, n)
		}
		added, err := h.Bus.Register(ctx, []bus.Registration{{ID: id, Workstream: plainName(id), Agent: h.Agent, Checkout: branch}})
		if err != nil {
			return "", err
		}
		if len(added) == 1 {
			return id, nil
		}
		s, err := h.Bus.Session(ctx, id)
		if err != nil {
			return "", err
		}
		if s.Agent == h.Agent && (s.Branch == branch || branch == "") && !h.taken(s.ID) && AgentsEnded(h.Repo.CommonDir, s.ID, s.Seen) {
			return s.ID, nil
		}
	}
	return "", fmt.Errorf("no free name like '%s'", base)
}

// currentBranch is without refs/heads/; "" if HEAD is detached.
func currentBranch(ctx context.Context, r *repo.Repo) string {
	out, err := repo.Output(r.GitParsed(ctx, "symbolic-ref", "--quiet", "--short", "HEAD"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(out)
}

// sessionName makes an id of a linked worktree's folder, else of the branch.
func sessionName(r *repo.Repo, branch string) string {
	name := branch
	if r.GitDir != r.CommonDir && r.WorkTree != "" {
		name = filepath.Base(r.WorkTree)
	}
	name = plainName(name)
	if strings.EqualFold(name, bus.All) || strings.EqualFold(name, bus.Orchestrator) {
		return "session"
	}
	return name
}

// plainName is what of the name can stand in an id and in a workstream.
func plainName(name string) string {
	name = strings.Map(func(c rune) rune {
		switch {
		case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z':
			return c
		}
		return '-'
	}, name)
	for strings.Contains(name, "--") {
		name = strings.ReplaceAll(name, "--", "-")
	}
	name = strings.Trim(name, "-")
	name = strings.Trim(name[:min(len(name), 40)], "-")
	if name == "" {
		return "session"
	}
	return name
}

// lockAgents keeps two from joining at once. It waits no longer than ctx.
func lockAgents(ctx context.Context, commonDir string) (func(), error) {
	if err := os.MkdirAll(agentsDir(commonDir), 0o777); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(agentsDir(commonDir), "lock"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			file.Close()
			return nil, err
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}
