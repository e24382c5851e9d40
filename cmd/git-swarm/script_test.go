package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/git-swarm/git-swarm/cmd/internal/agenthook"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain puts git-swarm on PATH, where git finds it as "git swarm".
func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))            // see goRace
	if name, value, _ := strings.Cut(patience, "="); os.Getenv(name) == "" { // else a script has set it for this command
		os.Setenv(name, value)
	}
	testscript.Main(installed{m}, map[string]func(){"git-swarm": main})
}

// installed runs the tests. Without the race detector, or with SWARM_RACE=long, the
// git-swarm on PATH is this binary. Else it is the program as it is installed: tests run
// thousands of commands, most of which begin and end in one goroutine; by the race detector
// each costs twice as much or more, and what runs at once is raced in the packages' own tests.
type installed struct{ *testing.M }

// programVar holds the folder of that program for a test that runs this binary again.
const programVar = "SWARM_TEST_PROGRAM"

func (m installed) Run() int {
	if !raced || refstoretest.Long() {
		return m.M.Run()
	}
	dir := os.Getenv(programVar)
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "git-swarm"); err == nil {
			defer os.RemoveAll(dir)
			var out []byte
			if out, err = exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(dir, "git-swarm"), ".").CombinedOutput(); err != nil {
				err = fmt.Errorf("%w\n%s", err, out)
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		os.Setenv(programVar, dir)
	}
	os.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	return m.M.Run()
}

// patience lets agents' hooks take their time, however busy the machine is.
const patience = agenthook.TimeEnv + "=2m"

// goRace is what an environment that a test makes anew needs of this one's: without it,
// each command that is built with the race detector takes a second to end.
func goRace() string { return "GORACE=" + os.Getenv("GORACE") }

// TestScript runs the manual: testdata/script/<verb>_<situation>.txt. Besides
// testscript's own commands they use:
//
//	git ARGS                 is "exec git ARGS"
//	exits CODE PROGRAM ARGS  runs the program and wants that exit code
//	json LINE KEY VALUE      the key of that line (from 1) of the JSON on stdout
//	json LINES               how many lines of JSON are on stdout
//	jsonkeys KEYS            each line of it has just these keys
//	jsontext LINE KEY FILE   writes the text under the key to the file
//	same FILE FILE           their bytes are equal (too long for cmp to show)
//	raw FILE TEXT            writes text with Go's escapes
//	fill FILE SIZE           writes a text of that many bytes
//	inert                    stdout and stderr hold nothing that a terminal acts on
//	sound                    git swarm fsck and git fsck --strict find no fault
//	hook EVENT ID DIR [JSON] an agent's hook: session ID is at work in DIR; further fields of its input
//	appears FILE [REGEXP]    waits for a file that another process makes, and for that text in it
//	dirty                    fails unless git status --porcelain is empty, with !
func TestScript(t *testing.T) {
	path := withoutClaude(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               func(env *testscript.Env) error { env.Setenv("PATH", path(env.Getenv("PATH"))); return setup(env) },
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"git": runGit, "exits": runExits, "json": checkJSON, "jsonkeys": checkKeys, "jsontext": saveText, "same": checkSame,
			"raw": writeRaw, "fill": writeFill, "inert": checkInert, "sound": checkSound, "dirty": checkDirty, "hook": runHook, "appears": awaitFile,
		},
	})
}

// withoutClaude returns how to take the Claude Code client off a PATH: scripts
// must find the one that they bring, or none. A folder that has it is replaced by
// one of links to all else in it.
func withoutClaude(t *testing.T) func(path string) string {
	var shadows sync.Map
	return func(path string) string {
		dirs := filepath.SplitList(path)
		for i, dir := range dirs {
			if _, err := os.Stat(filepath.Join(dir, "claude")); err != nil {
				continue
			}
			shadow, _ := shadows.LoadOrStore(dir, sync.OnceValue(func() string { return linksWithout(t, dir, "claude") }))
			dirs[i] = shadow.(func() string)()
		}
		return strings.Join(dirs, string(filepath.ListSeparator))
	}
}

// linksWithout is a new folder with a link to each file in dir, except name.
func linksWithout(t *testing.T, dir, name string) string {
	links := t.TempDir()
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.Name() != name {
			err = errors.Join(err, os.Symlink(filepath.Join(dir, e.Name()), filepath.Join(links, e.Name())))
		}
	}
	if err != nil {
		t.Error(err)
	}
	return links
}

// setup gives a script an identity, and nothing else of the user's configuration.
func setup(env *testscript.Env) error {
	env.Vars = slices.DeleteFunc(env.Vars, func(v string) bool { return strings.HasPrefix(v, "GIT_") })
	home := filepath.Join(env.WorkDir, ".home")
	env.Vars = append(env.Vars, "HOME="+home, "XDG_CONFIG_HOME="+home, goRace(), "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C.UTF-8", patience, "TERM=xterm", "ESC=\x1b", "TAB=\t")
	tmux := filepath.Join(env.WorkDir, "tmux") // a script's own, if it runs one: it ends with the script, also if that fails
	env.Vars = append(env.Vars, "TMUX_TMPDIR="+tmux, "TMUX=")
	env.Defer(func() {
		if _, err := os.Stat(tmux); err == nil {
			cmd := exec.Command("tmux", "kill-server")
			cmd.Env = append(os.Environ(), "TMUX_TMPDIR="+tmux, "TMUX=")
			_ = cmd.Run()
		}
	})
	if err := os.Mkdir(home, 0o777); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(refstoretest.Config), 0o666)
}

func runGit(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec("git", args...)
	if (err != nil) != neg {
		ts.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
}

func runExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGS]")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d", code)
	}
}

// hookNames are the names that Claude Code has for the events.
var hookNames = map[string]string{
	"session-start": "SessionStart", "prompt": "UserPromptSubmit", "pre-edit": "PreToolUse", "pre-push": "PreToolUse",
	"batch": "PostToolBatch", "subagent": "SubagentStart", "subagent-stop": "SubagentStop", "stop": "Stop", "wait": "Stop", "stop-failure": "StopFailure", "session-end": "SessionEnd",
}

// runHook wants exit 0 and nothing on stderr, whatever happens; with !, exit 2.
func runHook(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: hook EVENT ID DIR [JSON]")
	}
	input := map[string]any{"session_id": args[1], "cwd": ts.MkAbs(args[2]), "hook_event_name": hookNames[args[0]]}
	if len(args) == 4 {
		ts.Check(json.Unmarshal([]byte(args[3]), &input))
	}
	text, err := json.Marshal(input)
	ts.Check(err)
	file := filepath.Join(ts.Getenv("WORK"), ".hook.json")
	ts.Check(os.WriteFile(file, text, 0o666))
	err = ts.Exec("sh", "-c", `exec git-swarm hook "$1" <"$2"`, "sh", args[0], file)
	var exit *exec.ExitError
	switch {
	case neg && (!errors.As(err, &exit) || exit.ExitCode() != 2):
		ts.Fatalf("exit 2 wanted, not %v", err)
	case !neg && err != nil:
		ts.Fatalf("%v", err)
	case !neg && ts.ReadFile("stderr") != "":
		ts.Fatalf("not silent")
	}
}

func awaitFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: appears FILE [REGEXP]")
	}
	wanted := regexp.MustCompile("(?m)" + strings.Join(args[1:], ""))
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		content, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && wanted.Match(content) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s does not appear in %q, %v", args, content, err)
		}
	}
}

func objects(ts *testscript.TestScript) (objects []map[string]any) {
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		var o map[string]any
		ts.Check(json.Unmarshal([]byte(line), &o))
		objects = append(objects, o)
	}
	return objects
}

func object(ts *testscript.TestScript, line string) map[string]any {
	all := objects(ts)
	n, err := strconv.Atoi(line)
	ts.Check(err)
	if n < 1 || n > len(all) {
		ts.Fatalf("%d lines of JSON", len(all))
	}
	return all[n-1]
}

func checkJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || (len(args) != 1 && len(args) != 3) {
		ts.Fatalf("usage: json LINES, or json LINE KEY VALUE")
	}
	if len(args) == 1 {
		if n := len(objects(ts)); strconv.Itoa(n) != args[0] {
			ts.Fatalf("%d lines of JSON", n)
		}
		return
	}
	if got := fmt.Sprint(object(ts, args[0])[args[1]]); got != args[2] {
		ts.Fatalf("%s is %q", args[1], got)
	}
}

func checkKeys(ts *testscript.TestScript, neg bool, args []string) {
	all := objects(ts)
	if neg || len(args) == 0 || len(all) == 0 {
		ts.Fatalf("usage: jsonkeys KEYS, after a command with output; there are %d lines", len(all))
	}
	for i, o := range all {
		if keys := slices.Sorted(maps.Keys(o)); !slices.Equal(keys, slices.Sorted(slices.Values(args))) {
			ts.Fatalf("line %d has %s", i+1, strings.Join(keys, " "))
		}
	}
}

func saveText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: jsontext LINE KEY FILE")
	}
	text, ok := object(ts, args[0])[args[1]].(string)
	if !ok {
		ts.Fatalf("no text under %s", args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(text), 0o666))
}

func checkSame(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || (ts.ReadFile(args[0]) == ts.ReadFile(args[1])) == neg {
		ts.Fatalf("same is not so")
	}
}

func writeRaw(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: raw FILE TEXT")
	}
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(args[1], `"`, `\"`) + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o666))
}

func writeFill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fill FILE SIZE")
	}
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	text := strings.Repeat("all work and no play, \"quoted\" and \\ back\n\n", size/40+1)[:size]
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o666))
}

func checkInert(ts *testscript.TestScript, _ bool, _ []string) {
	for _, name := range []string{"stdout", "stderr"} {
		text := ts.ReadFile(name)
		at := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) })
		if at >= 0 || !utf8.ValidString(text) {
			ts.Fatalf("%s is not inert: %q", name, text)
		}
	}
}

func checkSound(ts *testscript.TestScript, neg bool, _ []string) {
	runGit(ts, neg, []string{"swarm", "fsck"})
	runGit(ts, neg, []string{"fsck", "--strict", "--no-dangling"})
}

func checkDirty(ts *testscript.TestScript, neg bool, _ []string) {
	ts.Check(ts.Exec("git", "status", "--porcelain"))
	if (ts.ReadFile("stdout") == "") != neg {
		ts.Fatalf("git status says %q", ts.ReadFile("stdout"))
	}
}
