package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// checkClient says whether the Claude Code client is there, and new enough.
func (c *call) checkClient(ctx context.Context) finding {
	v, err := launch.ClientVersion(ctx, c.Env)
	switch {
	case errors.Is(err, launch.ErrNoClient):
		return finding{"client", "bad", "the Claude Code client is not on PATH", installClient}
	case errors.Is(err, launch.ErrClientTooOld):
		return finding{"client", "bad", text.Inert(err.Error()) + ": before, hooks do not count in worktrees", installClient + " (it needs Node.js 22)"}
	case err != nil:
		return finding{"client", "bad", text.Inert(err.Error()), ""}
	}
	return finding{"client", "ok", "Claude Code " + v.String(), ""}
}

// checkAgents says where the agents' hooks are, whether Claude Code runs them,
// and what went wrong in them.
func (c *call) checkAgents(ctx context.Context, r *repo.Repo) []finding {
	var found []finding
	installed := install.Installed(ctx, r)
	for path, commands := range installed {
		f := finding{"hooks", "ok", text.Inert(path), ""}
		for _, command := range commands {
			if info, err := os.Stat(command); command != "" && (err != nil || info.Mode()&0o111 == 0) {
				f = finding{"hooks", "bad", text.Inert(path) + " runs " + text.Inert(command) + ", which is not there", "git swarm init --claude"}
			}
		}
		found = append(found, f)
	}
	plugin := install.PluginIn(c.Env, r)
	if plugin != "" {
		found = append(found, finding{"hooks", "ok", "Claude Code's plugin, as " + text.Inert(plugin) + " says", ""})
	}
	switch {
	case len(installed)+min(len(plugin), 1) > 1 && install.EarlierShared(r):
		found = append(found, finding{"hooks", "note", "those that are committed are of an earlier version and do not stand back for others: each event counts twice", "git swarm init --claude --shared, and commit .claude/settings.json"})
	case len(installed) > 1 && plugin != "":
		found = append(found, finding{"hooks", "note", "installed three times: each event counts once, but costs three processes", "git swarm init --claude --remove"})
	case len(installed) > 1 || len(installed) == 1 && plugin != "":
		found = append(found, finding{"hooks", "note", "installed twice: each event counts once, but costs two processes", "git swarm init --claude --remove"})
	}
	if len(installed) == 0 && plugin == "" {
		found = append(found, finding{"hooks", "note", "Claude Code's are not installed", "git swarm init --claude"})
	} else {
		found = append(found, c.checkNames(ctx)...)
		if launch.HasClient(c.Env) == nil {
			found = append(found, c.checkClient(ctx), c.checkProbe(ctx, r))
		}
	}
	for _, a := range install.OtherAgents() {
		found = append(found, c.checkOther(ctx, r, a)...)
	}
	for _, path := range agents.In(r).Damaged() {
		found = append(found, finding{"agents", "bad", text.Inert(path) + " is no record of an agent: what that agent was is not known, and launch --resume passes over it", "delete the file; the agent joins anew at its next event"})
	}
	return append(found, c.problems(r)...)
}

// checkNames names the sessions whose ids Claude Code takes for the beginning of one of
// its own, which are hexadecimal.
func (c *call) checkNames(ctx context.Context) []finding {
	b, err := c.Bus()
	if err != nil {
		return nil // checkSwarm says so
	}
	all, err := b.Sessions(ctx)
	var short []string
	for _, s := range all {
		if err == nil && len(s.ID) == 1 && strings.Contains("0123456789abcdef", strings.ToLower(s.ID)) {
			short = append(short, s.ID)
		}
	}
	if len(short) == 0 {
		return nil
	}
	return []finding{{"names", "note", strings.Join(short, ", ") + ": in the background, the client's 'claude logs " + short[0] + "' and 'claude attach " + short[0] + "' do not find a name of one letter that could begin an id", "use the ids of 'claude agents', or longer names"}}
}

// checkOther says in which checkouts another agent runs our hooks, and in which it
// does not, although it should.
func (c *call) checkOther(ctx context.Context, r *repo.Repo, a install.OtherAgent) (found []finding) {
	places, err := a.Places(ctx, r, agentOptions())
	if err != nil {
		line, hint, _ := c.format(err)
		return []finding{{"hooks", "bad", a.Title + "'s: " + line, hint}}
	}
	var wired []string
	for _, p := range places {
		switch p.State {
		case install.Wired:
			wired = append(wired, text.Inert(c.near(p.Top)))
		case install.Missing:
			found = append(found, finding{"hooks", "bad", a.Title + "'s are missing, or of another version: " + text.Inert(c.near(p.File)), "git swarm init --agents " + a.Name})
		case install.Committed:
			found = append(found, finding{"hooks", "bad", a.Title + "'s are not in " + text.Inert(c.near(p.File)) + ", which is committed", "git swarm setup --agents " + a.Name})
		}
	}
	if len(wired) > 0 {
		found = append(found, finding{"hooks", "ok", a.Title + "'s: in " + strings.Join(wired, ", "), ""})
	}
	if untrusted := a.Untrusted(c.Env, places); len(untrusted) > 0 {
		for i, top := range untrusted {
			untrusted[i] = text.Inert(c.near(top))
		}
		found = append(found, finding{"hooks", "note", a.Title + " has no record that you trust " + strings.Join(untrusted, ", "), trustOf(a.Name)})
	}
	if a.Name == "codex" && (len(wired) > 0 || a.InHome(c.Env)) {
		found = append(found, c.checkLoginPath(ctx)...)
	}
	if !a.InHome(c.Env) {
		return found
	}
	path, _ := a.HomeFile(c.Env)
	if len(places) > 0 {
		return append(found, finding{"hooks", "note", a.Title + "'s are in " + text.Inert(path) + ", too: each event runs both", "git swarm init --agents " + a.Name + " --remove"})
	}
	return append(found, finding{"hooks", "ok", a.Title + "'s: in " + text.Inert(path) + ", for all projects", trustOf(a.Name)})
}

// checkLoginPath compares the PATH of Codex's commands, which is that of a login shell,
// with that of its hooks and tools, which is that of the shell that Codex is started in,
// as this command is.
func (c *call) checkLoginPath(ctx context.Context) []finding {
	here, err := exec.LookPath("git-swarm")
	if err != nil { // checkPath says so
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, cmp.Or(c.Env.Get("SHELL"), "/bin/sh"), "-l", "-c", "command -v git-swarm")
	cmd.Env, cmd.Dir, cmd.WaitDelay = c.Env, c.Dir, time.Second
	out, err := cmd.Output()
	lines := strings.Split(strings.TrimRight(string(out), "\n"), "\n") // a profile can print, too
	switch there := lines[len(lines)-1]; {
	case ctx.Err() != nil:
		return []finding{{"command", "note", "your login shell does not answer within 5 s: whether Codex's commands find git-swarm is not known", ""}}
	case err != nil || !filepath.IsAbs(there):
		return []finding{{"command", "note", "Codex's commands have the PATH of your login shell, on which there is no git-swarm", "in your shell's profile, add to PATH: " + text.Inert(filepath.Dir(here))}}
	case !sameFile(here, there):
		return []finding{{"command", "note", fmt.Sprintf("Codex's commands run %s, the PATH of your login shell, its hooks and tools %s", text.Inert(there), text.Inert(here)), ""}}
	}
	return nil
}

// sameFile reports whether two paths lead to one file.
func sameFile(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// problems are what went wrong in hooks: a line for each cause.
func (c *call) problems(r *repo.Repo) (found []finding) {
	events := map[string][]string{}
	all := agents.In(r).Problems(c.Now())
	for _, p := range all {
		event, what, _ := strings.Cut(p.What, ": ")
		events[what] = append(events[what], event)
	}
	for _, p := range slices.Backward(all) { // the newest of each
		_, what, _ := strings.Cut(p.What, ": ")
		if of := events[what]; of != nil {
			found = append(found, finding{"hooks", "note", text.Inert(strings.Join(of, ", ")+": "+what) + " (" + text.Ago(c.Now(), p.At) + ")", ""})
			events[what] = nil
		}
	}
	slices.Reverse(found)
	return found
}

// checkProbe has the client begin a session that does nothing but run its hooks.
func (c *call) checkProbe(ctx context.Context, r *repo.Repo) finding {
	if r.WorkTree == "" {
		return finding{"hooks", "note", "not tried: no work tree here", ""}
	}
	ran, err := launch.ProbeHooks(ctx, c.Env, r.WorkTree)
	switch {
	case err != nil:
		return finding{"hooks", "note", "not tried: " + text.Inert(err.Error()), ""}
	case !ran:
		return finding{"hooks", "bad", "Claude Code does not run them here: is disableAllHooks set, or the folder not trusted?", "start claude here once and trust the folder; claude --debug hooks says more"}
	}
	return finding{"hooks", "ok", "Claude Code runs them here", ""}
}
