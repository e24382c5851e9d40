package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
// user has hooks; in long runs git's maintenance works beside. SWARM_KILLS is how many;
// GIT_DEFAULT_HASH and GIT_DEFAULT_REF_FORMAT say in what kind of repository.
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
		defer f.maintain()()
	}
	verbs := []struct {
		name string
		try  func(i int)
	}{{"init", f.tryInit}, {"push", f.tryPush}, {"heal", f.tryHeal}, {"commit", f.tryCommit}, {"claim", f.tryClaim}, {"message", f.tryMessage}, {"retire", f.tryRetire}}
	figures := map[string]int{}
	for i := range kills {
		v := verbs[i%len(verbs)]
		f.verb, f.how = v.name, killings[i/len(verbs)%len(killings)]
		before := f.killed
		v.try(i)
		figures[v.name+" "+f.how.name] += f.killed - before
		f.sound(i%50 == 49 || i == kills-1)
		if i%100 == 99 {
			t.Logf("%d kills, of which %d met a running command", i+1, f.killed)
		}
		if t.Failed() {
			t.Fatalf("at kill %d: %s, %s", i, v.name, f.how.name)
		}
	}
	f.messages()
	t.Logf("%d kills, of which %d met a running command: %v", kills, f.killed, figures)
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

// killField is a repository with a remote and three sessions: A is killed, B lands
// beside it, H heals.
type killField struct {
	*testing.T
	top, app string
	files    int // in each worktree at first
	verb     string
	how      killing
	killed   int
	spans    map[string]time.Duration // how long each verb takes
	sent     map[string]bool          // messages, and whether they were acknowledged
	beside   sync.Mutex               // held by maintenance while it runs
}

// maintain has git tidy up the repository, over and over, until stop is called.
func (f *killField) maintain() (stop func()) {
	var done atomic.Bool
	var running sync.WaitGroup
	running.Go(func() {
		for i := 0; !done.Load(); i++ {
			args := [][]string{{"gc", "--quiet"}, {"maintenance", "run", "--quiet", "--task=commit-graph", "--task=loose-objects", "--task=incremental-repack"}, {"pack-refs", "--all"}, {"repack", "-dq"}}[i%4]
			cmd := exec.Command("git", args...)
			cmd.Dir = f.app
			f.beside.Lock()
			began := time.Now()
			_ = cmd.Run() // that it gives way to a push is its right
			took := time.Since(began)
			f.beside.Unlock()
			time.Sleep(3 * took) // beside every fourth command or so
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
	f := &killField{T: t, top: top, app: filepath.Join(top, "app"), files: 13, spans: map[string]time.Duration{}, sent: map[string]bool{}}
	f.write("home/.gitconfig", refstoretest.Config)
	for key, value := range map[string]string{"HOME": home, "XDG_CONFIG_HOME": home, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": filepath.Join(home, ".gitconfig"), "LC_ALL": "C", "GIT_SWARM_SESSION": ""} {
		t.Setenv(key, value)
	}
	_ = os.Unsetenv("GIT_SWARM_SESSION")
	f.git(top, "init", "-q", "--bare", "hub.git")
	f.git(top, "clone", "-q", "hub.git", "app")
	f.write("app/.gitattributes", "*.slow filter=slow\n")
	for i := range f.files - 1 {
		f.write(fmt.Sprintf("app/d%d/f%d.slow", i%4, i), strings.Repeat(fmt.Sprintf("line %d\n", i), 50))
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
	cmd := exec.Command("git", args...)
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

// must runs a command that must succeed, and notes how long it takes.
func (f *killField) must(dir string, args ...string) string {
	f.Helper()
	begun := time.Now()
	out, err := f.swarm(dir, args...).CombinedOutput()
	if err != nil {
		f.Errorf("git swarm %s: %v: %s", strings.Join(args, " "), err, out)
	}
	f.spans[args[0]] = time.Since(begun)
	return string(out)
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
	if err := cmd.Start(); err != nil {
		f.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var err error
	select {
	case err = <-ended:
	case <-time.After(rand.N(span + span/10 + 1)):
		f.how.kill(cmd.Process.Pid)
		err = <-ended
	}
	if refstoretest.WasKilled(err) {
		f.killed++
	} else if err != nil {
		f.Errorf("git swarm %s: %v", strings.Join(args, " "), err)
	}
	return err == nil
}

func (f *killField) tryInit(i int) {
	id := fmt.Sprintf("N%d", i)
	args := []string{"init", "--sessions", id + ":n" + strconv.Itoa(i), "--worktrees"}
	f.kill("app", args...)
	f.git(f.app, "fetch", "-q")
	f.must("app", args...)
	if got := f.git(f.tree(id), "ls-files"); strings.Count(got, "\n")+1 < f.files {
		f.Errorf("the index has only %q", got)
	}
	f.clean(id)
	f.git(f.app, "worktree", "remove", f.tree(id))
}

// tryRetire: what the session had not landed is kept, once, and nothing else of it is left.
func (f *killField) tryRetire(i int) {
	if f.spans["retire"] == 0 {
		f.must("app", "init", "--sessions", "R:r", "--worktrees")
		f.must("app", "retire", "R")
	}
	id := fmt.Sprintf("R%d", i)
	branch := "r" + strconv.Itoa(i)
	f.must("app", "init", "--sessions", id+":"+branch, "--worktrees")
	f.must("app.worktrees/"+id, "claim", "retired/"+id)
	f.write("app.worktrees/"+id+"/committed", id+"\n")
	f.git(f.tree(id), "add", ".")
	f.git(f.tree(id), "commit", "-qm", id)
	f.write("app.worktrees/"+id+"/untracked", id+"\n")
	if f.kill("app", "retire", "--force", id) {
		f.gone("app", "retire", "--force", id)
	} else if out, err := f.swarm("app", "retire", "--force", id).CombinedOutput(); err != nil && !bytes.Contains(out, []byte("unknown session")) {
		f.Errorf("git swarm retire: %v: %s", err, out)
	}
	kept := f.git(f.app, "for-each-ref", "--format=%(refname)", "refs/swarm-lost/"+id, "refs/swarm-lost/"+id+".*")
	if kept != "refs/swarm-lost/"+id {
		f.Errorf("kept at %q", kept)
		return
	}
	for _, name := range []string{"committed", "untracked"} {
		if got := f.git(f.app, "show", kept+":"+name); got != id {
			f.Errorf("%s was kept as %q", name, got)
		}
	}
	left, _ := filepath.Glob(filepath.Join(f.top, "app.worktrees", "*"+id+"*"))
	hidden, _ := filepath.Glob(filepath.Join(f.top, "app.worktrees", ".*"+id+"*"))
	records, _ := filepath.Glob(filepath.Join(f.app, ".git", "worktrees", id+"*"))
	ports, _ := os.ReadFile(filepath.Join(f.app, ".git", "swarm", "ports"))
	if all := slices.Concat(left, hidden, records); len(all) > 0 || strings.Contains(string(ports), " "+id+"\n") {
		f.Errorf("of %s there are left %q, ports %q", id, all, ports)
	}
	if got := f.git(f.app, "for-each-ref", "refs/heads/feat/"+branch); got != "" {
		f.Errorf("the branch is there: %s", got)
	}
	if strings.Contains(f.must("app", "claims"), id) || strings.Contains(f.must("app", "status"), id) {
		f.Errorf("%s still holds something, or is there", id)
	}
}

// gone runs a command that is to say that there is no such session.
func (f *killField) gone(dir string, args ...string) {
	f.Helper()
	if out, err := f.swarm(dir, args...).CombinedOutput(); err == nil || !bytes.Contains(out, []byte("unknown session")) {
		f.Errorf("git swarm %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

func (f *killField) tryPush(i int) {
	name := fmt.Sprintf("p%d", i)
	f.write("app.worktrees/B/"+name+".b", "b\n")
	f.git(f.tree("B"), "add", ".")
	f.git(f.tree("B"), "commit", "-qm", "B "+name)
	f.git(f.tree("B"), "fetch", "-q")
	f.git(f.tree("B"), "rebase", "-q", "origin/main")
	f.git(f.tree("B"), "push", "-q", "origin", "HEAD:main")
	f.write("app.worktrees/A/"+name+".slow", "a\n")
	f.git(f.tree("A"), "add", ".")
	f.git(f.tree("A"), "commit", "-qm", "A "+name)
	f.kill("app.worktrees/A", "push")
	if f.how.name != "alone" { // here the remote is killed, too: its lock is its own matter
		for _, lock := range []string{"refs/heads/main.lock", "reftable/tables.list.lock"} {
			_ = os.Remove(filepath.Join(f.top, "hub.git", lock))
		}
	}
	f.must("app.worktrees/A", "push")
	f.git(f.app, "fetch", "-q")
	if log := f.git(f.app, "log", "--format=%s", "origin/main"); strings.Count("\n"+log+"\n", "\nA "+name+"\n") != 1 {
		f.Errorf("landed %q", log)
	}
	f.clean("A")
	if a, main := f.git(f.tree("A"), "rev-parse", "HEAD"), f.git(f.app, "rev-parse", "origin/main"); a != main {
		f.Errorf("the branch is at %s, the target at %s", a, main)
	}
}

func (f *killField) tryCommit(i int) {
	name := fmt.Sprintf("c%d", i)
	f.write("app.worktrees/A/"+name, "c\n")
	f.git(f.tree("A"), "add", name)
	before := f.git(f.tree("A"), "rev-parse", "HEAD")
	done := f.kill("app.worktrees/A", "commit", name)
	out, err := f.swarm("app.worktrees/A", "commit", name).CombinedOutput()
	if err != nil && !bytes.Contains(out, []byte("nothing to commit")) { // the killed one, or what it had started, was faster
		f.Errorf("git swarm commit: %v: %s", err, out)
	}
	if n, _ := strconv.Atoi(f.git(f.tree("A"), "rev-list", "--count", before+"..HEAD")); n != 1 || done && err == nil {
		f.Errorf("%d commits, acknowledged before: %v", n, done)
	}
	if got := f.git(f.tree("A"), "log", "-1", "--format=%s"); got != "[Session A] "+name {
		f.Errorf("committed %q", got)
	}
	f.must("app.worktrees/A", "claim", "c") // any command that writes clears what is left
	f.clean("A")
}

func (f *killField) tryHeal(int) {
	h := f.tree("H")
	base := func(lines ...string) {
		for _, name := range []string{"h1.slow", "h2.slow", "h3"} {
			f.write("app.worktrees/H/"+name, strings.Join(lines, "\n")+"\n")
		}
		f.git(h, "add", ".")
		f.git(h, "commit", "-qm", "h", "--allow-empty")
	}
	f.git(h, "checkout", "-q", "--detach", "origin/main")
	base("1", "2", "3", "4", "5")
	from := f.git(h, "rev-parse", "HEAD")
	base("one", "2", "3", "4", "5")
	ours := f.git(h, "rev-parse", "HEAD")
	f.git(h, "checkout", "-q", from)
	base("1", "two", "3", "4", "5")
	theirs := f.git(h, "rev-parse", "HEAD")
	merged := func() {
		f.git(h, "reset", "-q", "--hard", ours)
		cmd := exec.Command("git", "merge", "-q", theirs)
		cmd.Dir = h
		f.beside.Lock()
		err := cmd.Run()
		f.beside.Unlock()
		if err == nil {
			f.Fatal("the merge did not stop")
		}
	}
	merged()
	f.must("app.worktrees/H", "heal")
	want := f.git(h, "write-tree")
	merged()
	f.kill("app.worktrees/H", "heal")
	f.must("app.worktrees/H", "heal")
	f.git(h, "add", "-A")
	if got := f.git(h, "write-tree"); got != want {
		f.Errorf("healed to another tree than without a kill: %s", f.git(h, "diff", want, got))
	}
	f.git(h, "reset", "-q", "--hard")
}

func (f *killField) tryClaim(i int) {
	path := fmt.Sprintf("claimed/%d", i)
	done := f.kill("app.worktrees/A", "claim", path)
	if done && !strings.Contains(f.must("app.worktrees/A", "claims"), path) {
		f.Errorf("the acknowledged claim on %s is not there", path)
	}
	f.must("app.worktrees/A", "claim", path)
	f.must("app.worktrees/A", "unclaim", path)
}

func (f *killField) tryMessage(i int) {
	body := fmt.Sprintf("message-%d-end", i)
	f.sent[body] = f.kill("app.worktrees/A", "message", "B", body)
	f.must("app.worktrees/A", "message", "B", "next")
}

// messages checks that each acknowledged message is there, and none twice.
func (f *killField) messages() {
	log := f.git(f.app, "log", "--format=%B", "refs/swarm/inbox/B")
	for body, acknowledged := range f.sent {
		if n := strings.Count(log, body); n > 2 || n == 0 && acknowledged { // the body, and the subject
			f.Errorf("%s is there %d times, acknowledged %v", body, n, acknowledged)
		}
	}
}

// clean checks that nothing in the worktree differs from its branch.
func (f *killField) clean(session string) {
	f.Helper()
	if got := f.git(f.tree(session), "status", "--porcelain"); got != "" {
		f.Errorf("%s: %q", session, got)
	}
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
