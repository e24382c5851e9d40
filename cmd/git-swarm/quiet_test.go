package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// TestQuietSyncReads: of all configuration a sync with nothing new reads the
// repository's own file alone, and once, also where git hooks of ours are installed.
func TestQuietSyncReads(t *testing.T) {
	strace := refstoretest.Strace(t)
	home := t.TempDir()
	for key, value := range map[string]string{"HOME": home, "XDG_CONFIG_HOME": home, "GIT_CONFIG_GLOBAL": filepath.Join(home, ".gitconfig"), "GIT_SWARM_SESSION": "A"} {
		t.Setenv(key, value)
	}
	dir := filepath.Join(home, "app")
	script := `git config --global user.name N; git config --global user.email n@example.com
git init -q app; cd app; git commit -q --allow-empty -m start; git-swarm init --sessions A:a`
	for _, more := range []string{"git-swarm sync", "git-swarm init --git-hooks; git-swarm sync; git-swarm sync"} {
		cmd := exec.Command("sh", "-ec", script+"\n"+more)
		cmd.Dir = home
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		script = "cd app"
		trace := filepath.Join(home, "trace")
		sync := exec.Command(strace, "-f", "-qq", "-o", trace, "-e", "trace=openat,execve", "git-swarm", "sync")
		sync.Dir = dir
		if out, err := sync.CombinedOutput(); err != nil || len(out) > 0 {
			t.Fatalf("%v\n%s", err, out)
		}
		content, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		var read []string
		for _, m := range regexp.MustCompile(`openat\([^"]*"([^"]*config)"`).FindAllStringSubmatch(string(content), -1) {
			read = append(read, m[1])
		}
		if len(read) != 1 || read[0] != filepath.Join(dir, ".git", "config") {
			t.Errorf("after %q it reads %q", more, read)
		}
		if n := strings.Count(string(content), "execve("); n != 1 {
			t.Errorf("after %q it starts %d programs", more, n-1)
		}
	}
}
