package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/quiet"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// earlyPlace is a folder with a repository "app", which has sessions A and B, and a
// linked worktree "app.a". It can be put back as it was made, at the same place.
type earlyPlace struct {
	t      *testing.T
	home   string
	backup string
	old    time.Time
	env    []string
	calls  [][]string // those that anew has leave notes
	args   []string   // more of a sync
	more   string     // members of the hooks' input
	tool   string     // and of its tool_input
}

// earlyCalls are the commands that leave notes, by the work tree in which they are called.
// A shell is a batch with one. hookCalls are those of an agent alone, and mostCalls those
// between which most of what can happen makes a difference.
var (
	earlyCalls = [][]string{{"sync", "batch", "shell", "prompt", "pre-edit"}, {"sync", "batch"}}
	mostCalls  = [][]string{{"sync", "shell", "pre-edit"}, {"sync"}}
	hookCalls  = [][]string{{"shell", "prompt", "pre-edit"}, nil}
)

// noteOf is the name of the command's note.
func noteOf(call string) string {
	if call == "sync" {
		return quiet.Name
	}
	return quiet.Name + "-" + call
}

// hookIn is the input of an agent's hook in the work tree.
func (p *earlyPlace) hookIn(dir, call string) string {
	tool, input := "Edit", `{"file_path":"`+dir+`/own/a.txt","new_string":"`+strings.Repeat("x", time.Now().Nanosecond()%9)+`"`+p.tool+`}`
	if call == "shell" {
		tool, input = "Bash", `{"command":"true"}`
	}
	if call == "batch" || call == "shell" {
		return `{"session_id":"agent-` + filepath.Base(dir) + `","cwd":"` + dir + `","hook_event_name":"x","tool_calls":[{"tool_name":"` + tool + `","tool_input":` + input + `}]` + p.more + `}`
	}
	return `{"session_id":"agent-` + filepath.Base(dir) + `","cwd":"` + dir + `","hook_event_name":"x","tool_name":"` + tool + `","tool_input":` + input + p.more + `}`
}

func newEarlyPlace(t *testing.T) *earlyPlace {
	t.Helper()
	p := &earlyPlace{t: t, calls: earlyCalls, old: time.Now().Add(-time.Hour), home: filepath.Join(t.TempDir(), "home"), backup: filepath.Join(t.TempDir(), "backup")}
	must(t, os.Mkdir(p.home, 0o777))
	p.plainEnv()
	p.sh(`git config --global user.name N; git config --global user.email n@example.com; git config --global init.defaultBranch main
git init -q --template=; git commit -q --allow-empty -m start; git-swarm init --sessions "A:a B:b" --git-hooks; git worktree add -q ../app.a
git-swarm context add "an entry" --category decision --session B; git-swarm message A "a message" --session B; git-swarm sync; git-swarm sync --session B
mkdir own ../app.a/own; touch own/a.txt ../app.a/own/a.txt; git-swarm claim theirs.txt --session B`)
	for _, dir := range p.dirs() {
		for _, call := range []string{"session-start", "pre-edit", "batch"} {
			p.call(dir, call)
		}
	}
	p.age()
	p.copy(p.home, p.backup)
	return p
}

func (p *earlyPlace) plainEnv() {
	p.args, p.more, p.tool = nil, "", ""
	p.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.home, "XDG_CONFIG_HOME=" + p.home + "/xdg", "GIT_CONFIG_NOSYSTEM=1", "GIT_SWARM_SESSION=A", "GODEBUG=inittrace=1", goRace(), patience}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *earlyPlace) copy(from, to string) {
	p.t.Helper()
	must(p.t, os.RemoveAll(to))
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
}

// age makes all files one hour old, the same one, and agents' records as old as they are when they need
// not be marked: what is younger than a second leaves no note.
func (p *earlyPlace) age() {
	p.t.Helper()
	marked := time.Now().Add(-2 * time.Second)
	must(p.t, filepath.WalkDir(p.home, func(path string, d fs.DirEntry, err error) error {
		old := p.old
		if strings.Contains(path, "/.git/swarm/agents/") {
			old = marked
		}
		if err == nil {
			err = os.Chtimes(path, old, old)
		}
		return err
	}))
}

func (p *earlyPlace) dirs() []string { return []string{p.home + "/app", p.home + "/app.a"} }

// gitDirs are those of the work trees.
func (p *earlyPlace) gitDirs() []string {
	return []string{p.home + "/app/.git/", p.home + "/app/.git/worktrees/app.a/"}
}

// notes are all notes of both work trees.
func (p *earlyPlace) notes() (notes []string) {
	for i, dir := range p.gitDirs() {
		for _, call := range p.calls[i] {
			notes = append(notes, dir+noteOf(call))
		}
	}
	return notes
}

// anew puts all back, and has each command in each work tree leave its note.
func (p *earlyPlace) anew() {
	p.t.Helper()
	p.copy(p.backup, p.home)
	p.plainEnv()
	p.sh(`git-swarm context add "so that A's heartbeat is new" --category decision --session B; git-swarm sync --session A`)
	p.age()
	for i, dir := range p.dirs() {
		for _, call := range p.calls[i] {
			p.leave(dir, call, p.gitDirs()[i]+noteOf(call))
		}
	}
}

// leave has the command leave its note.
func (p *earlyPlace) leave(dir, call, note string) {
	p.t.Helper()
	for tries := 0; ; tries++ {
		if got := p.call(dir, call); got.out != "" || got.err != "" || got.code != 0 {
			p.t.Fatalf("%s: %+v", call, got)
		}
		if _, err := os.Stat(note); err == nil {
			return
		} else if tries == 5 {
			p.t.Fatal(err)
		}
		p.age() // a heartbeat was due
	}
}

func (p *earlyPlace) sh(script string) {
	p.t.Helper()
	must(p.t, os.MkdirAll(p.home+"/app", 0o777))
	cmd := exec.Command("sh", "-ec", script)
	cmd.Dir, cmd.Env = p.home+"/app", append(slices.Clone(p.env), "GODEBUG=")
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// called is what a command has done, and what Go had initialised when it ended.
type called struct {
	code     int
	out, err string
	inits    []string
}

func (s *called) early() bool {
	return !slices.ContainsFunc(s.inits, func(name string) bool { return strings.HasSuffix(name, "/cmd/internal/app") })
}

// command is the command in the work tree, and its input.
func (p *earlyPlace) command(dir, call string) (args []string, input string) {
	if call == "sync" {
		return append([]string{"sync"}, p.args...), ""
	}
	input = p.hookIn(dir, call)
	if call == "shell" {
		call = "batch"
	}
	return []string{"hook", call}, input
}

func (p *earlyPlace) call(dir, call string) (s called) {
	p.t.Helper()
	args, input := p.command(dir, call)
	cmd := exec.Command("git-swarm", args...)
	var out, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, p.env, strings.NewReader(input), &out, &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		p.t.Fatal(err)
	}
	s.code, s.out = cmd.ProcessState.ExitCode(), out.String()
	for line := range strings.Lines(stderr.String()) {
		if words := strings.Fields(line); len(words) > 2 && words[0] == "init" && words[2][0] == '@' {
			s.inits = append(s.inits, words[1])
		} else {
			s.err += line
		}
	}
	return s
}

// state is all refs with what they say, and all files beside objects and refs, but for
// the notes, and what times and ids of commits decide.
func (p *earlyPlace) state() string {
	p.t.Helper()
	cmd := exec.Command("git", "--git-dir="+p.home+"/app/.git", "for-each-ref", "--format=%(refname) %(contents)")
	cmd.Env = p.env
	out, _ := cmd.CombinedOutput() // a damaged repository's is as good
	all := regexp.MustCompile(`(?m)^Number: \d+\n| [0-9a-f]{40}$`).ReplaceAllString(string(out), "")
	must(p.t, filepath.WalkDir(p.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "objects" || d.Name() == "refs" || d.Name() == "o" || d.Name() == "logs") {
			return fs.SkipDir
		}
		if d.Type().IsRegular() && !strings.HasPrefix(d.Name(), quiet.Name) && d.Name() != "packed-refs" && d.Name() != "retired" { // which a heartbeat that was due leaves
			all += path
			if !strings.Contains(path, "/.git/swarm/") || strings.Contains(path, "/agents/") || d.Name() == "problems" { // in others times are written
				content, err := os.ReadFile(path)
				all += " " + times.ReplaceAllString(string(content), "TIME") + "\n"
				return err
			}
		}
		return nil
	}))
	return all
}

// times are those in agents' records and in what doctor tells.
var times = regexp.MustCompile(`\b1\d{9}\b|\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

// ago is how an answer says that it was some seconds ago.
var ago = regexp.MustCompile(`(\d+ (s|min)( ago)?|just now)\b`)

// cursor is the file of A's cursor.
func (p *earlyPlace) cursor() string {
	tip, err := os.ReadFile(p.home + "/app/.git/refs/swarm/seen/A")
	must(p.t, err)
	return p.home + "/app/.git/objects/" + string(tip[:2]) + "/" + strings.TrimSpace(string(tip[2:]))
}

// change changes one byte of a file; at counts from the end if it is negative.
func (p *earlyPlace) change(path string, at int) {
	content, err := os.ReadFile(path)
	must(p.t, err)
	if at < 0 {
		at += len(content)
	}
	content[at] ^= 1
	must(p.t, os.Remove(path))
	must(p.t, os.WriteFile(path, content, 0o444))
}

// TestEarlyIsFirst: a sync or hook with nothing to do ends before any package is initialised
// that is ours, a library's, or one of Go's, but for the few that import next to nothing.
func TestEarlyIsFirst(t *testing.T) {
	p := newEarlyPlace(t)
	p.anew()
	for i, dir := range p.dirs() {
		for _, call := range earlyCalls[i] {
			s := p.call(dir, call)
			if !s.early() || len(s.inits) == 0 || len(s.inits) > 6 {
				t.Errorf("%s in %s: early is %v; initialised before: %q", call, dir, s.early(), s.inits)
			}
			for _, name := range s.inits {
				if strings.Contains(strings.Split(name, "/")[0], ".") || slices.Contains([]string{"regexp", "reflect", "encoding/json", "unicode"}, name) {
					t.Errorf("%s is initialised before", name)
				}
			}
		}
	}
}

// TestEarlyAgrees: whatever happens after the notes were left, the commands with the notes
// and without do the same: output, exit code, refs and files.
func TestEarlyAgrees(t *testing.T) {
	p := newEarlyPlace(t)
	for _, c := range earlyCases {
		t.Run(c.name, func(t *testing.T) {
			if c.owner && os.Geteuid() != 0 {
				t.Skip("only root can give files away")
			}
			if p.t, p.calls = t, mostCalls; c.hook {
				p.calls = hookCalls
			}
			p.anew()
			c.then(p)
			before := filepath.Join(t.TempDir(), "before")
			p.copy(p.home, before)
			run := func(with bool) (did []called, early []string) {
				for i, dir := range p.dirs() {
					for _, call := range p.calls[i] {
						if !with {
							must(t, os.Remove(p.gitDirs()[i]+noteOf(call)))
						}
						s := p.call(dir, call)
						if s.early() {
							early = append(early, call)
						}
						did = append(did, s)
					}
				}
				return did, early
			}
			with, early := run(true)
			after := p.state()
			if got := strings.Join(early, " "); got != c.early {
				t.Errorf("early are %q", got)
			}
			if len(early) == 0 { // the notes had no say
				return
			}
			p.copy(before, p.home)
			without, early := run(false)
			if len(early) > 0 {
				t.Errorf("without notes early are %q", early)
			}
			for i, s := range with {
				if w := without[i]; s.code != w.code || ago.ReplaceAllString(s.out, "AGO") != ago.ReplaceAllString(w.out, "AGO") || s.err != w.err {
					t.Errorf("call %d with the note\n%d %q %q\nwithout\n%d %q %q", i, s.code, s.out, s.err, w.code, w.out, w.err)
				}
			}
			if got := p.state(); got != after {
				t.Errorf("with the note\n%s\nwithout\n%s", after, got)
			}
		})
	}
}

// TestEarlyKnowsAll: a note names every file that a command with nothing to do asks for, a
// sync also where an agent's client runs it or a subagent of its own session does, but for
// those above the repository that are only ways to it, the list of the agents' records and
// what a claim is stored in.
func TestEarlyKnowsAll(t *testing.T) {
	p := newEarlyPlace(t)
	for _, agent := range []string{"", "one", "two"} {
		p.knowsAll(agent, "sync")
	}
	for _, call := range []string{"batch", "shell", "prompt", "pre-edit"} {
		p.knowsAll("", call)
	}
}

func (p *earlyPlace) knowsAll(agent, call string) {
	t := p.t
	const records = ".git/swarm/agents"
	for i, dir := range p.dirs() {
		p.anew()
		p.env = append(p.env, "CLAUDE_CODE_SESSION_ID="+agent)
		if call == "sync" { // all agents' records are read, and only its own counts
			p.sh("rm " + records + "/*")
		}
		if call == "prompt" { // and where it could be another's to handle
			p.env = append(p.env, "GIT_SWARM_HOOKS=plugin")
		}
		if agent == "two" {
			p.sh(`git-swarm message B "so that the heartbeat is new" --session A; git-swarm sync --session B; mkdir -p ` + records + `; echo '{"session":"A","subs":"A"}' >` + records + `/two.json; echo '{"session":"B","parent":"A"}' >` + records + `/two.x.json
echo B >.git/worktrees/app.a/swarm-session`)
			p.age()
		}
		noted := p.gitDirs()[i] + noteOf(call)
		_ = os.Remove(noted) // of a hook there may be none here
		trace := filepath.Join(t.TempDir(), "trace")
		args, input := p.command(dir, call)
		cmd := exec.Command(refstoretest.Strace(t), append([]string{"-f", "-qq", "-e", "signal=none", "-e", "trace=%file", "-o", trace, "git-swarm"}, args...)...)
		cmd.Dir, cmd.Env, cmd.Stdin = dir, p.env, strings.NewReader(input)
		if out, err := cmd.Output(); err != nil || len(out) > 0 {
			t.Fatalf("%v\n%s", err, out)
		}
		note, err := os.ReadFile(noted)
		must(t, err)
		asked, err := os.ReadFile(trace)
		must(t, err)
		known := 0
		for _, m := range regexp.MustCompile(`\((?:AT_FDCWD, )?"([^"]*)"`).FindAllStringSubmatch(string(asked), -1) {
			path := m[1]
			switch {
			case !strings.HasPrefix(path, filepath.Dir(p.home)), strings.HasPrefix(dir, path), strings.HasPrefix(path, noted), strings.Contains(path, ".git-swarm-"), strings.HasSuffix(path, records):
			case call != "sync" && strings.Contains(path, "/.git/objects/"), call == "shell" && strings.HasPrefix(path, dir+"/own"): // its own claim
			case bytes.Contains(note, []byte(path+"\x00")):
				known++
			default:
				t.Errorf("%s %q in %s: it asks for %s", call, agent, dir, path)
			}
		}
		if known < 20 {
			t.Errorf("only %d files are asked for", known)
		}
	}
}
