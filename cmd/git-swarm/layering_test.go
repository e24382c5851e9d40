package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/git-swarm/git-swarm/"

// testOnly is what the tests of several packages share. Nothing else imports it.
const testOnly = "refstore/refstoretest"

// layers holds, for each package of ours, which of ours it may import. Arrows
// point down only.
var layers = map[string][]string{
	"cmd/git-swarm":                {"cmd/git-swarm/internal/early", "cmd/internal/app"},
	"cmd/git-swarm/internal/early": {"cmd/internal/kernel", "cmd/internal/quiet"},
	"cmd/internal/kernel":          nil,
	"cmd/internal/quiet":           {"cmd/internal/kernel"},
	"cmd/internal/guide":           nil,
	"cmd/internal/text":            {"lock", "refstore/bus"},
	"cmd/internal/screen":          {"cmd/internal/text"},
	"cmd/internal/demo":            {"cmd/internal/text", "refstore/repo"},
	"cmd/internal/settings":        {"merge", "merge/heal", "cmd/internal/text", "refstore/repo"},
	"cmd/internal/swarm":           {"cmd/internal/quiet", "cmd/internal/settings", "orchestrator/agents", "lock", "refstore", "refstore/bus", "refstore/file", "refstore/hub", "refstore/object", "refstore/repo"},
	"cmd/internal/agenthook":       {"cmd/internal/quiet", "cmd/internal/text", "cmd/internal/swarm", "orchestrator/agents", "orchestrator/hook", "orchestrator/install", "orchestrator/standing", "orchestrator/launch", "lock", "refstore/bus", "refstore/repo", "review"},
	"cmd/ao":                       {"cmd/internal/app"},
	"cmd/git-swarm-mcp":            nil, // it runs git-swarm
	"cmd/internal/app":             {"cmd/internal/quiet", "cmd/internal/demo", "cmd/internal/screen", "cmd/internal/agenthook", "cmd/internal/settings", "cmd/internal/swarm", "cmd/internal/guide", "cmd/internal/text", "orchestrator/adopt", "orchestrator/agents", "orchestrator/hook", "orchestrator/install", "orchestrator/launch", "orchestrator/monitor", "orchestrator/pool", "orchestrator/retire", "orchestrator/setup", "orchestrator/standing", "orchestrator/attention", "merge/land", "merge", "merge/heal", "merge/heal/linemerge", "review", "lock", "lock/queue", "lock/task", "refstore/object", "refstore", "refstore/bus", "refstore/file", "refstore/hub", "refstore/index", "refstore/repo", "refstore/gitlock", "refstore/worktree"},
	"orchestrator":                 nil,
	"orchestrator/adopt":           {"orchestrator/agents", "orchestrator/launch", "orchestrator/setup", "review", "lock", "lock/queue", "lock/task", "refstore/bus", "refstore", "refstore/file", "refstore/repo"},
	"orchestrator/standing":        {"orchestrator/agents", "review", "refstore/bus", "refstore/repo"},
	"orchestrator/attention":       {"orchestrator/agents", "orchestrator/standing", "refstore/bus", "refstore", "refstore/repo"},
	"orchestrator/pool":            {"orchestrator/agents", "orchestrator/attention", "orchestrator/launch", "orchestrator/retire", "review", "lock", "lock/task", "refstore", "refstore/bus", "refstore/file", "refstore/object", "refstore/repo"},
	"orchestrator/monitor":         {"orchestrator/agents", "orchestrator/attention", "orchestrator/standing", "merge", "merge/heal", "review", "lock", "lock/queue", "lock/task", "refstore/bus", "refstore", "refstore/object", "refstore/repo"},
	"orchestrator/hook":            {"orchestrator/agents", "orchestrator/attention", "orchestrator/standing", "orchestrator/install", "review", "lock", "lock/task", "refstore/bus", "refstore", "refstore/repo", "refstore/file"},
	"orchestrator/retire":          {"orchestrator/agents", "orchestrator/launch", "orchestrator/setup", "merge/land", "review", "lock", "lock/queue", "lock/task", "refstore/bus", "refstore/file", "refstore", "refstore/repo", "refstore/gitlock"},
	"orchestrator/setup":           {"refstore/repo", "refstore/file", "refstore/gitlock"},
	"orchestrator/launch":          {"orchestrator/agents", "orchestrator/setup", "refstore/bus", "refstore/repo", "refstore/file", "refstore/gitlock", "refstore/worktree"},
	"orchestrator/install":         {"orchestrator/agents", "merge", "merge/land", "refstore/repo", "refstore/file", "refstore/gitlock"},
	"orchestrator/agents":          {"lock", "refstore/bus", "refstore/object", "refstore/repo", "refstore/file"},
	"merge/land":                   {"merge", "merge/command", "merge/heal", "lock", "lock/queue", "refstore/bus", "refstore", "refstore/object", "refstore/repo", "refstore/file", "refstore/gitlock", "refstore/worktree"},
	"merge":                        {"merge/command", "merge/heal", "merge/heal/linemerge", "refstore/repo", "refstore/file", "refstore/gitlock"},
	"merge/heal":                   {"merge/heal/linemerge"},
	"merge/heal/linemerge":         nil,
	"merge/command":                nil,
	"review":                       {"refstore/bus", "refstore", "refstore/object", "refstore/repo"},
	"lock":                         {"refstore/bus", "refstore", "refstore/object", "refstore/file"},
	"lock/task":                    {"lock", "refstore/bus", "refstore", "refstore/object", "refstore/repo"},
	"lock/queue":                   {"refstore/bus", "refstore", "refstore/object", "refstore/file"},
	"refstore/bus":                 {"refstore", "refstore/object", "refstore/repo", "refstore/file"},
	"refstore":                     {"refstore/internal/refs", "refstore/internal/redo", "refstore/internal/gc", "refstore/odb", "refstore/repo", "refstore/object", "refstore/file", "refstore/gitlock"},
	"refstore/internal/redo":       {"refstore/internal/refs", "refstore/file", "refstore/object"},
	"refstore/internal/gc":         {"refstore/internal/refs", "refstore/odb", "refstore/repo", "refstore/object", "refstore/file", "refstore/gitlock"},
	"refstore/internal/refs":       {"refstore/odb", "refstore/repo", "refstore/object", "refstore/file", "refstore/gitlock"},
	"refstore/hub":                 {"refstore", "refstore/gitlock", "refstore/object", "refstore/repo"},
	"refstore/odb":                 {"refstore/object", "refstore/file"},
	"refstore/worktree":            {"refstore/gitlock", "refstore/repo", "refstore/file"},
	"refstore/index":               {"refstore/object"},
	"refstore/gitlock":             {"refstore/repo", "refstore/file"},
	"refstore/repo":                {"refstore/object", "refstore/file"},
	"refstore/object":              nil,
	"refstore/file":                nil,
	testOnly:                       nil,
}

// owners says which package may import an outside module; nobody else does.
var owners = map[string][]string{
	"github.com/urfave/cli/v3":                   {"cmd/internal/app"},
	"github.com/modelcontextprotocol/go-sdk/mcp": {"cmd/git-swarm-mcp"},
	"github.com/rivo/uniseg":                     {"cmd/internal/text"},
	"golang.org/x/term":                          {"cmd/internal/screen", "cmd/internal/app", "orchestrator/launch"},
	"github.com/pelletier/go-toml/v2":            {"refstore", "refstore/repo", "merge/heal"},
	"github.com/tailscale/hujson":                {"orchestrator/install"},
	"github.com/fsnotify/fsnotify":               {"refstore"},
	"github.com/go-git/go-git/v5/plumbing":       {"refstore/internal/refs"},
	"github.com/sergi/go-diff/diffmatchpatch":    {"merge/heal"},
	"mvdan.cc/sh/v3/syntax":                      {"orchestrator/hook"},
	"go.yaml.in/yaml/v3":                         {"merge/heal"},
}

// pure packages reach nothing outside the process: no file, no command, no clock.
var pure = []string{"merge/heal", "merge/heal/linemerge"}

var impure = []string{"context", "io/fs", "net", "os", "os/exec", "syscall", "time"}

// TestLayering lists every import of every package, tests aside. go-git's root,
// its storage and its ref storers cost 3 ms a start, or write refs without git's
// locks: they are owned by nobody.
func TestLayering(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "../../...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg := strings.TrimPrefix(words[0], module)
		allowed, known := layers[pkg]
		if !known {
			t.Errorf("package %s has no place in the layers", pkg)
		}
		for _, imported := range words[1:] {
			seen++
			if slices.Contains(pure, pkg) && slices.Contains(impure, imported) {
				t.Errorf("%s must not import %s", pkg, imported)
			}
			if ours, ok := strings.CutPrefix(imported, module); ok {
				if ours == testOnly || !slices.Contains(allowed, ours) {
					t.Errorf("%s must not import %s", pkg, ours)
				}
			} else if strings.Contains(strings.Split(imported, "/")[0], ".") && !slices.Contains(owners[imported], pkg) {
				t.Errorf("%s must not import %s", pkg, imported)
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d imports seen", seen)
	}
}
