package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/agenthook"
)

// blackHole takes connections, and says nothing.
func blackHole(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		var open []net.Conn // kept, so that none is closed
		for {
			c, err := l.Accept()
			if err != nil {
				for _, c := range open {
					_ = c.Close()
				}
				return
			}
			open = append(open, c)
		}
	}()
	return "git://" + l.Addr().String() + "/hub.git"
}

// agentHook runs an agent's hook as the clone's session, and returns its answer and how
// long that took.
func (w *hubTown) agentHook(i int, event string, tool map[string]any) (string, time.Duration) {
	w.Helper()
	dir := filepath.Join(w.dir, w.clones[i])
	input := map[string]any{"session_id": "agent-" + w.session(i), "cwd": dir, "hook_event_name": "x"}
	for key, value := range tool {
		input[key] = value
	}
	given, err := json.Marshal(input)
	if err != nil {
		w.Fatal(err)
	}
	cmd := w.command(context.Background(), w.clones[i], "git-swarm", "hook", event)
	cmd.Env = append(cmd.Env, "GIT_SWARM_SESSION="+w.session(i), agenthook.TimeEnv+"=3s") // as long as for the hub without it
	cmd.Stdin = bytes.NewReader(given)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.Fatalf("hook %s: %v\n%s", event, err, out)
	}
	return string(out), time.Since(began)
}

// edit is what an agent reports before it edits the file.
func (w *hubTown) edit(i int, file string) map[string]any {
	return map[string]any{"tool_name": "Edit", "tool_input": map[string]any{"file_path": filepath.Join(w.dir, w.clones[i], file)}}
}

// calling are the processes whose command names the text.
func calling(text string) (found []string) {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range all {
		if line, err := os.ReadFile(path); err == nil && strings.Contains(string(line), text) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// A hub that takes connections and never answers: a hook waits its time once, the edit
// goes on unclaimed, the agent is told so once, and no process is left behind. When the
// hub is back, what is free is claimed, and who lost a file to another clone is told.
func TestHubAwayEdits(t *testing.T) {
	t.Parallel()
	w := newHubTown(t, 2, serveFile)
	for i := range w.clones {
		w.git("-C", w.clones[i], "config", "swarm.hubTimeout", "5s")
		w.agentHook(i, "session-start", nil)
	}
	hole, hub := blackHole(t), w.git("-C", "c0", "config", "remote.origin.url")
	w.git("-C", "c0", "config", "remote.origin.url", hole)
	took := map[string]time.Duration{}
	for _, file := range []string{"lost", "kept"} {
		var out string
		if out, took[file] = w.agentHook(0, "pre-edit", w.edit(0, file)); strings.Contains(out, "deny") {
			t.Errorf("%s: %s", file, out)
		}
		if err := os.WriteFile(filepath.Join(w.dir, "c0", file), []byte("edited\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if took["lost"] > 6*time.Second || took["lost"] < 2*time.Second || took["kept"] >= 2*time.Second { // 4 s at most, but for a busy machine
		t.Errorf("the first edit took %s, the second %s", took["lost"], took["kept"])
	}
	out, _ := w.agentHook(0, "batch", nil)
	if !strings.Contains(out, "not claimed: hub out of reach: \\\"kept\\\", \\\"lost\\\"") {
		t.Errorf("batch: %q", out)
	}
	if out, _ = w.agentHook(0, "batch", nil); out != "" {
		t.Errorf("told again: %q", out)
	}
	if out, err := w.swarm(0, "claim", "verb"); err == nil || !strings.Contains(out, "hub") {
		t.Errorf("the verb: %v, %s", err, out)
	}
	for deadline := time.Now().Add(30 * time.Second); len(calling(hole)) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("left behind: %q", calling(hole))
		}
	}

	if out, err := w.swarm(1, "claim", "lost"); err != nil {
		t.Fatal(out)
	}
	w.git("-C", "c0", "config", "remote.origin.url", hub)
	if err := os.Remove(filepath.Join(w.dir, "c0", ".git", "swarm", "hub-past")); err != nil { // a quarter of a minute later
		t.Fatal(err)
	}
	if out, _ = w.agentHook(0, "batch", nil); !strings.Contains(out, `you have changed \"lost\", which B claims`) || strings.Contains(out, "kept") {
		t.Errorf("the loser is told %q", out)
	}
	w.settle()
	if out := w.git("-C", "c1", "ls-tree", "-r", "--name-only", "refs/swarm/claims"); !strings.Contains(out, "kept") {
		t.Errorf("claimed are %s", out)
	}
	if out, _ = w.agentHook(0, "batch", nil); out != "" {
		t.Errorf("told again: %q", out)
	}
}
