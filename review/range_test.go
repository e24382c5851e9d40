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
		"main..HEAD":                         {"refs/heads/feat", "T", "", base, tip},
		"main..feat":                         {"refs/heads/feat", "T", "", base, tip},
		"main..":                             {"refs/heads/feat", "T", "", base, tip},
		"main..refs/heads/feat":              {"refs/heads/feat", "T", "", base, tip},
		"main..od\"d":                        {"refs/heads/od\"d", "T", "", base, tip},
		"feat^..feat":                        {"refs/heads/feat", "T", "", one, tip},
		"main..feat^":                        {"", "T", "", base, one},
		"main..v1":                           {"", "T", "", base, tip},
		string(base) + ".." + string(tip):    {"", "T", "", base, tip},
		string(base)[:10] + ".." + "v1^{}":   {"", "T", "", base, tip},
		"feat..main":                         {"refs/heads/main", "T", "", base, s.rev("main")},
		"..":                                 {"refs/heads/feat", "T", "", tip, tip},
		"feat@{0}^..@":                       {"refs/heads/feat", "T", "", one, tip},
		"refs/heads/main..refs/heads/feat~1": {"", "T", "", base, one},
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
