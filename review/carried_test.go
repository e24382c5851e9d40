package review

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ahead is an edit of main beside the change of feat.
func ahead(s *swarm) {
	s.onMain("ahead", func() { s.Write("other", lines("other", 40, map[int]string{1: "ahead"})) })
}

// rebases: the change, on another base.
var rebases = []history{
	{"clean", nil, func(s *swarm) { ahead(s); s.Git("rebase", "-q", "main") }, true},
	{"clean, of a target that has not moved", nil, func(s *swarm) { s.Git("rebase", "-q", "--force-rebase", "main") }, true},
	{"clean, twice", nil, func(s *swarm) {
		ahead(s)
		s.Git("rebase", "-q", "main")
		s.onMain("further", func() { s.Write("further", "further\n") })
		s.Git("rebase", "-q", "main")
	}, true},
	{"clean, with lines moved by the target", nil, func(s *swarm) {
		s.onMain("ahead", func() { s.Write("code", "top\n"+lines("code", 40, map[int]string{40: "bottom"})) })
		s.Git("rebase", "-q", "main")
	}, true},
	{"clean, with lines near the change altered by the target", nil, func(s *swarm) {
		s.onMain("ahead", func() { s.Write("code", lines("code", 40, map[int]string{18: "near", 22: "near"})) })
		s.Git("rebase", "-q", "main")
	}, true},
	{"clean, onto a renamed file", nil, func(s *swarm) {
		s.onMain("ahead", func() { s.Git("mv", "code", "renamed") })
		s.Git("rebase", "-q", "main")
	}, true},
	{"clean, onto a renamed file, with renames off in the configuration", nil, func(s *swarm) {
		s.onMain("ahead", func() { s.Git("mv", "code", "renamed") })
		s.Git("rebase", "-q", "main")
		s.Git("config", "merge.renames", "false")
		s.Git("config", "diff.renames", "false")
	}, true},
	{"clean, onto a renamed and altered file", nil, func(s *swarm) {
		s.onMain("ahead", func() {
			s.Git("mv", "code", "renamed")
			s.Write("renamed", lines("code", 40, map[int]string{2: "too"}))
		})
		s.Git("rebase", "-q", "main")
	}, true},
	{"clean, of a file renamed and then rewritten", func(s *swarm) {
		s.Git("mv", "other", "moved")
		s.Commit("rename")
		s.Write("moved", lines("quite another", 20, nil)+lines("other", 40, nil)[strings.Index(lines("other", 40, nil), "other 21"):])
		s.Commit("rewrite the first half")
		s.Write("moved", lines("quite another", 38, nil)+"other 39\nother 40\n")
		s.Commit("rewrite the rest")
	}, func(s *swarm) {
		s.onMain("ahead", func() { s.Write("other", lines("other", 40, map[int]string{40: "ahead"})) })
		s.Git("rebase", "-q", "main")
	}, true},
	{"clean, squashed and reworded", nil, func(s *swarm) {
		ahead(s)
		s.Git("rebase", "-q", "main")
		s.Git("reset", "-q", "--soft", "main")
		s.Git("commit", "-q", "-m", "all")
	}, true},
	{"clean, of a binary file", func(s *swarm) { s.Write("bin", "\x00\x01\x02"); s.Commit("bin") }, func(s *swarm) { ahead(s); s.Git("rebase", "-q", "main") }, true},
	{"clean, of modes alone", func(s *swarm) {
		s.Must(os.Chmod(filepath.Join(s.Dir, "other"), 0o777))
		s.Commit("mode")
	}, func(s *swarm) { ahead(s); s.Git("rebase", "-q", "main") }, true},
	{"clean, of 200 commits", many, func(s *swarm) { ahead(s); s.Git("rebase", "-q", "main") }, true},
	{"one of 200 commits amended", many, func(s *swarm) {
		s.Git("checkout", "-q", "feat~100")
		s.Write("many/odd", "odd\n")
		s.Commit("odd", "--amend")
		s.Git("rebase", "-q", "--onto", "HEAD", "feat~100", "feat")
	}, false},
	{"clean, then amended", nil, func(s *swarm) {
		ahead(s)
		s.Git("rebase", "-q", "main")
		s.Write("new", "new \n")
		s.Commit("two", "--amend")
	}, false},
	{"clean, but for a commit left out", nil, func(s *swarm) {
		ahead(s)
		s.Git("rebase", "-q", "--onto", "main", "feat^", "feat")
	}, false},
	{"with a conflict resolved by hand", nil, func(s *swarm) {
		s.onMain("ahead", func() { s.Write("code", lines("code", 40, map[int]string{20: "another"})) })
		s.fails("rebase", "-q", "main")
		s.Write("code", code(nil))
		s.Git("add", "code")
		s.Git("rebase", "--continue")
	}, false},
	{"that takes off what the target did", nil, func(s *swarm) {
		ahead(s)
		s.Git("rebase", "-q", "main")
		s.Write("other", lines("other", 40, nil))
		s.Commit("two", "--amend")
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
	s.Feed(b.String(), "fast-import", "--quiet")
	s.Git("reset", "-q", "--hard")
	if got := s.Git("rev-list", "--count", "main..feat"); got != "200" {
		s.Fatalf("%s commits", got)
	}
}

// merges: other branches come in.
var merges = []history{
	{"of the target", nil, func(s *swarm) { ahead(s); s.Git("merge", "-q", "-m", "merge", "main") }, true},
	{"of the target, twice", nil, func(s *swarm) {
		ahead(s)
		s.Git("merge", "-q", "-m", "merge", "main")
		s.onMain("further", func() { s.Write("further", "further\n") })
		s.Git("merge", "-q", "-m", "merge", "main")
	}, true},
	{"of the target, which then moves on", nil, func(s *swarm) {
		ahead(s)
		s.Git("merge", "-q", "-m", "merge", "main")
		s.onMain("further", func() { s.Write("further", "further\n") })
	}, true},
	{"of the target, then rebased", nil, func(s *swarm) {
		ahead(s)
		s.Git("merge", "-q", "-m", "merge", "main")
		s.onMain("further", func() { s.Write("further", "further\n") })
		s.Git("rebase", "-q", "main")
	}, true},
	{"of the target, before the review", func(s *swarm) { ahead(s); s.Git("merge", "-q", "-m", "merge", "main") }, func(s *swarm) {
		s.onMain("further", func() { s.Write("further", "further\n") })
		s.Git("rebase", "-q", "main")
	}, true},
	{"of the target, with more in it than there was", nil, func(s *swarm) {
		ahead(s)
		s.Git("merge", "-q", "--no-commit", "main")
		s.Write("evil", "evil\n")
		s.Commit("merge")
	}, false},
	{"of the target, with a conflict resolved by hand", nil, func(s *swarm) {
		s.onMain("ahead", func() { s.Write("code", lines("code", 40, map[int]string{20: "another"})) })
		s.fails("merge", "-q", "main")
		s.Write("code", code(nil))
		s.Commit("merge")
	}, false},
	{"of the target, throwing its side away", nil, func(s *swarm) { ahead(s); s.Git("merge", "-q", "-s", "ours", "-m", "merge", "main") }, false},
	{"of another branch", nil, func(s *swarm) {
		s.Git("checkout", "-q", "-b", "else", "main")
		s.Write("else", "else\n")
		s.Commit("else")
		s.Git("checkout", "-q", "feat")
		s.Git("merge", "-q", "-m", "merge", "else")
	}, false},
	{"of another branch that the target has by now", nil, func(s *swarm) {
		s.Git("checkout", "-q", "-b", "else", "main")
		s.Write("else", "else\n")
		s.Commit("else")
		s.Git("checkout", "-q", "feat")
		s.Git("merge", "-q", "-m", "merge", "else")
		s.Git("branch", "-f", "main", "else")
	}, true},
}

// targets: what feat is to land on changes.
var targets = []history{
	{"moves on", nil, ahead, true},
	{"has part of it already", nil, func(s *swarm) {
		s.onMain("ahead", func() { s.Git("cherry-pick", "--no-commit", "feat^") })
		s.Git("rebase", "-q", "main")
	}, true},
	{"has part of it already, with the rest on the same lines", func(s *swarm) {
		s.Write("code", code(map[int]string{19: "more", 20: "again", 21: "more"}))
		s.Commit("three")
	}, func(s *swarm) {
		s.Git("checkout", "-q", "main")
		s.Git("cherry-pick", "feat~2")
		s.Git("checkout", "-q", "feat")
		s.Git("rebase", "-q", "main")
	}, true},
	{"has part of it already, and has gone on from there", nil, func(s *swarm) {
		s.Git("checkout", "-q", "main")
		s.Git("cherry-pick", "feat^")
		s.Write("code", lines("code", 40, map[int]string{20: "changed again"}))
		s.Commit("further")
		s.Git("checkout", "-q", "feat")
		s.Git("rebase", "-q", "main")
	}, true},
	{"reverts a part that it has", nil, func(s *swarm) {
		s.Git("branch", "-f", "main", "feat^")
		s.Git("checkout", "-q", "main")
		s.Git("revert", "--no-edit", "HEAD")
		s.Git("checkout", "-q", "feat")
	}, true},
	{"is moved back", func(s *swarm) {
		s.Git("checkout", "-q", "main")
		s.Write("secret", "never to land again\n")
		s.Commit("to be taken off")
		s.Git("checkout", "-q", "feat")
		s.Git("rebase", "-q", "main")
	}, func(s *swarm) { s.Git("branch", "-f", "main", "main^") }, false},
	{"is moved back, and the branch is rebased", func(s *swarm) {
		s.Git("checkout", "-q", "main")
		s.Write("secret", "never to land again\n")
		s.Commit("to be taken off")
		s.Git("checkout", "-q", "feat")
		s.Git("rebase", "-q", "main")
	}, func(s *swarm) {
		s.Git("branch", "-f", "main", "main^")
		s.Git("rebase", "-q", "--onto", "main", "feat~2")
	}, true},
	{"is rewritten, and the branch rebased", nil, func(s *swarm) {
		s.Git("checkout", "-q", "main")
		s.Git("commit", "-q", "--amend", "-m", "start anew")
		s.Git("checkout", "-q", "feat")
		s.Git("rebase", "-q", "--onto", "main", "feat~2")
	}, true},
	{"moves on, and merges by its own attributes", func(s *swarm) {
		s.Git("checkout", "-q", "main")
		s.Write("in/log", "start\n")
		s.Write("in/.gitattributes", "log merge=union\n")
		s.Commit("attributes")
		s.Git("checkout", "-q", "feat")
		s.Git("rebase", "-q", "main")
		s.Write("in/log", "start\nours\n")
		s.Commit("ours")
	}, func(s *swarm) {
		s.onMain("theirs", func() { s.Write("in/log", "start\ntheirs\n") })
		s.Git("rebase", "-q", "main")
		if got := s.Git("show", "feat:in/log"); got != "start\ntheirs\nours" {
			s.Fatalf("git rebase gives %q", got)
		}
	}, true},
	{"moves on, and the work tree has attributes of its own", func(s *swarm) {
		s.Write("log", "start\nours\n")
		s.Commit("ours")
	}, func(s *swarm) {
		s.onMain("theirs", func() { s.Write("log", "start\ntheirs\n") })
		s.Write(".gitattributes", "log merge=union\n")
		s.Git("rebase", "-q", "main")
	}, false},
	{"moves on, and the branch commits attributes of its own", func(s *swarm) {
		s.Write("log", "start\nours\n")
		s.Write(".gitattributes", "log merge=union\n")
		s.Commit("ours")
	}, func(s *swarm) {
		s.onMain("theirs", func() { s.Write("log", "start\ntheirs\n") })
		s.Write(".gitattributes", "log merge=union\n")
		s.fails("rebase", "-q", "main")
		s.Write("log", "start\ntheirs\nours\n")
		s.Git("add", ".")
		s.Git("rebase", "--continue")
	}, false},
	{"is gone", nil, func(s *swarm) { s.Git("branch", "-q", "-D", "main") }, true},
	{"is gone, and the branch amended", nil, func(s *swarm) {
		s.Git("branch", "-q", "-D", "main")
		s.Write("new", "other\n")
		s.Commit("two", "--amend")
	}, false},
}
