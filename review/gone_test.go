package review

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// Where there is nothing to compare with, there is an error and no verdict.
func TestNoBranch(t *testing.T) {
	s := newSwarm(t)
	s.request("A", "B")
	r := s.say("B", 1, Approve, "")
	git := s.bus.Store().Repo()
	s.Git("checkout", "-q", "main")
	s.Git("branch", "-q", "-D", "feat")
	var none *NoCommitError
	if _, err := Now(bg, git, r, r.Target); !errors.As(err, &none) || none.Revision != "refs/heads/feat" {
		t.Errorf("without the branch: %v", err)
	}
	s.Git("branch", "feat", string(r.Tip))
	s.Git("checkout", "-q", "--orphan", "apart")
	s.Git("commit", "-q", "-m", "apart")
	s.Git("branch", "-f", "main")
	if _, err := Now(bg, git, r, r.Target); !errors.Is(err, bus.ErrInput) {
		t.Errorf("with nothing in common: %v", err)
	}
}

// collect removes whatever no ref holds.
func (s *swarm) collect() {
	s.Helper()
	s.Git("reflog", "expire", "--expire=now", "--all")
	_, _ = s.TryGit("update-ref", "-d", "ORIG_HEAD")
	s.Git("gc", "-q", "--prune=now")
}

// What was approved is kept from git gc, so that the verdict is the same after it. Where
// it is gone all the same there is none, for the patch-id takes no notice of blanks.
func TestGone(t *testing.T) {
	for _, c := range []struct {
		name  string
		then  func(s *swarm)
		holds bool
	}{
		{"reworded", func(s *swarm) { s.Git("commit", "-q", "--amend", "-m", "better") }, true},
		{"rebased", func(s *swarm) { ahead(s); s.Git("rebase", "-q", "main") }, true},
		{"amended", func(s *swarm) { s.Write("new", "other\n"); s.Commit("two", "--amend") }, false},
		{"another indent", func(s *swarm) { s.Write("new", "  new\n"); s.Commit("two", "--amend") }, false},
		{"binary amended", func(s *swarm) { s.Write("bin", "\x00\x03"); s.Commit("two", "--amend") }, false},
		{"mode amended", func(s *swarm) { s.Must(os.Chmod(filepath.Join(s.Dir, "new"), 0o777)); s.Commit("two", "--amend") }, false},
		{"submodule amended", func(s *swarm) { s.pointer(idB); s.Git("commit", "-q", "--amend", "--no-edit") }, false},
		{"one more", func(s *swarm) { s.Write("more", "more\n"); s.Commit("three", "--amend") }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSwarm(t)
			s.Write(".gitmodules", "[submodule \"sub\"]\n\tpath = sub\n\turl = ./sub\n\tignore = all\n")
			s.Write("bin", "\x00\x01")
			s.Git("add", ".")
			s.pointer(idA)
			s.Git("commit", "-q", "-m", "three")
			tip := s.request("A", "B").Tip
			s.say("B", 1, Approve, "")
			c.then(s)
			s.collect()
			if c.holds {
				s.wants("")
			} else {
				s.wants(HasChanged)
			}
			s.healthy()
			s.Git("update-ref", "-d", "refs/swarm-pins/A.review")
			s.collect()
			s.fails("cat-file", "-e", string(tip))
			s.wants(IsGone)
			if got := s.get(1); got.State != Approved {
				t.Errorf("the review is %s", got.State)
			}
		})
	}
}

// TestPin: the newest request of each session is kept, from the request or, where an
// older git swarm made it, from the approval on; what it supersedes is not.
func TestPin(t *testing.T) {
	s := newSwarm(t)
	kept := func(tip string, want bool) {
		t.Helper()
		s.collect()
		if _, err := s.TryGit("cat-file", "-e", tip); (err == nil) != want {
			t.Errorf("%s: %v", tip, err)
		}
	}
	first := string(s.request("A", "B").Tip)
	s.Git("commit", "-q", "--amend", "-m", "amended")
	kept(first, true)
	second := string(s.request("A", "B").Tip)
	s.Git("update-ref", "-d", "refs/swarm-pins/A.review")
	s.say("B", 2, Comment, "hm")
	if out, err := s.TryGit("rev-parse", "--verify", "refs/swarm-pins/A.review"); err == nil {
		t.Errorf("a comment keeps %s", out)
	}
	s.say("B", 2, Approve, "")
	s.Git("commit", "-q", "--amend", "-m", "amended again")
	kept(second, true)
	kept(first, false)
	s.say("A", 2, Withdraw, "")
	if log := s.Git("log", "--format=%an %s", "refs/swarm/reviews"); log != "A [withdraw] #2 by A\nB [approve] #2 by B\nB [comment] #2 by B\nA [request] #2 from A to B\nA [request] #1 from A to B" {
		t.Errorf("git log says\n%s", log)
	}
	s.healthy()
}

// The refusal names the commits that nobody approved, and no others.
func TestChangedCommits(t *testing.T) {
	s := newSwarm(t)
	s.request("A", "B")
	s.say("B", 1, Approve, "")
	ahead(s)
	s.Git("rebase", "-q", "main")
	for i := range 7 {
		s.Write("more", fmt.Sprint(i))
		s.Commit(fmt.Sprint("more ", i))
	}
	no := s.wants(HasChanged)
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprintf("%s more %d", s.rev(fmt.Sprint("feat~", 6-i))[:10], i))
	}
	if !slices.Equal(no.Commits, want) {
		t.Errorf("%q, not %q", no.Commits, want)
	}
	if line := no.Error(); !strings.HasPrefix(line, "A: changed since the approval of review #1: "+want[0]+", ") {
		t.Errorf("%s", line)
	}
	s.Git("reset", "-q", "--hard", "HEAD~8")
	if no := s.wants(HasChanged); no.Error() != "A: changed since the approval of review #1" {
		t.Errorf("%s", no)
	}
}

// The reasons, in words.
func TestReasons(t *testing.T) {
	s := newSwarm(t)
	words := func(want string) {
		t.Helper()
		if err := s.newestClear("A", s.span()); (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
	words("A: no review was requested")
	s.request("A", "B", "C")
	words("A: review #1 is pending on B, C")
	s.say("C", 1, Approve, "")
	words("A: review #1 is pending on B")
	s.say("B", 1, Reject, "no \"way\"\nat all")
	words(`A: review #1 was rejected by B: "no \"way\"\nat all"`)
	s.request("A", "B")
	words("A: review #2 is pending on B")
	if err := s.Clear(bg, "A", s.get(1), s.span()); err == nil || err.Error() != "A: review #1 was superseded by #2" {
		t.Errorf("%v", err)
	}
	s.say("B", 2, Approve, "")
	words("")
	s.say("A", 2, Withdraw, "")
	words("A: no review was requested")
	if err := s.newestClear("B", s.span()); err == nil || err.Error() != "B: no review was requested" {
		t.Errorf("%v", err)
	}
}
