package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/urfave/cli/v3"
)

func doctorVerb() *verb {
	return &verb{
		name: "doctor", group: groupHealth, short: "check what git swarm needs to work well here",
		long: `Prints one line for each check, and exits with 1 if something that git swarm
needs is missing or wrong.

With --hub it tries instead what the hub, or the REMOTE that may become one, accepts:
whether it can be read and written, whether it shows the refs that it takes, moves
several all at once and each only from what was seen, and how long that takes; and
proposes another place for the refs, or a pace (swarm.hubPace), where that helps. It
uses one ref, probe below swarm.hubPrefix, which may stay.`,
		args: "[REMOTE]", max: 1, session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{&cli.BoolFlag{Name: "hub", Usage: "try what the hub, or REMOTE, accepts"}}
		},
		run: func(ctx context.Context, c *call) error {
			switch {
			case c.cmd.Bool("hub"):
				return doctorHub(ctx, c)
			case len(c.args) > 0:
				return usageOf(c.verb, "REMOTE goes with --hub")
			}
			return runDoctor(ctx, c)
		},
	}
}

// finding is what doctor says of one thing.
type finding struct {
	what  string
	state string // ok, note or bad
	text  string
	hint  string
}

func runDoctor(ctx context.Context, c *call) error {
	findings := []finding{c.checkGit(ctx), c.checkPath()}
	r, err := c.Repo()
	if err != nil {
		line, hint, _ := c.format(err)
		findings = append(findings, finding{"repository", "bad", line, hint})
	} else {
		findings = append(findings, finding{"repository", "ok", text.Inert(r.CommonDir), ""},
			c.checkWrite(r), c.checkBackend(r), c.checkIdentity(ctx, r), c.checkSwarm(ctx), c.checkSession(ctx), c.checkRemote(ctx, r), c.checkTarget(ctx), c.checkPending(ctx), c.checkDamage(ctx))
		findings = append(findings, c.checkJoined()...)
		findings = append(findings, c.checkKeys(r)...)
		findings = append(findings, c.checkRegenerate(ctx, r)...)
		findings = append(findings, c.checkWorktrees(ctx, r))
		findings = append(findings, checkLocks(r, c.Now())...)
		findings = append(findings, c.checkAgents(ctx, r)...)
		findings = append(findings, c.checkGitHooks(ctx, r)...)
	}
	return c.printFindings(findings)
}

// printFindings is a plain no if one of them is bad.
func (c *call) printFindings(findings []finding) error {
	bad := false
	for _, f := range findings {
		bad = bad || f.state == "bad"
		if err := c.printFinding(f); err != nil {
			return err
		}
	}
	if bad {
		return &statusError{exitNo}
	}
	return nil
}

func (c *call) printFinding(f finding) error {
	if c.wantJSON() {
		return c.object("check", map[string]any{"check": f.what, "status": f.state, "detail": f.text, "hint": f.hint})
	}
	colours := map[string]text.Colour{"ok": text.Green, "note": text.Yellow, "bad": text.Red}
	mark := fmt.Sprintf("%-4s", f.state)
	if c.colours() {
		mark = colours[f.state].Paint(mark)
	}
	line := fmt.Sprintf("%s  %-10s  %s", mark, f.what, f.text)
	if f.hint != "" {
		line += "\n                  " + f.hint
	}
	return c.printf("%s\n", line)
}

// checkDamage looks at the newest entry of each ref, and at what waits to be given back: fsck
// looks at all of them.
func (c *call) checkDamage(ctx context.Context) finding {
	b, err := c.Bus()
	if err == nil {
		err = b.Store().CheckTips(ctx, "refs/swarm/")
	}
	if err == nil {
		if _, _, err = lock.Queued(ctx, b); b.Store().LeaveOut(err) {
			err = nil
		}
	}
	if err != nil {
		line, hint, _ := c.format(err)
		return finding{"entries", "bad", line, hint}
	}
	faults := b.Store().SetAside()
	if len(faults) == 0 {
		return finding{"entries", "ok", "the newest of each ref can be read", ""}
	}
	more := ""
	if n := len(faults) - 1; n > 0 {
		more = fmt.Sprintf(", and %d more", n)
	}
	return finding{"entries", "bad", text.Inert(faults[0].Error()) + more, damageHint(faults[0])}
}

func (c *call) checkGit(ctx context.Context) finding {
	v, err := repo.GitVersion(ctx, c.Env)
	switch {
	case errors.Is(err, repo.ErrNoGit):
		return finding{"git", "bad", "not installed, or not on PATH", "install git"}
	case errors.Is(err, repo.ErrGitTooOld):
		return finding{"git", "bad", text.Inert(err.Error()), "upgrade git"}
	case err != nil:
		return finding{"git", "bad", text.Inert(err.Error()), ""}
	}
	return finding{"git", "ok", fmt.Sprintf("version %s", v), ""}
}

func (c *call) checkPath() finding {
	path, err := exec.LookPath("git-swarm")
	if err != nil {
		self, _ := os.Executable()
		return finding{"command", "note", "git-swarm is not on PATH, so \"git swarm\" does not find it", "add this folder to PATH: " + text.Inert(filepath.Dir(self))}
	}
	return finding{"command", "ok", text.Inert(path), ""}
}

// checkWrite tries to write where git and git swarm write: a sandbox may keep the git
// dirs read-only, and hooks can then but look.
func (c *call) checkWrite(r *repo.Repo) finding {
	for _, dir := range []string{r.CommonDir, filepath.Join(r.CommonDir, "objects"), filepath.Join(r.CommonDir, "refs"), r.GitDir} {
		f, err := os.CreateTemp(dir, ".git-swarm-")
		if err == nil {
			_, err = f.WriteString("a full disk still makes an empty file\n")
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
		if err != nil {
			hint := "make room there"
			if cannotWrite(err) {
				hint = sandboxHint
			}
			return finding{"write", "bad", formatSystem(err), hint}
		}
	}
	return finding{"write", "ok", "the git dir can be written to", ""}
}

func (c *call) checkBackend(r *repo.Repo) finding {
	ok, why := r.InProcess()
	if ok {
		return finding{"refs", "ok", "written in process, as git's files backend does", ""}
	}
	return finding{"refs", "note", "written through the git command (" + text.Inert(why) + "): some 10 ms a change instead of 1", ""}
}

func (c *call) checkIdentity(ctx context.Context, r *repo.Repo) finding {
	name, email, err := r.Committer(ctx)
	if err != nil {
		return finding{"identity", "bad", text.Inert(err.Error()), setIdentity}
	}
	return finding{"identity", "ok", text.Inert(name + " <" + email + ">"), ""}
}

func (c *call) checkSwarm(ctx context.Context) finding {
	var all []bus.Session
	b, err := c.Bus()
	if err == nil {
		all, err = b.Sessions(ctx)
	}
	switch {
	case err != nil:
		line, hint, _ := c.format(err)
		return finding{"swarm", "bad", line, hint}
	case len(all) == 0 && c.mayJoin():
		return finding{"swarm", "ok", c.noSessions(), ""}
	case len(all) == 0:
		return finding{"swarm", "note", "no session was ever registered here", "git swarm init --sessions \"A:frontend B:backend\", or git swarm init --claude"}
	}
	return finding{"swarm", "ok", text.Count(len(all), "session"), ""}
}

func (c *call) checkSession(ctx context.Context) finding {
	b, id, err := c.looking()
	if errors.Is(err, errWhoAmI) {
		return finding{"session", "note", "none here", "--session ID, GIT_SWARM_SESSION, or a worktree of git swarm init --worktrees"}
	}
	if err == nil {
		id, err = b.Resolve(ctx, id)
	}
	if err != nil {
		line, hint, _ := c.format(err)
		return finding{"session", "bad", line, hint}
	}
	return finding{"session", "ok", id, ""}
}

// setIdentity gives git the name and address that it puts into commits.
const setIdentity = `git config user.name "Your Name" && git config user.email you@example.com`

func (c *call) checkRemote(ctx context.Context, r *repo.Repo) finding {
	out, err := repo.Output(r.GitParsed(ctx, "remote"))
	if err != nil {
		return finding{"remote", "bad", text.Inert(err.Error()), ""}
	}
	names := strings.Fields(out)
	t, err := c.target(ctx, "HEAD", "") // an error is checkTarget's
	isURL := strings.ContainsAny(t.Remote, "/:")
	if err == nil && t.Remote != "" && !isURL && !slices.Contains(names, t.Remote) {
		return finding{"remote", "bad", fmt.Sprintf("work lands on '%s', and there is no such remote", text.Inert(t.Remote)), "git config swarm.remote NAME, or git remote add " + text.ShellWord(t.Remote) + " URL"}
	}
	if len(names) == 0 && err == nil && t.Remote == "" {
		return finding{"remote", "ok", "none, and work lands without one", ""}
	}
	if len(names) == 0 {
		return finding{"remote", "note", "none, so there is nowhere to push", "git remote add origin URL"}
	}
	return finding{"remote", "ok", text.Inert(strings.Join(names, " ")), ""}
}

func (c *call) checkTarget(ctx context.Context) finding {
	t, err := c.target(ctx, "HEAD", "")
	if err == nil {
		err = c.checkRules(ctx, t)
	}
	if err == nil {
		return finding{"target", "ok", formatLandsOn(t), ""}
	}
	line, hint, _ := c.format(err)
	if errors.Is(err, repo.ErrNoTarget) {
		return finding{"target", "note", line, hint}
	}
	return finding{"target", "bad", line, hint}
}

// checkRules reads what swarm.toml on the target holds, as it was last fetched.
func (c *call) checkRules(ctx context.Context, t repo.Target) error {
	ref, err := c.swarm.Repo.TargetRef(ctx, t)
	if errors.Is(err, repo.ErrNoTarget) {
		return nil
	}
	if err == nil {
		_, err = c.swarm.Repo.TeamFileAt(ctx, ref)
	}
	if own, bad := c.Settings(); err == nil && bad == nil && len(own.Faults) == 0 { // else that is found by itself
		_, err = c.swarm.RulesAt(ctx, ref)
	}
	return err
}

func (c *call) checkPending(ctx context.Context) finding {
	b, err := c.Bus()
	if err == nil && b.Store().Pending() {
		err = b.Store().Recover(ctx)
	}
	if err != nil {
		line, hint, _ := c.format(err)
		return finding{"state", "bad", line, hint}
	}
	return finding{"state", "ok", "no change is half done", ""}
}
