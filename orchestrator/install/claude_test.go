package install

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var local = Claude{Command: "/opt/bin/git-swarm"}

// foreign are settings of other tools, laid out in all ways.
var foreign = []string{
	"{}", "{}\n", "{ }", "{\n}\n", "{\n\n}", `{"a":1}`, `{"hooks":{}}`, `{"hooks": {"Stop": []}}`,
	"{\n  \"permissions\": {\n    \"allow\": [\n      \"Bash(ls)\"\n    ]\n  }\n}\n",
	"{\r\n\t\"permissions\": {\"allow\": [ ], \"deny\": []},\r\n\t\"z\": 1.50\r\n}",
	"{\n  \"hooks\": {\n    \"Stop\": [\n      {\"hooks\": [{\"type\": \"command\", \"command\": \"other\"}]}\n    ],\n    \"PreToolUse\": []\n  }\n}",
	`{"permissions":{"allow":["Bash(git swarm *)"]}}`,
	`{"permissions":{"allow":["Bash(git swarm claim *)", "Bash(x)", "Bash(git swarm heal)"]}}`,
	`{"hooks":{"Stop":[{"hooks":[{"command":"git-swarm","args":["sync"]},{"command":"/x/git-swarm-ish","args":["hook"]}]}]},"é\"\\":"\u00e9"}`,
	`{"hooks":{"Stop":[]},"hooks":{"Stop":[{"matcher":"x","hooks":[]}]}}`,
}

// roundTrip installs into text and takes out again, and returns what was there
// in between.
func roundTrip(t *testing.T, c Claude, text string) string {
	t.Helper()
	var rules []string
	if !hasWideRule(text) {
		rules = AllowRules()
	}
	in, err := withOurs(text, claudeHooks(c), rules)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if !json.Valid([]byte(in)) {
		t.Fatalf("%q became %q, which is not JSON", text, in)
	}
	out, err := withoutOurs(in, rules != nil)
	if err != nil || out != text {
		t.Errorf("%q came back as %q (%v) from %q", text, out, err, in)
	}
	again, err := withOurs(out, claudeHooks(c), rules)
	if err != nil || again != in {
		t.Errorf("%q: the second time it is %q, not %q (%v)", text, again, in, err)
	}
	return in
}

// TestForeignSettings: what others wrote comes back to the byte, and all our
// hooks are there in between.
func TestForeignSettings(t *testing.T) {
	for _, text := range append([]string{absent}, foreign...) {
		for _, c := range []Claude{local, {Shared: true}} {
			in := roundTrip(t, c, text)
			var settings struct {
				Permissions struct{ Allow []string }
				Hooks       map[string][]struct{ Hooks []map[string]any }
			}
			if err := json.Unmarshal([]byte(in), &settings); err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, groups := range settings.Hooks {
				for _, g := range groups {
					n += len(g.Hooks)
				}
			}
			allowed := strings.Join(settings.Permissions.Allow, " ")
			if n < 9 || !strings.Contains(allowed, AllowRules()[3]) && !strings.Contains(allowed, wideRules[0]) {
				t.Errorf("%q: %d hooks, allowed %q", text, n, settings.Permissions.Allow)
			}
		}
	}
}

// TestLayout: what is added looks like the rest of the file.
func TestLayout(t *testing.T) {
	hooks := []hookGroup{{"X", "x"}, {"X", "y"}, {"Y", "z"}}
	for text, want := range map[string]string{
		absent: `{
  "permissions": {
    "allow": [
      "Bash(x *)"
    ]
  },
  "hooks": {
    "X": [
      "x",
      "y"
    ],
    "Y": [
      "z"
    ]
  }
}
`,
		"{\r\n\t\"hooks\": {\r\n\t\t\"X\": [1]\r\n\t},\r\n\t\"permissions\": {}\r\n}": "{\r\n\t\"hooks\": {\r\n\t\t\"X\": [1,\r\n\t\t\t\"x\",\r\n\t\t\t\"y\"],\r\n\t\t\"Y\": [\r\n\t\t\t\"z\"\r\n\t\t]\r\n\t},\r\n\t\"permissions\": {\"allow\": [\r\n\t\t\t\"Bash(x *)\"\r\n\t\t]}\r\n}",
		`{"a":1}`: `{"a":1, "permissions": { "allow": [ "Bash(x *)" ] }, "hooks": { "X": [ "x", "y" ], "Y": [ "z" ] }}`,
	} {
		if got, err := withOurs(text, hooks, []string{"Bash(x *)"}); err != nil || got != want {
			t.Errorf("%q became\n%s\nand not\n%s\n%v", text, got, want, err)
		}
	}
}

// TestReformatted: the client writes its settings anew when a person allows
// something; ours are found all the same, and what goes empty goes.
func TestReformatted(t *testing.T) {
	in, err := withOurs(absent, claudeHooks(local), AllowRules())
	if err != nil {
		t.Fatal(err)
	}
	var any map[string]any
	if err := json.Unmarshal([]byte(in), &any); err != nil {
		t.Fatal(err)
	}
	any["model"] = "x"
	text, err := json.MarshalIndent(any, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	out, err := withoutOurs(string(text), true)
	if err != nil || out != "{\n  \"model\": \"x\"\n}" {
		t.Errorf("%q, %v", out, err)
	}
}

// TestForeignHandlers: in a group that others share with us, theirs stay.
func TestForeignHandlers(t *testing.T) {
	ours := `{"type":"command","command":"/old/git-swarm","args":["hook","batch"]}`
	for in, want := range map[string]string{
		`{"hooks":{"X":[{"hooks":[` + ours + `, {"command":"a"}]}]}}`: `{"hooks":{"X":[{"hooks":[{"command":"a"}]}]}}`,
		`{"hooks":{"X":[{"hooks":[{"command":"a"}, ` + ours + `]}]}}`: `{"hooks":{"X":[{"hooks":[{"command":"a"}]}]}}`,
		`{"hooks":{"X":[{"hooks":[` + ours + `]} , {"m":1}]}}`:        `{"hooks":{"X":[{"m":1}]}}`,
	} {
		if got, err := withoutOurs(in, false); err != nil || got != want {
			t.Errorf("%s\nbecame %s\nand not %s (%v)", in, got, want, err)
		}
	}
}

// TestRefusedSettings: what is no JSON object of the right shape is left alone.
func TestRefusedSettings(t *testing.T) {
	for _, text := range []string{"", "{", "[]", "null", "{} x", "// no\n{}", "\ufeff{}", `{"hooks":[]}`, `{"hooks":{"Stop":{}}}`, `{"permissions":1}`, `{"permissions":{"allow":{}}}`} {
		dir := t.TempDir()
		path := filepath.Join(dir, "settings.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := editFile(dir, "settings.json", absent, func(text string) (string, error) {
			bare, err := withoutOurs(text, false)
			if err != nil {
				return "", err
			}
			return withOurs(bare, claudeHooks(local), AllowRules())
		})
		var refused *SettingsError
		after, _ := os.ReadFile(path)
		if !errors.As(err, &refused) || string(after) != text {
			t.Errorf("%q: %v, and it is %q", text, err, after)
		}
	}
}

// FuzzSettings: whatever valid settings hold comes back to the byte.
func FuzzSettings(f *testing.F) {
	for _, text := range foreign {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		bare, err := withoutOurs(text, false)
		if err != nil || bare != text {
			return // no settings, or ours are in them
		}
		if _, err := withOurs(text, claudeHooks(local), AllowRules()); err == nil {
			roundTrip(t, local, text)
		}
	})
}
