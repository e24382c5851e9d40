package install

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Claude Code runs a hook of ours from each place that has one: the settings of this
// machine, those that are committed, and the plugin. HooksEnv says to our hooks of the
// second and third kind which they are.
const (
	HooksEnv    = "GIT_SWARM_HOOKS"
	sharedHooks = "shared"
	pluginHooks = "plugin"
)

// pluginName is the plugin's, and that of the marketplace in which it is.
const pluginName = "git-swarm"

// PluginHooks is the file hooks/hooks.json of Claude Code's plugin: the hooks of the
// settings, in the form that runs git-swarm where it is installed.
func PluginHooks() (string, error) {
	events := map[string][]any{}
	for _, g := range claudeHooks(Claude{Shared: true}) {
		events[g.event] = append(events[g.event], g.entry)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(map[string]any{
		"description": "git swarm, where it is installed and the repository has a swarm",
		"hooks":       events,
	})
	return strings.ReplaceAll(b.String(), HooksEnv+"="+sharedHooks, HooksEnv+"="+pluginHooks), err
}

// Outranked reports whether a hook that was started as hooks says, the value of HooksEnv,
// leaves the event to another that runs for it as well: the settings of this machine come
// first, then the committed ones, then the plugin. r is where the client was started. It
// starts no process.
func Outranked(r *repo.Repo, hooks, event string) bool {
	if hooks != sharedHooks && hooks != pluginHooks {
		return false
	}
	if filepath.Base(r.CommonDir) == ".git" && handles(filepath.Join(filepath.Dir(r.CommonDir), claudeLocal), event) {
		return true
	}
	return hooks == pluginHooks && r.WorkTree != "" && handles(filepath.Join(r.WorkTree, claudeShared), event)
}

// Outranking are the files that Outranked reads.
func Outranking(r *repo.Repo) []string {
	return []string{filepath.Join(filepath.Dir(r.CommonDir), claudeLocal), filepath.Join(r.WorkTree, claudeShared)}
}

// EarlierShared reports whether an earlier version wrote the committed hooks: they do not
// say which they are, and so leave no event to others.
func EarlierShared(r *repo.Repo) bool {
	return r.WorkTree != "" && slices.ContainsFunc(commandsIn(filepath.Join(r.WorkTree, claudeShared)), func(command string) bool {
		return !strings.Contains(command, HooksEnv+"=")
	})
}

// handles reports whether hooks of ours in the settings file run for the event. One whose
// program is not there does not.
func handles(path, event string) bool {
	return slices.ContainsFunc(commandsIn(path), func(command string) bool {
		if !strings.HasSuffix(strings.TrimSuffix(command, succeeds), " hook "+event) {
			return false
		}
		program := programOf(command)
		if program == "" {
			return true
		}
		info, err := os.Stat(program)
		return err == nil && info.Mode()&0o111 != 0
	})
}

// PluginIn returns the settings that turn Claude Code's plugin on in this work tree,
// "" if none does.
func PluginIn(env repo.Env, r *repo.Repo) string {
	home := env.Get("CLAUDE_CONFIG_DIR")
	if home == "" {
		home = filepath.Join(env.Get("HOME"), ".claude")
	}
	files := []string{filepath.Join(home, "settings.json")}
	if r.WorkTree != "" {
		files = append(files, filepath.Join(r.WorkTree, claudeShared))
	}
	if filepath.Base(r.CommonDir) == ".git" {
		files = append(files, filepath.Join(filepath.Dir(r.CommonDir), claudeLocal))
	}
	for _, path := range files {
		file, err := readShared(path)
		if err != nil || !file.there {
			continue
		}
		var settings struct {
			Enabled map[string]any `json:"enabledPlugins"`
		}
		if json.Unmarshal([]byte(file.text), &settings) != nil {
			continue
		}
		for name, on := range settings.Enabled {
			if on == true && strings.HasPrefix(name, pluginName+"@") {
				return path
			}
		}
	}
	return ""
}
