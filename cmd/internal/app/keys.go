package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// configKey is a key of git's configuration that git swarm reads.
type configKey struct {
	name     string // as it is documented: git ignores case
	means    string // one line, lower case, no full stop
	standard string // the default, "" for none
	team     bool   // swarm.toml may hold it, without "swarm."
}

// configKeys is the one table of keys: the manual page, the guide "configuration" and doctor
// follow it.
func configKeys() []configKey {
	return []configKey{
		{"swarm.session", "the session that commands act as, where nothing nearer says", "", false},
		{"swarm.remote", "the remote to land on", "the upstream's, else remote.pushDefault, else origin, else the only one", true},
		{"swarm.target", "the branch to land on", "recorded by init; else the upstream, else the remote's default branch", true},
		{"swarm.staleAfter", "how long a session is silent before its claims may be taken over", "15m", true},
		{"swarm.lockTimeout", "how long push waits in a queue that stands still", "1m", true},
		{"swarm.heal", "which conflicts push, pull and heal resolve: safe, both, wide or off", "safe", true},
		{"swarm.healCheck", "where a session resolved a conflict and lost what had landed: push says so (show), wants an approval (review) or refuses (refuse)", "show", false},
		{"swarm.regenerate", "a command that makes files anew which a program writes, such as lock files: PATTERN: COMMAND; may be set several times", "", false},
		{"swarm.regenerateTimeout", "how long such a command may run before it is ended, and the conflict stays", "2m", false},
		{"swarm.land", "how work reaches the target: push, or pr, a pull request", "push", false},
		{"swarm.prCommand", "the command, words without a shell, that opens or updates a pull request: it is given branch and target, and prints the URL", "gh or glab, where signed in", false},
		{"swarm.claims", "whether a push is refused that changes what another session holds: refuse or warn", "refuse", false},
		{"swarm.verify", "a command that must succeed on what would land, in a checkout of it", "", false},
		{"swarm.verifyTimeout", "how long that command may run before it is ended, and has failed", "", false},
		{"swarm.verifyJobs", "on how many prefixes of what waits that command may run at once, each in a checkout of its own", "1", false},
		{"swarm.conduct", "with a hub: own, or all, to land what waits in other clones along, and have them land what waits here, where swarm.verify and the rules are the same", "own", false},
		{"swarm.hub", "the remote through which clones meet; set by init --hub", "", false},
		{"swarm.hubClone", "what this clone is called there; set by init --hub", "", false},
		{"swarm.hubPrefix", "where the swarm's refs are on the hub, such as refs/heads/swarm/ where only branches are taken", "refs/swarm/", false},
		{"swarm.hubInterval", "for how long what was fetched from the hub counts as new", "5s", false},
		{"swarm.hubTimeout", "how long one call to the hub may take", "10s", false},
		{"swarm.hubPace", "the least time between two pushes of what is published, for hosts that limit pushes; doctor --hub proposes one", "0s", false},
		{"swarm.hubSshMux", "whether calls to a hub over ssh share a connection, which ssh keeps for a minute", "false", false},
		{"swarm.requireReview", "push lands only what is approved", "false", true},
		{"swarm.setup", "a command that is run in each worktree that init makes, with GIT_SWARM_SESSION, GIT_SWARM_WORKTREE and GIT_SWARM_PORT", "", false},
		{"swarm.ports", "how many ports, from GIT_SWARM_PORT on, a session has for its own", "10", false},
		{"swarm.trusted", "git dirs of repositories inside another's work tree that hooks use all the same; the user's own configuration alone; init adds to it", "", false},
		{"swarm.claude", "sessions may join by themselves before any was registered; set by init --claude and --agents", "false", false},
		{"swarm.allow", "a command that sessions may run with any arguments without asking, such as the project's tests; may be set several times", "", false},
		{"swarm.notify", "a command that is given, as JSON on standard input, each event for which somebody may be needed: done, blocked, asks, ended, failed-landing, all-done", "", false},
		{"swarm.worktreeHook", "claude --worktree NAME is the session NAME, in a worktree as init makes one; from the next init --claude on", "false", false},
		{"swarm.linger", "headless Claude Code sessions wait to be woken by messages, too", "false", false},
	}
}

// ownKeys are kept by init, and nobody else's to set.
func ownKeys() []string {
	return []string{"swarm.clauderule", "swarm.claudesharedrule", "swarm.claudecommands", "swarm.githooks", "swarm.hooksbefore"}
}

// checkKeys finds the keys of the configuration that nothing reads (a misspelt
// swarm.requireReview is a gate that stands open) and values that cannot be read.
func (c *call) checkKeys(r *repo.Repo) []finding {
	config, err := r.Config()
	if err != nil {
		line, hint, _ := c.format(err)
		return []finding{{"config", "bad", line, hint}}
	}
	known := ownKeys()
	for _, k := range configKeys() {
		known = append(known, strings.ToLower(k.name))
	}
	var found []finding
	for _, key := range config.Keys("swarm") {
		if slices.Contains(known, key) {
			continue
		}
		hint := "git config --unset " + text.ShellWord(key)
		if near := slices.Index(known, text.Nearest(key, known)) - len(ownKeys()); near >= 0 {
			hint = "git config " + configKeys()[near].name + " VALUE, and " + hint
		}
		found = append(found, finding{"config", "bad", fmt.Sprintf("%s is set, and git swarm has no such key", text.Inert(key)), hint})
	}
	bad := func(err error) {
		line, hint, _ := c.format(err)
		found = append(found, finding{"config", "bad", text.Inert(line), hint})
	}
	own, err := c.Settings()
	if err != nil {
		bad(err)
	}
	for _, fault := range own.Faults {
		bad(fault)
	}
	if _, err := install.Allowed(r); err != nil {
		bad(err)
	}
	for _, key := range []string{"swarm.claude", "swarm.linger", install.WorktreeHookKey} { // what only hooks read, in silence
		if _, err := config.Bool(key, false); err != nil {
			bad(err)
		}
	}
	if len(found) == 0 {
		return []finding{{"config", "ok", "every swarm.* key is known, and its value can be read", ""}}
	}
	return found
}
