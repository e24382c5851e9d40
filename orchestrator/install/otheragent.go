package install

import (
	"path/filepath"
	"slices"
	"strings"
)

// OtherAgent is a coding agent other than Claude Code, and the files in which its
// hooks are put. They are for this machine alone: none is committed.
type OtherAgent struct {
	Name  string // as in "git swarm hook --agent NAME EVENT"
	Title string
	Trust bool // its user has to trust the folder, or each hook, before it runs them

	hooks  agentFile   // the file with the hooks
	others []agentFile // what else it has, see Options
	folder string      // in each linked worktree, that lets it run the main checkout's hooks
	home   homeFile    // where the hooks of all the user's projects are

	trusts func(dir string, p Place) bool // what its records in dir say of the place; nil where it asks for no trust
}

// agentFile is a file of an agent's settings, from the top of a checkout.
type agentFile struct {
	name     string
	mainOnly bool   // that of the main checkout counts in all worktrees
	absent   string // what one that is not there counts as, see editFile
	put      func(text string, o Options) (string, error)
	cut      func(text string) (string, error) // gives back what was there before put
}

// Options are what the settings depend on.
type Options struct {
	MCP string // the absolute path of the program git-swarm-mcp, "" without it
}

// homeFile is a settings file of the user's own.
type homeFile struct {
	variable string // names the folder that name begins at, where it is set
	folder   string // from the home folder, where variable is not set
	name     string
}

// OtherAgents are all of them.
func OtherAgents() []OtherAgent {
	return []OtherAgent{
		{
			Name: "codex", Title: "Codex", Trust: true, folder: ".codex",
			hooks:  agentFile{name: ".codex/hooks.json", mainOnly: true, absent: absent, put: hooksInto(codexHooks()), cut: hooksOutOf},
			others: []agentFile{{name: ".codex/config.toml", put: codexMCP, cut: withoutTOML}},
			home:   homeFile{"CODEX_HOME", ".codex", "hooks.json"},
			trusts: codexTrusts,
		},
		{
			Name: "gemini", Title: "Gemini CLI", Trust: true,
			hooks:  agentFile{name: ".gemini/settings.json", absent: absent, put: hooksInto(geminiHooks()), cut: hooksOutOf},
			home:   homeFile{"", ".gemini", "settings.json"},
			trusts: geminiTrusts,
		},
		{
			Name: "opencode", Title: "opencode",
			hooks: agentFile{name: ".opencode/plugin/git-swarm.js", put: pluginInto, cut: pluginOutOf},
			home:  homeFile{"XDG_CONFIG_HOME", ".config", "opencode/plugin/git-swarm.js"},
		},
		{
			Name: "copilot", Title: "Copilot CLI", Trust: true,
			hooks:  agentFile{name: copilotFile, absent: absentVersioned, put: hooksInto(copilotHooks()), cut: hooksOutOf},
			home:   homeFile{"COPILOT_HOME", ".copilot", "hooks/git-swarm.json"},
			trusts: copilotTrusts,
		},
		{
			Name: "cursor", Title: "Cursor",
			hooks: agentFile{name: ".cursor/hooks.json", absent: absentVersioned, put: hooksInto(cursorHooks()), cut: hooksOutOf},
		},
	}
}

// copilotFile holds Copilot CLI's hooks. It reads Claude Code's as well.
const copilotFile = ".github/hooks/git-swarm.json"

// CopilotIn reports whether Copilot CLI has hooks of ours of its own where it was
// started.
func CopilotIn(dir string) bool { return len(commandsIn(filepath.Join(dir, copilotFile))) > 0 }

// absentVersioned is what the file of an agent that needs a version in it counts as
// where there is none.
const absentVersioned = "{ \n  \"version\": 1\n}\n"

// FindAgent returns the one of that name.
func FindAgent(name string) (OtherAgent, bool) {
	all := OtherAgents()
	i := slices.IndexFunc(all, func(a OtherAgent) bool { return a.Name == name })
	if i < 0 {
		return OtherAgent{}, false
	}
	return all[i], true
}

// AgentNames are the names of all of them.
func AgentNames() (names []string) {
	for _, a := range OtherAgents() {
		names = append(names, a.Name)
	}
	return names
}

// File is the file with its hooks, from the top of a checkout.
func (a OtherAgent) File() string { return a.hooks.name }

// files are all that it has.
func (a OtherAgent) files() []agentFile { return append([]agentFile{a.hooks}, a.others...) }

// hooksInto puts hooks of ours into JSON settings, in place of those that are there.
func hooksInto(hooks []hookGroup) func(string, Options) (string, error) {
	return func(text string, _ Options) (string, error) {
		bare, err := withoutOurs(text, false)
		if err != nil {
			return "", err
		}
		return withOurs(bare, hooks, nil)
	}
}

func hooksOutOf(text string) (string, error) { return withoutOurs(text, false) }

// pluginInto writes a file that is ours alone. One of that name that is not is kept.
func pluginInto(text string, _ Options) (string, error) {
	if text != "" && !strings.HasPrefix(text, pluginMark) {
		return "", errTheirs
	}
	return pluginMark + openCodePlugin, nil
}

func pluginOutOf(text string) (string, error) {
	if strings.HasPrefix(text, pluginMark) {
		return "", nil
	}
	return text, nil
}
