package launch

import (
	"os"
	"os/exec"
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

// TestLine: a shell that runs the line starts the client in the worktree, as the
// session, with the prompt to the byte, whatever characters are in either.
func TestLine(t *testing.T) {
	top := t.TempDir()
	bin, dir := filepath.Join(top, "bin"), filepath.Join(top, `it's a "$HOME"`)
	for _, d := range []string{bin, dir} {
		if err := os.MkdirAll(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	script := "#!/bin/sh\nprintf '%s\\n' \"$PWD\" \"$GIT_SWARM_SESSION\" \"$@\"\n"
	if err := os.WriteFile(filepath.Join(bin, "claude"), []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	prompt := "Say 'it' in \"$HOME\"\n`twice` \\ and $(stop)"
	line, err := Client{Session: "A", Dir: dir, Prompt: prompt}.Line(filepath.Join(dir, "prompts", "A's.md"))
	if err != nil || strings.Contains(line, "\n") {
		t.Fatalf("%q, %v", line, err)
	}
	cmd := exec.Command("sh", "-c", line)
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=/nowhere"}
	out, err := cmd.CombinedOutput()
	if want := strings.Join([]string{dir, "A", "--name", "A", prompt, ""}, "\n"); err != nil || string(out) != want {
		t.Errorf("%q, not %q (%v)", out, want, err)
	}
}
