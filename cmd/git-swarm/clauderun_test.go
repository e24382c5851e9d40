package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// claudeRun: an orchestrating client that git swarm start has started plans twelve tasks
// that wait for each other, and git swarm run works through them by four clients at once:
// one is killed, one asks and is answered by the orchestrator, and the task of two has failed.
func claudeRun(t *testing.T) {
	s := newRepository(t)
	bin := t.TempDir()
	if err := os.Symlink(os.Getenv("SWARM_CLAUDE"), filepath.Join(bin, "claude")); err != nil {
		t.Fatal(err)
	}
	s.env[0] = "PATH=" + bin + ":" + s.env[0][len("PATH="):]
	s.run(s.home, "git", "init", "-q", "--bare", "-b", "main", "hub.git")
	s.run(s.app, "git", "remote", "add", "origin", filepath.Join(s.home, "hub.git"))
	s.run(s.app, "git", "push", "-q", "-u", "origin", "main")
	s.run(s.app, "git", "swarm", "init", "--claude")
	var killed atomic.Bool
	s.model.answers("all", func(shown string) step { return s.taskStep(shown, &killed) })
	s.plansTasks()

	cmd := exec.Command("git", "swarm", "run", "--sessions", "4")
	cmd.Dir, cmd.Env = s.app, s.clientEnv("all")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	var said strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
	}
	err = cmd.Wait()
	t.Logf("%s", said.String())
	if cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("run ended with %v", err)
	}
	for _, want := range []string{
		`#5 has not landed: it was killed \(killed\)`, `T6 was answered on #6: .*Green`, `#12 has failed: it ended without landing anything`,
		`(?m)^12 tasks: 11 landed, 1 failed \(.*tokens\)$`,
	} {
		if !regexp.MustCompile(want).MatchString(said.String()) {
			t.Errorf("run did not say %s", want)
		}
	}
	s.run(s.app, "git", "fetch", "-q")
	files := strings.Fields(s.run(s.app, "git", "ls-tree", "--name-only", "origin/main"))
	merges := s.run(s.app, "git", "log", "--merges", "--format=%s", "origin/main")
	if len(files) != 11 || merges != "" || s.run(s.app, "git", "rev-list", "--count", "origin/main") != "12\n" {
		t.Errorf("main has %q, merges %q", files, merges)
	}
	if left, err := os.ReadDir(s.app + ".worktrees"); err != nil || len(left) != 1 || left[0].Name() != "T12" {
		t.Errorf("%v, %v", left, err)
	}
}

// plansTasks has a client that git swarm start has started as the orchestrator write the
// tasks of a plan, and answer the session that asks. It ends with the test.
func (s *swarmOf) plansTasks() {
	s.t.Helper()
	plan := filepath.Join(s.home, "PLAN.md")
	var add strings.Builder
	for n, after := range []string{"none", "1", "1", "1", "1", "2,3", "3,4", "4,5", "5", "6,7", "8,9,10", "1"} {
		fmt.Fprintf(&add, "git swarm task add 'Write file %d' --after %s --files f%d.txt --session orchestrator && ", n+1, after, n+1)
	}
	if err := os.WriteFile(plan, []byte("Twelve files in a diamond\n"), 0o666); err != nil {
		s.t.Fatal(err)
	}
	s.model.answers("planner", func(shown string) step {
		switch {
		case !strings.Contains(shown, "Task #12 added"):
			return runs(add.String() + "git swarm task graph")("")
		case strings.Contains(shown, "T6 is blocked: Red or green?") && !strings.Contains(shown, "sent to T6"):
			return runs("git swarm message T6 'Green.' --session orchestrator")("")
		}
		return step{text: "Run git swarm run --sessions 4 in a terminal of your own."}
	})
	s.onTerminal("planner", s.app, "git", "swarm", "start", "--file", plan)
	if !s.model.shown("planner", "Task #12 added", 60*time.Second) || !s.model.shown("planner", "Twelve files in a diamond", 0) {
		s.t.Fatalf("the orchestrator has planned nothing, in %d requests", s.model.count("planner"))
	}
}

// taskStep is what the model does for the task that the client was given.
func (s *swarmOf) taskStep(shown string, killed *atomic.Bool) step {
	m := regexp.MustCompile(`Your task is #(\d+):`).FindStringSubmatch(shown)
	if m == nil {
		return step{text: "ok"}
	}
	n, session := m[1], "T"+m[1]
	bash := func(command string) step { return step{tool: "Bash", input: map[string]any{"command": command}} }
	switch at := strings.Count(shown, `"tool_result"`); {
	case n == "12":
		return step{text: "I do not know how."}
	case n == "5" && killed.CompareAndSwap(false, true):
		content, err := os.ReadFile(filepath.Join(s.app, ".git", "swarm", "pool", session, "client"))
		pid := 0
		if _, scan := fmt.Sscan(string(content), &pid); err == nil && scan == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		return step{text: "killed"}
	case n == "6" && !strings.Contains(shown, "Green."):
		if at == 0 {
			return bash("git swarm update T6 --status blocked --note 'Red or green?'")
		}
		return step{text: "I wait."}
	case n == "9" && at == 0 && !s.model.shown("planner", "sent to T6", 60*time.Second): // run ends when only what is blocked is left
		return step{text: "Nobody has answered T6."}
	case at == 0:
		return step{tool: "Write", input: map[string]any{"file_path": filepath.Join(s.place(session), "f"+n+".txt"), "content": n + "\n"}}
	case at == 1:
		return bash(fmt.Sprintf("git swarm commit 'Write file %s' f%s.txt", n, n))
	case at == 2:
		return bash("git swarm push --to main")
	}
	return step{text: "It has landed."}
}
