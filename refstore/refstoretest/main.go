package refstoretest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// workerVar names the worker that a process is. Where it is unset it runs tests.
const workerVar = "SWARM_TEST_WORKER"

// Config is git's configuration in tests: an identity, and nothing of the user's. A commit or
// a fetch does not end with a process that looks whether the repository wants a gc, and a
// push to a folder not with six.
const Config = `[user]
	name = Tess T. Er
	email = tess@example.com
[init]
	defaultBranch = main
[gc]
	autoDetach = false
[receive]
	autoGC = false
[maintenance]
	auto = false
[advice]
	detachedHead = false
[protocol "file"]
	allow = always
`

// Main is a package's TestMain. In a process that [Start] or [Command] made it
// calls work, with the name and the arguments given there, and exits with 1 and
// the error on standard error if that fails. Else it runs the tests, with a HOME
// that is theirs and goes with them. It does not return.
func Main(m *testing.M, work func(name string, args []string) error) {
	name := os.Getenv(workerVar)
	if name == "" {
		os.Exit(runTests(m))
	}
	if err := work(name, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runTests(m *testing.M) int {
	home, err := os.MkdirTemp("", "swarm")
	if err == nil {
		defer os.RemoveAll(home)
		err = os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(Config), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, kv := range os.Environ() {
		if key, _, _ := strings.Cut(kv, "="); strings.HasPrefix(key, "GIT_") {
			os.Unsetenv(key)
		}
	}
	for key, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": home, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": filepath.Join(home, ".gitconfig"),
		"GIT_EDITOR": "true", "LC_ALL": "C",
		"GIT_SWARM_HOOK_TIME": "2m",                                       // however busy the machine is
		"GORACE":              "atexit_sleep_ms=0 " + os.Getenv("GORACE"), // else each worker takes a second to end
	} {
		os.Setenv(key, value)
	}
	return m.Run()
}

// Long reports whether the tests may take minutes.
func Long() bool { return os.Getenv("SWARM_RACE") == "long" }
