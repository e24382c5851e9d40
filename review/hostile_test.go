package review

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// noteLine puts an event of review #1 into the note on feat by plain git, as whoever
// can write in the repository can.
func (s *swarm) noteLine(by string, kind Kind, seq int) {
	s.Helper()
	e := &Event{At: noon, Review: 1, Seq: seq, Kind: kind, By: by}
	s.Git("notes", "--ref=swarm/reviews", "append", "-m", e.line(), "refs/heads/feat")
}

// refuses fails the test unless the event is refused with that error.
func (s *swarm) refuses(by string, number int, kind Kind, want error) {
	s.Helper()
	if _, err := s.AddEvent(bg, by, number, kind, "so"); !errors.Is(err, want) {
		s.Errorf("%s of #%d by %s: %v, not %v", kind, number, by, err, want)
	}
}

// TestHostile: what an author, a reviewer or git's own commands can do around an
// approval by B of A's review #1, and what the gate says to what feat would land
// then. The approval holds for what was approved, and for nothing else.
func TestHostile(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(s *swarm)
		want Reason
	}{
		// The change.
		{"nothing", func(*swarm) {}, ""},
		{"amended", func(s *swarm) { s.Write("new", "evil\n"); s.Commit("two", "--amend") }, HasChanged},
		{"amended in white space only", func(s *swarm) { s.Write("new", " new\n"); s.Commit("two", "--amend") }, HasChanged},
		{"amended in a mode only", func(s *swarm) { s.Must(os.Chmod(filepath.Join(s.Dir, "new"), 0o777)); s.Commit("two", "--amend") }, HasChanged},
		{"amended by a submodule", func(s *swarm) { s.pointer(idA); s.Git("commit", "-q", "--amend", "--no-edit") }, HasChanged},
		{"amended by a rename", func(s *swarm) { s.Git("mv", "new", "newer"); s.Commit("two", "--amend") }, HasChanged},
		{"amended by a symbolic link", func(s *swarm) { s.link("new", "/etc/passwd"); s.Commit("two", "--amend") }, HasChanged},
		{"amended, with the old dates and words", func(s *swarm) {
			s.Write("new", "evil\n")
			s.Git("add", ".")
			s.Git("commit", "-q", "--amend", "-C", "HEAD")
		}, HasChanged},
		{"amended, and the approved commit replaced", func(s *swarm) {
			approved := s.rev("feat")
			s.Write("new", "evil\n")
			s.Commit("two", "--amend")
			s.Git("replace", string(approved), "feat")
		}, HasChanged},
		{"amended, and the tree of the approved commit replaced", func(s *swarm) {
			approved := s.rev("feat^{tree}")
			s.Write("new", "evil\n")
			s.Commit("two", "--amend")
			s.Git("replace", string(approved), "feat^{tree}")
		}, HasChanged},
		{"amended, and what was approved collected", func(s *swarm) {
			s.Write("new", " new\n")
			s.Commit("two", "--amend")
			s.collect()
		}, HasChanged},
		{"amended, and what was approved unpinned and collected", func(s *swarm) {
			s.Write("new", " new\n")
			s.Commit("two", "--amend")
			s.Git("update-ref", "-d", "refs/swarm-pins/A.review")
			s.collect()
		}, IsGone},
		{"a merge with more in it than its sides", func(s *swarm) {
			ahead(s)
			s.Git("merge", "-q", "--no-commit", "main")
			s.Write("evil", "evil\n")
			s.Commit("merge")
		}, HasChanged},
		{"a merge with less in it than its sides", func(s *swarm) {
			ahead(s)
			s.Git("merge", "-q", "-s", "ours", "-m", "merge", "main")
		}, HasChanged},
		{"rebased over a new base", func(s *swarm) { ahead(s); s.Git("rebase", "-q", "main") }, ""},
		{"rebased, and amended", func(s *swarm) {
			ahead(s)
			s.Git("rebase", "-q", "main")
			s.Write("new", " new\n")
			s.Commit("two", "--amend")
		}, HasChanged},
		{"landed, reverted and picked again", func(s *swarm) {
			tip := s.rev("feat")
			s.Git("checkout", "-q", "-B", "main", "feat")
			s.Git("revert", "--no-edit", "HEAD", "HEAD^")
			s.Git("checkout", "-q", "-B", "feat", "main")
			s.Git("cherry-pick", string(tip)+"^", string(tip))
		}, HasLanded},
		{"the target moved back", func(s *swarm) {
			s.Git("branch", "-f", "main", "feat^")
			s.request("A", "B")
			s.say("B", 2, Approve, "")
			s.Git("branch", "-f", "main", "feat~2")
		}, HasChanged},

		// The range.
		{"more than the range that was approved, after it", func(s *swarm) { s.ask("main..feat^") }, HasChanged},
		{"more than the range that was approved, before it", func(s *swarm) { s.ask("feat^..feat") }, HasChanged},
		{"a range that begins elsewhere", func(s *swarm) {
			s.Git("branch", "side", "feat^")
			s.ask("side..feat")
		}, HasChanged},

		// The note, by plain git.
		{"any text in the note", func(s *swarm) { s.Git("notes", "--ref=swarm/reviews", "append", "-m", "LGTM", "feat") }, ""},
		{"the note replaced", func(s *swarm) { s.Git("notes", "--ref=swarm/reviews", "add", "-f", "-m", "no", "feat") }, ""},
		{"the note removed", func(s *swarm) { s.Git("notes", "--ref=swarm/reviews", "remove", "feat") }, ""},
		{"a rejection removed from the note", func(s *swarm) {
			s.say("B", 1, Reject, "no")
			s.Git("notes", "--ref=swarm/reviews", "remove", "feat")
		}, IsRejected},
		{"a rejection edited out of the note", func(s *swarm) {
			s.say("B", 1, Reject, "no")
			s.Git("-c", "core.editor=sed -i /reject/d", "notes", "--ref=swarm/reviews", "edit", "feat")
		}, IsRejected},
		{"the notes rewound to before a rejection", func(s *swarm) {
			s.say("B", 1, Reject, "no")
			s.Git("update-ref", NotesRef, NotesRef+"^")
		}, IsRejected},
		{"the notes deleted after a rejection", func(s *swarm) {
			s.say("B", 1, Reject, "no")
			s.Git("update-ref", "-d", NotesRef)
		}, IsRejected},
		{"the table rewound to before a rejection", func(s *swarm) {
			s.say("B", 1, Reject, "no")
			s.Git("update-ref", TableRef, TableRef+"^")
		}, IsRejected},
		{"the note moved to what was amended", func(s *swarm) {
			approved := s.rev("feat")
			s.Write("new", "evil\n")
			s.Commit("two", "--amend")
			s.Git("notes", "--ref=swarm/reviews", "copy", string(approved), "feat")
		}, HasChanged},

		// Who says what, and when.
		{"rejected after the approval", func(s *swarm) { s.say("B", 1, Reject, "no") }, IsRejected},
		{"approved after a rejection", func(s *swarm) {
			s.say("B", 1, Reject, "no")
			s.refuses("B", 1, Approve, ErrClosed)
			s.noteLine("B", Approve, 9)
		}, IsRejected},
		{"approved after the withdrawal", func(s *swarm) {
			s.say("A", 1, Withdraw, "")
			s.refuses("B", 1, Approve, ErrClosed)
			s.noteLine("B", Approve, 9)
		}, NothingRequested},
		{"withdrawn by another", func(s *swarm) {
			s.refuses("B", 1, Withdraw, ErrNotAuthor)
			s.noteLine("B", Withdraw, 9)
		}, ""},
		{"asked again, and nobody answered", func(s *swarm) { s.request("A", "B") }, IsPending},
		{"the older of two requests approved", func(s *swarm) {
			s.request("A", "B")
			s.refuses("B", 1, Approve, ErrClosed)
			s.noteLine("B", Approve, 9)
		}, IsPending},
		{"approved by the author", func(s *swarm) {
			s.request("A", "B")
			s.refuses("A", 2, Approve, ErrOwn)
		}, IsPending},
		{"approved by one who was not asked", func(s *swarm) {
			s.request("A", "B")
			s.refuses("C", 2, Approve, ErrNotNamed)
		}, IsPending},
		{"approved by one of two", func(s *swarm) {
			s.request("A", "B", "C")
			s.say("B", 2, Approve, "")
		}, IsPending},
		{"another's review of the same commit approved", func(s *swarm) {
			s.request("A", "B")
			s.request("C", "B")
			s.say("B", 3, Approve, "")
		}, IsPending},
		{"two reviews of one commit, one of them rejected", func(s *swarm) {
			s.request("C", "B")
			s.say("B", 2, Reject, "no")
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSwarm(t)
			s.request("A", "B")
			s.say("B", 1, Approve, "")
			c.do(s)
			var no *NotClearError
			err := s.newestClear("A", s.span())
			if err != nil && !errors.As(err, &no) {
				t.Fatal(err)
			}
			got := Reason("")
			if no != nil {
				got = no.Reason
			}
			if got != c.want {
				t.Errorf("%q, not %q: %v", got, c.want, err)
			}
		})
	}
}

// ask has the range reviewed instead, and B approve it.
func (s *swarm) ask(text string) {
	s.Helper()
	r, err := ParseRange(bg, s.bus.Store().Repo(), text, "refs/heads/main")
	s.Must(err)
	made, err := s.Request(bg, "A", RequestParams{To: []string{"B"}, Range: r})
	s.Must(err)
	s.say("B", made.Number, Approve, "")
}

// TestHostileVerdicts: lines that git notes append brings into the note of a review
// that waits for B count for B alone, and never for its author.
func TestHostileVerdicts(t *testing.T) {
	for _, c := range []struct {
		by   string
		want State
	}{{"A", Pending}, {"C", Pending}, {"orchestrator", Pending}, {"b", Pending}, {"Z", Pending}} {
		s := newSwarm(t)
		s.request("A", "B")
		s.noteLine(c.by, Approve, 2)
		if r := s.get(1); r.State != c.want {
			t.Errorf("by %s: %s", c.by, r.State)
		}
	}
}

// TestOtherTarget: an approval for one branch is none for another, nor for the same
// one by another name.
func TestOtherTarget(t *testing.T) {
	s := newSwarm(t)
	s.request("A", "B")
	s.say("B", 1, Approve, "")
	for i, to := range []string{"release", "trunk"} {
		s.Git("branch", to, "main")
		r, err := FindRange(bg, s.bus.Store().Repo(), "refs/heads/feat", "refs/heads/"+to)
		s.Must(err)
		var no *NotClearError
		if err := s.newestClear("A", r); !errors.As(err, &no) || no.Reason != HasOtherTarget || no.Error() != fmt.Sprintf("A: review #1 approved it for main, not for %s", to) {
			t.Errorf("%d: %v", i, err)
		}
	}
	r := &Range{Target: "refs/remotes/origin/new", Base: s.rev("main"), Tip: s.rev("feat")}
	var no *NotClearError
	if err := s.newestClear("A", r); !errors.As(err, &no) || no.Reason != HasOtherTarget {
		t.Errorf("a branch that is not there: %v", err)
	}
}
