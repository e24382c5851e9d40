package app

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/monitor"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// town is a repository in which everything there is has happened, and the
// command in it.
type town struct {
	*refstoretest.Repo
	through string // the backend
}

var builtOnce sync.Once

// newTown copies the one that is built once. Through git, a setting keeps the
// command from writing in process.
func newTown(t *testing.T, through string) *town {
	t.Helper()
	made := filepath.Join(os.Getenv("HOME"), "town")
	builtOnce.Do(func() { buildTown(t, made) })
	w := &town{&refstoretest.Repo{TB: t, Dir: filepath.Join(t.TempDir(), "r")}, through}
	w.Must(os.CopyFS(w.Dir, os.DirFS(made)))
	if through == "git" {
		w.Git("config", "core.logAllRefUpdates", "always")
	}
	return w
}

func buildTown(t *testing.T, dir string) {
	t.Helper()
	w := &town{refstoretest.Init(t, dir), "files"}
	w.Must(os.WriteFile(filepath.Join(dir, "code"), []byte("one\n"), 0o666))
	w.Git("add", "code")
	w.Git("commit", "-q", "-m", "start")
	w.Git("checkout", "-q", "-b", "feat")
	w.Git("commit", "-q", "--allow-empty", "-m", "none")
	w.Must(os.WriteFile(filepath.Join(dir, "code"), []byte("two\n"), 0o666))
	w.Git("commit", "-q", "-a", "-m", "change")
	w.Git("config", "swarm.target", "main")
	w.ok("A", "init", "--sessions", "A:front B:back")
	w.ok("A", "context", "add", "first", "-c", "decision")
	w.ok("A", "context", "add", "second", "-c", "warning")
	w.ok("A", "message", "B", "hello")
	w.ok("B", "message", "A", "hello yourself")
	w.ok("A", "sync")
	w.ok("A", "reply", "1", "an answer")
	w.ok("A", "claim", "src/a", "docs")
	w.ok("B", "claim", "lib")
	w.ok("A", "unclaim", "docs")
	w.ok("A", "review", "request", "--to", "B")
	w.ok("B", "review", "comment", "1", "hm")
	b := w.bus()
	lease, _, err := lock.NewPushLock(b, time.Minute).Acquire(context.Background(), "A", lock.Wait{})
	w.Must(err)
	w.Must(lease.Release(context.Background()))
	w.Git("update-ref", monitor.CollisionsRef, w.raw(forgery{tree: w.mktree("040000 tree " + w.mktree("100644 blob "+w.blob("code\n")+"\tB") + "\tA"), message: "1 collisions\n\nNumber: 1\nFormat: 1\n"}))
	w.ok("A", "fsck")
}

// hub gives the town a remote that has main.
func (w *town) hub() {
	w.Helper()
	hub := filepath.Join(filepath.Dir(w.Dir), "hub.git")
	w.Git("init", "-q", "--template=", "--bare", hub)
	w.Git("remote", "add", "origin", hub)
	w.Git("push", "-q", "origin", "main")
}

func (w *town) bus() *bus.Bus {
	w.Helper()
	r, err := repo.Discover(os.Environ(), w.Dir)
	w.Must(err)
	return bus.New(refstore.Open(r, refstore.Options{}))
}

func (w *town) app(session string, stdout, stderr *bytes.Buffer) *App {
	env := append(os.Environ(), "GIT_SWARM_SESSION="+session)
	return &App{Name: "git-swarm", Env: env, Dir: w.Dir, Stdin: strings.NewReader(""), Stdout: stdout, Stderr: stderr, Now: time.Now}
}

// run is what a verb prints, and its exit code.
func (w *town) run(session string, args ...string) (out string, code int) {
	w.Helper()
	var stdout, stderr bytes.Buffer
	code = w.app(session, &stdout, &stderr).Run(context.Background(), args)
	return stdout.String() + stderr.String(), code
}

func (w *town) ok(session string, args ...string) string {
	w.Helper()
	out, code := w.run(session, args...)
	if code != 0 {
		w.Errorf("%s: git swarm %s: exit code %d\n%s", session, strings.Join(args, " "), code, out)
	}
	return out
}

func (w *town) blob(text string) string {
	w.Helper()
	return w.Feed(text, "hash-object", "-w", "--stdin")
}

func (w *town) mktree(lines ...string) string {
	w.Helper()
	text := ""
	for _, line := range lines {
		text += line + "\n"
	}
	return w.Feed(text, "mktree", "--missing")
}

// forgery is a commit as text. What is empty is as in a commit of ours.
type forgery struct {
	tree      string
	parents   []string
	author    string
	committer string
	extra     string
	message   string
}

const (
	ours      = "A <tess@example.com> 1767323045 +0000"
	committer = "Tess T. Er <tess@example.com> 1767323045 +0000"
)

func (w *town) raw(f forgery) string {
	w.Helper()
	text := "tree " + f.tree + "\n"
	for _, p := range f.parents {
		text += "parent " + p + "\n"
	}
	if f.author == "" {
		f.author = ours
	}
	if f.committer == "" {
		f.committer = committer
	}
	text += "author " + f.author + "\ncommitter " + f.committer + "\n" + f.extra + "\n" + f.message
	return w.Feed(text, "hash-object", "-w", "-t", "commit", "--stdin", "--literally")
}

// next is a commit as the next of ref would be: what its tip says, with the next
// number.
func (w *town) next(ref string) forgery {
	w.Helper()
	tip := w.Git("rev-parse", ref)
	_, message, _ := strings.Cut(w.Git("cat-file", "commit", ref)+"\n", "\n\n")
	before, rest, _ := strings.Cut(message, "\nNumber: ")
	number, rest, _ := strings.Cut(rest, "\n")
	n, err := strconv.Atoi(number)
	w.Must(err)
	f := forgery{tree: w.Git("rev-parse", ref+"^{tree}"), message: fmt.Sprintf("%s\nNumber: %d\n%s", before, n+1, rest)}
	if !strings.HasPrefix(ref, "refs/swarm/seen/") {
		f.parents = []string{tip}
	}
	return f
}

// plant moves ref to the forgery that edit makes of its next commit.
func (w *town) plant(ref string, edit func(f *forgery)) {
	w.Helper()
	f := w.next(ref)
	edit(&f)
	w.Git("update-ref", ref, w.raw(f))
}

// state is the ref's tree with one path more or otherwise.
func (w *town) state(ref, mode, path, content string) string {
	w.Helper()
	index := filepath.Join(w.Dir, ".git", "forged-index")
	defer os.Remove(index)
	git := func(args ...string) string {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = w.Dir, append(os.Environ(), "GIT_INDEX_FILE="+index)
		out, err := cmd.Output()
		w.Must(err)
		return strings.TrimSuffix(string(out), "\n")
	}
	git("read-tree", ref)
	if content == "" {
		git("update-index", "--force-remove", path)
	} else {
		git("update-index", "--add", "--replace", "--cacheinfo", mode+","+w.blob(content)+","+path)
	}
	return git("write-tree")
}

// everything is one use of each ref, by sessions that are there whatever was lost.
func (w *town) everything() {
	w.Helper()
	w.ok("A", "init", "--sessions", "C:third")
	w.ok("A", "context", "add", "after", "-c", "decision")
	w.ok("A", "message", "B", "after")
	w.ok("C", "message", "all", "after")
	for _, id := range []string{"A", "B", "C"} {
		w.ok(id, "sync")
		if out := w.ok(id, "sync"); strings.Contains(out, "MSG") || strings.Contains(out, "CTX") {
			w.Errorf("%s is shown again:\n%s", id, out)
		}
	}
	w.ok("C", "claim", "after")
	w.ok("C", "unclaim", "after")
	w.ok("A", "review", "request", "--to", "C")
	w.ok("A", "status")
	w.ok("A", "claims")
	w.ok("A", "review", "list")
	lease, _, err := lock.NewPushLock(w.bus(), time.Minute).Acquire(context.Background(), "A", lock.Wait{})
	if err == nil {
		err = lease.Release(context.Background())
	}
	if err != nil {
		w.Errorf("the push lock: %v", err)
	}
	if out := w.ok("A", "fsck"); !strings.HasPrefix(out, "ok") {
		w.Errorf("fsck: %s", out)
	}
	lost := w.Git("for-each-ref", "--format=delete %(refname)", "refs/swarm-lost/")
	if lost != "" {
		w.Feed(lost+"\n", "update-ref", "--stdin") // git cannot do with what is missing
	}
	w.Git("reflog", "expire", "--expire=now", "--all")
	if lost != "" {
		w.Git("gc", "-q", "--prune=now")
	}
	w.GitFsck()
}

// mend holds a repair to what it promises, on a town that is damaged.
func (w *town) mend() {
	w.Helper()
	if out, code := w.run("A", "fsck"); code != exitFatal {
		w.Errorf("fsck finds nothing: exit code %d\n%s", code, out)
	}
	const refs = "--format=%(refname) %(objectname)"
	before := w.Git("for-each-ref", refs)
	if out := w.ok("A", "fsck", "--repair"); !strings.Contains(out, ": would ") {
		w.Errorf("nothing would be done:\n%s", out)
	}
	if now := w.Git("for-each-ref", refs); now != before {
		w.Errorf("a dry run moved refs:\n%s\nto\n%s", before, now)
	}
	done := w.ok("A", "fsck", "--repair", "--write")
	if out := w.ok("A", "fsck"); !strings.HasPrefix(out, "ok") {
		w.Errorf("after\n%sfsck says\n%s", done, out)
	}
	if out := w.ok("A", "fsck", "--repair"); !strings.Contains(out, "nothing to repair") {
		w.Errorf("there is more to repair:\n%s", out)
	}
}
