package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// TestTools: what a model does with the tools in its worktree: they act as its session,
// by the rules of the verbs, and a refusal is told as the verb words it.
func TestTools(t *testing.T) {
	s := newStage(t)
	s.says("status", `{}`, `B .*api`)
	s.says("claim", `{"paths":["src/a.go"],"reason":"the parser"}`, "A claimed src/a.go")
	s.refuses("claim", `{"paths":["src/b.go"]}`, "'src/b.go' is claimed by B")
	s.says("message", `{"to":"B","text":"--what? \"quoted\" $(x)"}`, "Message #1 sent to B")
	if got := s.git("-C", s.place("B"), "swarm", "inbox", "1"); !strings.Contains(got, `--what? "quoted" $(x)`) {
		t.Errorf("B got %q", got)
	}
	s.git("-C", s.place("B"), "swarm", "message", "A", "Which port?")
	s.says("sync", `{}`, `Which port\?`)
	s.says("sync", `{}`, `^Nothing is new\.$`)
	s.says("reply", `{"number":1,"text":"8080"}`, "B")
	s.says("context", `{"text":"Ports begin at 8080","category":"decision"}`, "1")
	s.says("context", `{}`, "Ports begin at 8080")
	s.refuses("context", `{"text":"x","category":"nonsense"}`, "nonsense")

	s.write("src/a.go", "package a\n")
	s.write("src/b.go", "package b\n")
	s.refuses("commit", `{"message":"Both","paths":["src/a.go","src/b.go"]}`, "'src/b.go' is claimed by B")
	s.git("-C", s.place("A"), "reset", "-q")
	s.says("commit", `{"message":"Add the parser","paths":["src/a.go"]}`, `Committed: \[Session A\] Add the parser`)
	s.says("review", `{"action":"request","to":"B","text":"please"}`, "#1")
	s.says("review", `{"action":"show","number":1}`, "Add the parser")
	s.refuses("review", `{"action":"approve","number":1}`, ".")
	s.refuses("review", `{"action":"approve"}`, "number is missing")
	s.refuses("review", `{"action":"git-log"}`, "action is request")
	s.says("push", `{"to":"main"}`, "main")
	if got := s.git("-C", s.app, "log", "-1", "--format=%s", "origin/main"); got != "[Session A] Add the parser\n" {
		t.Errorf("landed: %q", got)
	}
	s.says("unclaim", `{"all":true}`, ".")
}

// TestUnasked: the tools that an agent may use without asking its user are among those
// that there are, and what runs the repository's code is not among them.
func TestUnasked(t *testing.T) {
	s := newStage(t)
	list, err := s.client.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
		if len(tool.Description) < 20 {
			t.Errorf("%s is described as %q", tool.Name, tool.Description)
		}
	}
	for _, name := range install.UnaskedTools {
		if !slices.Contains(names, name) || name == "commit" || name == "push" {
			t.Errorf("%s, of %q", name, names)
		}
	}
	if len(names) != 10 {
		t.Errorf("%d tools: %q", len(names), names)
	}
}

// stage is a repository with the worktrees of A and B, and a client of the server that
// was started in A's.
type stage struct {
	t      *testing.T
	app    string
	client *mcp.ClientSession
}

func newStage(t *testing.T) *stage {
	t.Helper()
	root := t.TempDir()
	program := filepath.Join(root, "bin", "git-swarm")
	if out, err := exec.Command("go", "build", "-o", program, "../git-swarm").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Setenv("PATH", filepath.Dir(program)+":"+os.Getenv("PATH"))
	t.Setenv("HOME", root)
	for _, v := range []string{"AUTHOR", "COMMITTER"} {
		t.Setenv("GIT_"+v+"_NAME", "T")
		t.Setenv("GIT_"+v+"_EMAIL", "t@example.com")
	}
	s := &stage{t: t, app: filepath.Join(root, "app")}
	s.git("init", "-q", "--bare", "-b", "main", filepath.Join(root, "o.git"))
	s.git("init", "-q", "-b", "main", s.app)
	s.git("-C", s.app, "remote", "add", "origin", filepath.Join(root, "o.git"))
	s.git("-C", s.app, "commit", "-q", "--allow-empty", "-m", "start")
	s.git("-C", s.app, "push", "-q", "origin", "main")
	s.git("-C", s.app, "swarm", "init", "--sessions", "A:front B:api", "--worktrees")
	s.git("-C", s.place("B"), "swarm", "claim", "src/b.go")
	here, there := mcp.NewInMemoryTransports()
	server, err := newServer(runner{program: program, dir: s.place("A")}).Connect(t.Context(), there, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.client, err = mcp.NewClient(&mcp.Implementation{Name: "test"}, nil).Connect(t.Context(), here, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.client.Close(); _ = server.Wait() })
	return s
}

func (s *stage) place(session string) string { return filepath.Join(s.app+".worktrees", session) }

func (s *stage) git(args ...string) string {
	s.t.Helper()
	out, err := exec.Command("git", args...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return string(out)
}

func (s *stage) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.place("A"), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) says(tool, arguments, want string) {
	s.t.Helper()
	s.call(tool, arguments, want, false)
}

func (s *stage) refuses(tool, arguments, want string) {
	s.t.Helper()
	s.call(tool, arguments, want, true)
}

func (s *stage) call(tool, arguments, want string, refused bool) {
	s.t.Helper()
	out, err := s.client.CallTool(context.Background(), &mcp.CallToolParams{Name: tool, Arguments: json.RawMessage(arguments)})
	if err != nil {
		s.t.Fatalf("%s %s: %v", tool, arguments, err)
	}
	var text strings.Builder
	for _, c := range out.Content {
		if part, ok := c.(*mcp.TextContent); ok {
			text.WriteString(part.Text)
		}
	}
	if !regexp.MustCompile(want).MatchString(text.String()) || out.IsError != refused {
		s.t.Errorf("%s %s: refused %v, %q", tool, arguments, out.IsError, text.String())
	}
}
