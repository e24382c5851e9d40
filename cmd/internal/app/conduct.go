package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/cmd/internal/swarm"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/orchestrator/monitor"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// conductVerb is the process that lands what waits for a target when no process waits
// for it: it ends with the queue. push --no-wait starts it, and whoever finds the queue
// without one.
func conductVerb() *verb {
	return &verb{
		name: "conduct", hidden: true, args: "REMOTE BRANCH", min: 2, max: 2, short: "land what waits and has no process; not meant to be typed",
		session: true,
		run: func(ctx context.Context, c *call) error {
			ctx, restore := undoable(ctx)
			defer restore()
			return c.conduct(ctx, repo.Target{Remote: c.args[0], Branch: c.args[1]})
		},
	}
}

// conduct works in a worktree of its own: the session's may be used, and removed,
// meanwhile. If another process conducts, it ends at once.
func (c *call) conduct(ctx context.Context, target repo.Target) error {
	_, id, err := c.acting()
	if err != nil {
		return err
	}
	commit, err := c.anyTip(ctx, target)
	if err != nil || commit == "" {
		return err
	}
	r := c.swarm.Repo
	leave, ok, err := land.EnterConductorDir(ctx, r, target, commit)
	if err != nil || !ok {
		return err
	}
	again, retired := false, false
	defer func() {
		leave()
		ctx := context.WithoutCancel(ctx)
		if again { // what came while this process ended, and saw it there
			c.conductLeft(ctx, id)
		}
		if retired {
			c.conductInstead(ctx, target)
		}
	}()
	dir := land.ConductorDir(r, target)
	if err := os.Chdir(dir); err != nil {
		return err
	}
	c.Dir, c.Env = r.CommonDir, outsideRepo(c.Env) // for a conductor after this one
	own, err := swarm.Open(c.Env, dir, swarm.Options{Now: c.Now, Named: true, Via: c.via})
	if err != nil {
		return err
	}
	c.swarm.Close()
	c.swarm = own
	l, err := c.landerFor(ctx, own.Bus(), id, target)
	if err == nil {
		err = c.landing(l)
	}
	if err != nil {
		return err
	}
	rules, err := own.RulesOf(ctx, target)
	if err != nil {
		return err
	}
	timeout, err := rules.LockTimeout.Get()
	if err == nil {
		l.Rules, err = c.sharedRules(rules)
	}
	if err != nil {
		return err
	}
	err = l.Conduct(ctx, target, lock.Wait{Timeout: timeout})
	var unknown *bus.UnknownSessionError
	again, retired = err == nil, errors.As(err, &unknown) && unknown.ID == id
	return err
}

// sharedRules is a hash of what keeps work from landing, "" where this clone lands its own
// work alone (swarm.conduct): clones that have the same land each other's.
func (c *call) sharedRules(rules *settings.Rules) (string, error) {
	s, err := c.Settings()
	if err != nil {
		return "", err
	}
	all, err := s.ConductAll.Get()
	if err != nil || !all {
		return "", err
	}
	review, bad1 := rules.RequireReview.Get()
	level, bad2 := rules.Heal.Get()
	check, bad3 := s.HealCheck.Get()
	warn, bad4 := s.ClaimsWarn.Get()
	made, bad5 := s.Regenerate.Get()
	return rulesHash(review, level, check, warn, made, s.Verify), errors.Join(bad1, bad2, bad3, bad4, bad5)
}

// rulesHash is the rules of an offer, as FORMAT.md says: without commands that make files
// anew, what a version that does not know them has.
func rulesHash(review bool, level heal.Level, check settings.HealCheck, warn bool, made *merge.Regenerator, verify string) string {
	claims, regenerate := map[bool]string{false: "refuse", true: "warn"}[warn], ""
	if made != nil {
		var all strings.Builder
		for _, c := range made.Commands {
			fmt.Fprintf(&all, "%s: %s\x00", c.Pattern, c.Line)
		}
		regenerate = " regenerate=" + sha256Of(all.String())
	}
	return sha256Of(fmt.Sprintf("requireReview=%t heal=%s healCheck=%s claims=%s%s\n%s", review, level, check, claims, regenerate, verify))
}

func sha256Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// conductInstead starts a conductor in the name of a session that waits for the target,
// after one whose session was retired.
func (c *call) conductInstead(ctx context.Context, target repo.Target) {
	all, err := queue.Entries(ctx, c.swarm.Bus())
	if err != nil {
		return
	}
	for _, e := range all {
		if !e.Decided() && e.Remote == target.Remote && e.Target == target.Branch && !e.Attended(c.swarm.Bus()) {
			if err := c.startConductor(e.Session, target); err != nil {
				c.notef("git swarm: what waits for %s could not be landed: %s", text.Inert(target.String()), text.Inert(err.Error()))
			}
			return
		}
	}
}

// outsideRepo is the environment without what names a repository.
func outsideRepo(env repo.Env) repo.Env {
	return slices.DeleteFunc(slices.Clone(env), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"}, name)
	})
}

// anyTip is a commit that is sure to be kept while something waits for the target: the
// tip of what waits; "" if nothing does.
func (c *call) anyTip(ctx context.Context, target repo.Target) (string, error) {
	all, err := queue.Entries(ctx, c.swarm.Bus())
	if err != nil {
		return "", err
	}
	for _, e := range all {
		if !e.Decided() && e.Remote == target.Remote && e.Target == target.Branch {
			return e.Tip, nil
		}
	}
	return "", nil
}

// startConductor starts, apart from this command and its terminal, a process that lands what
// waits for the target. What it prints is kept beside its worktree.
func (c *call) startConductor(id string, target repo.Target) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r := c.swarm.Repo
	log := land.ConductorDir(r, target) + ".log"
	if err := file.MkdirAll(filepath.Dir(log)); err != nil {
		return err
	}
	out, err := os.OpenFile(log, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(self, "--session", id, "conduct", target.Remote, target.Branch)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.Dir, c.Env, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

// conductLeft sees to what waits to land and has no process: whoever put it did not
// wait, or was killed. What fails of it the next command tries again.
func (c *call) conductLeft(ctx context.Context, id string) {
	b := c.swarm.Bus()
	l := &land.Lander{Repo: c.swarm.Repo, Bus: b, Lock: lock.PushLockOf(b), Session: id}
	targets, err := l.Unattended(ctx)
	if err != nil {
		return
	}
	for _, target := range targets {
		if err := c.startConductor(id, target); err != nil {
			c.notef("git swarm: what waits for %s could not be landed: %s", text.Inert(target.String()), text.Inert(err.Error()))
		}
	}
}

// conductUnattended is conductLeft for who watches over all.
func (c *call) conductUnattended(ctx context.Context, now *monitor.Snapshot) {
	left := func(e *queue.Entry) bool { return !e.Attended(c.swarm.Bus()) }
	if slices.ContainsFunc(now.Queue, left) {
		c.conductLeft(ctx, bus.Orchestrator)
	}
}

// endRequests ends, for who watches over all, the reviews by pull requests that have
// landed as far as is known here. What fails of it, the next look tries again.
func (c *call) endRequests(ctx context.Context, now *monitor.Snapshot) {
	for _, s := range now.Sessions {
		dir := ""
		if strings.HasPrefix(s.Note, bus.RequestNote) {
			dir = c.worktreeOf(s.ID)
		}
		if dir == "" {
			continue
		}
		there, err := swarm.Open(outsideRepo(c.Env), dir, swarm.Options{Now: c.Now, Named: true, Via: c.via})
		if err != nil {
			continue
		}
		claims, err := there.Claims(ctx)
		target, failed := there.Bus().FindTarget(ctx, there.Repo, "HEAD", "")
		if err == nil && failed == nil {
			l := &land.Lander{Repo: there.Repo, Bus: there.Bus(), Claims: claims, Session: s.ID}
			_, _ = l.EndRequest(ctx, target)
		}
		there.Close()
	}
}
