package install

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
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

// allowKey is the key of the commands that sessions may run without asking, beside
// git swarm's: the user's word, so it is in no file that comes with a clone.
const allowKey = "swarm.allow"

// Allowed are the commands of allowKey, each once. A *repo.ValueError says that one is
// no command, or has what would end a rule early: brackets, a comma, a line break.
func Allowed(r *repo.Repo) ([]string, error) {
	config, err := r.Config()
	if err != nil {
		return nil, err
	}
	var commands []string
	for _, value := range config.All(allowKey) {
		command := strings.Join(strings.Fields(value), " ")
		if command == "" || strings.ContainsAny(value, "(),\n\r\x00") || strings.HasPrefix(command, "-") {
			return nil, &repo.ValueError{Key: allowKey, Value: value, Want: "command"}
		}
		if !slices.Contains(commands, command) {
			commands = append(commands, command)
		}
	}
	return commands, nil
}

// RulesFor are the rules that let Claude Code run git swarm's safe commands, and these
// with any arguments, without asking.
func RulesFor(commands []string) []string { return append(AllowRules(), commandRules(commands)...) }

func commandRules(commands []string) (rules []string) {
	for _, command := range commands {
		rules = append(rules, "Bash("+command+" *)")
	}
	return rules
}

// Unset are those of the rules that the settings of this machine do not hold; none
// where a rule there allows every command of git swarm.
func Unset(ctx context.Context, r *repo.Repo, rules []string) []string {
	top, err := mainCheckout(ctx, r)
	if err != nil {
		return rules
	}
	file, err := readShared(filepath.Join(top, claudeLocal))
	if err != nil || !file.there {
		return rules
	}
	root, err := parseObject(file.text)
	if err != nil {
		return rules
	}
	held := find(root, pathToRules...)
	return slices.DeleteFunc(slices.Clone(rules), func(rule string) bool {
		return slices.ContainsFunc(held, func(v *hujson.Value) bool {
			return text(v) == rule || isWideRule(v) && strings.HasPrefix(rule, "Bash(git swarm ")
		})
	})
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
	return removeEach(root, AllowRules(), isWideRule)
}

// removeEach takes out these rules, each once, and those that always says yes to.
func removeEach(root *hujson.Value, left []string, always func(*hujson.Value) bool) (emptied bool) {
	return remove(root, func(v *hujson.Value) bool {
		if always(v) {
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
