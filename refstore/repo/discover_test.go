package repo_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// kind is a kind of repository: how it is made, and from where it is looked at.
type kind struct {
	name  string
	setup func(p *place)
	in    []string
}

func env(p *place, settings ...string) { p.env = p.env.With(settings...) }

func symlink(p *place, target, name string) {
	if err := os.Symlink(target, p.path(name)); err != nil {
		p.t.Fatal(err)
	}
}

var kinds = []kind{
	{"plain", func(p *place) { p.repo("r"); p.mkdir("r/sub/dir") }, []string{"r", "r/sub", "r/sub/dir"}},
	{"nothing", func(p *place) { p.mkdir("r/sub") }, []string{"r/sub"}},
	{"empty .git", func(p *place) { p.repo("r"); p.mkdir("r/sub/.git") }, []string{"r/sub"}},
	{"inside the git dir", func(p *place) { p.repo("r") }, []string{"r/.git", "r/.git/hooks", "r/.git/refs/heads"}},
	{"detached", func(p *place) { p.repo("r"); p.git("r", "checkout", "-q", "--detach") }, []string{"r"}},
	{"linked worktree", func(p *place) {
		p.repo("r")
		p.git("r", "worktree", "add", "-q", "../w")
		p.mkdir("w/sub")
	}, []string{"w", "w/sub", "r/.git/worktrees/w", "r"}},
	{"worktree of a bare repository", func(p *place) {
		p.repo("r")
		p.git("", "clone", "-q", "--bare", "r", "b.git")
		p.git("b.git", "worktree", "add", "-q", "../w")
	}, []string{"w", "b.git", "b.git/worktrees/w", "b.git/refs"}},
	{"worktree with relative paths", func(p *place) {
		p.repo("r")
		p.git("r", "worktree", "add", "-q", "../w")
		p.write("w/.git", "gitdir: ../r/.git/worktrees/w\n")
	}, []string{"w"}},
	{"submodule", func(p *place) {
		p.repo("lib")
		p.repo("r")
		p.git("r", "submodule", "--quiet", "add", "../lib", "deps/lib")
		p.mkdir("r/deps/lib/sub")
	}, []string{"r/deps/lib", "r/deps/lib/sub", "r/deps", "r/.git/modules/deps/lib"}},
	{"bare", func(p *place) { p.mkdir("b"); p.git("b", "init", "-q", "--bare") }, []string{"b", "b/refs"}},
	{"GIT_DIR", func(p *place) {
		p.repo("r")
		p.mkdir("r/sub")
		p.mkdir("other")
		env(p, "GIT_DIR="+p.path("r/.git"))
	}, []string{"r", "r/sub", "other", "r/.git"}},
	{"GIT_DIR relative", func(p *place) { p.repo("r"); env(p, "GIT_DIR=.git") }, []string{"r"}},
	{"GIT_DIR wrong", func(p *place) { p.repo("r"); env(p, "GIT_DIR=../no") }, []string{"r"}},
	{"GIT_DIR empty", func(p *place) { p.repo("r"); env(p, "GIT_DIR=") }, []string{"r"}},
	{"GIT_DIR a file", func(p *place) {
		p.repo("r")
		p.git("r", "worktree", "add", "-q", "../w")
		env(p, "GIT_DIR="+p.path("w/.git"))
	}, []string{"r", "w"}},
	{"GIT_DIR of a bare repository", func(p *place) {
		p.mkdir("b")
		p.git("b", "init", "-q", "--bare")
		p.mkdir("other")
		env(p, "GIT_DIR=../b")
	}, []string{"other", "b"}},
	{"GIT_WORK_TREE", func(p *place) {
		p.repo("r")
		p.mkdir("tree/sub")
		env(p, "GIT_DIR="+p.path("r/.git"), "GIT_WORK_TREE="+p.path("tree"))
	}, []string{"tree", "tree/sub", "r", "r/.git"}},
	{"GIT_WORK_TREE alone", func(p *place) {
		p.repo("r")
		p.mkdir("r/sub/dir")
		env(p, "GIT_WORK_TREE="+p.path("r/sub"))
	}, []string{"r", "r/sub", "r/sub/dir", "r/.git"}},
	{"GIT_WORK_TREE relative", func(p *place) {
		p.repo("r")
		p.mkdir("r/sub")
		env(p, "GIT_DIR="+p.path("r/.git"), "GIT_WORK_TREE=..")
	}, []string{"r/sub", "r"}},
	{"GIT_WORK_TREE missing", func(p *place) { p.repo("r"); env(p, "GIT_WORK_TREE="+p.path("no/such")) }, []string{"r"}},
	{"GIT_WORK_TREE to come", func(p *place) { p.repo("r"); env(p, "GIT_WORK_TREE="+p.path("to-come")) }, []string{"r"}},
	{"GIT_COMMON_DIR", func(p *place) {
		p.repo("r")
		p.git("r", "worktree", "add", "-q", "../w")
		env(p, "GIT_DIR="+p.path("r/.git/worktrees/w"), "GIT_COMMON_DIR="+p.path("r/.git"))
	}, []string{"w"}},
	{"GIT_OBJECT_DIRECTORY", func(p *place) {
		p.repo("r")
		p.mkdir("objects")
		env(p, "GIT_OBJECT_DIRECTORY="+p.path("objects"))
	}, []string{"r"}},
	{"core.worktree", func(p *place) {
		p.repo("r")
		p.mkdir("tree/sub")
		p.git("r", "config", "core.worktree", "../../tree")
	}, []string{"r", "r/.git", "tree"}},
	{"core.worktree with GIT_DIR", func(p *place) {
		p.repo("r")
		p.mkdir("tree/sub")
		p.git("r", "config", "core.worktree", p.path("tree"))
		env(p, "GIT_DIR="+p.path("r/.git"))
	}, []string{"tree/sub", "r"}},
	{"core.worktree missing", func(p *place) { p.repo("r"); p.git("r", "config", "core.worktree", "../no") }, []string{"r"}},
	{"core.bare", func(p *place) { p.repo("r"); p.mkdir("r/sub"); p.git("r", "config", "core.bare", "true") }, []string{"r", "r/sub", "r/.git"}},
	{"core.bare and core.worktree", func(p *place) {
		p.repo("r")
		p.git("r", "config", "core.worktree", p.path("r"))
		p.git("r", "config", "core.bare", "yes")
	}, []string{"r", "r/.git"}},
	{"core.bare in a worktree", func(p *place) {
		p.repo("r")
		p.git("r", "worktree", "add", "-q", "../w")
		p.git("r", "config", "core.bare", "true")
	}, []string{"w"}},
	{"core.bare bad", func(p *place) { p.repo("r"); p.git("r", "config", "core.bare", "maybe") }, []string{"r"}},
	{"symlinked folder", func(p *place) {
		p.repo("r")
		p.mkdir("r/sub/dir")
		symlink(p, p.path("r/sub/dir"), "link")
	}, []string{"link"}},
	{"symlinked .git", func(p *place) {
		p.repo("r")
		p.mkdir("w/sub")
		symlink(p, "../r/.git", "w/.git")
	}, []string{"w", "w/sub"}},
	{"HEAD a symlink", func(p *place) {
		p.repo("r")
		os.Remove(p.path("r/.git/HEAD"))
		symlink(p, "refs/heads/main", "r/.git/HEAD")
	}, []string{"r"}},
	{"HEAD broken", func(p *place) { p.repo("r"); p.write("r/.git/HEAD", "nonsense\n") }, []string{"r", "r/.git"}},
	{"separate git dir", func(p *place) {
		p.repo("r", "--separate-git-dir", p.path("store"))
		p.mkdir("r/sub")
	}, []string{"r", "r/sub", "store"}},
	{".git file broken", func(p *place) { p.repo("r"); p.mkdir("r/sub"); p.write("r/sub/.git", "gitdir: /no/such\n") }, []string{"r/sub"}},
	{".git file nonsense", func(p *place) { p.repo("r"); p.mkdir("r/sub"); p.write("r/sub/.git", "hello\n") }, []string{"r/sub"}},
	{"worktreeConfig", func(p *place) {
		p.repo("r")
		p.git("r", "worktree", "add", "-q", "../w")
		p.git("r", "config", "extensions.worktreeConfig", "true")
		p.git("w", "config", "--worktree", "swarm.here", "w")
		p.git("r", "sparse-checkout", "init")
	}, []string{"r", "w"}},
	{"worktreeConfig, bare main", func(p *place) {
		p.repo("r")
		p.git("", "clone", "-q", "--bare", "r", "b")
		p.git("b", "worktree", "add", "-q", "../w")
		p.git("b", "config", "extensions.worktreeConfig", "true")
	}, []string{"b", "w"}},
	{"worktreeConfig, own core.worktree", func(p *place) {
		p.repo("r")
		p.mkdir("tree")
		p.git("r", "worktree", "add", "-q", "../w")
		p.git("r", "config", "extensions.worktreeConfig", "true")
		p.git("w", "config", "--worktree", "core.worktree", p.path("tree"))
	}, []string{"r", "w", "tree"}},
	{"sha256", func(p *place) { p.repo("r", "--object-format=sha256") }, []string{"r"}},
	{"partial clone", func(p *place) {
		p.repo("src")
		p.git("src", "config", "uploadpack.allowFilter", "true")
		p.git("", "clone", "-q", "--filter=blob:none", "file://"+p.path("src"), "r")
	}, []string{"r"}},
	{"shallow", func(p *place) { p.repo("src"); p.git("", "clone", "-q", "--depth=1", "file://"+p.path("src"), "r") }, []string{"r"}},
	{"alternates", func(p *place) { p.repo("src"); p.git("", "clone", "-q", "--shared", "src", "r") }, []string{"r"}},
	{"no config", func(p *place) { p.repo("r"); os.Remove(p.path("r/.git/config")) }, []string{"r", "r/.git"}},
	{"config without version", func(p *place) { p.repo("r"); p.write("r/.git/config", "[core]\nbare = true\nworktree = /\n") }, []string{"r"}},
	{"config broken", func(p *place) { p.repo("r"); p.write("r/.git/config", "[core\n") }, []string{"r"}},
	{"config with a BOM", func(p *place) {
		p.repo("r")
		p.write("r/.git/config", "\xef\xbb\xbf[core]\r\n\trepositoryformatversion = 0\r\n\tbare = true\r\n")
	}, []string{"r"}},
	{"version 99", func(p *place) { p.repo("r"); p.git("r", "config", "core.repositoryFormatVersion", "99") }, []string{"r"}},
	{"unknown extension, version 0", func(p *place) { p.repo("r"); p.git("r", "config", "extensions.frob", "true") }, []string{"r"}},
	{"unknown extension, version 1", func(p *place) {
		p.repo("r")
		p.git("r", "config", "extensions.frob", "true")
		p.git("r", "config", "core.repositoryFormatVersion", "1")
	}, []string{"r"}},
	{"objectFormat, version 0", func(p *place) { p.repo("r"); p.git("r", "config", "extensions.objectFormat", "sha256") }, []string{"r"}},
	{"objectFormat unknown", func(p *place) {
		p.repo("r")
		p.git("r", "config", "core.repositoryFormatVersion", "1")
		p.git("r", "config", "extensions.objectFormat", "md5")
	}, []string{"r"}},
	{"ceiling", func(p *place) {
		p.repo("r")
		p.mkdir("r/a/b/c")
		env(p, "GIT_CEILING_DIRECTORIES=/nowhere:relative:"+p.path("r/a"))
	}, []string{"r/a/b/c", "r/a/b", "r/a", "r"}},
	{"ceiling through a link", func(p *place) {
		p.repo("r")
		p.mkdir("r/a/b")
		symlink(p, "r", "link")
		env(p, "GIT_CEILING_DIRECTORIES="+p.path("link/a"))
	}, []string{"r/a/b", "link/a/b"}},
	{"ceiling not resolved", func(p *place) {
		p.repo("r")
		p.mkdir("r/a/b")
		symlink(p, "r", "link")
		env(p, "GIT_CEILING_DIRECTORIES=:"+p.path("link/a"))
	}, []string{"r/a/b"}},
	{"ceiling with a slash", func(p *place) {
		p.repo("r")
		p.mkdir("r/a/b")
		env(p, "GIT_CEILING_DIRECTORIES="+p.path("r/a")+"/")
	}, []string{"r/a/b"}},
	{"safe.bareRepository=explicit", func(p *place) {
		p.repo("r")
		p.mkdir("b")
		p.git("b", "init", "-q", "--bare")
		p.git("", "config", "--global", "safe.bareRepository", "explicit")
	}, []string{"b", "r/.git", "r"}},
	{"safe.bareRepository=all", func(p *place) {
		p.mkdir("b")
		p.git("b", "init", "-q", "--bare")
		p.git("", "config", "--global", "safe.bareRepository", "all")
	}, []string{"b"}},
	{"safe.bareRepository from the environment", func(p *place) {
		p.mkdir("b")
		p.git("b", "init", "-q", "--bare")
		env(p, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.bareRepository", "GIT_CONFIG_VALUE_0=explicit")
	}, []string{"b"}},
	{"foreign owner", func(p *place) { p.repo("r"); p.mkdir("r/sub"); foreign(p) }, []string{"r", "r/sub", "r/.git"}},
	{"foreign owner, trusted", func(p *place) {
		p.repo("r")
		p.git("", "config", "--global", "safe.directory", p.path("r"))
		foreign(p)
	}, []string{"r"}},
	{"foreign owner, named", func(p *place) { p.repo("r"); foreign(p); env(p, "GIT_DIR=.git") }, []string{"r"}},
	{"git dir chowned", func(p *place) { p.repo("r"); chown(p, "r/.git", 12345) }, []string{"r"}},
	{"worktree chowned to sudo's user", func(p *place) { p.repo("r"); chown(p, "r", 12345); env(p, "SUDO_UID=12345") }, []string{"r"}},
	{".git file chowned", func(p *place) {
		p.repo("r")
		p.git("r", "worktree", "add", "-q", "../w")
		chown(p, "w/.git", 12345)
	}, []string{"w"}},
}

// foreign makes git take every repository for somebody else's.
func foreign(p *place) { env(p, "GIT_TEST_ASSUME_DIFFERENT_OWNER=1") }

func chown(p *place, name string, uid int) {
	if os.Geteuid() != 0 {
		p.t.Skip("only root can give files away")
	}
	if err := os.Chown(p.path(name), uid, -1); err != nil {
		p.t.Fatal(err)
	}
}

// TestDiscoverAsGit: in every kind of repository, and from every place in it,
// Discover says what git rev-parse says, and fails where it fails.
func TestDiscoverAsGit(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			env(p, "GIT_CEILING_DIRECTORIES="+p.dir)
			k.setup(p)
			for _, in := range k.in {
				compare(p, in)
			}
		})
	}
}

func compare(p *place, in string) {
	p.t.Helper()
	r, err := repo.Discover(p.env, p.path(in))
	_, refusal := p.try(in, "rev-parse", "--git-dir")
	if (err != nil) != (refusal != nil) {
		p.t.Errorf("%s: git says %v, we %v", in, refusal, err)
	}
	if err != nil || refusal != nil {
		p.t.Logf("%s: %T %v", in, err, err)
		return
	}
	real := func(path string) string {
		if path == "" {
			return ""
		}
		if !filepath.IsAbs(path) {
			cwd, _ := filepath.EvalSymlinks(p.path(in))
			path = filepath.Join(cwd, path)
		}
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return real
		}
		return path
	}
	ask := func(flag string) string { // one at a time: each may fail by itself
		out, _ := p.try(in, "rev-parse", flag)
		return strings.TrimSuffix(out, "\n")
	}
	top := ask("--show-toplevel")
	prefix := strings.TrimSuffix(ask("--show-prefix"), "/")
	for _, c := range []struct{ what, want, got string }{
		{"git dir", ask("--absolute-git-dir"), r.GitDir},
		{"common dir", real(ask("--git-common-dir")), r.CommonDir},
		{"work tree", top, r.WorkTree},
		{"prefix", prefix, r.Prefix},
		{"bare", ask("--is-bare-repository"), map[bool]string{true: "true", false: "false"}[r.Bare]},
		{"object format", ask("--show-object-format"), r.Algo.Name},
	} {
		if c.want != c.got {
			p.t.Errorf("%s: %s: git says %q, we %q", in, c.what, c.want, c.got)
		}
	}
	if out, err := p.try(in, "rev-parse", "--git-path", "objects"); err == nil {
		if want := real(strings.TrimSuffix(out, "\n")); want != r.ObjectDir {
			p.t.Errorf("%s: objects: git says %q, we %q", in, want, r.ObjectDir)
		}
	}
}

// TestDiscoverErrors: callers can tell the refusals apart.
func TestDiscoverErrors(t *testing.T) {
	p := newPlace(t)
	p.repo("r")
	p.mkdir("none")
	p.mkdir("b")
	p.git("b", "init", "-q", "--bare")
	env(p, "GIT_CEILING_DIRECTORIES="+p.dir)

	if _, err := repo.Discover(p.env, p.path("none")); !errors.Is(err, repo.ErrNotRepository) {
		t.Errorf("no repository: %v", err)
	}
	if _, err := repo.Discover(p.env.With("GIT_DIR=/nowhere"), p.path("r")); !errors.Is(err, repo.ErrNotRepository) {
		t.Errorf("GIT_DIR wrong: %v", err)
	}
	if _, err := repo.Discover(p.env, p.path("r/absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
	var distrust *repo.NotTrustedError
	_, err := repo.Discover(p.env.With("GIT_TEST_ASSUME_DIFFERENT_OWNER=1"), p.path("r"))
	if !errors.As(err, &distrust) || !strings.Contains(distrust.Line, "dubious ownership") {
		t.Errorf("foreign owner: %v", err)
	}
	p.git("", "config", "--global", "safe.bareRepository", "explicit")
	if _, err := repo.Discover(p.env, p.path("b")); !errors.As(err, &distrust) {
		t.Errorf("bare: %v", err)
	}
	p.git("r", "config", "core.repositoryFormatVersion", "99")
	var said *repo.GitError
	if _, err := repo.Discover(p.env, p.path("r")); !errors.As(err, &said) || !strings.Contains(said.Line(), "99") {
		t.Errorf("version 99: %v", err)
	}
	if _, err := repo.Discover(p.env.With("PATH=/nowhere"), p.path("r")); !errors.Is(err, repo.ErrNoGit) {
		t.Errorf("no git: %v", err)
	}
}

// TestDiscoverRelative: a relative directory is taken from the process's own.
func TestDiscoverRelative(t *testing.T) {
	p := newPlace(t)
	p.repo("r")
	p.mkdir("r/sub")
	t.Chdir(p.path("r"))
	for dir, prefix := range map[string]string{"": "", ".": "", "sub": "sub", "sub/..": ""} {
		r, err := repo.Discover(p.env, dir)
		if err != nil || r.Prefix != prefix || r.WorkTree != p.path("r") {
			t.Errorf("%q: %+v, %v", dir, r, err)
		}
	}
}
