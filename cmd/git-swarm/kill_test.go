package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// TestKilled kills commands at random moments: a third alone, a third with their
// process group, a third with all that they have started. What was acknowledged is
// there, once; git fsck and git fetch are content; the index of each worktree is whole,
// no lock stays, and the next command needs nobody's hand. The remote is slow, and the
// user has hooks. In long runs git's maintenance works beside, and up to three commands
// are killed in a row before the next may end, which may find what any of them left.
// SWARM_KILLS is how many are killed; GIT_DEFAULT_HASH and GIT_DEFAULT_REF_FORMAT say in
// what kind of repository.
func TestKilled(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc")
	}
	kills := 21
	if refstoretest.Long() {
		kills = 500
	}
	if n, err := strconv.Atoi(os.Getenv("SWARM_KILLS")); err == nil {
		kills = n
	}
	f := newKillField(t)
	if refstoretest.Long() || os.Getenv("SWARM_KILLS") != "" {
		f.inRow = 3
		defer f.maintain()()
	}
	verbs := []struct {
		name string
		try  func(i int)
	}{{"init", f.tryInit}, {"push", f.tryPush}, {"heal", f.tryHeal}, {"commit", f.tryCommit}, {"claim", f.tryClaim}, {"message", f.tryMessage}, {"retire", f.tryRetire}}
	figures := map[string]int{}
	begun, rows := time.Now(), 0
	for ; f.tried < kills; rows++ {
		v := verbs[rows%len(verbs)]
		f.verb, f.how = v.name, killings[rows/len(verbs)%len(killings)]
		tried, killed := f.tried, f.killed
		v.try(rows)
		figures[v.name+" "+f.how.name] += f.killed - killed
		f.sound(tried/50 != f.tried/50 || f.tried >= kills)
		if tried/100 != f.tried/100 {
			t.Logf("%d kills in %d rows, of which %d met a running command, %v", f.tried, rows+1, f.killed, time.Since(begun).Round(time.Second))
		}
		if t.Failed() {
			t.Fatalf("at kill %d: %s, %s; see %s", f.tried, v.name, f.how.name, f.keep())
		}
	}
	f.messages()
	t.Logf("%d kills in %d rows, of which %d met a running command: %v", f.tried, rows, f.killed, figures)
	t.Logf("the slowest that ended by themselves: %v", f.slowest)
	if f.killed < kills/4 {
		t.Errorf("only %d of %d commands were running when they were killed", f.killed, kills)
	}
}

// killing is how a command is killed.
type killing struct {
	name string
	kill func(pid int)
}

var killings = []killing{
	{"alone", func(pid int) { _ = syscall.Kill(pid, syscall.SIGKILL) }},
	{"group", func(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }},
	{"all", refstoretest.KillAll},
}

// killField is a repository with a remote and three sessions: A is killed, others land
// beside it, H heals.
type killField struct {
	*testing.T
	top, app string
	files    int // in each worktree at first
	verb     string
	how      killing
	inRow    int // how many commands are killed, at most, before one may end
	tried    int
	killed   int // of those tried
	healing  healing
	spans    map[string]time.Duration // how long each verb takes
	sent     map[string]bool          // messages, and whether they were acknowledged
	mending  bool                     // a command was killed, and none has ended since
	slowest  map[string]time.Duration // of each verb, and of those that came next after a kill
	beside   sync.Mutex               // held by maintenance while it runs
}

// maintain has git tidy up the repository, over and over, until stop is called.
func (f *killField) maintain() (stop func()) {
	var done atomic.Bool
	var running sync.WaitGroup
	running.Go(func() {
		for i := 0; !done.Load(); i++ {
			args := [][]string{{"gc", "--quiet"}, {"maintenance", "run", "--quiet", "--task=commit-graph", "--task=loose-objects", "--task=incremental-repack"}, {"pack-refs", "--all"}, {"fetch", "-q", "--no-auto-maintenance"}, {"repack", "-dq"}}[i%5]
			cmd := exec.Command("git", args...)
			cmd.Dir = f.app
			f.beside.Lock()
			began := time.Now()
			_ = cmd.Run() // that it gives way to a push is its right
			took := time.Since(began)
			f.beside.Unlock()
			time.Sleep(7 * took) // beside every eighth command or so
		}
	})
	return func() {
		done.Store(true)
		running.Wait()
	}
}

func newKillField(t *testing.T) *killField {
	top := t.TempDir()
	home := filepath.Join(top, "home")
	f := &killField{T: t, top: top, app: filepath.Join(top, "app"), files: 13, inRow: 1, spans: map[string]time.Duration{}, sent: map[string]bool{}, slowest: map[string]time.Duration{}}
	f.write("home/.gitconfig", refstoretest.Config)
	for key, value := range map[string]string{"HOME": home, "XDG_CONFIG_HOME": home, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": filepath.Join(home, ".gitconfig"), "LC_ALL": "C", "GIT_SWARM_SESSION": ""} {
		t.Setenv(key, value)
	}
	_ = os.Unsetenv("GIT_SWARM_SESSION")
	f.git(top, "init", "-q", "--bare", "hub.git")
	f.git(top, "clone", "-q", "hub.git", "app")
	f.write("app/.gitattributes", "*.slow filter=slow\n")
	for i := range f.files - 1 {
		f.write(fmt.Sprintf("app/d%d/f%d%s", i%4, i, []string{".slow", "", "", ""}[i%4]), strings.Repeat(fmt.Sprintf("line %d\n", i), 50))
	}
	f.git(f.app, "add", ".")
	f.git(f.app, "commit", "-qm", "start")
	f.git(f.app, "push", "-q", "origin", "main")
	f.git(f.app, "config", "filter.slow.smudge", "sleep 0.01; cat")
	for path, script := range map[string]string{"hub.git/hooks/pre-receive": "sleep 0.02; cat >/dev/null", "app/.git/hooks/pre-commit": "sleep 0.01", "app/.git/hooks/pre-push": "cat >/dev/null"} {
		f.write(path, "#!/bin/sh\n"+script+"\n")
		if err := os.Chmod(filepath.Join(top, path), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	f.must("app", "init", "--sessions", "A:alpha B:beta H:heal", "--worktrees")
	return f
}

// keep moves the field to where it stays when the test has failed.
func (f *killField) keep() (dir string) {
	f.beside.Lock()
	defer f.beside.Unlock()
	dir, err := os.MkdirTemp("", "killed")
	if err == nil {
		err = os.Rename(f.top, filepath.Join(dir, "top"))
	}
	if err != nil {
		f.Error(err)
	}
	return dir
}

func (f *killField) write(path, text string) {
	f.Helper()
	path = filepath.Join(f.top, path)
	err := os.MkdirAll(filepath.Dir(path), 0o777)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o666)
	}
	if err != nil {
		f.Fatal(err)
	}
}

func (f *killField) tree(session string) string {
	return filepath.Join(f.top, "app.worktrees", session)
}

// git is the user's own command, which waits for maintenance: beside it git fails now
// and then, when a folder of objects is removed in which it makes a file.
func (f *killField) git(dir string, args ...string) string {
	f.Helper()
	f.beside.Lock()
	defer f.beside.Unlock()
	return f.run(dir, args...)
}

func (f *killField) run(dir string, args ...string) string {
	f.Helper()
	cmd := exec.Command("git", append([]string{"-c", "maintenance.auto=false"}, args...)...)
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		f.Errorf("git %s: %v: %s", strings.Join(args, " "), err, &said)
	}
	return strings.TrimSuffix(string(out), "\n")
}

func (f *killField) swarm(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("git-swarm", args...)
	cmd.Dir = filepath.Join(f.top, dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// must runs a command that must succeed, and notes how long such a command takes.
func (f *killField) must(dir string, args ...string) string {
	f.Helper()
	begun := time.Now()
	out, err := f.ends(dir, args...)
	if err != nil {
		f.Errorf("git swarm %s: %v: %s", strings.Join(args, " "), err, out)
	}
	took, span := time.Since(begun), f.spans[args[0]]
	f.spans[args[0]] = max(took, (3*span+took)/4) // one that has little left to do says little
	return string(out)
}

// ends runs a command that nothing kills, and notes the slowest.
func (f *killField) ends(dir string, args ...string) (out []byte, err error) {
	begun, what := time.Now(), args[0]
	out, err = f.swarm(dir, args...).CombinedOutput()
	if f.mending {
		f.mending = false
		what += " after a kill"
	}
	f.slowest[what] = max(f.slowest[what], time.Since(begun).Round(time.Millisecond))
	return out, err
}

// kills kills the command at random moments, at most as often as it is done in a row,
// until it succeeds. It reports whether it has.
func (f *killField) kills(dir string, args ...string) (done bool) {
	f.Helper()
	for range 1 + rand.N(f.inRow) {
		if f.kill(dir, args...) {
			return true
		}
	}
	return false
}

// kill starts a command and kills it at a random moment of the time that it takes. It
// reports whether it had succeeded before.
func (f *killField) kill(dir string, args ...string) (done bool) {
	f.Helper()
	span, known := f.spans[args[0]]
	if !known {
		span = 200 * time.Millisecond
	}
	cmd := f.swarm(dir, args...)
	said, err := os.Create(filepath.Join(f.top, "said")) // no pipe, which what it has started would hold open
	if err != nil {
		f.Fatal(err)
	}
	defer said.Close()
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		f.Fatal(err)
	}
	f.tried++
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended:
	case <-time.After(rand.N(span + span/10 + 1)):
		f.how.kill(cmd.Process.Pid)
		err = <-ended
	}
	if refstoretest.WasKilled(err) {
		f.killed++
		f.mending = true
	} else if err != nil {
		text, _ := os.ReadFile(said.Name())
		if over := whenOver[args[0]]; over == "" || !bytes.Contains(text, []byte(over)) {
			f.Errorf("git swarm %s: %v: %s", strings.Join(args, " "), err, text)
		}
	}
	return err == nil
}

// whenOver is what a command says if an earlier one, or what that had started, was faster.
var whenOver = map[string]string{"commit": "nothing to commit", "retire": "unknown session"}

// messages checks that each acknowledged message is there, and none twice.
func (f *killField) messages() {
	log := f.git(f.app, "log", "--format=%B", "refs/swarm/inbox/B")
	for body, acknowledged := range f.sent {
		if n := strings.Count(log, body); n > 2 || n == 0 && acknowledged { // the body, and the subject
			f.Errorf("%s is there %d times, acknowledged %v", body, n, acknowledged)
		}
	}
}

// clean checks that nothing in the worktree differs from its branch, whose tip it returns.
func (f *killField) clean(session string) (tip string) {
	f.Helper()
	var changed []string
	for line := range strings.Lines(f.git(f.tree(session), "status", "--porcelain=v2", "--branch")) {
		line = strings.TrimSuffix(line, "\n")
		if oid, ok := strings.CutPrefix(line, "# branch.oid "); ok {
			tip = oid
		} else if !strings.HasPrefix(line, "#") {
			changed = append(changed, line)
		}
	}
	if len(changed) > 0 {
		f.Errorf("%s: %q", session, changed)
	}
	return tip
}

// sound checks the repository as a whole: what the next command would meet, and all
// objects too if told to.
func (f *killField) sound(objects bool) {
	f.Helper()
	f.beside.Lock()
	defer f.beside.Unlock()
	var left []string
	_ = filepath.WalkDir(filepath.Join(f.app, ".git"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == "lost" || len(d.Name()) == 2) { // what was put aside, and loose objects
			return fs.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".lock") && !strings.HasPrefix(d.Name(), "swarm-") && filepath.Base(filepath.Dir(path)) != "swarm" {
			left = append(left, path)
		}
		return nil
	})
	if len(left) > 0 {
		f.Errorf("locks are left: %q", left)
	}
	f.run(f.app, "fetch", "-q")
	if objects || f.Failed() {
		f.run(f.app, "fsck", "--strict")
		f.must("app", "fsck")
		f.run(f.app, "pack-refs", "--all")
	}
}
