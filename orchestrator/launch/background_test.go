package launch

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestBackground: whom a session works as is in its settings, for the client's service
// keeps the environment of another; it is told apart from what the client takes as
// values of an option.
func TestBackground(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\nfor a; do echo \"<$a>\"; done >args\nenv | grep GIT_SWARM >env\necho 'backgrounded · 6d80f57d · A'\necho '  claude attach 11111111'\n"
	if err := os.WriteFile(filepath.Join(dir, "claude"), []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	a := Client{
		Session: "A", Dir: dir, Prompt: "-x", Allow: []string{"Bash(go test *)"}, Options: []string{"--model", "opus"},
		Env: repo.Env{"PATH=" + dir + ":" + os.Getenv("PATH"), "GIT_SWARM_SESSION=B", "GIT_SWARM_LAUNCHED=B"},
	}
	ran := func() []string {
		t.Helper()
		job, err := a.Background(t.Context())
		if err != nil || job != "6d80f57d" {
			t.Fatalf("%q, %v", job, err)
		}
		if env, _ := os.ReadFile(filepath.Join(dir, "env")); len(env) > 0 {
			t.Errorf("the service would keep %q", env)
		}
		args, err := os.ReadFile(filepath.Join(dir, "args"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Fields(strings.NewReplacer("> <", ">\n<").Replace(string(args)))
	}
	text := strings.Join(ran(), " ")
	want := `<--bg> <--name> <A> <--settings> <{"env":{"GIT_SWARM_LAUNCHED":"A","GIT_SWARM_SESSION":"A","GIT_SWARM_WORKTREE":"` + dir + `"}}> <--permission-mode> <acceptEdits> <--allowedTools> <Bash(go test *)>`
	if !strings.HasPrefix(text, want) || !strings.HasSuffix(text, "<--model> <opus> <--> <-x>") {
		t.Errorf("%s", text)
	}

	a.Resume, a.Job, a.Options = "6d80f57d-0819", "6d80f57d", nil // it keeps its options: with any, a copy would begin
	if got := ran(); !slices.Equal(got, []string{"<--bg>", "<--resume>", "<6d80f57d-0819>", "<-->", "<-x>"}) {
		t.Errorf("resumed: %q", got)
	}
	a.Options = []string{"--settings=x.json"}
	if _, err := a.Background(t.Context()); !errors.Is(err, ErrOwnSettings) {
		t.Errorf("with other settings: %v", err)
	}
	a.Agent = "codex"
	if _, err := a.Background(t.Context()); !errors.Is(err, ErrNoBackground) {
		t.Errorf("of codex: %v", err)
	}
}
