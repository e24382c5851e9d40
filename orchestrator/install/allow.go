package install

import (
	"slices"
	"strings"

	"github.com/tailscale/hujson"
)

// safeVerbs are the commands of git swarm that an agent may run without asking its
// user. None of them writes a file that the caller names, or runs what the caller
// names: heal takes no --output behind --try, and is allowed alone besides. What
// starts programs or writes settings (init, start, launch, setup, doctor, demo,
// orchestrate) and what hands options to git (git-log, git-diff, git-status) is not
// among them.
var safeVerbs = []string{
	"status", "update", "sync", "context", "message", "inbox", "reply",
	"claim", "claims", "unclaim", "review", "merge-ok",
	"task", "why", "commit", "push", "pull", "heal --try",
	"orchestrate dashboard", "fsck", "version", "help",
}

// AllowRules are the rules that let Claude Code run git swarm's safe commands
// without asking.
func AllowRules() []string {
	rules := []string{"Bash(git swarm heal)"}
	for _, verb := range safeVerbs {
		rules = append(rules, "Bash(git swarm "+verb+" *)")
	}
	return rules
}

// RunsUnasked reports whether the rules allow a command, such as "claim".
func RunsUnasked(command string) bool {
	return command == "heal" || slices.ContainsFunc(safeVerbs, func(verb string) bool {
		return command == verb || strings.HasPrefix(command, verb+" ")
	})
}

// OrchestratorRules are the rules, beside [AllowRules], for the orchestrator that a
// person starts: to register sessions and to start them is what it is there for.
// They are no setting: no other client has them.
func OrchestratorRules() []string {
	return []string{"Bash(git swarm init --sessions *)", "Bash(git swarm launch *)", "Bash(git swarm prompt *)"}
}

// wideRules allow every command of git swarm, which is as good as a shell: the
// first is what earlier versions wrote.
var wideRules = []string{"Bash(git swarm *)", "Bash(git swarm:*)", "Bash(git-swarm *)", "Bash(git-swarm:*)"}

func isWideRule(v *hujson.Value) bool { return slices.Contains(wideRules, text(v)) }

// hasWideRule reports whether a rule in the settings allows every command.
func hasWideRule(text string) bool {
	root, err := parseObject(text)
	return err == nil && slices.ContainsFunc(find(root, pathToRules...), isWideRule)
}

// hasOurHooks reports whether hooks of ours are in the settings.
func hasOurHooks(text string) bool {
	root, err := parseObject(text)
	return err == nil && len(ourCommands(root)) > 0
}

// removeRules takes out our rules: each once, the last, so that one that the user
// had before stays; and those that allow everything. It reports whether the
// settings went empty, as remove does.
func removeRules(root *hujson.Value) (emptied bool) {
	left := AllowRules()
	return remove(root, func(v *hujson.Value) bool {
		if isWideRule(v) {
			return true
		}
		at := slices.Index(left, text(v))
		if at < 0 {
			return false
		}
		left = slices.Delete(left, at, at+1)
		return true
	}, pathToRules...)
}

// AllowedCommands are what the rules allow, for a person.
func AllowedCommands() string {
	return "git swarm " + strings.Join(append(safeVerbs, "heal without options"), ", ")
}
