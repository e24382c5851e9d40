package app

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// runHooks is the worker of TestHookTraces: it has every event happen in the folder
// inner of the repository top, and at the top with a file in there.
func runHooks(top, inner string) error {
	for _, dir := range []string{inner, ""} {
		for _, event := range agents.HookEvents {
			in := fmt.Sprintf(`{"session_id":"a","cwd":%q,"hook_event_name":"x","tool_input":{"file_path":%q,"command":"git push origin main"}}`,
				filepath.Join(top, dir), filepath.Join(top, inner, event+".txt"))
			a := &App{
				Name: "git-swarm", Env: os.Environ(), Dir: filepath.Join(top, dir), Now: time.Now,
				Stdin: strings.NewReader(in), Stdout: os.Stdout, Stderr: os.Stderr,
			}
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			code := a.Run(ctx, []string{"hook", event})
			cancel()
			if code != 0 && event != agents.Wait {
				return fmt.Errorf("%s ends with exit code %d", event, code)
			}
		}
	}
	return nil
}

// hookCommands are the commands of git that hooks may run.
var hookCommands = []string{
	"cat-file", "check-ignore", "config", "diff", "for-each-ref", "merge-base", "rev-list", "rev-parse", "status", "symbolic-ref",
	"unpack-objects", "update-ref", "var",
}

// TestHookTraces has every event happen in every hostile folder, and looks at each
// system call that starts a program or writes to the disk: no program but git with
// the commands above, and no file but in the session's git dir and the one that the
// client names. Nothing that a folder has as configuration or as a hook is opened.
func TestHookTraces(t *testing.T) {
	strace := refstoretest.Strace(t, "--seccomp-bpf")
	for i, s := range hostileShapes() {
		for _, through := range []string{"files", "git"} {
			if sampled(through, i) {
				continue
			}
			t.Run(through+"/"+strings.ReplaceAll(s.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				w := newTown(t, through)
				w.Git("config", "swarm.claude", "true")
				s.do(w)
				outside := filepath.Dir(w.Dir)
				worker := refstoretest.Command(t, "hooks", w.Dir, s.inner)
				trace := filepath.Join(outside, "trace")
				args := []string{"-f", "--seccomp-bpf", "-ff", "-qq", "-y", "-s", "4096", "-o", trace, "-e", "trace=execve,execveat,%file", "-e", "signal=none"}
				cmd := exec.Command(strace, append(args, worker.Args...)...)
				cmd.Env = append(worker.Env, "CLAUDE_ENV_FILE="+filepath.Join(outside, "env"), "GIT_SWARM_SESSION=B")
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				for _, want := range []string{"you are session B", `"hello\"`} {
					if !strings.Contains(string(out), want) {
						t.Errorf("the hooks do not say %s:\n%s", want, out)
					}
				}
				calls := w.calls(trace, worker.Path)
				if calls < 100 {
					t.Errorf("only %d calls were seen", calls)
				}
				if _, err := os.Lstat(filepath.Join(outside, "PWNED")); err == nil {
					t.Error("a command was run")
				}
			})
		}
	}
}

// The parts of a line of strace: the call, its arguments, what it returned; and in
// the arguments, a path with the folder that it is relative to.
var (
	traceLine = regexp.MustCompile(`^(\w+)\((.*)\) += (-?\d+|\?)`)
	tracePath = regexp.MustCompile(`(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"`)
	gitWords  = regexp.MustCompile(`^"(?:[^"]*/)?git", \["git"(.*)\]`)
)

// calls checks each call in the traces, and counts them.
func (w *town) calls(trace, self string) (n int) {
	w.Helper()
	files, err := filepath.Glob(trace + ".*")
	w.Must(err)
	for _, file := range files {
		content, err := os.ReadFile(file)
		w.Must(err)
		for line := range strings.Lines(string(content)) {
			m := traceLine.FindStringSubmatch(line)
			if m == nil || strings.HasPrefix(m[3], "-") || m[3] == "?" {
				continue // it failed
			}
			n++
			if why := w.refuseCall(m[1], m[2], self); why != "" {
				w.Errorf("%s: %s", why, line)
			}
		}
	}
	return n
}

// refuseCall says what is wrong with a call, "" if nothing is.
func (w *town) refuseCall(call, args, self string) string {
	var paths []string
	for _, m := range tracePath.FindAllStringSubmatch(args, -1) {
		path := m[2]
		if !filepath.IsAbs(path) {
			path = filepath.Join(m[1], path)
			if m[1] == "" {
				path = filepath.Join(w.Dir, path) // git's own calls, which it makes at the top
			}
		}
		paths = append(paths, path)
	}
	switch call {
	case "execve", "execveat":
		if paths[0] == self {
			return ""
		}
		git := gitWords.FindStringSubmatch(args)
		if git == nil {
			return "a program is started"
		}
		words := strings.FieldsFunc(git[1], func(r rune) bool { return r == ' ' || r == ',' || r == '"' })
		for i := 0; i < len(words); i++ {
			switch word := words[i]; {
			case word == "-c" || word == "-C":
				i++
			case strings.HasPrefix(word, "-"):
			case slices.Contains(hookCommands, word):
				return ""
			default:
				return "git is asked for " + word
			}
		}
		return "git is started without a command"
	case "open", "openat", "creat":
		content := strings.HasPrefix(paths[0], w.Dir+"/") && !strings.HasPrefix(paths[0], filepath.Join(w.Dir, ".git")+"/")
		if content && (filepath.Base(paths[0]) == "config" || strings.Contains(paths[0], "/hooks/")) {
			return "what a folder has as a part of a git dir is opened"
		}
		if !strings.Contains(args, "O_WRONLY") && !strings.Contains(args, "O_RDWR") && call != "creat" {
			return ""
		}
	case "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat",
		"chmod", "fchmodat", "truncate", "utimensat", "mknod", "mknodat", "chown", "fchownat", "setxattr":
	default:
		return "" // it reads
	}
	for _, path := range paths {
		switch {
		case strings.HasPrefix(path, filepath.Join(w.Dir, ".git")+"/"), path == filepath.Join(filepath.Dir(w.Dir), "env"),
			strings.HasPrefix(path, "/dev/"), strings.HasPrefix(path, "/proc/self/"):
		default:
			return "it writes to " + path
		}
	}
	return ""
}
