package review

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// A request is numbered, stands in the note on its tip and in the table, and the
// reviewers are told by the same transaction.
func TestRequest(t *testing.T) {
	s := newSwarm(t)
	span := s.span()
	for i, c := range []struct {
		from string
		to   []string
		want []string
	}{
		{"A", []string{"B"}, []string{"B"}},
		{"a", []string{"c", "b"}, []string{"C", "B"}},
		{"C", []string{"B", "b", "Orchestrator"}, []string{"B", "orchestrator"}},
	} {
		r, err := s.Request(bg, c.from, RequestParams{To: c.to, Range: span, Text: "please"})
		s.Must(err)
		if r.Number != i+1 || r.From != strings.ToUpper(c.from) || !slices.Equal(r.To, c.want) || r.State != Pending || !r.At.Equal(noon) || r.Text != "please" ||
			r.Branch != "refs/heads/feat" || r.Target != "refs/heads/main" || r.Base != s.rev("main") || r.Tip != s.rev("feat") {
			t.Errorf("%+v", r)
		}
		got := s.get(r.Number)
		if got.State != Pending || got.Patch != r.Patch || len(got.Events) != 1 || got.Events[0].line() != r.Events[0].line() {
			t.Errorf("read back as %+v", got)
		}
	}
	want := []string{
		"A: review #1 requested: feat (2 commits): git swarm review show 1\nplease",
		"A: review #2 requested: feat (2 commits): git swarm review show 2\nplease",
		"C: review #3 requested: feat (2 commits): git swarm review show 3\nplease",
	}
	if got := s.inbox("B"); !slices.Equal(got, want) {
		t.Errorf("B was told %q", got)
	}
	if got := s.inbox("orchestrator"); !slices.Equal(got, want[2:]) {
		t.Errorf("the orchestrator was told %q", got)
	}
	if got := s.Git("notes", "--ref=swarm/reviews", "show", "feat"); strings.Count(got, "\n") != 2 {
		t.Errorf("the note is\n%s", got)
	}
	if s.get(1).State != Superseded || s.get(1).Newer != 2 || s.get(2).State != Pending {
		t.Errorf("#1 is %s, #2 %s", s.get(1).State, s.get(2).State)
	}
	for id, number := range map[string]int{"A": 2, "B": 0, "C": 3} {
		if r, err := s.Latest(bg, id); err != nil || (r == nil) != (number == 0) || (r != nil && r.Number != number) {
			t.Errorf("%s's newest: %+v, %v", id, r, err)
		}
	}
	s.healthy()
}

// The patch-id is the one that git prints.
func TestPatchID(t *testing.T) {
	s := newSwarm(t)
	git := s.bus.Store().Repo()
	want, _, _ := strings.Cut(s.Feed(s.Git("diff", "main", "feat")+"\n", "patch-id", "--stable"), " ")
	got, err := patchID(bg, git, s.span())
	if err != nil || string(got) != want {
		t.Errorf("%s, not %s: %v", got, want, err)
	}
	for _, config := range []string{"diff.noprefix=true", "diff.context=9", "diff.algorithm=patience", "diff.external=false", "diff.renames=copies", "color.ui=always", "diff.submodule=log", "diff.ignoreSubmodules=all"} {
		key, value, _ := strings.Cut(config, "=")
		s.Git("config", key, value)
		if id, err := patchID(bg, git, s.span()); err != nil || id != got {
			t.Errorf("with %s: %s, %v", config, id, err)
		}
	}
	s.Git("branch", "-f", "empty", "main")
	r, err := FindRange(bg, git, "refs/heads/empty", "refs/heads/main")
	s.Must(err)
	if id, err := patchID(bg, git, r); err != nil || id != s.rev("main^{tree}") {
		t.Errorf("of no change: %s, %v", id, err)
	}
	if _, err := patchID(bg, git, &Range{Base: idA, Tip: idB}); err == nil {
		t.Error("of commits that are not there: no error")
	}
}

// A binary change counts to the byte, and diff drivers and renames make no
// difference.
func TestPatchIDOfBytes(t *testing.T) {
	s := newSwarm(t)
	git := s.bus.Store().Repo()
	s.Write("bin", "\x00\x01")
	s.Git("mv", "other", "elsewhere")
	s.Commit("binary")
	first, err := patchID(bg, git, s.span())
	s.Must(err)
	s.Write(".git/info/attributes", "* diff=odd\n")
	s.Git("config", "diff.odd.command", "false")
	s.Git("config", "diff.odd.textconv", "echo")
	if id, err := patchID(bg, git, s.span()); err != nil || id != first {
		t.Errorf("with a diff driver: %s, not %s: %v", id, first, err)
	}
	s.Must(os.Remove(filepath.Join(s.Dir, ".git/info/attributes")))
	s.Write("bin", "\x00\x02")
	s.Commit("another byte", "--amend")
	if id, err := patchID(bg, git, s.span()); err != nil || id == first {
		t.Errorf("with another byte: %s, %v", id, err)
	}
}

// Of each session, ListOpen shows the newest request, unless it is withdrawn.
func TestListOpen(t *testing.T) {
	s := newSwarm(t)
	open := func() (all []string) {
		s.Must(s.ListOpen(bg, func(r *Review) bool {
			all = append(all, fmt.Sprintf("%s #%d %s", r.From, r.Number, r.State))
			return true
		}))
		return all
	}
	if got := open(); got != nil {
		t.Errorf("before any: %q", got)
	}
	s.request("A", "B")
	s.request("B", "A")
	s.request("A", "B")
	s.request("C", "A")
	s.say("A", 2, Reject, "no")
	if got := open(); !slices.Equal(got, []string{"A #3 pending", "B #2 rejected", "C #4 pending"}) {
		t.Errorf("%q", got)
	}
	s.say("A", 3, Withdraw, "")
	s.say("A", 4, Approve, "")
	if got := open(); !slices.Equal(got, []string{"B #2 rejected", "C #4 approved"}) {
		t.Errorf("after a withdrawal: %q", got)
	}
	visits := 0
	s.Must(s.ListOpen(bg, func(*Review) bool { visits++; return false }))
	if visits != 1 {
		t.Errorf("%d visits after the end", visits)
	}
}

// What is refused changes nothing.
func TestRequestRefused(t *testing.T) {
	s := newSwarm(t)
	span, big := s.span(), strings.Repeat("x", maxDiff+1)
	before := s.Snapshot()
	for _, c := range []struct {
		name string
		from string
		ask  RequestParams
		want error
	}{
		{"nobody named", "A", RequestParams{Range: span}, bus.ErrInput},
		{"oneself", "A", RequestParams{To: []string{"B", "a"}, Range: span}, bus.ErrInput},
		{"an unknown reviewer", "A", RequestParams{To: []string{"B", "Z"}, Range: span}, &bus.UnknownSessionError{}},
		{"all", "A", RequestParams{To: []string{"all"}, Range: span}, &bus.UnknownSessionError{}},
		{"an unknown author", "Z", RequestParams{To: []string{"B"}, Range: span}, &bus.UnknownSessionError{}},
		{"an empty range", "A", RequestParams{To: []string{"B"}, Range: &Range{Base: span.Tip, Tip: span.Tip}}, ErrEmpty},
		{"a range backwards", "A", RequestParams{To: []string{"B"}, Range: &Range{Base: span.Tip, Tip: span.Base}}, ErrEmpty},
		{"a diff too large", "A", RequestParams{To: []string{"B"}, Range: span, Diff: big}, bus.ErrInput},
		{"a diff of 50 MB", "A", RequestParams{To: []string{"B"}, Range: span, Diff: strings.Repeat("0123456789", 5<<20)}, bus.ErrInput},
		{"a diff of other bytes", "A", RequestParams{To: []string{"B"}, Range: span, Diff: "\xff"}, bus.ErrInput},
		{"a text too large", "A", RequestParams{To: []string{"B"}, Range: span, Text: big}, bus.ErrInput},
		{"a text of other bytes", "A", RequestParams{To: []string{"B"}, Range: span, Text: "\xff"}, bus.ErrInput},
		{"commits that are not there", "A", RequestParams{To: []string{"B"}, Range: &Range{Base: idA, Tip: idB}}, nil},
	} {
		r, err := s.Request(bg, c.from, c.ask)
		var unknown *bus.UnknownSessionError
		switch {
		case err == nil:
			t.Errorf("%s: %+v", c.name, r)
		case errors.As(c.want, &unknown) && !errors.As(err, &unknown), unknown == nil && c.want != nil && !errors.Is(err, c.want):
			t.Errorf("%s: %v", c.name, err)
		case strings.Contains(err.Error(), "\n") || len(err.Error()) > 300:
			t.Errorf("%s: %q", c.name, err)
		}
	}
	if after := s.Snapshot(); after != before {
		t.Errorf("changed:\n%s\nto\n%s", before, after)
	}
}

// Who may say what, when.
func TestSay(t *testing.T) {
	for _, c := range []struct {
		name string
		said string // "KIND BY", what came before
		kind Kind
		by   string
		err  error
		then State
	}{
		{"approve", "", Approve, "B", nil, Approved},
		{"approve, spelt otherwise", "", Approve, "b", nil, Approved},
		{"approve by the author", "", Approve, "A", ErrOwn, Pending},
		{"approve by a stranger", "", Approve, "C", ErrNotNamed, Pending},
		{"approve by the orchestrator", "", Approve, "orchestrator", ErrNotNamed, Pending},
		{"approve by nobody", "", Approve, "Z", &bus.UnknownSessionError{}, Pending},
		{"approve again", "approve B", Approve, "B", nil, Approved},
		{"reject", "", Reject, "B", nil, Rejected},
		{"reject by the author", "", Reject, "A", ErrOwn, Pending},
		{"reject by a stranger", "", Reject, "C", ErrNotNamed, Pending},
		{"reject after the approval", "approve B", Reject, "B", nil, Rejected},
		{"approve after the rejection", "reject B", Approve, "B", ErrClosed, Rejected},
		{"comment by anybody", "", Comment, "C", nil, Pending},
		{"comment by the author", "approve B", Comment, "A", nil, Approved},
		{"comment on what was withdrawn", "withdraw A", Comment, "B", nil, Withdrawn},
		{"withdraw", "", Withdraw, "A", nil, Withdrawn},
		{"withdraw after the rejection", "reject B", Withdraw, "A", nil, Withdrawn},
		{"withdraw by the reviewer", "", Withdraw, "B", ErrNotAuthor, Pending},
		{"withdraw twice", "withdraw A", Withdraw, "A", ErrClosed, Withdrawn},
		{"approve what was withdrawn", "withdraw A", Approve, "B", ErrClosed, Withdrawn},
		{"approve what was superseded", "request A", Approve, "B", ErrClosed, Superseded},
		{"reject what was superseded", "request A", Reject, "B", ErrClosed, Superseded},
		{"withdraw what was superseded", "request A", Withdraw, "A", ErrClosed, Superseded},
		{"comment on what was superseded", "request A", Comment, "B", nil, Superseded},
		{"request", "", Request, "B", bus.ErrInput, Pending},
		{"nonsense", "", Kind("lgtm"), "B", bus.ErrInput, Pending},
		{"an endless comment", "", Comment, "B", nil, Pending}, // see text
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSwarm(t)
			s.request("A", "B")
			if kind, by, ok := strings.Cut(c.said, " "); ok && kind == "request" {
				s.request(by, "B")
			} else if ok {
				s.say(by, 1, Kind(kind), "")
			}
			text := "because"
			if c.name == "an endless comment" {
				text, c.err = strings.Repeat("x", bus.MaxBody+1), bus.ErrInput
			}
			before := s.Snapshot()
			r, err := s.AddEvent(bg, c.by, 1, c.kind, text)
			var unknown *bus.UnknownSessionError
			if ok := errors.Is(err, c.err) || errors.As(c.err, &unknown) && errors.As(err, &unknown); !ok {
				t.Fatalf("%v", err)
			}
			if err == nil && (r.State != c.then || r.Events[len(r.Events)-1].Text != text) {
				t.Errorf("returned as %s, %+v", r.State, r.Events)
			}
			if got := s.get(1).State; got != c.then {
				t.Errorf("then it is %s", got)
			}
			if (s.Snapshot() == before) != (err != nil) {
				t.Errorf("with %v, refs are\n%s\nafter\n%s", err, s.Snapshot(), before)
			}
			s.sound()
		})
	}
}

// Those concerned are told, and nobody else.
func TestTold(t *testing.T) {
	s := newSwarm(t)
	s.request("A", "B", "C")
	s.say("C", 1, Comment, "hm")
	s.say("B", 1, Approve, "")
	s.say("A", 1, Comment, "well?")
	s.say("C", 1, Reject, "no\nway")
	s.say("A", 1, Withdraw, "")
	want := map[string][]string{
		"A": {"C: review #1 has a comment: hm", "B: review #1 approved", "C: review #1 rejected: no\nway"},
		"B": {"A: review #1 requested: feat (2 commits): git swarm review show 1", "A: review #1 has a comment: well?", "A: review #1 withdrawn"},
	}
	want["C"] = want["B"]
	for id, told := range want {
		if got := s.inbox(id); !slices.Equal(got, told) {
			t.Errorf("%s was told %q", id, got)
		}
	}
	if _, err := s.AddEvent(bg, "B", 2, Approve, ""); !errors.Is(err, refstore.ErrNotExist) || err.Error() != "review #2 does not exist" {
		t.Errorf("of a number that is not there: %v", err)
	}
	for _, n := range []int{0, -1, 1 << 40} {
		if _, err := s.Get(bg, n); !errors.Is(err, refstore.ErrNotExist) {
			t.Errorf("#%d: %v", n, err)
		}
	}
	s.healthy()
}

// Any text comes back as it was, and a diff to the byte.
func TestTexts(t *testing.T) {
	s := newSwarm(t)
	for _, text := range []string{
		"x", "", " ", "\n", "line\r\nline", "\x00\x1b[2J\u202e", `"quoted" \ back`, "\n" + askedLine + "\n", "Number: 1\nFormat: 1",
		"diff --git a/x b/x\n-\n+\n\\ No newline at end of file", strings.Repeat("ü", bus.MaxBody/2),
	} {
		r, err := s.Request(bg, "A", RequestParams{To: []string{"B"}, Range: s.span(), Text: text, Diff: text})
		s.Must(err)
		diff, err := s.Diff(bg, r.Number)
		if err != nil || diff != text {
			t.Errorf("the diff %.40q is %.40q, %v", text, diff, err)
		}
		if r, err = s.AddEvent(bg, "B", r.Number, Comment, text); err != nil || r.Text != text || r.Events[1].Text != text {
			t.Errorf("%.40q is %+v, %v", text, r, err)
		}
	}
	if diff, err := s.Diff(bg, 4711); err != nil || diff != "" {
		t.Errorf("no diff is %q, %v", diff, err)
	}
	s.healthy()
}

// A change of 50 MB can be reviewed: the note holds its patch-id alone.
func TestLargeChange(t *testing.T) {
	s := newSwarm(t)
	s.Write("large", strings.Repeat("all work and no play\n", 50<<20/21))
	s.Commit("large")
	s.request("A", "B")
	s.say("B", 1, Approve, "")
	ahead(s)
	s.Git("rebase", "-q", "main")
	s.wants("")
	if note := s.Git("notes", "--ref=swarm/reviews", "show", string(s.get(1).Tip)); len(note) > 1000 {
		t.Errorf("a note of %d bytes", len(note))
	}
}

// List has them all, in order.
func TestList(t *testing.T) {
	s := newSwarm(t)
	s.fill(250)
	s.request("A", "B")
	var got []int
	s.Must(s.List(bg, func(r *Review) bool {
		got = append(got, r.Number)
		return len(got) < 251
	}))
	for i, n := range got {
		if n != i+1 {
			t.Fatalf("%v", got)
		}
	}
	if len(got) != 251 {
		t.Errorf("%d reviews", len(got))
	}
	one := 0
	s.Must(s.List(bg, func(*Review) bool { one++; return false }))
	if one != 1 {
		t.Errorf("%d visits after the end", one)
	}
}

// fill makes n reviews, of A by B, the first there are, each on a commit that is
// not there, as so many requests would have left them, packed.
func (s *swarm) fill(n int) {
	s.Helper()
	if n == 0 {
		return
	}
	var table, notes strings.Builder
	fmt.Fprintf(&notes, "commit %s\ncommitter T <t@t> %d +0000\ndata 0\n", NotesRef, noon.Unix())
	for i := 1; i <= n; i++ {
		e := asked(i, "B")
		e.Tip = s.bus.Store().Repo().Algo.Sum("blob", fmt.Appendf(nil, "%d", i))
		message := fmt.Sprintf("[request] #%d from A to B\n\nNumber: %d\nLabel: request\nReviews: %d\nFormat: 1\n", i, i, i)
		fmt.Fprintf(&table, "commit %s\nauthor A <t@t> %d +0000\ncommitter T <t@t> %d +0000\ndata %d\n%s\n", TableRef, noon.Unix(), noon.Unix(), len(message), message)
		fmt.Fprintf(&table, "M 100644 inline %s\ndata %d\n%s\n\n", numberPath(i), len(e.line())+1, e.line())
		fmt.Fprintf(&table, "M 100644 inline %s\ndata %d\n%d\n\n", latestPath("A"), len(fmt.Sprint(i))+1, i)
		fmt.Fprintf(&notes, "M 100644 inline %s/%s\ndata %d\n%s\n\n", e.Tip[:2], e.Tip[2:], len(e.line())+1, e.line())
	}
	s.Feed(table.String()+notes.String(), "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet")
}
