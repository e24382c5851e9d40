package repo_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// targetGround is a place with a hub, on which main and release are, and a clone of
// it in "app", with feat/a checked out, which has no upstream.
func targetGround(t *testing.T) *place {
	t.Helper()
	p := newPlace(t)
	p.git("", "init", "-q", "--bare", "--template=", "hub")
	p.git("", "clone", "-q", "--template=", "hub", "app")
	p.git("app", "commit", "-q", "--allow-empty", "-m", "start")
	p.git("app", "push", "-q", "origin", "HEAD:main", "HEAD:release")
	p.git("app", "remote", "set-head", "origin", "main")
	p.git("app", "branch", "-q", "-u", "origin/main")
	p.git("app", "checkout", "-q", "-b", "feat/a", "--no-track")
	return p
}

// copy is a place of its own with the same hub and clone.
func (p *place) copy(t *testing.T) *place {
	t.Helper()
	c := newPlace(t)
	for _, dir := range []string{"hub", "app"} {
		if err := os.CopyFS(c.path(dir), os.DirFS(p.path(dir))); err != nil {
			t.Fatal(err)
		}
	}
	c.git("app", "config", "remote.origin.url", c.path("hub"))
	return c
}

// commitTeamFile puts swarm.toml on a branch of the hub, and fetches it.
func (p *place) commitTeamFile(remote, branch, content string) {
	p.t.Helper()
	p.git("app", "checkout", "-q", "--detach", "refs/remotes/"+remote+"/"+branch)
	p.write("app/swarm.toml", content)
	p.git("app", "add", "swarm.toml")
	p.git("app", "commit", "-q", "-m", "settings")
	p.git("app", "push", "-q", remote, "HEAD:"+branch)
	p.git("app", "checkout", "-q", "feat/a")
}

func (p *place) target(q repo.TargetQuery) (repo.Target, error) {
	p.t.Helper()
	return p.discover("app").FindTarget(context.Background(), q)
}

// Each source by itself, and against those that come after it.
func TestTarget(t *testing.T) {
	t.Parallel()
	config := func(p *place, pairs ...string) {
		for i := 0; i < len(pairs); i += 2 {
			p.git("app", "config", pairs[i], pairs[i+1])
		}
	}
	upstream := func(p *place, remote, branch string) {
		config(p, "branch.feat/a.remote", remote, "branch.feat/a.merge", "refs/heads/"+branch)
	}
	second := func(p *place) { p.git("app", "remote", "add", "second", "../hub") }
	noOrigin := func(p *place) { p.git("app", "remote", "rename", "origin", "first") }
	ground := targetGround(t)
	type target struct {
		name   string
		source repo.TargetSource
	}
	for name, c := range map[string]struct {
		make func(p *place)
		to   string
		want target
		err  error
	}{
		"the remote's default": {want: target{"origin/main", repo.FromRemoteDefault}},
		"the remote's default is another": {make: func(p *place) {
			p.git("app", "remote", "set-head", "origin", "release")
		}, want: target{"origin/release", repo.FromRemoteDefault}},
		"no origin/HEAD": {make: func(p *place) {
			p.git("app", "remote", "set-head", "origin", "--delete")
		}, want: target{"origin/main", repo.FromRemoteDefault}},
		"origin/HEAD dangles": {make: func(p *place) {
			p.git("app", "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone")
		}, want: target{"origin/main", repo.FromRemoteDefault}},
		"no origin/HEAD, another init.defaultBranch": {make: func(p *place) {
			p.git("app", "remote", "set-head", "origin", "--delete")
			config(p, "init.defaultBranch", "release")
		}, want: target{"origin/release", repo.FromRemoteDefault}},
		"nothing fetched": {make: func(p *place) {
			p.git("app", "update-ref", "-d", "refs/remotes/origin/HEAD")
			p.git("app", "update-ref", "-d", "refs/remotes/origin/main")
			p.git("app", "update-ref", "-d", "refs/remotes/origin/release")
		}, want: target{"origin/main", repo.FromLocalDefault}},
		"upstream": {make: func(p *place) { upstream(p, "origin", "release") }, want: target{"origin/release", repo.FromUpstream}},
		"own copy": {make: func(p *place) { upstream(p, "origin", "feat/a") }, want: target{"origin/main", repo.FromRemoteDefault}},
		"own copy elsewhere": {make: func(p *place) {
			second(p)
			upstream(p, "second", "feat/a")
		}, want: target{"origin/main", repo.FromRemoteDefault}},
		"same name, of no session": {make: func(p *place) {
			p.git("app", "checkout", "-q", "-b", "release", "--track", "origin/release")
		}, want: target{"origin/release", repo.FromUpstream}},
		"upstream is no branch": {make: func(p *place) {
			upstream(p, "origin", "x")
			config(p, "branch.feat/a.merge", "refs/tags/v1")
		}, want: target{"origin/main", repo.FromRemoteDefault}},
		"upstream here": {make: func(p *place) { upstream(p, ".", "main") }, want: target{"origin/main", repo.FromUpstream}},
		"upstream here, which has none": {make: func(p *place) {
			p.git("app", "branch", "base")
			upstream(p, ".", "base")
		}, want: target{"origin/main", repo.FromRemoteDefault}},
		"upstream here, in a circle": {make: func(p *place) {
			upstream(p, ".", "base")
			config(p, "branch.base.remote", ".", "branch.base.merge", "refs/heads/feat/a")
		}, want: target{"origin/main", repo.FromRemoteDefault}},
		"another upstream's remote": {make: func(p *place) {
			second(p)
			upstream(p, "second", "release")
		}, want: target{"second/release", repo.FromUpstream}},
		"swarm.remote is another than the upstream's": {make: func(p *place) {
			second(p)
			p.git("app", "fetch", "-q", "second")
			upstream(p, "origin", "release")
			config(p, "swarm.remote", "second")
		}, want: target{"second/main", repo.FromRemoteDefault}},
		"pushDefault": {make: func(p *place) {
			second(p)
			config(p, "remote.pushDefault", "second")
		}, want: target{"second/main", repo.FromLocalDefault}},
		"swarm.target": {make: func(p *place) {
			upstream(p, "origin", "main")
			config(p, "swarm.target", "release")
		}, want: target{"origin/release", repo.FromConfig}},
		"swarm.target in full":  {make: func(p *place) { config(p, "swarm.target", "refs/heads/release") }, want: target{"origin/release", repo.FromConfig}},
		"swarm.target is empty": {make: func(p *place) { config(p, "swarm.target", "") }, want: target{"origin/main", repo.FromRemoteDefault}},
		"given": {make: func(p *place) {
			upstream(p, "origin", "main")
			config(p, "swarm.target", "main")
		}, to: "topic", want: target{"origin/topic", repo.FromOption}},
		"given in full": {to: "refs/heads/topic", want: target{"origin/topic", repo.FromOption}},
		"swarm.toml": {make: func(p *place) {
			p.commitTeamFile("origin", "main", "target = \"release\"\n")
			upstream(p, "origin", "main")
		}, want: target{"origin/release", repo.FromTeamFile}},
		"swarm.toml, and swarm.target": {make: func(p *place) {
			p.commitTeamFile("origin", "main", "target = \"release\"\n")
			config(p, "swarm.target", "main")
		}, want: target{"origin/main", repo.FromConfig}},
		"swarm.toml on another branch": {make: func(p *place) {
			p.commitTeamFile("origin", "release", "target = \"evil\"\n")
			upstream(p, "origin", "release")
		}, want: target{"origin/release", repo.FromUpstream}},
		"swarm.toml in the work tree": {make: func(p *place) {
			p.write("app/swarm.toml", "target = \"evil\"\nremote = \"evil\"\n")
		}, want: target{"origin/main", repo.FromRemoteDefault}},
		"swarm.toml on the session's branch": {make: func(p *place) {
			p.write("app/swarm.toml", "target = \"evil\"\n")
			p.git("app", "add", "swarm.toml")
			p.git("app", "commit", "-q", "-m", "settings")
		}, want: target{"origin/main", repo.FromRemoteDefault}},
		"swarm.toml's remote": {make: func(p *place) {
			second(p)
			p.commitTeamFile("origin", "main", "remote = \"second\"\n")
			p.git("app", "fetch", "-q", "second")
		}, want: target{"second/main", repo.FromRemoteDefault}},
		"swarm.toml's remote, and swarm.remote": {make: func(p *place) {
			second(p)
			p.commitTeamFile("origin", "main", "remote = \"second\"\n")
			config(p, "swarm.remote", "origin")
		}, want: target{"origin/main", repo.FromRemoteDefault}},
		"swarm.toml's remote is not here": {make: func(p *place) {
			p.commitTeamFile("origin", "main", "remote = \"second\"\n")
		}, err: new(repo.UnknownRemoteError)},
		"swarm.toml is malformed": {make: func(p *place) { p.commitTeamFile("origin", "main", "target = 1\n") }, err: new(repo.TeamFileError)},
		"swarm.toml is malformed, unasked": {make: func(p *place) {
			p.commitTeamFile("origin", "main", "target = 1\n")
			config(p, "swarm.target", "main", "swarm.remote", "origin")
		}, want: target{"origin/main", repo.FromConfig}},
		"swarm.toml is too long": {make: func(p *place) {
			p.commitTeamFile("origin", "main", "# "+strings.Repeat("x", 1<<20)+"\n")
		}, err: new(repo.TeamFileError)},
		"another refspec": {make: func(p *place) {
			config(p, "remote.origin.fetch", "+refs/heads/*:refs/remotes/far/origin-*")
			p.git("app", "fetch", "-q")
			p.git("app", "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/far/origin-release")
		}, want: target{"origin/release", repo.FromRemoteDefault}},
		"one remote by another name": {make: noOrigin, want: target{"first/main", repo.FromRemoteDefault}},
		"a remote with a slash": {make: func(p *place) {
			p.git("app", "remote", "rename", "origin", "team/hub")
		}, want: target{"team/hub/main", repo.FromRemoteDefault}},
		"no one of several remotes": {make: func(p *place) {
			second(p)
			noOrigin(p)
		}, err: repo.ErrWhichRemote},
		"several remotes, one chosen": {make: func(p *place) {
			second(p)
			noOrigin(p)
			config(p, "swarm.remote", "first")
		}, want: target{"first/main", repo.FromRemoteDefault}},
		"a remote without a URL is none": {make: func(p *place) {
			noOrigin(p)
			config(p, "remote.origin.prune", "true")
		}, want: target{"first/main", repo.FromRemoteDefault}},
		"swarm.remote is the URL of one": {make: func(p *place) {
			config(p, "swarm.remote", p.path("hub"))
		}, want: target{"hub/main", repo.FromRemoteDefault}},
		"swarm.remote is nowhere":  {make: func(p *place) { config(p, "swarm.remote", "nowhere") }, want: target{"nowhere/main", repo.FromLocalDefault}},
		"no remote":                {make: noRemote, want: target{"main", repo.FromLocalDefault}},
		"no remote, upstream here": {make: func(p *place) { noRemote(p); upstream(p, ".", "release") }, want: target{"release", repo.FromUpstream}},
		"no remote, swarm.target":  {make: func(p *place) { noRemote(p); config(p, "swarm.target", "release") }, want: target{"release", repo.FromConfig}},
		"no remote, swarm.toml on the main branch": {make: func(p *place) {
			p.commitTeamFile("origin", "main", "target = \"release\"\n")
			p.git("app", "branch", "-f", "main", "origin/main")
			noRemote(p)
		}, want: target{"release", repo.FromTeamFile}},
		"no remote, no usual branch": {make: func(p *place) {
			noRemote(p)
			p.git("app", "branch", "-m", "main", "trunk")
		}, err: repo.ErrNoTarget},
		"detached": {make: func(p *place) {
			upstream(p, "origin", "release")
			p.git("app", "checkout", "-q", "--detach")
		}, want: target{"origin/main", repo.FromRemoteDefault}},
		"unborn":  {make: func(p *place) { p.git("app", "checkout", "-q", "--orphan", "new") }, want: target{"origin/main", repo.FromRemoteDefault}},
		"bare":    {make: func(p *place) { config(p, "core.bare", "true") }, want: target{"origin/main", repo.FromRemoteDefault}},
		"strange": {to: `ü"'$(x)&`, want: target{`origin/ü"'$(x)&`, repo.FromOption}},
		"no name": {make: func(p *place) { config(p, "swarm.target", "a..b") }, err: new(repo.BranchNameError)},
		"no name in swarm.toml": {make: func(p *place) {
			p.commitTeamFile("origin", "main", "target = \"--force\"\n")
		}, err: new(repo.BranchNameError)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := ground.copy(t)
			if c.make != nil {
				c.make(p)
			}
			got, err := p.target(repo.TargetQuery{Branch: "HEAD", To: c.to, IsSessionBranch: func(_ context.Context, branch string) (bool, error) {
				return branch == "feat/a", nil
			}})
			if !sameError(err, c.err) {
				t.Fatalf("%v, %v, want %v", got, err, c.err)
			}
			name := strings.TrimPrefix(got.String(), p.dir+"/")
			if err == nil && (target{name, got.Source}) != c.want {
				t.Errorf("%s (%s), want %s (%s)", name, got.Source, c.want.name, c.want.source)
			}
		})
	}
}

func noRemote(p *place) {
	p.git("app", "branch", "-f", "release", "origin/release")
	p.git("app", "remote", "remove", "origin")
}

// sameError compares sentinels by identity and the others by type.
func sameError(got, want error) bool {
	switch want.(type) {
	case *repo.UnknownRemoteError:
		var e *repo.UnknownRemoteError
		return errors.As(got, &e)
	case *repo.TeamFileError:
		var e *repo.TeamFileError
		return errors.As(got, &e)
	case *repo.BranchNameError:
		var e *repo.BranchNameError
		return errors.As(got, &e)
	}
	return errors.Is(got, want)
}

// The branch asked about need not be the one that is checked out, and one without
// a name has no upstream.
func TestTargetOfAnotherBranch(t *testing.T) {
	t.Parallel()
	p := targetGround(t)
	p.git("app", "branch", "-q", "-u", "origin/release", "feat/a")
	p.git("app", "worktree", "add", "-q", "-b", "feat/b", "--no-track", "../b", "main")
	for branch, want := range map[string]string{"HEAD": "origin/release", "refs/heads/feat/a": "origin/release", "refs/heads/feat/b": "origin/main", "": "origin/main"} {
		if got, err := p.target(repo.TargetQuery{Branch: branch}); err != nil || got.String() != want {
			t.Errorf("%q lands on %v, %v; want %s", branch, got, err, want)
		}
	}
	if got, err := p.discover("b").FindTarget(t.Context(), repo.TargetQuery{Branch: "HEAD"}); err != nil || got.String() != "origin/main" {
		t.Errorf("in the other worktree: %v, %v", got, err)
	}
}

// A target is known by the ref in which git keeps it.
func TestTargetRef(t *testing.T) {
	t.Parallel()
	p := targetGround(t)
	ref := func(remote, branch string) string {
		t.Helper()
		got, err := p.discover("app").TargetRef(t.Context(), repo.Target{Remote: remote, Branch: branch})
		if errors.Is(err, repo.ErrNotFetched) {
			return "not fetched"
		}
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	want := func(remote, branch, want string) {
		t.Helper()
		if got := ref(remote, branch); got != want {
			t.Errorf("%s of %q is %s, want %s", branch, remote, got, want)
		}
	}
	want("origin", "main", p.git("app", "rev-parse", "--symbolic-full-name", "main@{upstream}"))
	want(p.path("hub"), "main", "refs/remotes/origin/main")
	want("", "main", "refs/heads/main")
	want("", "release", "refs/heads/main")
	want("origin", "topic", "refs/remotes/origin/main")
	want("nowhere", "main", "refs/heads/main")
	p.git("app", "branch", "topic")
	want("origin", "topic", "refs/heads/topic")
	p.git("app", "config", "remote.origin.fetch", "refs/heads/main:refs/far")
	p.git("app", "fetch", "-q")
	want("origin", "main", "refs/far")
	if upstream := p.git("app", "rev-parse", "--symbolic-full-name", "main@{upstream}"); upstream != "refs/far" {
		t.Errorf("git keeps it in %s", upstream)
	}
	p.git("app", "branch", "-m", "main", "trunk")
	want("nowhere", "other", "not fetched")
}

// A branch's name is what git takes for one.
func TestBranchNameAsGit(t *testing.T) {
	t.Parallel()
	p := targetGround(t)
	for _, name := range []string{
		"main", "feat/a", "ü", "a.b", "a@b", "@a", "a{", "v1.0", "a,b", "$(x)", "a'b\"", "%s", "a!", "HEADS", "head", "x/HEAD", "a-", "a.lockx", "\xff",
		"a b", "a..b", ".a", "a.", "a/.b", "a.lock", "a.lock/b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a@{1}", "/a", "a/", "a//b", "-a", "HEAD", "a\x7f", "a\tb", "a\nb",
	} {
		_, refused := p.try("app", "check-ref-format", "--branch", name)
		_, err := p.target(repo.TargetQuery{To: name})
		if (err == nil) != (refused == nil) {
			t.Errorf("%q: %v, git: %v", name, err, refused)
		}
	}
}

// FuzzTeamFile: what others committed is read or refused, and never panics.
func FuzzTeamFile(f *testing.F) {
	f.Add("sessions = [\"A:frontend\"]\nremote = \"origin\"\ntarget = \"main\"\nstaleAfter = \"15m\"\nlockTimeout = \"1m\"\nheal = \"safe\"\nrequireReview = true\n")
	f.Add("verify = \"touch x\"\n")
	f.Add("staleAfter = \"-1s\"\n")
	f.Add("target = [")
	f.Fuzz(func(t *testing.T, content string) {
		file, err := repo.ParseTeamFile([]byte(content))
		var bad *repo.TeamFileError
		if err != nil && !errors.As(err, &bad) {
			t.Errorf("%v", err)
		}
		if err == nil && (file.StaleAfter < 0 || file.LockTimeout < 0) {
			t.Errorf("%+v", file)
		}
	})
}
