package install

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestUntrusted: what Codex 0.169.0, Gemini CLI 0.61.0 and Copilot CLI 1.0.102 were seen
// to write when their users trust a folder, and what is none of that.
func TestUntrusted(t *testing.T) {
	const gemini, codex, copilot = ".gemini/trustedFolders.json", ".codex/config.toml", ".copilot/config.json"
	both := []string{"/r/m", "/r/m.worktrees/A"}
	for name, test := range map[string]struct {
		agent, file, text string
		want              []string
	}{
		"no record":             {"codex", codex, "", both},
		"the project alone":     {"codex", codex, "[projects.\"/r/m\"]\ntrust_level = \"trusted\"\n", both},
		"and the hooks":         {"codex", codex, "[hooks.state]\n\n[hooks.state.\"/r/m/.codex/hooks.json:pre_tool_use:0:0\"]\ntrusted_hash = \"sha256:9a\"\n", nil},
		"of another repository": {"codex", codex, "[hooks.state.\"/r/m2/.codex/hooks.json:pre_tool_use:0:0\"]\n", both},
		"no folder":             {"gemini", gemini, "{}", both},
		"damaged":               {"gemini", gemini, `{"/r": "TRUST_`, both},
		"one folder":            {"gemini", gemini, `{"/r/m": "TRUST_FOLDER"}`, both[1:]},
		"parent":                {"gemini", gemini, `{"/r/m.worktrees/A": "TRUST_PARENT", "/r/m": "TRUST_FOLDER"}`, nil},
		"all but one":           {"gemini", gemini, `{"/r": "TRUST_FOLDER", "/r/m.worktrees/A": "DO_NOT_TRUST"}`, both[1:]},
		"nobody is asked":       {"gemini", ".gemini/settings.json", `{"security": {"folderTrust": {"enabled": false}}}`, nil},
		"main for all":          {"copilot", copilot, "// This file is managed automatically.\n{\n  \"trustedFolders\": [\n    \"/r/m\"\n  ]\n}\n", nil},
		"not main":              {"copilot", copilot, `{"trustedFolders": ["/r/m.worktrees/A"]}`, both[:1]},
		"asks nothing":          {"opencode", ".config/opencode/x", "", nil},
	} {
		home := t.TempDir()
		path := filepath.Join(home, test.file)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(test.text), 0o666); err != nil {
			t.Fatal(err)
		}
		a, _ := FindAgent(test.agent)
		var places []Place
		for _, top := range both {
			places = append(places, Place{Agent: a, Top: top, Main: both[0], State: Wired})
		}
		if got := a.Untrusted(repo.Env{"HOME=" + home}, places); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, not %q", name, got, test.want)
		}
	}
}
