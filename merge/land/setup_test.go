package land

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

func landGit(t testing.TB, dir string, args ...string) string {
	t.Helper()
	return (&refstoretest.Repo{TB: t, Dir: dir}).Git(args...)
}

func tryLandGit(dir string, args ...string) (string, error) {
	return (&refstoretest.Repo{Dir: dir}).TryGit(args...)
}

func (f *field) git(args ...string) string {
	f.Helper()
	return landGit(f, f.dir, args...)
}

// hubLog is the subjects on a branch of the remote, newest first.
func (g *ground) hubLog(branch string) []string {
	g.Helper()
	return strings.Split(landGit(g, g.hub, "log", "--format=%s", branch), "\n")
}

func (f *field) write(name, text string) {
	f.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		f.Fatal(err)
	}
}

func (f *field) read(name string) string {
	f.Helper()
	content, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		f.Fatal(err)
	}
	return string(content)
}

// commit writes the file and commits all there is.
func (f *field) commit(subject, name, text string) {
	f.Helper()
	f.write(name, text)
	f.git("add", "-A")
	f.git("commit", "-q", "-m", subject)
}

// hook installs a shell script as a hook of the repository at gitDir.
func (g *ground) hook(gitDir, name, script string) {
	g.Helper()
	dir := filepath.Join(gitDir, "hooks")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		g.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o777); err != nil {
		g.Fatal(err)
	}
}

// meanwhile runs a shell script in the worktree whenever a push of f's is about to
// move the target.
func (f *field) meanwhile(script string) {
	f.gate = func(context.Context, string, string, string) error {
		f.sh(script)
		return nil
	}
}

// prePush installs a pre-push hook, which runs in the pushing worktree.
func (g *ground) prePush(script string) {
	g.Helper()
	g.hook(filepath.Join(g.app, ".git"), "pre-push", script)
}

func (f *field) repo() *repo.Repo {
	f.Helper()
	r, err := repo.Discover(f.env, f.dir)
	if err != nil {
		f.Fatal(err)
	}
	return r
}

func (f *field) bus() *bus.Bus {
	f.Helper()
	store := refstore.Open(f.repo(), refstore.Options{})
	f.Cleanup(func() { store.Close() })
	return bus.New(store)
}

func (f *field) lander() *Lander {
	f.Helper()
	b := f.bus()
	return &Lander{
		Gate: f.gate,
		Repo: b.Store().Repo(), Bus: b, Lock: lock.NewPushLock(b, lock.LeaseTime),
		Claims: lock.NewClaims(b, time.Hour, false), Session: f.id,
	}
}

func (f *field) target() repo.Target {
	f.Helper()
	target, err := f.repo().FindTarget(f.Context(), repo.TargetQuery{Branch: "HEAD"})
	if err != nil {
		f.Fatal(err)
	}
	return target
}

func (f *field) tryPush() (*Landed, error) {
	f.Helper()
	return f.lander().Push(f.Context(), f.target(), lock.Wait{Timeout: time.Minute})
}

// head is the commit that is checked out. It starts no process where it need not.
func (f *field) head() string {
	f.Helper()
	r := f.repo()
	if branch, err := r.Head(context.Background()); err == nil && branch != "" {
		if id := r.RefHere(branch); id != "" {
			return id
		}
	}
	return f.git("rev-parse", "HEAD")
}

// push lands and checks that the branch, where it followed, is the target's tip.
func (f *field) push() *Landed {
	f.Helper()
	landed, err := f.tryPush()
	if err != nil {
		f.Fatal(err)
	}
	if head := f.head(); landed.Stayed == nil && head != landed.After {
		f.Errorf("HEAD is %s, and %s landed", head, landed.After)
	}
	if _, err := tryLandGit(f.hub, "merge-base", "--is-ancestor", landed.After, "refs/heads/"+landed.Target.Branch); err != nil {
		f.Errorf("%s landed, and is not on the target: %v", landed.After, err)
	}
	f.tidy()
	return landed
}

func (f *field) tryPull() (*Landed, error) {
	f.Helper()
	return f.lander().Pull(f.Context(), f.target())
}

func (f *field) pull() *Landed {
	f.Helper()
	landed, err := f.tryPull()
	if err != nil {
		f.Fatal(err)
	}
	f.tidy()
	return landed
}

// tidy checks that nothing of ours is left: no bench, no half move, no lock that keeps
// others out.
func (f *field) tidy() {
	f.Helper()
	r := f.repo()
	gitDir := r.GitDir
	if list, err := r.Checkouts(context.Background()); err != nil || strings.Contains(fmt.Sprint(list), gitDir+"/swarm-rebase") {
		f.Errorf("a worktree was left: %v, %v", list, err)
	}
	for _, name := range []string{"swarm-rebase", "swarm-rebase.git", "swarm-rebase.old", "swarm-move", "swarm-index", "index.lock"} {
		if _, err := os.Lstat(filepath.Join(gitDir, name)); err == nil {
			f.Errorf("%s was left", name)
		}
	}
	for _, l := range []*lock.PushLock{f.lander().Lock, f.conductor()} {
		candidate := l.Candidate(f.id)
		if holder, err := candidate.Holder(context.Background()); err != nil || holder != nil {
			f.Errorf("a lock is held by %v (%v)", holder, err)
		}
		candidate.Close()
	}
}

// state is all of a worktree that a refused push may not change.
func (f *field) state() string {
	f.Helper()
	var b strings.Builder
	for _, args := range [][]string{
		{"for-each-ref", "refs/heads", "refs/tags", "refs/stash"},
		{"ls-files", "--stage", "-v"},
		{"status", "--porcelain=v2", "--branch", "--ignored"},
		{"worktree", "list", "--porcelain"},
	} {
		out, err := tryLandGit(f.dir, args...)
		fmt.Fprintln(&b, args, out, err != nil)
	}
	return b.String() + f.files()
}

// files is what stands in the worktree: names, modes and bytes.
func (f *field) files() string {
	f.Helper()
	var b strings.Builder
	err := filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == ".git" {
			return skipDir(d)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case info.Mode().IsRegular():
			bytes, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content = string(bytes)
		case info.Mode()&fs.ModeSymlink != 0:
			content, _ = os.Readlink(path)
		}
		fmt.Fprintf(&b, "%q %v %q\n", strings.TrimPrefix(path, f.dir), info.Mode(), content)
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	return b.String()
}

func skipDir(d fs.DirEntry) error {
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// unchanged runs fails, which must be refused, and checks that it left all as it was.
func (f *field) unchanged(try func() (*Landed, error)) error {
	f.Helper()
	before := f.state()
	landed, err := try()
	if err == nil {
		f.Fatalf("it was not refused, but did %+v", landed)
	}
	if after := f.state(); after != before {
		f.Errorf("a refusal (%v) changed\n%sinto\n%s", err, before, after)
	}
	f.tidy()
	return err
}

func (f *field) session() bus.Session {
	f.Helper()
	s, err := f.bus().Session(context.Background(), f.id)
	if err != nil {
		f.Fatal(err)
	}
	return s
}

func (f *field) claim(paths ...string) {
	f.Helper()
	if _, err := f.lander().Claims.Grant(f.Context(), f.id, lock.Request{Paths: paths}); err != nil {
		f.Fatal(err)
	}
}

// news are the bodies of the session's unread messages.
func (f *field) news() []string {
	f.Helper()
	messages, err := f.bus().Inbox(f.Context(), f.id, false)
	if err != nil {
		f.Fatal(err)
	}
	var bodies []string
	for _, m := range messages {
		bodies = append(bodies, m.Body)
	}
	return bodies
}

// linear checks that the remote's main has no merge, and each subject once.
func (g *ground) linear(subjects ...string) {
	g.Helper()
	if merges := landGit(g, g.hub, "rev-list", "--min-parents=2", "main"); merges != "" {
		g.Errorf("merges on main: %s", merges)
	}
	got := g.hubLog("main")
	slices.Sort(got)
	want := slices.Sorted(slices.Values(append(subjects, "start")))
	if !slices.Equal(got, want) {
		g.Errorf("on main: %q, want %q", got, want)
	}
}
