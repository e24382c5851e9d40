package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
	"github.com/urfave/cli/v3"
)

func initVerb() *verb {
	return &verb{
		name: "init", group: groupStart, short: "register the sessions that work here",
		long: `Each session is ID:WORKSTREAM, as in "A:frontend B:backend"; its branch is
feat/WORKSTREAM. Run again it adds sessions and resets nothing. Without
--sessions those of swarm.toml are taken.

Where neither git's configuration nor swarm.toml names the branch on which work
lands, it is recorded as swarm.target: the upstream of the branch that is checked
out, else the remote's default branch, else the branch that is checked out.

With --git-hooks, a pre-commit hook refuses staged files that another session
claims; and a pre-push hook refuses an agent's plain push to where work lands and,
where swarm.requireReview is on, anybody's of what is not approved. They count in
all worktrees. Hooks of others still run, first, and no file of theirs is changed;
run this again when another program has installed hooks. --git-hooks --remove takes
ours out. As everywhere in git, --no-verify skips them. --claude and --agents install
the pre-push hook, too.

With --claude, Claude Code's hooks are merged into the main checkout's untracked
.claude/settings.local.json, which counts in all worktrees: sessions join by
themselves, files are claimed as they are edited, an edit of what another holds
is refused, and news arrives by itself. With --shared they go into the committed
.claude/settings.json. --claude --remove takes out just that.

With --agents, the same for other coding agents, in their own settings in the main
checkout and in each worktree, also in those that are made later. git does not show
these files. What the agent will ask you first is printed. A settings file that is
committed is left alone: git swarm setup --agents serves there.

With --merge-driver, git merge and git rebase heal conflicts as push does.

With --hub, sessions in other clones work in the same swarm: claims, the push
lock, reviews, messages and context hold in all clones that have run this with the
same REMOTE, which is any git remote that this clone may push to. The first clone
publishes its swarm there, the others join. git swarm help hub tells more.

With --adopt, a clone joins that has a swarm of its own: sessions whose ids are taken
in the other are called otherwise here, as in A-2, reviews and tasks get numbers above
the other's, and whom that concerns is told; --dry-run says what would be done. Cut short, it goes on when it is run again.

With --worktrees each of them gets a linked worktree with its branch, beside the
repository, in which git swarm knows which session it is. A new branch begins at
the branch on which work lands, as it was last fetched, whatever is checked out;
--from names another commit. A worktree whose making was cut short is made anew.

A new worktree is set up: its submodules are initialised, the ignored files that
.worktreeinclude in the main checkout names are copied (.env, say), and the
command of swarm.setup runs in it, with a range of ports of its own from
GIT_SWARM_PORT on. Where that fails the worktree stays; the same init does it
again. See git swarm help sessions.`,
		json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.StringFlag{Name: "sessions", Usage: "`LIST` of ID:WORKSTREAM"},
				&cli.BoolFlag{Name: "worktrees", Usage: "make a worktree and branch for each session"},
				&cli.StringFlag{Name: "from", Usage: "let new branches begin at `COMMIT` (default: where work lands, as last fetched)"},
				&cli.StringFlag{Name: "hub", Usage: "meet other clones through `REMOTE`, a remote or a URL"},
				&cli.BoolFlag{Name: "adopt", Usage: "with --hub: join with the swarm that is here, also where REMOTE has another"},
				&cli.BoolFlag{Name: "dry-run", Usage: "with --adopt: say what would be done"},
				&cli.StringFlag{Name: "as", Usage: "with --hub: `NAME`, what this clone is called there"},
				&cli.BoolFlag{Name: "git-hooks", Usage: "install git hooks that refuse what others claim, and what is not approved"},
				&cli.BoolFlag{Name: "claude", Usage: "install Claude Code's hooks"},
				&cli.BoolFlag{Name: "shared", Usage: "put them into the committed settings"},
				&cli.StringFlag{Name: "agents", Usage: "install the hooks of other agents: `LIST` of codex, gemini, opencode, copilot, cursor"},
				&cli.BoolFlag{Name: "merge-driver", Usage: "let plain git merge and git rebase heal conflicts, too"},
				&cli.BoolFlag{Name: "remove", Usage: "take the hooks, or the merge driver, out again"},
			}
		},
		run: runInit,
	}
}

func runInit(ctx context.Context, c *call) error {
	ctx, restore := undoable(ctx)
	defer restore()
	parts, err := c.parts()
	if err != nil {
		return err
	}
	if c.cmd.IsSet("from") && !c.cmd.Bool("worktrees") {
		return usageOf(c.verb, "--from goes with --worktrees")
	}
	if c.cmd.IsSet("as") && !c.cmd.IsSet("hub") {
		return usageOf(c.verb, "--as goes with --hub")
	}
	if c.cmd.Bool("adopt") && !c.cmd.IsSet("hub") {
		return usageOf(c.verb, "--adopt goes with --hub")
	}
	if c.cmd.Bool("dry-run") && !c.cmd.Bool("adopt") {
		return usageOf(c.verb, "--dry-run goes with --adopt")
	}
	if c.cmd.IsSet("hub") && c.cmd.String("hub") == "" {
		return usageOf(c.verb, "--hub takes a remote or a URL")
	}
	if c.cmd.IsSet("as") && c.cmd.String("as") == "" {
		return usageOf(c.verb, "--as takes a name")
	}
	if err := c.mend(ctx); err != nil {
		return err
	}
	if c.cmd.IsSet("hub") && !c.cmd.Bool("remove") {
		if err := c.connectHub(ctx); err != nil || c.cmd.Bool("dry-run") {
			return err
		}
	}
	if c.cmd.Bool("remove") {
		return c.removeParts(ctx, parts)
	}
	if err := c.hasPlace(ctx); err != nil {
		return err
	}
	wanted, added, err := c.register(ctx)
	if err == nil {
		err = c.initialize(ctx, parts, wanted, &added)
	}
	if err == nil {
		return nil
	}
	if _, _, code := c.format(err); code == exitAgain || code == exitFatal || ctx.Err() != nil {
		err = errors.Join(err, c.unregister(context.WithoutCancel(ctx), added))
	}
	return err
}

// unregister takes those out again whom an init has registered that could not go on.
func (c *call) unregister(ctx context.Context, added []bus.Registration) error {
	if len(added) == 0 {
		return nil
	}
	b, err := c.Bus()
	for i := 0; err == nil && i < len(added); i++ {
		err = b.Retire(ctx, added[i].ID, func(*refstore.Tx) error { return nil })
		var unknown *bus.UnknownSessionError
		if errors.As(err, &unknown) { // it was the registration that failed
			err = nil
		}
	}
	return err
}

// initialize sets up what stands beside the registration. Of added it takes out whom it
// has made a worktree for.
func (c *call) initialize(ctx context.Context, parts []part, wanted []bus.Registration, added *[]bus.Registration) error {
	if err := c.recordTarget(ctx); err != nil {
		return err
	}
	r, err := c.Repo()
	if err != nil {
		return err
	}
	trusted, err := install.TrustNested(ctx, r)
	switch {
	case errors.Is(err, install.ErrHiddenConfig):
		c.notef("This repository lies in another's work tree, and %s", text.Inert(err.Error()))
		c.notef("hint: for agents' hooks to work in it: git config --global --add %s %s", repo.TrustedKey, text.ShellWord(r.CommonDir))
	case err != nil:
		return err
	case trusted:
		c.notef("This repository lies in another's work tree. Agents' hooks work in it, for %s in your git configuration now names it", repo.TrustedKey)
	}
	if err := install.ShowNotes(ctx, r, review.NotesRef); err != nil {
		return err
	}
	for _, p := range parts {
		if err := p.install(ctx, r); err != nil {
			return err
		}
	}
	if err := install.RenewGitHooks(ctx, r); err != nil {
		return err
	}
	all, err := c.swarm.Bus().Sessions(ctx)
	if err != nil {
		return err
	}
	if err := c.printInit(ctx, all); err != nil {
		return err
	}
	if !c.cmd.Bool("worktrees") {
		return errors.Join(c.initJSON(all, nil), c.renewAgents(ctx))
	}
	return errors.Join(c.addWorktrees(ctx, all, wanted, added), c.renewAgents(ctx))
}

// part is something outside refs/swarm that init puts in, and takes out with --remove.
type part struct {
	install, remove func(context.Context, *repo.Repo) error
}

// gitHooks are those of --git-hooks.
func gitHooks() part {
	both := []string{install.PreCommit, install.PrePush}
	return part{
		func(ctx context.Context, r *repo.Repo) error { return install.InstallGitHooks(ctx, r, both...) },
		func(ctx context.Context, r *repo.Repo) error { return install.RemoveGitHooks(ctx, r, both...) },
	}
}

// parts are those that the options ask for.
func (c *call) parts() (parts []part, err error) {
	agents, err := c.otherAgents()
	if err != nil {
		return nil, err
	}
	if c.cmd.Bool("git-hooks") {
		parts = append(parts, gitHooks())
	}
	switch {
	case c.cmd.Bool("claude"):
		parts = append(parts, part{c.initClaude, c.removeClaude})
	case c.cmd.Bool("shared"):
		return nil, usageOf(c.verb, "--shared goes with --claude")
	}
	if len(agents) > 0 {
		parts = append(parts, part{
			func(ctx context.Context, r *repo.Repo) error { return c.installAgents(ctx, r, agents) },
			func(ctx context.Context, r *repo.Repo) error { return c.removeAgents(ctx, r, agents) },
		})
	}
	if c.cmd.Bool("merge-driver") {
		parts = append(parts, part{install.InstallMergeDriver, install.RemoveMergeDriver})
	}
	return parts, nil
}

func (c *call) removeParts(ctx context.Context, parts []part) error {
	if len(parts) == 0 {
		return usageOf(c.verb, "--remove goes with --claude, --agents, --git-hooks or --merge-driver")
	}
	r, err := c.Repo()
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := p.remove(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// register registers the sessions, unless their worktrees could not be made, and returns
// those that it has added, too.
func (c *call) register(ctx context.Context) (wanted, added []bus.Registration, err error) {
	b, err := c.Bus()
	if err != nil {
		return nil, nil, err
	}
	wanted, err = c.wantedSessions()
	if err != nil {
		return nil, nil, err
	}
	if c.cmd.Bool("worktrees") {
		if err := launch.CheckWorktrees(ctx, c.swarm.Repo); err != nil {
			return nil, nil, err
		}
		s, err := c.Settings()
		if err != nil {
			return nil, nil, err
		}
		if _, err := s.Ports.Get(); err != nil { // of their set-up
			return nil, nil, err
		}
	}
	if err := c.mayRegister(ctx, wanted); err != nil {
		return nil, nil, err
	}
	own, err := c.agentSession()
	if err != nil {
		return nil, nil, err
	}
	for i := range wanted {
		wanted[i].Registrar = own
	}
	added, err = b.Register(ctx, wanted)
	return wanted, added, err
}

func (c *call) printInit(ctx context.Context, all []bus.Session) error {
	if c.wantJSON() {
		return nil
	}
	line := "Initialized with " + text.Count(len(all), "session")
	if len(all) == 0 && (c.cmd.Bool("claude") || c.cmd.IsSet("agents")) {
		line += ": they join by themselves"
	}
	if c.cmd.Bool("merge-driver") {
		line = "git merge and git rebase heal conflicts, too, by a merge driver\n" + line
	}
	if c.cmd.Bool("claude") || c.cmd.IsSet("agents") || c.cmd.Bool("git-hooks") {
		line = "git's pre-push hook refuses an agent's plain push to where work lands\n" + line
	}
	if c.cmd.Bool("git-hooks") {
		line = "git's pre-commit hook refuses files that another session claims\n" + line
	}
	if err := c.printf("%s\n", line); err != nil {
		return err
	}
	return c.printTarget(ctx)
}

// wantedSessions are those of --sessions, or of swarm.toml.
func (c *call) wantedSessions() ([]bus.Registration, error) {
	words := strings.FieldsFunc(c.cmd.String("sessions"), func(r rune) bool { return strings.ContainsRune(" \t\n,", r) })
	if !c.cmd.IsSet("sessions") {
		s, err := c.Settings()
		if err != nil {
			return nil, err
		}
		if words, err = s.Sessions.Get(); err != nil {
			return nil, err
		}
	}
	if len(words) == 0 && (c.cmd.IsSet("hub") || c.cmd.Bool("git-hooks") || c.cmd.Bool("merge-driver") || c.cmd.Bool("claude") || c.cmd.IsSet("agents")) {
		return nil, nil // the hooks or the driver alone
	}
	if len(words) == 0 {
		return nil, usageOf(c.verb, `--sessions is missing, as in --sessions "A:frontend B:backend"`)
	}
	var wanted []bus.Registration
	for _, word := range words {
		id, workstream, ok := strings.Cut(word, ":")
		if !ok {
			return nil, usageOf(c.verb, fmt.Sprintf("'%s' is not ID:WORKSTREAM", text.Inert(word)))
		}
		if strings.EqualFold(id, bus.Orchestrator) && strings.EqualFold(workstream, bus.Orchestrator) { // who is always there
			continue
		}
		n := bus.Registration{ID: id, Workstream: workstream}
		if err := n.Check(); err != nil {
			return nil, err
		}
		wanted = append(wanted, n)
	}
	return wanted, nil
}

// near is the path as seen from where the command was started, if that is shorter.
func (c *call) near(path string) string {
	r, err := c.Repo()
	if err != nil || r.WorkTree == "" {
		return path
	}
	rel, err := filepath.Rel(c.Dir, path)
	if err != nil || len(rel) > len(path) {
		return path
	}
	return rel
}

func (c *call) initJSON(all []bus.Session, paths map[string]string) error {
	if !c.wantJSON() {
		return nil
	}
	for _, s := range all {
		line := jsonSession(s)
		line.Worktree = paths[s.ID]
		if err := c.object("session", line); err != nil {
			return err
		}
	}
	return nil
}
