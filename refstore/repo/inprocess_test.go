package repo_test

import (
	"os"
	"path/filepath"
	"testing"
)

// TestInProcess: whatever makes git store refs or objects in another way is
// noticed and named.
func TestInProcess(t *testing.T) {
	const hook = "reference-transaction hook"
	v1 := func(p *place) { p.git("r", "config", "core.repositoryFormatVersion", "1") }
	config := func(key, value string) func(*place) {
		return func(p *place) { p.git("r", "config", key, value) }
	}
	variable := func(setting string) func(*place) { return func(p *place) { env(p, setting) } }
	script := func(p *place, name string, mode os.FileMode) {
		p.write(name, "#!/bin/sh\n")
		if err := os.Chmod(p.path(name), mode); err != nil {
			p.t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name        string
		arrange     func(p *place)
		read, write string // why not; empty means yes
	}{
		{"plain", func(*place) {}, "", ""},
		{"harmless extensions", func(p *place) {
			v1(p)
			for _, e := range []string{"noop", "preciousObjects", "partialClone", "worktreeConfig", "relativeWorktrees"} {
				p.local("[extensions]\n" + e + " = true\n")
			}
			p.local("[extensions]\nobjectFormat = sha1\n")
		}, "", ""},
		{"unknown extension, version 0", config("extensions.Frob", "1"), "unknown extension frob", "unknown extension frob"},
		{"GIT_OBJECT_DIRECTORY", func(p *place) { env(p, "GIT_OBJECT_DIRECTORY="+p.path("r/.git/objects")) }, "GIT_OBJECT_DIRECTORY", "GIT_OBJECT_DIRECTORY"},
		{"GIT_ALTERNATE_OBJECT_DIRECTORIES", variable("GIT_ALTERNATE_OBJECT_DIRECTORIES=/x"), "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_ALTERNATE_OBJECT_DIRECTORIES"},
		{"GIT_NAMESPACE", variable("GIT_NAMESPACE=x"), "GIT_NAMESPACE", "GIT_NAMESPACE"},
		{"quarantine", variable("GIT_QUARANTINE_PATH=/x"), "quarantine", "quarantine"},
		{"shared", config("core.sharedRepository", "group"), "", "core.sharedRepository"},
		{"shared by number", config("core.sharedRepository", "0660"), "", "core.sharedRepository"},
		{"shared by the user's file", func(p *place) { p.git("", "config", "--global", "core.sharedRepository", "true") }, "", "core.sharedRepository"},
		{"shared without a value", func(p *place) { p.local("[core]\nsharedRepository\n") }, "", "core.sharedRepository"},
		{"shared: umask", config("core.sharedRepository", "umask"), "", ""},
		{"shared: 0", config("core.sharedRepository", "0"), "", ""},
		{"shared: false", config("core.sharedRepository", "false"), "", ""},
		{"reflogs", config("core.logAllRefUpdates", "always"), "", "core.logAllRefUpdates=always"},
		{"ordinary reflogs", config("core.logAllRefUpdates", "true"), "", ""},
		{"reflogs by the environment", variable("GIT_CONFIG_PARAMETERS='core.logallrefupdates'='always'"), "", "core.logAllRefUpdates=always"},
		{"unreadable configuration", func(p *place) { p.write("home/.gitconfig", "[") }, "", "unreadable configuration"},
		{"hook", func(p *place) { script(p, "r/.git/hooks/reference-transaction", 0o755) }, "", hook},
		{"hook not executable", func(p *place) { script(p, "r/.git/hooks/reference-transaction", 0o644) }, "", ""},
		{"hook but hooksPath elsewhere", func(p *place) {
			script(p, "r/.git/hooks/reference-transaction", 0o755)
			p.git("r", "config", "core.hooksPath", "/dev/null")
		}, "", ""},
		{"hooksPath in the home", func(p *place) {
			script(p, "home/hooks/reference-transaction", 0o755)
			p.git("", "config", "--global", "core.hooksPath", "~/hooks")
		}, "", hook},
		{"hooksPath relative", func(p *place) {
			script(p, "r/.husky/reference-transaction", 0o755)
			p.git("r", "config", "core.hooksPath", ".husky")
		}, "", hook},
		{"hooksPath relative, other hooks", func(p *place) {
			script(p, "r/.husky/pre-commit", 0o755)
			p.git("r", "config", "core.hooksPath", ".husky")
		}, "", ""},
		{"hook in the configuration", config("hook.x.event", "reference-transaction"), "", hook},
		{"sha256", func(p *place) {
			os.RemoveAll(p.path("r"))
			p.repo("r", "--object-format=sha256")
			p.mkdir("r/sub")
		}, "sha256", "sha256"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.repo("r")
			p.mkdir("r/sub")
			c.arrange(p)
			for _, in := range []string{"r", "r/sub"} {
				r := p.discover(in)
				if ok, why := r.ReadInProcess(); why != c.read || ok != (c.read == "") {
					t.Errorf("%s: read: %v, %q", in, ok, why)
				}
				if ok, why := r.InProcess(); why != c.write || ok != (c.write == "") {
					t.Errorf("%s: write: %v, %q", in, ok, why)
				}
			}
		})
	}
}

// TestHookAsGit: where we find no hook, git runs none; where git runs one, we
// find it. The witness is a hook that leaves a mark.
func TestHookAsGit(t *testing.T) {
	for _, hooksPath := range []string{"", ".husky", "../hooks", "~/hooks", "/dev/null", "."} {
		for _, where := range []string{"r/.git/hooks", "r/.husky", "hooks", "home/hooks", "r", "r/.git", "r/sub/.husky"} {
			p := newPlace(t)
			p.repo("r")
			p.mkdir("r/sub")
			p.write(where+"/reference-transaction", "#!/bin/sh\n: >'"+p.path("mark")+"'\n")
			os.Chmod(p.path(where+"/reference-transaction"), 0o755)
			if hooksPath != "" {
				p.git("", "config", "--global", "core.hooksPath", hooksPath)
			}
			ok, why := p.discover("r/sub").InProcess()
			_, err := p.try("r/sub", "update-ref", "refs/heads/x", "HEAD")
			if err == nil { // else git tried, and could not
				_, err = os.Stat(p.path("mark"))
			} else {
				err = nil
			}
			if ok && err == nil {
				t.Errorf("hooksPath %q, hook in %s: git ran it and we did not see it", hooksPath, where)
			}
			if !ok && err != nil {
				t.Logf("hooksPath %q, hook in %s: git did not run it, we say %q", hooksPath, where, why)
			}
		}
	}
}

// TestSessionFile: each worktree has its own, out of sight of git status.
func TestSessionFile(t *testing.T) {
	p := newPlace(t)
	p.repo("r")
	p.git("r", "worktree", "add", "-q", "../w")
	for in, want := range map[string]string{"r": "r/.git", "w": "r/.git/worktrees/w"} {
		if got := p.discover(in).SessionFile(); got != filepath.Join(p.path(want), "swarm-session") {
			t.Errorf("%s: %s", in, got)
		}
	}
}
