package refstore

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// kind is a sort of repository. make gives one with a commit in it.
type kind struct {
	name      string
	make      func(t testing.TB) *gitRepo
	inProcess bool // whether the files backend writes there
	both      bool // whether the git backend is tried there, too, by default
	all       bool // whether all cases are tried there by default, else every third
}

var kinds = []kind{
	{"plain", plain, true, false, true},
	{"linked worktree", linked, true, true, false},
	{"bare", bare, true, false, false},
	{"worktreeConfig", worktreeConfig, true, false, false},
	{"packed", packed, true, false, false},
	{"alternates", alternates, true, true, false},
	{"space and [brackets] in its path", oddPath, true, false, false},
	{"SHA-256", func(t testing.TB) *gitRepo { return withCommit(newRepo(t, "--object-format=sha256")) }, false, false, true},
	{"shared", func(t testing.TB) *gitRepo { return withCommit(newRepo(t, "--shared=group")) }, false, false, false},
	{"hook", hooked, false, false, true},
	{"logAllRefUpdates=always", func(t testing.TB) *gitRepo { return configured(t, "core.logAllRefUpdates", "always") }, false, false, false},
	{"logAllRefUpdates=no", func(t testing.TB) *gitRepo { return configured(t, "core.logAllRefUpdates", "no") }, true, false, false},
	{"core.fsync=all", func(t testing.TB) *gitRepo { return configured(t, "core.fsync", "all") }, true, false, false},
	{"reftable", reftable, false, false, true},
}

func withCommit(r *gitRepo) *gitRepo {
	r.Helper()
	r.Git("commit", "-q", "--allow-empty", "-m", "root")
	return r
}

func plain(t testing.TB) *gitRepo { return withCommit(newRepo(t)) }

func linked(t testing.TB) *gitRepo {
	r := plain(t)
	r.Git("worktree", "add", "-q", "../linked")
	r.Dir = filepath.Join(filepath.Dir(r.Dir), "linked")
	return r
}

func bare(t testing.TB) *gitRepo {
	from := plain(t)
	r := newRepo(t, "--bare")
	r.Git("fetch", "-q", from.Dir, "main:main")
	return r
}

func configured(t testing.TB, key, value string) *gitRepo {
	r := plain(t)
	r.Git("config", key, value)
	return r
}

func worktreeConfig(t testing.TB) *gitRepo {
	r := configured(t, "extensions.worktreeConfig", "true")
	r.Git("config", "--worktree", "core.sparseCheckout", "true")
	r.Git("worktree", "add", "-q", "../linked")
	r.Dir = filepath.Join(filepath.Dir(r.Dir), "linked")
	return r
}

// packed has chains already, in packs and packed-refs, with an annotated tag
// before them, so that packed-refs has a line that begins with ^.
func packed(t testing.TB) *gitRepo {
	r := plain(t)
	r.Git("tag", "-a", "-m", "a tag", "v1")
	s := r.open(Options{})
	for _, ref := range []string{"refs/swarm/a", "refs/swarm/try/inbox/B", "refs/swarm/zzz"} {
		mustAppend(t, s, ref, "before")
	}
	r.Git("update-ref", "refs/a/first", "HEAD")
	r.Git("gc", "-q", "--prune=now")
	return r
}

// alternates borrows everything that it has at first, chains included.
func alternates(t testing.TB) *gitRepo {
	from := packed(t)
	r := newRepo(t)
	r.write("objects/info/alternates", from.path("objects")+"\n")
	r.Git("fetch", "-q", from.Dir, "refs/tags/*:refs/tags/*", "refs/swarm/*:refs/swarm/*", "main:refs/heads/copy")
	r.Git("symbolic-ref", "HEAD", "refs/heads/copy")
	r.Git("branch", "main")
	if out := r.Git("count-objects"); !strings.HasPrefix(out, "0 objects") {
		t.Fatalf("nothing should be here: %s", out)
	}
	return r
}

func oddPath(t testing.TB) *gitRepo {
	r := plain(t)
	dir := filepath.Join(filepath.Dir(r.Dir), "a [b]* repo")
	if err := os.Rename(r.Dir, dir); err != nil {
		t.Fatal(err)
	}
	r.Dir = dir
	return r
}

func hooked(t testing.TB) *gitRepo {
	r := plain(t)
	r.hook("cat >>'" + r.path("hook-ran") + "'")
	return r
}

// hook sets the reference-transaction hook.
func (r *gitRepo) hook(script string) {
	r.Helper()
	r.write("hooks/reference-transaction", "#!/bin/sh\n"+script+"\n")
	if err := os.Chmod(r.path("hooks/reference-transaction"), 0o755); err != nil {
		r.Fatal(err)
	}
}

func reftable(t testing.TB) *gitRepo {
	r := newRepo(t)
	if _, err := r.TryGit("init", "-q", "--ref-format=reftable", r.Dir+"2"); err != nil {
		t.Skip("this git has no reftable")
	}
	r.Dir += "2"
	return withCommit(r)
}

// eachStore runs test on every kind of repository, as it is served by default
// and through git. Of its cases, test is to leave out those for which skip is true.
func eachStore(t *testing.T, test func(t *testing.T, r *gitRepo, opts Options, skip func(i int) bool)) {
	turn := 0
	for _, k := range kinds {
		for _, throughGit := range []bool{false, true} {
			if throughGit && (!k.inProcess || !k.both && !refstoretest.Long()) { // much the same once more
				continue
			}
			name := k.name + "/files"
			if throughGit || !k.inProcess {
				name = k.name + "/git"
			}
			turn++
			at := turn
			skip := func(i int) bool { return (i+at)%3 != 0 && !k.all && !refstoretest.Long() }
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := k.make(t)
				if in, why := r.open(Options{}).repo.InProcess(); in != k.inProcess {
					t.Fatalf("InProcess: %v %s", in, why)
				}
				test(t, r, Options{ThroughGit: throughGit}, skip)
			})
		}
	}
}
