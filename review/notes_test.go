package review

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// git shows what was said, as it is stored.
func TestGitShowsNotes(t *testing.T) {
	s := newSwarm(t)
	s.request("A", "B")
	s.say("B", 1, Reject, "no\nway")
	var want string
	for _, e := range s.get(1).Events {
		want += e.line() + "\n"
	}
	if got := s.Git("notes", "--ref=swarm/reviews", "show", "feat") + "\n"; got != want {
		t.Errorf("git notes show:\n%s, not\n%s", got, want)
	}
	log := s.Git("log", "-1", "--notes=swarm/reviews", "feat")
	for line := range strings.Lines(want) {
		if !strings.Contains(log, "\n    "+strings.TrimSuffix(line, "\n")) {
			t.Errorf("git log does not show %s", line)
		}
	}
	if got := s.Git("log", "--format=%an %s", "--reverse", NotesRef); got != "A Notes added by git swarm review request #1\nB Notes added by git swarm review reject #1" {
		t.Errorf("the log of the notes:\n%s", got)
	}
	s.healthy()
}

// Notes of two clones, merged by git as it does without us, read as the sum.
func TestNotesMerge(t *testing.T) {
	s := newSwarm(t)
	s.request("A", "B", "C")
	theirs := &swarm{Repo: &refstoretest.Repo{TB: t, Dir: s.Dir + "-clone"}}
	s.Git("clone", "-q", "--mirror", s.Dir, theirs.Dir)
	theirs.Store = theirs.open(refstore.Options{})
	s.say("B", 1, Approve, "from here")
	theirs.say("C", 1, Reject, "from there")
	theirs.say("B", 1, Comment, "from there")
	s.Git("fetch", "-q", theirs.Dir, "+"+NotesRef+":refs/notes/theirs")
	s.Git("notes", "--ref=swarm/reviews", "merge", "-q", "-s", "cat_sort_uniq", "refs/notes/theirs")
	r := s.get(1)
	if len(r.Events) != 4 || r.State != Rejected || r.Rejection().Text != "from there" || r.Verdict("B").Text != "from here" {
		t.Errorf("%s, %+v", r.State, r.Events)
	}
	if note := s.Git("notes", "--ref=swarm/reviews", "show", "feat") + "\n"; joinLines(note) != note {
		t.Errorf("git sorts otherwise:\n%s", note)
	}
	s.sound()
	if r := s.say("A", 1, Comment, "then"); len(r.Events) != 5 || r.Events[4].Seq != 4 {
		t.Errorf("%+v", r.Events)
	}
	if r, _, err := read(must(s.bus.Store().Table(bg, TableRef)), must(s.bus.Store().Notes(bg, "refs/notes/none")), 1); err != nil || len(r.Events) != 5 {
		t.Errorf("the table was not given what the note had: %+v, %v", r, err)
	}
	s.healthy()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Another clone's review of the same number is not mixed up with this one.
func TestSameNumber(t *testing.T) {
	s := newSwarm(t)
	s.request("A", "B")
	other := asked(1, "C")
	other.By, other.At, other.Tip = "C", noon.Add(-1e12), s.rev("feat")
	s.Git("notes", "--ref=swarm/reviews", "append", "-m", other.line(), "feat")
	if r := s.get(1); r.From != "A" || !slices.Equal(r.To, []string{"B"}) || r.State != Pending {
		t.Errorf("%+v", r)
	}
	if r := s.say("B", 1, Approve, ""); r.State != Approved {
		t.Errorf("%+v", r)
	}
	s.sound()
}

// What a hand takes from a note, or all of the notes, is not lost, and is in the
// note again with the next event.
func TestNoteLost(t *testing.T) {
	s := newSwarm(t)
	r := s.request("A", "B")
	s.say("B", 1, Comment, "one")
	whole := s.Git("notes", "--ref=swarm/reviews", "show", "feat")
	for _, c := range []struct {
		name string
		lose func()
	}{
		{"a line", func() {
			s.Git("notes", "--ref=swarm/reviews", "add", "-f", "-m", strings.Split(whole, "\n")[1], "feat")
		}},
		{"the request's line", func() {
			s.Git("notes", "--ref=swarm/reviews", "add", "-f", "-m", r.Events[0].line(), "feat")
		}},
		{"the note", func() { s.Git("notes", "--ref=swarm/reviews", "remove", "feat") }},
		{"the notes", func() { s.Git("update-ref", "-d", NotesRef) }},
	} {
		c.lose()
		before := len(s.get(1).Events)
		after := s.say("B", 1, Comment, c.name)
		if len(after.Events) != before+1 || after.Events[before].Seq != before+1 {
			t.Errorf("%s lost: %+v", c.name, after.Events)
		}
		note := s.Git("notes", "--ref=swarm/reviews", "show", "feat")
		if !strings.Contains(note, whole) || strings.Count(note, "\n") != before {
			t.Errorf("%s lost: the note is\n%s", c.name, note)
		}
	}
	s.say("B", 1, Approve, "")
	s.Git("update-ref", "-d", NotesRef)
	s.wants("")
	s.sound()
}

// Lines that others put into a note are told of, kept, and count for nothing:
// neither text nor an event whose number could not have been given.
func TestNoteEdited(t *testing.T) {
	s := newSwarm(t)
	s.request("A", "B")
	s.Git("notes", "--ref=swarm/reviews", "append", "-m", "LGTM \x1b[31m!", "feat")
	forged := said1(refstore.MaxNumber, Approve, "B").line()
	s.Git("notes", "--ref=swarm/reviews", "append", "-m", forged, "feat")
	path := "note on " + s.Git("rev-parse", "feat")
	for what, call := range map[string]func() error{
		"Get":    func() error { return refstoretest.Err(s.Get(bg, 1)) },
		"Latest": func() error { return refstoretest.Err(s.Latest(bg, "A")) },
		"On":     func() error { return refstoretest.Err(s.On(bg, s.rev("feat"))) },
		"Say":    func() error { return refstoretest.Err(s.AddEvent(bg, "B", 1, Comment, "x")) },
		"List":   func() error { return s.List(bg, func(*Review) bool { return true }) },
	} {
		if err := call(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		left := s.bus.Store().SetAside()
		if len(left) != 2 || left[0].Ref != NotesRef || left[0].Path != path || strings.ContainsAny(left[0].Error(), "\n\x1b") {
			t.Errorf("%s leaves out %v", what, left)
		}
	}
	if err := s.newestClear("A", s.span()); err == nil {
		t.Error("clear by a line that was forged")
	}
	if r := s.get(1); r.State != Pending || len(r.Foreign) != 2 || len(r.Events) != 2 || r.Events[1].Seq != 2 {
		t.Errorf("%+v", r)
	}
	if note := s.Git("notes", "--ref=swarm/reviews", "show", "feat"); !strings.Contains(note, "LGTM") {
		t.Errorf("a line of others was taken out:\n%s", note)
	}
	faults, _, err := s.Fsck(bg)
	if err != nil || len(faults) != 2 {
		t.Errorf("%v, %v", faults, err)
	}
	s.Git("notes", "--ref=swarm/reviews", "remove", "feat")
	s.say("B", 1, Approve, "")
	s.wants("")
	s.healthy()
}

// A line that is well made but that nobody had a right to counts for nothing.
func TestNoteForged(t *testing.T) {
	s := newSwarm(t)
	s.request("A", "B")
	for _, e := range []*Event{said1(2, Approve, "A"), said1(2, Approve, "C"), said1(3, Withdraw, "B"), {At: noon, Review: 2, Seq: 2, Kind: Approve, By: "B"}} {
		s.Git("notes", "--ref=swarm/reviews", "append", "-m", e.line(), "feat")
	}
	s.wants(IsPending)
	if r := s.get(1); len(r.Events) != 4 {
		t.Errorf("%+v", r.Events)
	}
	if r, err := s.On(bg, s.rev("feat")); err != nil || r.Number != 1 { // #2 is nowhere
		t.Errorf("%+v, %v", r, err)
	}
	if faults, _, err := s.Fsck(bg); err != nil || len(faults) != 1 || !strings.Contains(faults[0].Error(), "#2.2, where there are 1 reviews") {
		t.Errorf("%v, %v", faults, err)
	}
}

// Notes follow a rebase and an amend where git is told to take them along, and
// the review is found by its new commits.
func TestRewriteRef(t *testing.T) {
	s := newSwarm(t)
	s.Git("config", "notes.rewriteRef", NotesRef)
	tip := s.request("A", "B").Tip
	ahead(s)
	s.Git("rebase", "-q", "main")
	s.Git("commit", "-q", "--amend", "-m", "better")
	s.say("B", 1, Approve, "after the rebase")
	for _, commit := range []object.Hash{tip, s.rev("feat")} {
		r, err := s.On(bg, commit)
		if err != nil || r == nil || r.Number != 1 || r.State != Approved {
			t.Errorf("on %s: %+v, %v", commit.Short(), r, err)
		}
	}
	s.wants("")
	s.request("A", "B")
	if r, err := s.On(bg, s.rev("feat")); err != nil || r.Number != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := s.On(bg, tip); err != nil || r.Number != 1 || r.State != Superseded {
		t.Errorf("%+v, %v", r, err)
	}
	s.Git("reset", "-q", "--soft", "main") // two notes become one
	s.Git("commit", "-q", "-m", "squash")
	s.Git("notes", "--ref=swarm/reviews", "copy", "-f", "feat@{2}", "feat")
	s.Git("notes", "--ref=swarm/reviews", "append", "-m", s.Git("notes", "--ref=swarm/reviews", "show", string(tip)), "feat")
	if r, err := s.On(bg, s.rev("feat")); err != nil || r.Number != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := s.On(bg, s.rev("main")); err != nil || r != nil {
		t.Errorf("on a commit without a note: %+v, %v", r, err)
	}
	s.healthy()
}

// Wherever git, or an older git, has put the note, it is read and kept there, and
// git sees one note and not two.
func TestFanOut(t *testing.T) {
	const count = 1200
	for name, split := range map[string][]int{"flat": nil, "2-38": {2}, "2-2-36": {2, 4}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSwarm(t)
			tip := s.request("A", "B").Tip
			note := s.Git("notes", "--ref=swarm/reviews", "show", "feat")
			var b strings.Builder
			fmt.Fprintf(&b, "commit %s\ncommitter T <t@t> 1700000000 +0000\ndata 0\nfrom %s\ndeleteall\n", NotesRef, s.rev(NotesRef))
			put := func(id object.Hash, text string) {
				path, from := "", 0
				for _, at := range split {
					path, from = path+string(id[from:at])+"/", at
				}
				fmt.Fprintf(&b, "M 100644 inline %s%s\ndata %d\n%s\n", path, id[from:], len(text), text)
			}
			put(tip, note+"\n")
			for i := range count {
				put(s.bus.Store().Repo().Algo.Sum("blob", fmt.Appendf(nil, "%d", i)), said1(2, Comment, "B").line()+"\n")
			}
			s.Feed(b.String(), "fast-import", "--quiet")
			paths := s.Git("ls-tree", "-r", "--name-only", NotesRef)
			if got := s.Git("notes", "--ref=swarm/reviews", "show", string(tip)); got != note {
				t.Fatalf("git itself does not read it: %s", got)
			}
			if r := s.say("B", 1, Approve, ""); r.State != Approved || len(r.Events) != 2 {
				t.Errorf("%+v", r)
			}
			if got := s.Git("ls-tree", "-r", "--name-only", NotesRef); got != paths {
				t.Errorf("the paths are not the same")
			}
			if got := s.Git("notes", "--ref=swarm/reviews", "show", string(tip)); !strings.Contains(got, " approve by=B") {
				t.Errorf("git sees %s", got)
			}
			s.Git("branch", "another", "feat^")
			if _, err := s.Request(bg, "C", RequestParams{To: []string{"B"}, Range: &Range{Branch: "refs/heads/another", Base: s.rev("main"), Tip: s.rev("another")}}); err != nil {
				t.Fatal(err)
			}
			if got := s.Git("notes", "--ref=swarm/reviews", "show", "another"); !strings.Contains(got, "#2.1 request") {
				t.Errorf("git sees %s", got)
			}
			s.Git("notes", "--ref=swarm/reviews", "add", "-m", said1(9, Comment, "C").line(), "main") // git moves them all
			if s.get(1).State != Approved || s.get(2).State != Pending || len(strings.Split(s.Git("notes", "--ref=swarm/reviews", "list"), "\n")) != count+3 {
				t.Errorf("#1 is %s, #2 %s", s.get(1).State, s.get(2).State)
			}
			s.say("B", 2, Reject, "")
			s.healthy()
		})
	}
}

// Commits in the notes ref are git's: of any author, signed, encoded, merged.
func TestForeignNotesCommits(t *testing.T) {
	s := newSwarm(t)
	s.request("A", "B")
	s.Git("-c", "i18n.commitEncoding=latin1", "-c", "user.name=J\xfcrgen", "notes", "--ref=swarm/reviews", "append", "-m", "", "feat")
	tree, tip := s.Git("rev-parse", NotesRef+"^{tree}"), s.Git("rev-parse", NotesRef)
	merge := s.Feed(fmt.Sprintf("tree %s\nparent %s\nparent %s\nauthor  <> 0 +0000\ncommitter  <> 0 +0000\ngpgsig -----BEGIN\n x\n -----END\n\n", tree, tip, s.Git("rev-parse", tip+"^")), "hash-object", "-w", "--literally", "-t", "commit", "--stdin")
	s.Git("update-ref", NotesRef, merge)
	if r := s.say("B", 1, Approve, ""); r.State != Approved {
		t.Errorf("%+v", r)
	}
	if got := s.Git("rev-parse", NotesRef+"^"); got != merge {
		t.Errorf("on top of %s", got)
	}
	s.sound()
	s.Git("update-ref", NotesRef, s.Feed("x", "hash-object", "-w", "--stdin"))
	var damaged *refstore.DamagedError
	if _, err := s.Get(bg, 1); !errors.As(err, &damaged) || damaged.Ref != NotesRef {
		t.Errorf("a blob for a commit: %v", err)
	}
	s.Must(os.WriteFile(s.Dir+"/.git/"+NotesRef, []byte("garbage\n"), 0o666))
	if _, err := s.Get(bg, 1); !errors.As(err, &damaged) || damaged.Ref != NotesRef {
		t.Errorf("a ref that is none: %v", err)
	}
}
