package review

import (
	"errors"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// A range is what its end has that its beginning has not, from their merge base.
func TestParseRange(t *testing.T) {
	s := newSwarm(t)
	git := s.bus.Store().Repo()
	base, one, tip := s.rev("main"), s.rev("feat^"), s.rev("feat")
	ahead(s)
	s.Git("tag", "-a", "-m", "tag", "v1", "feat")
	s.Git("branch", "od\"d", "feat")
	for text, want := range map[string]Range{
		"main..HEAD":                         {"refs/heads/feat", "T", base, tip},
		"main..feat":                         {"refs/heads/feat", "T", base, tip},
		"main..":                             {"refs/heads/feat", "T", base, tip},
		"main..refs/heads/feat":              {"refs/heads/feat", "T", base, tip},
		"main..od\"d":                        {"refs/heads/od\"d", "T", base, tip},
		"feat^..feat":                        {"refs/heads/feat", "T", one, tip},
		"main..feat^":                        {"", "T", base, one},
		"main..v1":                           {"", "T", base, tip},
		string(base) + ".." + string(tip):    {"", "T", base, tip},
		string(base)[:10] + ".." + "v1^{}":   {"", "T", base, tip},
		"feat..main":                         {"refs/heads/main", "T", base, s.rev("main")},
		"..":                                 {"refs/heads/feat", "T", tip, tip},
		"feat@{0}^..@":                       {"refs/heads/feat", "T", one, tip},
		"refs/heads/main..refs/heads/feat~1": {"", "T", base, one},
	} {
		r, err := ParseRange(bg, git, text, "T")
		if err != nil || *r != want {
			t.Errorf("%s is %+v, %v", text, r, err)
		}
	}
	s.Git("checkout", "-q", "--orphan", "apart")
	s.Git("commit", "-q", "-m", "apart")
	var none *NoCommitError
	for text, input := range map[string]bool{
		"main": true, "": true, "main...feat": true, "main. .feat": true, "apart..feat": true, "feat..apart": true,
		"nothing..feat": false, "main..nothing": false, "main..feat..main": false, "main..--all": false, "-x..feat": false, "main..feat^{tree}": false, "main..HEAD:code": false,
		idA + ".." + "feat": false, "main..\x1b[31m": false, "main.." + strings.Repeat("x", 10000): false,
	} {
		r, err := ParseRange(bg, git, text, "T")
		if err == nil || errors.Is(err, bus.ErrInput) != input || errors.As(err, &none) == input {
			t.Errorf("%.40q is %+v, %v", text, r, err)
		}
	}
}

func TestFindRange(t *testing.T) {
	s := newSwarm(t)
	git := s.bus.Store().Repo()
	want := *s.span()
	if r, err := FindRange(bg, git, "HEAD", "refs/heads/main"); err != nil || *r != want {
		t.Errorf("HEAD: %+v, %v", r, err)
	}
	s.Git("checkout", "-q", "--detach")
	want.Branch = ""
	if r, err := FindRange(bg, git, "HEAD", "refs/heads/main"); err != nil || *r != want {
		t.Errorf("HEAD, detached: %+v, %v", r, err)
	}
	s.Git("tag", "main", "feat") // what is ambiguous to people is not to us
	s.Git("checkout", "-q", "feat")
	if r, err := FindRange(bg, git, "refs/heads/feat", "refs/heads/main"); err != nil || r.Base != want.Base {
		t.Errorf("beside a tag of the same name: %+v, %v", r, err)
	}
}

// The target is the upstream if that is no copy of the branch, else the one
// configured, else the remote's default, else the usual one here.
func TestFindTarget(t *testing.T) {
	s := newSwarm(t)
	git := s.bus.Store().Repo()
	wants := func(what, branch, target, want string) {
		t.Helper()
		got, err := FindTarget(bg, git, branch, "", target)
		if got != want || (want == "") != errors.Is(err, ErrNoTarget) {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
	wants("nothing but a branch main", "HEAD", "", "refs/heads/main")
	wants("from main itself", "refs/heads/main", "", "")
	wants("configured here", "HEAD", "feat", "refs/heads/feat")
	s.Git("update-ref", "refs/remotes/origin/main", "main")
	wants("the remote's usual one", "refs/heads/feat", "", "refs/remotes/origin/main")
	s.Git("update-ref", "refs/remotes/origin/release/1.0", "main")
	s.Git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/release/1.0")
	wants("the remote's default", "HEAD", "", "refs/remotes/origin/release/1.0")
	wants("the remote's default, from main", "refs/heads/main", "", "refs/remotes/origin/release/1.0")
	wants("configured on the remote", "HEAD", "main", "refs/remotes/origin/main")
	wants("configured in full", "HEAD", "refs/heads/main", "refs/remotes/origin/main")
	wants("configured, and not there", "HEAD", "nothing", "refs/remotes/origin/release/1.0")
	if got, err := DefaultTarget(bg, git, "origin"); got != "refs/remotes/origin/release/1.0" {
		t.Errorf("by default: %q, %v", got, err)
	}
	s.Git("update-ref", "refs/remotes/origin/feat", "feat")
	s.Git("config", "remote.origin.url", "nowhere")
	s.Git("config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
	s.Git("branch", "-q", "--set-upstream-to=origin/feat")
	wants("the upstream is the branch's copy", "HEAD", "", "refs/remotes/origin/release/1.0")
	s.Git("branch", "-q", "--set-upstream-to=origin/main")
	wants("the upstream", "HEAD", "release/1.0", "refs/remotes/origin/main")
	s.Git("branch", "-q", "--set-upstream-to=main")
	wants("the upstream is here", "HEAD", "", "refs/heads/main")
	s.Git("symbolic-ref", "-d", "refs/remotes/origin/HEAD")
	if got, err := DefaultTarget(bg, git, "origin"); got != "refs/remotes/origin/main" {
		t.Errorf("by default, without the remote's HEAD: %q, %v", got, err)
	}
	for _, branch := range strings.Fields(s.Git("for-each-ref", "--format=%(refname)", "refs/remotes")) {
		s.Git("update-ref", "-d", branch)
	}
	s.Git("branch", "-q", "--unset-upstream")
	s.Git("branch", "-q", "-D", "main")
	wants("nothing", "HEAD", "", "")
}
