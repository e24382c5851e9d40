package install

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

var update = flag.Bool("update", false, "write the plugin's hooks")

// TestPluginHooks: the committed plugin has the hooks that init installs.
func TestPluginHooks(t *testing.T) {
	path := filepath.Join("plugin", "hooks", "hooks.json")
	want, err := PluginHooks()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what the code says (%v): go test ./orchestrator/install -run TestPluginHooks -update", path, err)
	}
	if n := strings.Count(strings.ReplaceAll(want, " exec ", " "), HooksEnv+"="+pluginHooks+" git-swarm hook "); n != strings.Count(want, `"command"`)-strings.Count(want, `"type": "command"`) || n < 12 {
		t.Errorf("%d hooks say that they are the plugin's:\n%s", n, want)
	}
}

// TestOutranked: of hooks in several places those of this machine's settings count, then
// the committed ones, then the plugin's; one whose program is gone, or that does not know
// the event, does not.
func TestOutranked(t *testing.T) {
	top := t.TempDir()
	r := &repo.Repo{GitDir: filepath.Join(top, ".git"), CommonDir: filepath.Join(top, ".git"), WorkTree: top}
	program := filepath.Join(t.TempDir(), "git-swarm")
	write := func(name string, c Claude) {
		text, err := withOurs(absent, claudeHooks(c), nil)
		if err == nil {
			err = os.MkdirAll(filepath.Join(top, ".claude"), 0o777)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(top, name), []byte(text), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	check := func(when string, shared, plugin bool) {
		t.Helper()
		for _, event := range []string{"batch", "wait", "pre-edit"} {
			if got := Outranked(r, "shared", event); got != shared {
				t.Errorf("%s, %s: the committed ones stand back: %t", when, event, got)
			}
			if got := Outranked(r, "plugin", event); got != plugin {
				t.Errorf("%s, %s: the plugin's stand back: %t", when, event, got)
			}
		}
		if Outranked(r, "", "batch") || Outranked(r, "plugin", "no-such-event") {
			t.Errorf("%s: hooks stand back for none", when)
		}
	}
	check("nothing else", false, false)
	write(claudeShared, Claude{Shared: true})
	check("committed", false, true)
	write(claudeLocal, Claude{Command: program})
	check("with a program that is not there", false, true)
	if err := os.WriteFile(program, nil, 0o777); err != nil {
		t.Fatal(err)
	}
	check("all", true, true)
	if err := os.Remove(filepath.Join(top, claudeShared)); err != nil {
		t.Fatal(err)
	}
	check("local", true, true)
}

// TestPluginIn: what turns the plugin on is found, in the user's settings and the project's.
func TestPluginIn(t *testing.T) {
	top, home := t.TempDir(), t.TempDir()
	r := &repo.Repo{GitDir: filepath.Join(top, ".git"), CommonDir: filepath.Join(top, ".git"), WorkTree: top}
	for _, path := range []string{filepath.Join(top, claudeLocal), filepath.Join(top, claudeShared), filepath.Join(home, ".claude", "settings.json")} {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]string{
			`{"enabledPlugins":{"git-swarm@git-swarm":true}}`: path, `{"enabledPlugins":{"git-swarm@git-swarm":false}}`: "",
			`{"enabledPlugins":{"other@x":true}}`: "", `{"enabledPlugins":[]}`: "", `{`: "", ``: "",
		} {
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			if got := PluginIn(repo.Env{"HOME=" + home}, r); got != want {
				t.Errorf("%s with %s: %q", path, text, got)
			}
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}
