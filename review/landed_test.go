package review

import (
	"strings"
	"testing"
)

// TestLanded: an approval is used up when what it approved has landed, by push or by
// plain git, as it was or in other commits, and whatever became of it after that.
func TestLanded(t *testing.T) {
	revert := func(s *swarm, what string) {
		s.Git("checkout", "-q", "main")
		s.Git("revert", "--no-edit", what)
		s.Git("checkout", "-q", "feat")
	}
	rebased := func(s *swarm) {
		ahead(s)
		s.Git("rebase", "-q", "main")
		s.Git("branch", "-f", "main", "feat")
	}
	// again is the change of feat anew, on top of main.
	again := func(s *swarm) {
		tip := s.rev("feat")
		s.Git("checkout", "-q", "-B", "feat", "main")
		s.Git("cherry-pick", "--allow-empty", "--keep-redundant-commits", string(tip)+"^", string(tip))
	}
	squash := func(s *swarm) {
		s.Git("checkout", "-q", "main")
		s.Git("merge", "-q", "--squash", "feat")
		s.Git("commit", "-q", "-m", "squashed")
		s.Git("checkout", "-q", "feat")
	}
	for _, c := range []struct {
		name string
		then func(s *swarm)
		want Reason
	}{
		{"as it is", func(s *swarm) { s.Git("branch", "-f", "main", "feat") }, HasLanded},
		{"as it is, and more", func(s *swarm) { s.Git("branch", "-f", "main", "feat"); ahead(s) }, HasLanded},
		{"as it is, and reverted", func(s *swarm) {
			s.Git("branch", "-f", "main", "feat")
			revert(s, "HEAD")
			revert(s, "HEAD~2")
		}, HasLanded},
		{"as it is, reverted and picked again", func(s *swarm) {
			s.Git("branch", "-f", "main", "feat")
			revert(s, "HEAD")
			revert(s, "HEAD~2")
			again(s)
		}, HasLanded},
		{"rebased", rebased, HasLanded},
		{"rebased, and reverted", func(s *swarm) { rebased(s); revert(s, "HEAD"); revert(s, "HEAD~2") }, HasLanded},
		{"rebased, reverted and picked again", func(s *swarm) {
			rebased(s)
			revert(s, "HEAD")
			revert(s, "HEAD~2")
			again(s)
		}, HasLanded},
		{"rebased, reverted and squashed again", func(s *swarm) {
			rebased(s)
			revert(s, "HEAD")
			revert(s, "HEAD~2")
			again(s)
			s.Git("reset", "-q", "--soft", "main")
			s.Git("commit", "-q", "-m", "all")
		}, HasLanded},
		{"rebased by another, with the branch as it was", func(s *swarm) {
			tip := s.rev("feat")
			rebased(s)
			s.Git("reset", "-q", "--hard", string(tip))
		}, HasLanded},
		{"rebased, reverted, and the branch as it was", func(s *swarm) {
			tip := s.rev("feat")
			rebased(s)
			revert(s, "HEAD")
			revert(s, "HEAD~2")
			s.Git("reset", "-q", "--hard", string(tip))
		}, HasLanded},
		{"with other lines beside it", func(s *swarm) {
			s.onMain("ahead", func() { s.Write("code", lines("code", 40, map[int]string{18: "near", 22: "near"})) })
			s.Git("rebase", "-q", "main")
			s.Git("branch", "-f", "main", "feat")
			revert(s, "HEAD")
			revert(s, "HEAD~2")
			again(s)
		}, HasLanded},
		{"with a conflict that was resolved", func(s *swarm) {
			s.onMain("ahead", func() { s.Write("code", lines("code", 40, map[int]string{20: "another"})) })
			s.fails("rebase", "-q", "main")
			s.Write("code", code(nil))
			s.Git("add", "code")
			s.Git("rebase", "--continue")
			s.Git("branch", "-f", "main", "feat")
			ahead(s)
		}, HasLanded},
		{"squashed", squash, HasLanded},
		{"squashed, reverted and picked again", func(s *swarm) { squash(s); revert(s, "HEAD"); again(s) }, HasLanded},
		{"merged", func(s *swarm) {
			s.Git("checkout", "-q", "main")
			s.Git("merge", "-q", "--no-ff", "-m", "merge", "feat")
			s.Git("checkout", "-q", "feat")
		}, HasLanded},
		{"merged, and the merge reverted", func(s *swarm) {
			s.Git("checkout", "-q", "main")
			s.Git("merge", "-q", "--no-ff", "-m", "merge", "feat")
			s.Git("revert", "--no-edit", "-m", "1", "HEAD")
			s.Git("checkout", "-q", "feat")
			again(s)
		}, HasLanded},
		{"a part of it", func(s *swarm) {
			s.Git("branch", "-f", "main", "feat^")
			ahead(s)
			s.Git("rebase", "-q", "main")
		}, ""},
		{"a part of it, reverted and picked again", func(s *swarm) {
			s.Git("branch", "-f", "main", "feat^")
			revert(s, "HEAD")
			again(s)
		}, HasChanged},
		{"a part of it, reverted and squashed with the rest", func(s *swarm) {
			s.Git("branch", "-f", "main", "feat^")
			revert(s, "HEAD")
			again(s)
			s.Git("reset", "-q", "--soft", "main")
			s.Git("commit", "-q", "-m", "all")
		}, HasChanged},
		{"its last part, reverted and picked again", func(s *swarm) {
			s.Git("checkout", "-q", "main")
			s.Git("cherry-pick", "feat")
			s.Git("checkout", "-q", "feat")
			revert(s, "HEAD")
			again(s)
		}, HasChanged},
		{"its last part, reverted, and the rest rebased", func(s *swarm) {
			s.Git("checkout", "-q", "main")
			s.Git("cherry-pick", "feat")
			s.Git("checkout", "-q", "feat")
			revert(s, "HEAD")
			s.Git("rebase", "-q", "main")
		}, HasChanged},
		{"its last part, and the rest rebased", func(s *swarm) {
			s.Git("checkout", "-q", "main")
			s.Git("cherry-pick", "feat")
			s.Git("checkout", "-q", "feat")
			s.Git("rebase", "-q", "main")
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSwarm(t)
			s.request("A", "B")
			s.say("B", 1, Approve, "")
			c.then(s)
			s.wants(c.want)
		})
	}
}

// pinned reports whether the commits of A's newest request are kept.
func (s *swarm) pinned() bool { return s.Git("for-each-ref", pinRef("A")) != "" }

// TestWithdrawnUnpinned: nothing keeps the commits of a review that was withdrawn.
func TestWithdrawnUnpinned(t *testing.T) {
	s := newSwarm(t)
	s.request("A", "B")
	if !s.pinned() {
		t.Error("a request keeps nothing")
	}
	s.say("A", 1, Withdraw, "")
	if s.pinned() {
		t.Error("the commits are kept")
	}
	s.request("A", "B")
	if !s.pinned() {
		t.Error("the next request keeps nothing")
	}
	s.healthy()
}

// TestThrough: what was let through and landed is known by its commit, however much it
// differs from what was approved in commits and surroundings.
func TestThrough(t *testing.T) {
	s := newSwarm(t)
	s.request("A", "B")
	s.say("B", 1, Approve, "")
	s.onMain("near", func() { s.Write("code", lines("code", 40, map[int]string{18: "near", 22: "near"})) })
	s.Git("rebase", "-q", "main")
	// as one commit in other words, whose patch has other lines around it
	s.Git("reset", "-q", "--soft", "main")
	s.Git("commit", "-q", "-m", "all", "--author", "X <x@x>")
	s.wants("")
	s.Must(s.LetThrough(bg, "A", s.rev("feat")))
	s.wants("") // it has not landed yet
	s.Git("commit", "-q", "--amend", "-m", "all, again")
	s.Must(s.LetThrough(bg, "A", s.rev("feat")))
	all := s.rev("feat")
	s.Git("checkout", "-q", "-B", "main", "feat")
	s.Git("revert", "--no-edit", "HEAD")
	s.Git("checkout", "-q", "-B", "feat", "main")
	s.Git("cherry-pick", string(all))
	s.Git("commit", "-q", "--amend", "-m", "all, for the third time", "--reset-author")
	s.wants(HasLanded)
	s.Must(s.Landed(bg, "A", s.rev("feat~3"))) // which does not have it
	if !s.pinned() {
		t.Error("the commits of a review that has not landed are given up")
	}
	s.Must(s.Landed(bg, "A", s.rev("main")))
	if s.pinned() {
		t.Error("the commits of a review that has landed are kept")
	}
	s.Git("reflog", "expire", "--expire=now", "--all")
	s.Git("gc", "-q", "--prune=now")
	s.wants(HasLanded)
	r := s.get(1)
	s.Must(s.MarkLanded(bg, r))
	if r.State != Landed {
		t.Errorf("the review is %s", r.State)
	}

	// The next request is another's business.
	s.request("A", "B")
	s.say("B", 2, Approve, "")
	if err := s.newestClear("A", s.span()); err != nil {
		t.Error(err)
	}
	if r, err := s.Latest(bg, "A"); err != nil || s.MarkLanded(bg, r) != nil || r.State != Approved {
		t.Errorf("%+v, %v", r, err)
	}
	s.collect()
	s.healthy()
}

// TestAskedAgain: a request for what has landed and was reverted begins after that, so
// its approval counts.
func TestAskedAgain(t *testing.T) {
	s := newSwarm(t)
	s.request("A", "B")
	s.say("B", 1, Approve, "")
	tip := s.rev("feat")
	s.Git("checkout", "-q", "-B", "main", "feat")
	s.Git("revert", "--no-edit", "HEAD", "HEAD^")
	s.Git("checkout", "-q", "-B", "feat", "main")
	s.Git("cherry-pick", string(tip)+"^", string(tip))
	s.wants(HasLanded)
	if no := s.wants(HasLanded); !strings.HasPrefix(no.Error(), "A: what review #1 approved has landed on main already; not approved: "+string(s.rev("feat^"))[:10]+" one, ") {
		t.Errorf("%s", no)
	}
	s.request("A", "B")
	s.say("B", 2, Approve, "")
	if err := s.newestClear("A", s.span()); err != nil {
		t.Error(err)
	}
}

// TestHiddenBySum: reviewers see the sum of a range. Commits that cancel each other out
// in it do not land apart.
func TestHiddenBySum(t *testing.T) {
	for _, c := range []struct {
		name         string
		before, then func(s *swarm)
	}{
		{"by a merge that undoes a commit", func(s *swarm) {
			s.Git("checkout", "-q", "-b", "side", "main")
			s.Write("side", "side\n")
			s.Commit("side")
			s.Git("checkout", "-q", "feat")
			s.Write("other", "evil\n")
			s.Commit("evil")
			s.Git("merge", "-q", "--no-commit", "side")
			s.Write("other", lines("other", 40, nil))
			s.Commit("merge")
		}, func(s *swarm) {
			ahead2(s)
			s.Git("rebase", "-q", "main")
		}},
		{"by a commit that the target has meanwhile", func(s *swarm) {
			s.Write("other", lines("other", 40, map[int]string{20: "no check"}))
			s.Commit("evil")
			s.Write("other", lines("other", 40, nil))
			s.Commit("undone")
		}, func(s *swarm) {
			s.onMain("no check", func() { s.Write("other", lines("other", 40, map[int]string{20: "no check", 40: "z"})) })
			s.onMain("check", func() { s.Write("other", lines("other", 40, map[int]string{40: "z"})) })
			s.Git("rebase", "-q", "main") // leaves "undone" out
			if !strings.Contains(s.Git("show", "feat:other"), "no check") {
				s.Fatal("git rebase does not leave the commit out")
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			history{c.name, c.before, c.then, false}.test(t)
		})
	}
}

// ahead2 is an edit of main that feat does not touch.
func ahead2(s *swarm) {
	s.onMain("ahead", func() { s.Write("further", "further\n") })
}
