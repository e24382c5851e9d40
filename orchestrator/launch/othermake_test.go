package launch

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// stoodIn is a folder with a program of that name, which prints its arguments and what a
// client knows of itself.
func stoodIn(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\nprintf '%s\\n' \"$@\" \"$GIT_SWARM_SESSION $GIT_SWARM_WORKTREE ${GIT_SWARM_PORT-no port}\"\n"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestResume: each client takes a conversation up again by its own means, behind the
// options, with the prompt last.
func TestResume(t *testing.T) {
	own := []string{"--own", "x"}
	for _, c := range []struct {
		agent, id          string
		terminal, headless string
	}{
		{"codex", "th-1", "--own x resume th-1 P", "exec --sandbox workspace-write --own x resume th-1 P"},
		{"codex", Newest, "--own x resume --last P", "exec --sandbox workspace-write --own x resume --last P"},
		{"gemini", "g-1", "--own x --resume g-1 --prompt-interactive P", "--approval-mode auto_edit --own x --resume g-1 --prompt P"},
		{"gemini", Newest, "--own x --resume latest --prompt-interactive P", "--approval-mode auto_edit --own x --resume latest --prompt P"},
		{"opencode", "ses_1", "--own x --session ses_1 --prompt P", "run --own x --session ses_1 P"},
		{"opencode", Newest, "--own x --continue --prompt P", "run --own x --continue P"},
		{"copilot", "c-1", "--own x --resume c-1 --interactive P", "--allow-tool write --allow-tool shell(git:*) --deny-tool shell(git push) --own x --resume c-1 --prompt P"},
		{"copilot", Newest, "--own x --continue --interactive P", "--allow-tool write --allow-tool shell(git:*) --deny-tool shell(git push) --own x --continue --prompt P"},
	} {
		bin := stoodIn(t, c.agent)
		a := Client{Session: "A", Agent: c.agent, Dir: bin, Prompt: "P", Resume: c.id, Options: own, Env: repo.Env{"PATH=" + bin + ":" + os.Getenv("PATH")}}
		cmd, _ := a.HeadlessCommand(t.Context())
		if got := strings.Join(cmd.Args[1:], " "); got != c.headless {
			t.Errorf("%s, %s, headless: %s", c.agent, c.id, got)
		}
		if got := strings.Join(append(a.onTerminal(), a.Prompt), " "); got != c.terminal {
			t.Errorf("%s, %s, on a terminal: %s", c.agent, c.id, got)
		}
	}
	for _, make := range Makes()[1:] {
		if m, _ := (Client{Agent: make}).make(); m.resume == nil {
			t.Errorf("%s cannot be resumed", make)
		}
	}
}

// TestSessionEnv: however a client is started, what it starts knows the session, its
// worktree and its port, and never those of who started the client.
func TestSessionEnv(t *testing.T) {
	for _, agent := range Makes() {
		bin := stoodIn(t, agent)
		dir := filepath.Join(bin, "it's a tree")
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		env := repo.Env{"PATH=" + bin + ":" + os.Getenv("PATH"), "GIT_SWARM_SESSION=B", "GIT_SWARM_WORKTREE=/theirs", "GIT_SWARM_PORT=1"}
		for _, port := range []struct {
			number int
			want   string
		}{{16400, "16400"}, {0, "no port"}} {
			a := Client{Session: "A", Agent: agent, Dir: dir, Port: port.number, Prompt: "P", Env: env}
			want := "A " + dir + " " + port.want
			headless, _ := a.HeadlessCommand(t.Context())
			line, err := a.Line(filepath.Join(bin, "prompt"))
			if err != nil {
				t.Fatal(err)
			}
			cmds := map[string]*exec.Cmd{"without a terminal": headless, "on a terminal": a.command(context.Background())}
			if port.number > 0 { // a line that is printed runs in the environment of a shell that we do not know
				cmds["printed"] = exec.Command("sh", "-c", line)
				cmds["printed"].Env = env
			}
			for way, cmd := range cmds {
				out, err := cmd.Output()
				said := strings.Split(strings.TrimSpace(string(out)), "\n")
				if err != nil || said[len(said)-1] != want {
					t.Errorf("%s, %s: %q, %v", agent, way, said, err)
				}
			}
		}
	}
	args, err := Client{Session: "A", Dir: "/w", Port: 16400}.inBackground()
	if at := slices.Index(args, "--settings") + 1; err != nil || at == 0 || !strings.Contains(args[at], `"GIT_SWARM_PORT":"16400"`) || !strings.Contains(args[at], `"GIT_SWARM_WORKTREE":"/w"`) {
		t.Errorf("in the background: %q, %v", args, err)
	}
}
