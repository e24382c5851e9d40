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
// repository's own file alone, and once, also where git hooks of ours are installed. What
// package quiet looks at for its note is not counted: it opens files with O_NONBLOCK, and
// does so only where the repository has been left alone for a while.
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
		for _, m := range regexp.MustCompile(`openat\([^"]*"([^"]*config)", O_RDONLY\|O_CLOEXEC`).FindAllStringSubmatch(string(content), -1) {
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

// TestQuietHooks: a hook with nothing to say or do starts no program, and is done in few
// system calls: those of a prompt and a batch, and of an edit of what the session holds.
func TestQuietHooks(t *testing.T) {
	strace := refstoretest.Strace(t)
	home := t.TempDir()
	for key, value := range map[string]string{"HOME": home, "XDG_CONFIG_HOME": home, "GIT_CONFIG_GLOBAL": filepath.Join(home, ".gitconfig"), "GIT_SWARM_SESSION": "A"} {
		t.Setenv(key, value)
	}
	dir := filepath.Join(home, "app")
	hook := func(event string) (args []string, input string) {
		return []string{"git-swarm", "hook", event}, `{"session_id":"one","cwd":"` + dir + `","hook_event_name":"x","tool_name":"Edit","tool_input":{"file_path":"own.txt"}}`
	}
	run := func(dir, input, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(input)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	run(home, "", "sh", "-ec", `git config --global user.name N; git config --global user.email n@example.com
git init -q app; cd app; git commit -q --allow-empty -m start; git-swarm init --sessions "A:a B:b" --claude`)
	for _, event := range []string{"session-start", "pre-edit", "batch", "prompt"} {
		args, input := hook(event)
		run(dir, input, args[0], args[1:]...)
		if event == "pre-edit" {
			if err := os.WriteFile(filepath.Join(dir, "own.txt"), []byte("x"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, event := range []string{"batch", "prompt", "pre-edit", "asks", "subagent-stop"} {
		trace := filepath.Join(home, "trace")
		args, input := hook(event)
		if event == "asks" { // of which the first is news
			run(dir, input, args[0], args[1:]...)
		}
		if out := run(dir, input, strace, append([]string{"-f", "-qq", "-e", "signal=none", "-o", trace}, args...)...); out != "" {
			t.Errorf("%s says %s", event, out)
		}
		content, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(content), "execve("); n != 1 {
			t.Errorf("%s starts %d programs", event, n-1)
		}
		calls := 0
		for line := range strings.Lines(string(content)) {
			if !ofRuntime.MatchString(line) {
				calls++
			}
		}
		t.Logf("%s: %d system calls but the runtime's", event, calls)
		if calls > 400 {
			t.Errorf("%s makes %d system calls", event, calls)
		}
	}
}

// ofRuntime are system calls that Go's scheduler and memory make, in no fixed number.
var ofRuntime = regexp.MustCompile(`^\d+ +(?:<\.\.\. )?(?:futex|nanosleep|epoll_\w+|rt_sig\w+|sigaltstack|mmap|munmap|madvise|mprotect|clone3?|sched_\w+|gettid|getpid|tgkill|exit|set_robust_list|rseq|restart_syscall|set_tid_address|prlimit64|arch_prctl|brk|prctl)\b`)
