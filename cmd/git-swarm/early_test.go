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
	env    []string
	args   []string // of a sync
}

func newEarlyPlace(t *testing.T) *earlyPlace {
	t.Helper()
	p := &earlyPlace{t: t, home: filepath.Join(t.TempDir(), "home"), backup: filepath.Join(t.TempDir(), "backup")}
	must(t, os.Mkdir(p.home, 0o777))
	p.plainEnv()
	p.sh(`git config --global user.name N; git config --global user.email n@example.com; git config --global init.defaultBranch main
git init -q --template=; git commit -q --allow-empty -m start; git-swarm init --sessions "A:a B:b" --git-hooks; git worktree add -q ../app.a
git-swarm context add "an entry" --category decision --session B; git-swarm message A "a message" --session B; git-swarm sync; git-swarm sync --session B`)
	p.age()
	p.copy(p.home, p.backup)
	return p
}

func (p *earlyPlace) plainEnv() {
	p.args = nil
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

// age makes all files a minute old: what is younger than a second leaves no note.
func (p *earlyPlace) age() {
	p.t.Helper()
	old := time.Now().Add(-time.Minute)
	must(p.t, filepath.WalkDir(p.home, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = os.Chtimes(path, old, old)
		}
		return err
	}))
}

// dirs are the work trees, and notes where their notes are.
func (p *earlyPlace) dirs() []string { return []string{p.home + "/app", p.home + "/app.a"} }

func (p *earlyPlace) notes() []string {
	return []string{p.home + "/app/.git/" + quiet.Name, p.home + "/app/.git/worktrees/app.a/" + quiet.Name}
}

// anew puts all back, and has a sync in each work tree leave its note.
func (p *earlyPlace) anew() {
	p.t.Helper()
	p.copy(p.backup, p.home)
	p.plainEnv()
	for i, note := range p.notes() {
		for tries := 0; ; tries++ {
			if got := p.sync(p.dirs()[i]); got.out != "" || got.err != "" || got.code != 0 {
				p.t.Fatalf("%+v", got)
			}
			if _, err := os.Stat(note); err == nil {
				break
			} else if tries == 5 {
				p.t.Fatal(err)
			}
			p.age() // a heartbeat was due
		}
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

// synced is what a sync has done, and what Go had initialised when it ended.
type synced struct {
	code     int
	out, err string
	inits    []string
}

func (s *synced) early() bool {
	return !slices.ContainsFunc(s.inits, func(name string) bool { return strings.HasSuffix(name, "/cmd/internal/app") })
}

func (p *earlyPlace) sync(dir string) (s synced) {
	p.t.Helper()
	cmd := exec.Command("git-swarm", append([]string{"sync"}, p.args...)...)
	var out, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, p.env, &out, &stderr
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
		if !d.IsDir() && d.Name() != quiet.Name && d.Name() != "packed-refs" && d.Name() != "retired" { // which a heartbeat that was due leaves
			all += path
			if !strings.Contains(path, "/.git/swarm/") { // where times are written
				content, err := os.ReadFile(path)
				all += " " + string(content) + "\n"
				return err
			}
		}
		return nil
	}))
	return all
}

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

// TestEarlyIsFirst: a sync with nothing to do ends before any package is initialised
// that is ours, a library's, or one of Go's heavy ones.
func TestEarlyIsFirst(t *testing.T) {
	p := newEarlyPlace(t)
	p.anew()
	for _, dir := range p.dirs() {
		s := p.sync(dir)
		if !s.early() || len(s.inits) == 0 || len(s.inits) > 25 {
			t.Errorf("in %s: early is %v; initialised before: %q", dir, s.early(), s.inits)
		}
		for _, name := range s.inits {
			if strings.Contains(strings.Split(name, "/")[0], ".") || slices.Contains([]string{"regexp", "reflect", "encoding/json", "unicode"}, name) {
				t.Errorf("%s is initialised before", name)
			}
		}
	}
}

// TestEarlyAgrees: whatever happens after a note was left, a sync with the note and one
// without do the same: output, exit code, refs and files.
func TestEarlyAgrees(t *testing.T) {
	p := newEarlyPlace(t)
	for _, c := range earlyCases {
		t.Run(c.name, func(t *testing.T) {
			if c.owner && os.Geteuid() != 0 {
				t.Skip("only root can give files away")
			}
			p.t = t
			p.anew()
			c.then(p)
			before := filepath.Join(t.TempDir(), "before")
			p.copy(p.home, before)
			run := func() (did []synced) {
				for _, dir := range p.dirs() {
					did = append(did, p.sync(dir))
				}
				return did
			}
			with, after := run(), p.state()
			p.copy(before, p.home)
			for _, note := range p.notes() {
				must(t, os.Remove(note))
			}
			without := run()
			for i, s := range with {
				if s.early() != c.early && (c.early || i == 0) { // the first one may have done what was to do
					t.Errorf("%s: early is %v", p.dirs()[i], s.early())
				}
				if w := without[i]; w.early() || s.code != w.code || s.out != w.out || s.err != w.err {
					t.Errorf("%s: with the note\n%d %q %q\nwithout\n%d %q %q", p.dirs()[i], s.code, s.out, s.err, w.code, w.out, w.err)
				}
			}
			if got := p.state(); got != after {
				t.Errorf("with the note\n%s\nwithout\n%s", after, got)
			}
		})
	}
}

// env adds to the environment.
func env(more ...string) func(*earlyPlace) {
	return func(p *earlyPlace) { p.env = append(p.env, more...) }
}

func sh(script string) func(*earlyPlace) { return func(p *earlyPlace) { p.sh(script) } }

// inBoth runs a line for the git dir $d of each work tree.
func inBoth(line string) func(*earlyPlace) {
	return sh("for d in .git .git/worktrees/app.a; do " + line + "; done")
}

var earlyCases = []struct {
	name  string
	early bool // the note holds all the same
	owner bool // it gives files away
	then  func(p *earlyPlace)
}{
	// Those that end early come first, while no heartbeat is due.
	{name: "nothing", early: true, then: sh("")},
	{name: "work in the tree", early: true, then: sh("echo x >f; git add f; git commit -qm f; git branch other")},
	{name: "news of others", early: true, then: sh("git-swarm message --session A B x; git-swarm claim --session B x.go")},
	{name: "a message", then: sh("git-swarm message A hello --session B")},
	{name: "an entry", then: sh("git-swarm context add hello --category decision --session B")},
	{name: "a message, packed", then: sh("git-swarm message A hello --session B; git pack-refs --all --prune")},
	{name: "packed refs", then: sh("git pack-refs --all --prune")},
	{name: "a gc", then: sh("git gc -q --prune=now")},

	{name: "another session", then: env("GIT_SWARM_SESSION=B")},
	{name: "an unknown session", then: env("GIT_SWARM_SESSION=Z")},
	{name: "a session in another case", then: env("GIT_SWARM_SESSION=a")},
	{name: "a bad session", then: env("GIT_SWARM_SESSION=../A")},
	{name: "no session", then: env("GIT_SWARM_SESSION=")},
	{name: "the worktree's session", then: inBoth("echo B >$d/swarm-session")},
	{name: "a variable as an argument", then: func(p *earlyPlace) {
		p.args = []string{"GIT_SWARM_SESSION=A"}
		p.env = slices.DeleteFunc(p.env, func(v string) bool { return v == p.args[0] })
	}},
	{name: "an agent", then: env("CLAUDE_CODE_SESSION_ID=one")},
	{name: "another agent", then: env("CODEX_THREAD_ID=one")},

	{name: "another repository by GIT_DIR", then: func(p *earlyPlace) {
		p.sh("git init -q ../other")
		p.env = append(p.env, "GIT_DIR="+p.home+"/other/.git")
	}},
	{name: "GIT_DIR nowhere", then: env("GIT_DIR=/nowhere")},
	{name: "another object directory", then: env("GIT_OBJECT_DIRECTORY=/nowhere")},
	{name: "a namespace", then: env("GIT_NAMESPACE=x")},
	{name: "configuration from the environment", then: env("GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=swarm.session", "GIT_CONFIG_VALUE_0=B")},
	{name: "another home", then: env("HOME=/nowhere")},
	{name: "no trust", then: env("GIT_TEST_ASSUME_DIFFERENT_OWNER=1")},
	{name: "another owner", owner: true, then: sh("chown -R 12345 .")},
	{name: "another's note", owner: true, then: inBoth("chown 12345 $d/swarm-quiet")},
	{name: "another owner, trusted", owner: true, then: sh("git config --global safe.directory '*'; chown -R 12345 .")},

	{name: "the configuration", then: sh("git config swarm.session B")},
	{name: "the user's configuration", then: sh("git config --global core.hooksPath /elsewhere")},
	{name: "a worktree's configuration", then: inBoth("echo '[core' >$d/config.worktree")},
	{name: "an unknown extension", then: sh("git config core.repositoryFormatVersion 1; git config extensions.frob true")},
	{name: "a broken configuration", then: sh("echo '[core' >>.git/config")},
	{name: "a bare repository", then: sh("git config core.bare true")},
	{name: "a broken HEAD", then: inBoth("echo nonsense >$d/HEAD")},
	{name: "no objects", then: sh("mv .git/objects .git/o")},
	{name: "a git hook replaced", then: sh("mv .git/hooks/pre-push .git/hooks/old; echo '#!/bin/sh' >.git/hooks/pre-push")},

	{name: "a hub", then: sh(": >.git/swarm/hub")},
	{name: "a killed writer", then: sh("echo torn >.git/swarm/redo")},
	{name: "a notice that is kept", then: sh(`mkdir .git/swarm/notices; echo '{"from":"B","to":"A","body":"kept"}' >.git/swarm/notices/0.json`)},
	{name: "a push left in the queue", then: sh(": >.git/swarm/queued-A")},
	{name: "in review by a request", then: inBoth("echo main x >$d/swarm-request")},
	{name: "a damaged cursor", then: func(p *earlyPlace) { p.change(p.cursor(), 60) }},
	{name: "a damaged end of the cursor", then: func(p *earlyPlace) { p.change(p.cursor(), -1) }},
	{name: "a missing cursor", then: func(p *earlyPlace) { must(p.t, os.Remove(p.cursor())) }},
	{name: "a damaged ref", then: sh("echo nonsense >.git/refs/swarm/inbox/A")},
	{name: "a ref that is gone", then: sh("git update-ref -d refs/swarm/context")},
	{name: "a torn note", then: inBoth("head -c 500 $d/swarm-quiet >$d/x; mv $d/x $d/swarm-quiet")},
	{name: "another time", then: func(p *earlyPlace) { // as if the heartbeat were an hour old
		for _, path := range p.notes() {
			note, err := os.ReadFile(path)
			must(p.t, err)
			at := bytes.IndexByte(note, '\n') + 1
			for i := range 16 {
				note[at+i] = 0
			}
			must(p.t, os.WriteFile(path, note, 0o666))
		}
	}},
}

// TestEarlyKnowsAll: a note names every file that a sync without news asks for, also
// where an agent's client runs it or a subagent of its own session does, but for those above
// the repository that are only ways to it, and the list of the agents' records.
func TestEarlyKnowsAll(t *testing.T) {
	strace := refstoretest.Strace(t)
	p := newEarlyPlace(t)
	const records = ".git/swarm/agents"
	for _, agent := range []string{"", "one", "two"} {
		for i, dir := range p.dirs() {
			p.anew()
			p.env = append(p.env, "CLAUDE_CODE_SESSION_ID="+agent)
			if agent == "two" {
				p.sh("mkdir -p " + records + `; echo '{"session":"A","subs":"A"}' >` + records + `/two.json; echo '{"session":"B","parent":"A"}' >` + records + `/two.x.json
echo B >.git/worktrees/app.a/swarm-session`)
				p.age()
			}
			must(t, os.Remove(p.notes()[i]))
			trace := filepath.Join(t.TempDir(), "trace")
			cmd := exec.Command(strace, "-f", "-qq", "-e", "signal=none", "-e", "trace=%file", "-o", trace, "git-swarm", "sync")
			cmd.Dir, cmd.Env = dir, p.env
			if out, err := cmd.Output(); err != nil || len(out) > 0 {
				t.Fatalf("%v\n%s", err, out)
			}
			note, err := os.ReadFile(p.notes()[i])
			must(t, err)
			asked, err := os.ReadFile(trace)
			must(t, err)
			known := 0
			for _, m := range regexp.MustCompile(`\((?:AT_FDCWD, )?"([^"]*)"`).FindAllStringSubmatch(string(asked), -1) {
				path := m[1]
				switch {
				case !strings.HasPrefix(path, filepath.Dir(p.home)), strings.HasPrefix(dir, path), strings.HasPrefix(path, p.notes()[i]), strings.Contains(path, ".git-swarm-"), strings.HasSuffix(path, records):
				case bytes.Contains(note, []byte(path+"\x00")):
					known++
				default:
					t.Errorf("%q in %s: it asks for %s", agent, dir, path)
				}
			}
			if known < 20 {
				t.Errorf("only %d files are asked for", known)
			}
		}
	}
}
