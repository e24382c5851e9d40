package app

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestBadValues: a value that is no good stops the verbs that use its key, which name the
// key, the value, the file and a command that mends it, and no others.
func TestBadValues(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"ports": "abc", "staleAfter": "abc", "lockTimeout": "-1m", "requireReview": "perhaps", "heal": "best", "healCheck": "maybe",
		"land": "fly", "claims": "sometimes", "verifyTimeout": "abc", "verifyJobs": "0", "conduct": "abc", "hubInterval": "abc", "hubTimeout": "abc",
		"hubPace": "abc", "hubSshMux": "perhaps", "hubPrefix": "swarm", "regenerate": "go.sum", "regenerateTimeout": "abc", "allow": "", "claude": "abc", "linger": "abc",
	}
	w := newTown(t, "files")
	w.hub()
	w.Write("new", "")
	w.Git("add", "new")
	config := filepath.Join(w.Dir, ".git", "config")
	good, err := os.ReadFile(config)
	w.Must(err)
	set := func(keys ...string) {
		lines := "\n[swarm]\n"
		for _, key := range keys {
			lines += "\t" + key + " = " + values[key] + "\n"
		}
		w.Must(os.WriteFile(config, append(slices.Clone(good), lines...), 0o666))
	}
	for _, c := range []struct {
		verb string
		uses []string
		code int // where those are good
	}{
		{"sync", nil, 0},
		{"status", nil, 0},
		{"inbox", nil, 0},
		{"claims", nil, 0},
		{"claim x", []string{"staleAfter"}, 0},
		{"unclaim x", nil, 0},
		{"message A hi", nil, 0},
		{"update --status working", nil, exitUsage},
		{"context show", nil, 0},
		{"review list", nil, 0},
		{"statusline", nil, 0},
		{"task add work", nil, 0},
		{"task list", nil, 0},
		{"task take", []string{"staleAfter"}, 0},
		{"task give", nil, 0},
		{"orchestrate dashboard", nil, 0},
		{"commit -m new", []string{"staleAfter"}, 0},
		{"pull", nil, 0},
		{"heal --base code --ours code --theirs code --output -", []string{"heal"}, 0},
		{"heal", []string{"heal", "regenerate", "regenerateTimeout"}, 0},
		{"heal --level safe --base code --ours code --theirs code --output -", nil, 0},
		{"verify", []string{"staleAfter", "claims", "verifyTimeout", "verifyJobs"}, exitNo},
		{"launch A --task x", []string{"requireReview"}, exitNo},
		{"push", []string{"staleAfter", "claims", "verifyTimeout", "verifyJobs", "conduct", "lockTimeout", "healCheck", "land", "requireReview"}, 0},
		{"retire A --dry-run", nil, 0},
		{"init --sessions E:e", nil, 0},
		{"init --sessions F:f --worktrees", []string{"ports"}, exitNo}, // feat is a branch already,
		{"server-hook main", []string{"hubPrefix"}, 0},
		{"init --hub origin", []string{"hubInterval", "hubTimeout", "hubPace", "hubSshMux", "hubPrefix"}, 0},
	} {
		for _, key := range c.uses {
			set(key)
			out, code := w.run("B", strings.Fields(c.verb)...)
			for _, part := range []string{"swarm." + key, values[key], " in file .git/config", "\nhint: git config "} {
				if code != exitFatal || !strings.Contains(out, part) {
					t.Errorf("git swarm %s: exit code %d, without %q\n%s", c.verb, code, part, out)
				}
			}
		}
		set(slices.DeleteFunc(slices.Collect(maps.Keys(values)), func(key string) bool { return slices.Contains(c.uses, key) })...)
		if out, code := w.run("B", strings.Fields(c.verb)...); code != c.code {
			t.Errorf("git swarm %s, where what it does not use is bad: exit code %d\n%s", c.verb, code, out)
		}
		set()
	}
}

// TestBadValueOfSeveral: the command that a bad value's hint names takes that value out, and
// no other of the key's.
func TestBadValueOfSeveral(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{"without a colon": "go.sum", "with a quote": "it's", "empty": "", "given twice": "a b", "with a pattern of gitignore": "**/go.sum: true"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, "files")
			w.Git("config", "--add", "swarm.regenerate", "a: b")
			w.Git("config", "--add", "swarm.regenerate", bad)
			w.Git("config", "--add", "swarm.regenerate", "go.sum: true")
			if name == "given twice" {
				w.Git("config", "--add", "swarm.regenerate", bad)
			}
			out, code := w.run("B", "heal")
			_, hint, _ := strings.Cut(out, "\nhint: ")
			if code != exitFatal || !strings.Contains(out, " in file .git/config: PATTERN: COMMAND; a pattern is ") {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			mend := exec.Command("/bin/sh", "-c", hint)
			mend.Dir = w.Dir
			if said, err := mend.CombinedOutput(); err != nil {
				t.Fatalf("%s%v: %s", hint, err, said)
			}
			if left := w.Git("config", "--get-all", "swarm.regenerate"); left != "a: b\ngo.sum: true" {
				t.Errorf("%sleaves\n%s", hint, left)
			}
		})
	}
}
