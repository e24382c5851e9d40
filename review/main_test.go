package review

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The test binary is also the processes that race and are killed: with workerVar
// set, it runs that worker and no test.
const workerVar = "SWARM_TEST_WORKER"

// longVar=long makes races, kills and random histories run for minutes.
const longVar = "SWARM_RACE"

var bg = context.Background()

func TestMain(m *testing.M) {
	if name := os.Getenv(workerVar); name != "" {
		os.Exit(runWorker(name))
	}
	os.Exit(runTests(m))
}

// runTests gives the tests an identity, and nothing else of the user's configuration.
func runTests(m *testing.M) int {
	home, err := os.MkdirTemp("", "review")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(home)
	config := filepath.Join(home, ".gitconfig")
	text := "[user]\n\tname = Tess T. Er\n\temail = tess@example.com\n[init]\n\tdefaultBranch = main\n[gc]\n\tautoDetach = false\n" +
		"[advice]\n\tdetachedHead = false\n[protocol \"file\"]\n\tallow = always\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "GIT_") {
			os.Unsetenv(name)
		}
	}
	for key, value := range map[string]string{"HOME": home, "XDG_CONFIG_HOME": home, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": config, "LC_ALL": "C", "GIT_EDITOR": "true"} {
		os.Setenv(key, value)
	}
	return m.Run()
}

// long reports whether the tests may take minutes.
func long() bool { return os.Getenv(longVar) == "long" }
