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

// ahead is an edit of main beside the change of feat.
func ahead(s *swarm) {
	s.onMain("ahead", func() { s.write("other", lines("other", 40, map[int]string{1: "ahead"})) })
}

// rebases: the change, on another base.
var rebases = []history{
	{"clean", nil, func(s *swarm) { ahead(s); s.git("rebase", "-q", "main") }, true},
	{"clean, of a target that has not moved", nil, func(s *swarm) { s.git("rebase", "-q", "--force-rebase", "main") }, true},
	{"clean, twice", nil, func(s *swarm) {
		ahead(s)
		s.git("rebase", "-q", "main")
		s.onMain("further", func() { s.write("further", "further\n") })
		s.git("rebase", "-q", "main")
	}, true},
	{"clean, with lines moved by the target", nil, func(s *swarm) {
		s.onMain("ahead", func() { s.write("code", "top\n"+lines("code", 40, map[int]string{40: "bottom"})) })
		s.git("rebase", "-q", "main")
	}, true},
	{"clean, with lines near the change altered by the target", nil, func(s *swarm) {
		s.onMain("ahead", func() { s.write("code", lines("code", 40, map[int]string{18: "near", 22: "near"})) })
		s.git("rebase", "-q", "main")
	}, true},
	{"clean, onto a renamed file", nil, func(s *swarm) {
		s.onMain("ahead", func() { s.git("mv", "code", "renamed") })
		s.git("rebase", "-q", "main")
	}, true},
	{"clean, onto a renamed and altered file", nil, func(s *swarm) {
		s.onMain("ahead", func() {
			s.git("mv", "code", "renamed")
			s.write("renamed", lines("code", 40, map[int]string{2: "too"}))
		})
		s.git("rebase", "-q", "main")
	}, true},
	{"clean, of a file renamed and then rewritten", func(s *swarm) {
		s.git("mv", "other", "moved")
		s.commit("rename")
		s.write("moved", lines("quite another", 20, nil)+lines("other", 40, nil)[strings.Index(lines("other", 40, nil), "other 21"):])
		s.commit("rewrite the first half")
		s.write("moved", lines("quite another", 38, nil)+"other 39\nother 40\n")
		s.commit("rewrite the rest")
	}, func(s *swarm) {
		s.onMain("ahead", func() { s.write("other", lines("other", 40, map[int]string{40: "ahead"})) })
		s.git("rebase", "-q", "main")
	}, true},
	{"clean, squashed and reworded", nil, func(s *swarm) {
		ahead(s)
		s.git("rebase", "-q", "main")
		s.git("reset", "-q", "--soft", "main")
		s.git("commit", "-q", "-m", "all")
	}, true},
	{"clean, of a binary file", func(s *swarm) { s.write("bin", "\x00\x01\x02"); s.commit("bin") }, func(s *swarm) { ahead(s); s.git("rebase", "-q", "main") }, true},
	{"clean, of modes alone", func(s *swarm) {
		s.must(os.Chmod(filepath.Join(s.dir, "other"), 0o777))
		s.commit("mode")
	}, func(s *swarm) { ahead(s); s.git("rebase", "-q", "main") }, true},
	{"clean, of 200 commits", many, func(s *swarm) { ahead(s); s.git("rebase", "-q", "main") }, true},
	{"one of 200 commits amended", many, func(s *swarm) {
		s.git("checkout", "-q", "feat~100")
		s.write("many/odd", "odd\n")
		s.commit("odd", "--amend")
		s.git("rebase", "-q", "--onto", "HEAD", "feat~100", "feat")
	}, false},
	{"clean, then amended", nil, func(s *swarm) {
		ahead(s)
		s.git("rebase", "-q", "main")
		s.write("new", "new \n")
		s.commit("two", "--amend")
	}, false},
	{"clean, but for a commit left out", nil, func(s *swarm) {
		ahead(s)
		s.git("rebase", "-q", "--onto", "main", "feat^", "feat")
	}, false},
	{"with a conflict resolved by hand", nil, func(s *swarm) {
		s.onMain("ahead", func() { s.write("code", lines("code", 40, map[int]string{20: "another"})) })
		s.fails("rebase", "-q", "main")
		s.write("code", code(nil))
		s.git("add", "code")
		s.git("rebase", "--continue")
	}, false},
	{"that takes off what the target did", nil, func(s *swarm) {
		ahead(s)
		s.git("rebase", "-q", "main")
		s.write("other", lines("other", 40, nil))
		s.commit("two", "--amend")
	}, false},
}

// many makes 200 commits.
func many(s *swarm) {
	var b strings.Builder
	for i := range 198 {
		fmt.Fprintf(&b, "commit refs/heads/feat\ncommitter T <t@t> %d +0000\ndata 4\nmany\n", 1700000000+i)
		if i == 0 {
			fmt.Fprintf(&b, "from %s\n", s.rev("feat"))
		}
		fmt.Fprintf(&b, "M 100644 inline many/%d\ndata 2\nx\n\n", i)
	}
	s.feed(b.String(), "fast-import", "--quiet")
	s.git("reset", "-q", "--hard")
	if got := s.git("rev-list", "--count", "main..feat"); got != "200" {
		s.Fatalf("%s commits", got)
	}
}

// merges: other branches come in.
var merges = []history{
	{"of the target", nil, func(s *swarm) { ahead(s); s.git("merge", "-q", "-m", "merge", "main") }, true},
	{"of the target, twice", nil, func(s *swarm) {
		ahead(s)
		s.git("merge", "-q", "-m", "merge", "main")
		s.onMain("further", func() { s.write("further", "further\n") })
		s.git("merge", "-q", "-m", "merge", "main")
	}, true},
	{"of the target, which then moves on", nil, func(s *swarm) {
		ahead(s)
		s.git("merge", "-q", "-m", "merge", "main")
		s.onMain("further", func() { s.write("further", "further\n") })
	}, true},
	{"of the target, then rebased", nil, func(s *swarm) {
		ahead(s)
		s.git("merge", "-q", "-m", "merge", "main")
		s.onMain("further", func() { s.write("further", "further\n") })
		s.git("rebase", "-q", "main")
	}, true},
	{"of the target, before the review", func(s *swarm) { ahead(s); s.git("merge", "-q", "-m", "merge", "main") }, func(s *swarm) {
		s.onMain("further", func() { s.write("further", "further\n") })
		s.git("rebase", "-q", "main")
	}, true},
	{"of the target, with more in it than there was", nil, func(s *swarm) {
		ahead(s)
		s.git("merge", "-q", "--no-commit", "main")
		s.write("evil", "evil\n")
		s.commit("merge")
	}, false},
	{"of the target, with a conflict resolved by hand", nil, func(s *swarm) {
		s.onMain("ahead", func() { s.write("code", lines("code", 40, map[int]string{20: "another"})) })
		s.fails("merge", "-q", "main")
		s.write("code", code(nil))
		s.commit("merge")
	}, false},
	{"of the target, throwing its side away", nil, func(s *swarm) { ahead(s); s.git("merge", "-q", "-s", "ours", "-m", "merge", "main") }, false},
	{"of another branch", nil, func(s *swarm) {
		s.git("checkout", "-q", "-b", "else", "main")
		s.write("else", "else\n")
		s.commit("else")
		s.git("checkout", "-q", "feat")
		s.git("merge", "-q", "-m", "merge", "else")
	}, false},
	{"of another branch that the target has by now", nil, func(s *swarm) {
		s.git("checkout", "-q", "-b", "else", "main")
		s.write("else", "else\n")
		s.commit("else")
		s.git("checkout", "-q", "feat")
		s.git("merge", "-q", "-m", "merge", "else")
		s.git("branch", "-f", "main", "else")
	}, true},
}

// targets: what feat is to land on changes.
var targets = []history{
	{"moves on", nil, ahead, true},
	{"has all of it already", nil, func(s *swarm) { s.git("branch", "-f", "main", "feat") }, true},
	{"has all of it already, and more", nil, func(s *swarm) { s.git("branch", "-f", "main", "feat"); ahead(s) }, true},
	{"has all of it already, and the branch follows", nil, func(s *swarm) {
		ahead(s)
		s.git("rebase", "-q", "main")
		s.git("branch", "-f", "main", "feat")
	}, true},
	{"has part of it already", nil, func(s *swarm) {
		s.onMain("ahead", func() { s.git("cherry-pick", "--no-commit", "feat^") })
		s.git("rebase", "-q", "main")
	}, true},
	{"has part of it already, with the rest on the same lines", func(s *swarm) {
		s.write("code", code(map[int]string{19: "more", 20: "again", 21: "more"}))
		s.commit("three")
	}, func(s *swarm) {
		s.git("checkout", "-q", "main")
		s.git("cherry-pick", "feat~2")
		s.git("checkout", "-q", "feat")
		s.git("rebase", "-q", "main")
	}, true},
	{"reverts a part that it has", nil, func(s *swarm) {
		s.git("branch", "-f", "main", "feat^")
		s.git("checkout", "-q", "main")
		s.git("revert", "--no-edit", "HEAD")
		s.git("checkout", "-q", "feat")
	}, true},
	{"is moved back", func(s *swarm) {
		s.git("checkout", "-q", "main")
		s.write("secret", "never to land again\n")
		s.commit("to be taken off")
		s.git("checkout", "-q", "feat")
		s.git("rebase", "-q", "main")
	}, func(s *swarm) { s.git("branch", "-f", "main", "main^") }, false},
	{"is moved back, and the branch is rebased", func(s *swarm) {
		s.git("checkout", "-q", "main")
		s.write("secret", "never to land again\n")
		s.commit("to be taken off")
		s.git("checkout", "-q", "feat")
		s.git("rebase", "-q", "main")
	}, func(s *swarm) {
		s.git("branch", "-f", "main", "main^")
		s.git("rebase", "-q", "--onto", "main", "feat~2")
	}, true},
	{"is rewritten, and the branch rebased", nil, func(s *swarm) {
		s.git("checkout", "-q", "main")
		s.git("commit", "-q", "--amend", "-m", "start anew")
		s.git("checkout", "-q", "feat")
		s.git("rebase", "-q", "--onto", "main", "feat~2")
	}, true},
	{"is gone", nil, func(s *swarm) { s.git("branch", "-q", "-D", "main") }, true},
	{"is gone, and the branch amended", nil, func(s *swarm) {
		s.git("branch", "-q", "-D", "main")
		s.write("new", "other\n")
		s.commit("two", "--amend")
	}, false},
}

// Where there is nothing to compare with, there is an error and no verdict.
func TestNoBranch(t *testing.T) {
	s := newSwarm(t)
	s.request("A", "B")
	r := s.say("B", 1, Approve, "")
	git := s.bus.Store().Repo()
	s.git("checkout", "-q", "main")
	s.git("branch", "-q", "-D", "feat")
	var none *NoCommitError
	if _, err := Now(bg, git, r); !errors.As(err, &none) || none.Revision != "refs/heads/feat" {
		t.Errorf("without the branch: %v", err)
	}
	s.git("branch", "feat", string(r.Tip))
	s.git("checkout", "-q", "--orphan", "apart")
	s.git("commit", "-q", "-m", "apart")
	s.git("branch", "-f", "main")
	if _, err := Now(bg, git, r); !errors.Is(err, bus.ErrInput) {
		t.Errorf("with nothing in common: %v", err)
	}
}

// What was approved is collected: the patch-id decides alone.
func TestGone(t *testing.T) {
	for _, c := range []struct {
		name  string
		then  func(s *swarm)
		holds bool
	}{
		{"reworded", func(s *swarm) { s.git("commit", "-q", "--amend", "-m", "better") }, true},
		{"rebased", func(s *swarm) { ahead(s); s.git("rebase", "-q", "main") }, true},
		{"amended", func(s *swarm) { s.write("new", "other\n"); s.commit("two", "--amend") }, false},
		{"binary amended", func(s *swarm) { s.write("bin", "\x00\x03"); s.commit("two", "--amend") }, false},
		{"mode amended", func(s *swarm) { s.must(os.Chmod(filepath.Join(s.dir, "new"), 0o777)); s.commit("two", "--amend") }, false},
		{"submodule amended", func(s *swarm) { s.pointer(idB); s.git("commit", "-q", "--amend", "--no-edit") }, false},
		{"one more", func(s *swarm) { s.write("more", "more\n"); s.commit("three", "--amend") }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSwarm(t)
			s.write(".gitmodules", "[submodule \"sub\"]\n\tpath = sub\n\turl = ./sub\n\tignore = all\n")
			s.write("bin", "\x00\x01")
			s.git("add", ".")
			s.pointer(idA)
			s.git("commit", "-q", "-m", "three")
			tip := s.request("A", "B").Tip
			s.say("B", 1, Approve, "")
			c.then(s)
			s.git("reflog", "expire", "--expire=now", "--all")
			s.git("update-ref", "-d", "ORIG_HEAD")
			s.git("gc", "-q", "--prune=now")
			s.fails("cat-file", "-e", string(tip))
			if c.holds {
				s.wants("")
			} else {
				s.wants(HasChanged)
			}
			if got := s.get(1); got.State != Approved {
				t.Errorf("the review is %s", got.State)
			}
		})
	}
}

// The refusal names the commits that nobody approved, and no others.
func TestChangedCommits(t *testing.T) {
	s := newSwarm(t)
	s.request("A", "B")
	s.say("B", 1, Approve, "")
	ahead(s)
	s.git("rebase", "-q", "main")
	for i := range 7 {
		s.write("more", fmt.Sprint(i))
		s.commit(fmt.Sprint("more ", i))
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
	s.git("reset", "-q", "--hard", "HEAD~8")
	if no := s.wants(HasChanged); no.Error() != "A: changed since the approval of review #1" {
		t.Errorf("%s", no)
	}
}

// The reasons, in words.
func TestReasons(t *testing.T) {
	s := newSwarm(t)
	words := func(want string) {
		t.Helper()
		if err := s.Clear(bg, "A", s.span()); (err == nil) != (want == "") || err != nil && err.Error() != want {
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
	if err := s.ClearBy(bg, "A", s.get(1), s.span()); err == nil || err.Error() != "A: review #1 was superseded by #2" {
		t.Errorf("%v", err)
	}
	s.say("B", 2, Approve, "")
	words("")
	s.say("A", 2, Withdraw, "")
	words("A: no review was requested")
	if err := s.Clear(bg, "B", s.span()); err == nil || err.Error() != "B: no review was requested" {
		t.Errorf("%v", err)
	}
}
