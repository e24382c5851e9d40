package repo_test

import (
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestIncludeIfAsGit: conditions on the git dir hold where git says they hold,
// whichever way one came.
func TestIncludeIfAsGit(t *testing.T) {
	p := newPlace(t)
	p.repo("home/code/r")
	p.git("home/code/r", "worktree", "add", "-q", "../w")
	p.mkdir("home/code/b")
	p.git("home/code/b", "init", "-q", "--bare")
	p.mkdir("home/code/r/sub")
	symlink(p, p.path("home/code"), "link")
	symlink(p, p.path("home"), "home2")
	p.mkdir("viaLink")
	symlink(p, p.path("home/code/r/.git"), "viaLink/.git")
	p.write("home/more", "[x]\ny = included\n")
	plainEnv := p.env
	for _, condition := range []string{
		"gitdir:" + p.path("home/code") + "/", "gitdir:" + p.path("home/code"), "gitdir:~/code/", "gitdir:~/code/r/",
		"gitdir:~/code/r/.git", "gitdir:~/code/r/.git/", "gitdir:~/other/", "gitdir:~/cod/", "gitdir:code/", "gitdir:./code/",
		"gitdir:" + p.path("link") + "/", "gitdir:" + p.path("link/r") + "/", "gitdir:~/code/*/", "gitdir:~/code/b/", "gitdir:~/code/**",
		"gitdir:" + p.path("viaLink") + "/", "gitdir:/", "gitdir:", "gitdir:~/CODE/", "gitdir/i:~/CODE/", "gitdir:" + p.path("home") + "//code/",
		"onbranch:main", "onbranch:other", "hasconfig:remote.*.url:x", "nonsense", "gitdir:~/code/\\\\r/",
	} {
		p.write("home/.gitconfig", "[a]\nb = c\n[includeIf \""+condition+"\"]\npath = more\nother = x\n[includeIf]\npath = more\n")
		for _, c := range []struct{ in, pwd string }{
			{"home/code/r", ""},
			{"home/code/r/sub", ""},
			{"home/code/w", ""},
			{"home/code/b", ""},
			{"home/code/r/.git", ""},
			{"home/code/r", p.path("link/r")},
			{"home/code/r/sub", p.path("link/r/sub")},
			{"viaLink", p.path("viaLink")},
			{"home/code/b", p.path("link/b")},
		} {
			for _, home := range []string{"home", "home2"} {
				p.env = plainEnv.With("HOME=" + p.path(home))
				pwd := c.pwd
				if pwd == "" {
					pwd = p.path(c.in)
				}
				p.checkConfig(c.in, pwd, condition)
			}
		}
	}
}

func (p *place) checkConfig(in, pwd, what string) {
	p.t.Helper()
	env(p, "PWD="+pwd)
	want, refusal := p.tryAt(p.path(in), "config", "--list", "-z")
	r, err := repo.Discover(p.env, p.path(in))
	if err != nil {
		p.t.Fatal(err)
	}
	c, err := r.Config()
	if err != nil || refusal != nil || c.Printed() != want {
		p.t.Errorf("%s in %s (%s): git reads %q (%v), we %v", what, in, pwd, want, refusal, err)
	}
}
