package launch

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestHeadlessEnds: when the client does, though what it started still holds its
// output.
func TestHeadlessEnds(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\ncat >/dev/null\necho '{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"hello\"}]}}'\nsleep 60 &\necho $! >pid\necho '{\"type\":\"result\",\"is_error\":true,\"result\":\"no luck\"}'\n"
	if err := os.WriteFile(filepath.Join(dir, "claude"), []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		text, _ := os.ReadFile(filepath.Join(dir, "pid"))
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	a := Client{Session: "A", Dir: dir, Prompt: "x", Env: repo.Env{"PATH=" + dir + ":" + os.Getenv("PATH")}}
	var said []string
	began := time.Now()
	err := a.Headless(t.Context(), func(text string) { said = append(said, text) })
	if err != nil || time.Since(began) > 40*time.Second || !slices.Equal(said, []string{"hello", "it ended with an error: no luck"}) {
		t.Errorf("%q, %v after %s", said, err, time.Since(began))
	}
	a.Env = repo.Env{"PATH=" + filepath.Join(dir, "nothing")}
	if err := a.Headless(t.Context(), nil); err != ErrNoClient {
		t.Errorf("without a client: %v", err)
	}
}
