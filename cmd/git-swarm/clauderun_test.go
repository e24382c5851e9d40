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
)

// claudeRun: git swarm run with the real client works through twelve tasks that wait for
// each other, by four clients at once: one is killed, one asks and is answered, and the
// task of two has failed.
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
	for n, after := range []string{"none", "1", "1", "1", "1", "2,3", "3,4", "4,5", "5", "6,7", "8,9,10", "1"} {
		s.run(s.app, "git", "swarm", "task", "add", fmt.Sprintf("Write file %d", n+1), "--after", after, "--files", fmt.Sprintf("f%d.txt", n+1))
	}
	var killed atomic.Bool
	s.model.answers("all", func(shown string) step { return s.taskStep(shown, &killed) })

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
		if strings.Contains(lines.Text(), "T6 is blocked on #6") {
			s.run(s.app, "git", "swarm", "message", "T6", "Green.", "--session", "orchestrator")
		}
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
	case at == 0:
		return step{tool: "Write", input: map[string]any{"file_path": filepath.Join(s.place(session), "f"+n+".txt"), "content": n + "\n"}}
	case at == 1:
		return bash(fmt.Sprintf("git swarm commit 'Write file %s' f%s.txt", n, n))
	case at == 2:
		return bash("git swarm push --to main")
	}
	return step{text: "It has landed."}
}
