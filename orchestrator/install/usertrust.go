package install

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/tailscale/hujson"
)

// Untrusted are the checkouts of which the agent has no record that its user trusts
// them, by what it keeps in the user's own folder: there it skips hooks without a word.
// What only one run was told is not known. It is nil of an agent that asks for no trust.
func (a OtherAgent) Untrusted(env repo.Env, places []Place) (tops []string) {
	if a.trusts == nil || len(places) == 0 {
		return nil
	}
	dir, err := a.homeDir(env)
	if err != nil {
		return nil
	}
	for _, p := range places {
		if p.State == Wired && !a.trusts(dir, p) {
			tops = append(tops, p.Top)
		}
	}
	return tops
}

// maxTrust bounds what is read of an agent's records.
const maxTrust = 16 << 20

// codexTrusts looks for a hook of the file that was trusted. One that has changed since
// is asked about again: by which hash Codex knows that is its own affair.
func codexTrusts(dir string, p Place) bool {
	text, err := file.Read(filepath.Join(dir, "config.toml"), maxTrust)
	key := strings.TrimSuffix(strconv.Quote(filepath.Join(p.Main, ".codex", "hooks.json")+":"), `"`)
	return err == nil && strings.Contains(string(text), "[hooks.state."+key)
}

// geminiTrusts: a folder counts for all that is in it, TRUST_PARENT for the folder that
// it is in.
func geminiTrusts(dir string, p Place) bool {
	var settings struct {
		Security struct {
			FolderTrust struct {
				Enabled *bool `json:"enabled"`
			} `json:"folderTrust"`
		} `json:"security"`
	}
	readLoose(filepath.Join(dir, "settings.json"), &settings)
	if enabled := settings.Security.FolderTrust.Enabled; enabled != nil && !*enabled {
		return true
	}
	folders := map[string]string{}
	readLoose(filepath.Join(dir, "trustedFolders.json"), &folders)
	trusted := false
	for folder, trust := range folders {
		switch {
		case trust == "DO_NOT_TRUST" && folder == p.Top:
			return false
		case trust == "TRUST_PARENT":
			trusted = trusted || within(filepath.Dir(folder), p.Top)
		case trust == "TRUST_FOLDER":
			trusted = trusted || within(folder, p.Top)
		}
	}
	return trusted
}

// copilotTrusts: what is remembered is the main checkout, for all worktrees.
func copilotTrusts(dir string, p Place) bool {
	var config struct {
		Folders []string `json:"trustedFolders"`
	}
	readLoose(filepath.Join(dir, "config.json"), &config)
	for _, folder := range config.Folders {
		if within(folder, p.Top) || within(folder, p.Main) {
			return true
		}
	}
	return false
}

// readLoose reads JSON that may have comments. What cannot be read leaves to as it is.
func readLoose(path string, to any) {
	text, err := file.Read(path, maxTrust)
	if err == nil {
		text, err = hujson.Standardize(text)
	}
	if err == nil {
		_ = json.Unmarshal(text, to)
	}
}
