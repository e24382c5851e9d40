package repo_test

import (
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestIncludeIfAsGit: conditions on the git dir hold where git says they hold,
// whichever way one came.
func TestIncludeIfAsGit(t *testing.T) {
	p := newPlace(t)
	p.repo("home/work/r")
	p.git("home/work/r", "worktree", "add", "-q", "../w")
	p.mkdir("home/work/b")
	p.git("home/work/b", "init", "-q", "--bare")
	p.mkdir("home/work/r/sub")
	symlink(p, p.path("home/work"), "link")
	symlink(p, p.path("home"), "home2")
	p.mkdir("viaLink")
	symlink(p, p.path("home/work/r/.git"), "viaLink/.git")
	p.write("home/more", "[x]\ny = included\n")
	plainEnv := p.env
	for _, condition := range []string{
		"gitdir:" + p.path("home/work") + "/", "gitdir:" + p.path("home/work"), "gitdir:~/work/", "gitdir:~/work/r/",
		"gitdir:~/work/r/.git", "gitdir:~/work/r/.git/", "gitdir:~/other/", "gitdir:~/wor/", "gitdir:work/", "gitdir:./work/",
		"gitdir:" + p.path("link") + "/", "gitdir:" + p.path("link/r") + "/", "gitdir:~/work/*/", "gitdir:~/work/b/", "gitdir:~/work/**",
		"gitdir:" + p.path("viaLink") + "/", "gitdir:/", "gitdir:", "gitdir:~/WORK/", "gitdir/i:~/WORK/", "gitdir:" + p.path("home") + "//work/",
		"onbranch:main", "onbranch:other", "hasconfig:remote.*.url:x", "nonsense", "gitdir:~/work/\\\\r/",
	} {
		p.write("home/.gitconfig", "[a]\nb = c\n[includeIf \""+condition+"\"]\npath = more\nother = x\n[includeIf]\npath = more\n")
		for _, c := range []struct{ in, pwd string }{
			{"home/work/r", ""},
			{"home/work/r/sub", ""},
			{"home/work/w", ""},
			{"home/work/b", ""},
			{"home/work/r/.git", ""},
			{"home/work/r", p.path("link/r")},
			{"home/work/r/sub", p.path("link/r/sub")},
			{"viaLink", p.path("viaLink")},
			{"home/work/b", p.path("link/b")},
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
