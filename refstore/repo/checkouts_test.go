package repo_test

import (
	"slices"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestCheckouts holds what is read of git's own files against git worktree list, from each
// checkout that is there.
func TestCheckouts(t *testing.T) {
	start := func(p *place, args ...string) {
		p.git("", append([]string{"init", "-q", "-b", "main"}, args...)...)
	}
	app := func(p *place) {
		start(p, "app")
		p.git("app", "commit", "-q", "--allow-empty", "-m", "one")
	}
	add := func(p *place, args ...string) { p.git("app", append([]string{"worktree", "add", "-q"}, args...)...) }
	for name, c := range map[string]struct {
		arrange func(p *place)
		from    []string // default app
		git     bool     // git is asked
	}{
		"alone":    {arrange: app},
		"unborn":   {arrange: func(p *place) { start(p, "app") }},
		"detached": {arrange: func(p *place) { app(p); p.git("app", "checkout", "-q", "--detach") }},
		"linked": {from: []string{"app", "wt/b", "wt/a"}, arrange: func(p *place) {
			app(p)
			add(p, "-b", "feat/b", "../wt/b")
			add(p, "--detach", "../wt/a")
			add(p, "-b", "c", "../wt/c d")
		}},
		"locked": {arrange: func(p *place) {
			app(p)
			add(p, "--lock", "../one")
			add(p, "../two")
			p.git("app", "worktree", "lock", "--reason", "on a stick", "../two")
		}},
		"gone":     {arrange: func(p *place) { app(p); add(p, "../one"); p.remove("one") }},
		"moved":    {from: []string{"app", "other"}, arrange: func(p *place) { app(p); add(p, "../one"); p.git("app", "worktree", "move", "../one", "../other") }},
		"a rebase": {from: []string{"app", "one"}, arrange: func(p *place) { app(p); add(p, "../one"); p.git("one", "checkout", "-q", "--detach") }},
		"relative": {git: true, arrange: func(p *place) {
			app(p)
			add(p, "../one")
			p.write("app/.git/worktrees/one/gitdir", "../../../../one/.git\n")
		}},
		"no path":         {git: true, arrange: func(p *place) { app(p); add(p, "../one"); p.remove("app/.git/worktrees/one/gitdir") }},
		"settings of one": {git: true, arrange: func(p *place) { app(p); p.git("app", "config", "extensions.worktreeConfig", "true") }},
		"bare": {from: []string{"app.git", "one"}, arrange: func(p *place) {
			app(p)
			p.git("", "clone", "-q", "--bare", "app", "app.git")
			p.git("app.git", "worktree", "add", "-q", "-b", "x", "../one")
		}},
		"a git dir elsewhere": {from: []string{"app", "one"}, arrange: func(p *place) {
			start(p, "--separate-git-dir", "elsewhere", "app")
			p.git("app", "commit", "-q", "--allow-empty", "-m", "one")
			add(p, "../one")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			c.arrange(p)
			if c.from == nil {
				c.from = []string{"app"}
			}
			for _, dir := range c.from {
				r := p.discover(dir)
				want, err := r.CheckoutsByGit()
				if err != nil {
					t.Fatal(err)
				}
				got, err := r.CheckoutsHere()
				if c.git != (err != nil) || !c.git && !slices.Equal(got, want) {
					t.Errorf("from %s:\n%+v, %v\ngit has\n%+v", dir, got, err, want)
				}
				if got, err := r.Checkouts(t.Context()); err != nil || !slices.Equal(got, want) {
					t.Errorf("from %s:\n%+v, %v\ngit has\n%+v", dir, got, err, want)
				}
			}
		})
	}
}

// TestConfigNow: what another process has set since is seen.
func TestConfigNow(t *testing.T) {
	p := newPlace(t)
	p.git("", "init", "-q", "app")
	r := p.discover("app")
	if _, err := r.Config(); err != nil {
		t.Fatal(err)
	}
	p.git("app", "config", "a.b", "new")
	for name, read := range map[string]func() (*repo.Config, error){"all": r.ConfigNow, "own": r.OwnConfigNow} {
		config, err := read()
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := config.Get("a.b"); got != "new" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if config, _ := r.Config(); config == nil || len(config.All("a.b")) > 0 {
		t.Error("Config is not what it was")
	}
}
