package review

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// Each fault is found, where it is, and all of them at once.
func TestFsck(t *testing.T) {
	line := func(e *Event) string { return e.line() + "\n" }
	other := asked(2, "B")
	for _, c := range []struct {
		name  string
		plant func(s *swarm)
		want  []string // path, and what is said of it
	}{
		{"nothing", func(*swarm) {}, nil},
		{"garbage in a review", put("number/0/1", "LGTM\n"), []string{"number/0/1: damaged: not a line that git swarm writes"}},
		{"a review without a request", put("number/0/1", line(said1(2, Approve, "B"))), []string{"number/0/1: damaged: 0 requests"}},
		{"an empty review", put("number/0/1", ""), []string{"number/0/1: damaged: 0 requests"}},
		{"two requests", put("number/0/1", joinLines(line(asked(1, "B")), line(asked(1, "C")))), []string{"number/0/1: damaged: 2 requests"}},
		{"another review's line", put("number/0/1", joinLines(line(asked(1, "B")), line(other))), []string{"number/0/1: damaged: a line of #2"}},
		{"lines out of order", put("number/0/1", line(said1(2, Approve, "B"))+line(asked(1, "B"))), []string{"number/0/1: damaged: lines not sorted"}},
		{"a blank line", put("number/0/1", "\n"+line(asked(1, "B"))), []string{"number/0/1: damaged: lines not sorted"}},
		{"no line feed at the end", put("number/0/1", asked(1, "B").line()), []string{"number/0/1: damaged: lines not sorted"}},
		{"a review missing", remove("number/0/2"), []string{"number/0/2: damaged: no such review", "latest/C: damaged: \"2\\n\" is not the number of a review of that session"}},
		{"a review beyond the count", put("number/0/3", strings.ReplaceAll(line(asked(1, "B")), "#1.1", "#3.1")), []string{"number/0/3: damaged: not the number of one of 2"}},
		{"a review in the wrong place", put("number/1/1", line(asked(1, "B"))), []string{"number/1/1: damaged: not the number"}},
		{"a review under no number", put("number/0/x", line(asked(1, "B"))), []string{"number/0/x: damaged: not the number"}},
		{"the newest of nobody", put("latest/B", "1\n"), []string{"latest/B: damaged: \"1\\n\" is not the number of a review of that session"}},
		{"the newest is no number", put("latest/A", "one\n"), []string{"latest/A: damaged: \"one\\n\" is not the number"}},
		{"the newest is not there", put("latest/A", "9\n"), []string{"latest/A: damaged: \"9\\n\" is not the number"}},
		{"the newest is spelt otherwise", put("latest/A", "01\n"), []string{"latest/A: damaged: \"01\\n\" is not the number"}},
		{"the newest is an older one", func(s *swarm) { s.request("A", "B"); put("latest/A", "1\n")(s) }, []string{"latest/A: damaged: #1 is there, and is not the latest: #3 is"}},
		{"a diff of nothing", put("diff/0/7", "x"), []string{"diff/0/7: damaged: git swarm keeps nothing there"}},
		{"a file more", put("README", "x"), []string{"README: damaged: git swarm keeps nothing there"}},
		{"garbage in a note", note("LGTM\n"), []string{"note on TIP: damaged: not a line that git swarm writes"}},
		{"a note on nothing", noteAt("README"), []string{"note on README: damaged: 'README' is no object"}},
		{
			"three at once", func(s *swarm) { put("number/0/1", "x\n")(s); put("number/0/2", "x\n")(s); note("x\n")(s) },
			[]string{"number/0/1: damaged", "number/0/2: damaged", "note on TIP: damaged"},
		},
		{"a count that falls", counts(1, 1), []string{"damaged: Reviews: 1 after 2"}},
		{"a count that jumps", counts(2, 4), []string{"damaged: Reviews: 4 after 2"}},
		{"the table is no commit", func(s *swarm) { s.Git("update-ref", TableRef, s.Feed("x", "hash-object", "-w", "--stdin")) }, []string{"no commit"}},
		{"the notes are no commit", func(s *swarm) { s.Git("update-ref", NotesRef, s.Feed("x", "hash-object", "-w", "--stdin")) }, []string{NotesRef}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSwarm(t)
			_, err := s.Request(bg, "A", RequestParams{To: []string{"B"}, Range: s.span(), Diff: "diff"})
			s.Must(err)
			s.request("C", "B")
			s.say("B", 1, Approve, "")
			c.plant(s)
			faults, read, err := s.open(refstore.Options{}).Fsck(bg)
			if err != nil || (c.want == nil && read != 3) {
				t.Fatalf("%d read, %v", read, err)
			}
			for i, fault := range faults {
				var damaged *refstore.DamagedError
				if i >= len(c.want) || !errors.As(fault, &damaged) || !strings.Contains(fault.Error(), strings.ReplaceAll(c.want[i], "TIP", string(s.rev("feat")))) {
					t.Errorf("found: %v", fault)
				}
			}
			if len(faults) != len(c.want) {
				t.Errorf("%d faults, not %q", len(faults), c.want)
			}
		})
	}
}

// change records a change of the table, as nothing of ours would make it.
func (s *swarm) change(reviews string, edit func(table *refstore.Table) error) {
	s.Helper()
	s.Must(s.bus.Store().Update(bg, "A", func(tx *refstore.Tx) error {
		table, err := tx.Table(TableRef)
		if err == nil {
			err = edit(table)
		}
		if err != nil {
			return err
		}
		last, err := tx.Counter(TableRef, fieldReviews)
		if reviews == "" {
			reviews = fmt.Sprint(last)
		}
		if err == nil {
			_, err = tx.Record(TableRef, refstore.Entry{Label: "request", Body: "x", Fields: []refstore.Field{{Key: fieldReviews, Value: reviews}}})
		}
		return err
	}))
}

func put(path, content string) func(s *swarm) {
	return func(s *swarm) {
		s.change("", func(table *refstore.Table) error { return table.Put(path, []byte(content)) })
	}
}

func remove(path string) func(s *swarm) {
	return func(s *swarm) {
		s.change("", func(table *refstore.Table) error { return table.Delete(path) })
	}
}

// counts records that so many reviews there are, times in a row and the last time
// otherwise.
func counts(times, reviews int) func(s *swarm) {
	return func(s *swarm) {
		for i := range times {
			n := fmt.Sprint(reviews)
			if i < times-1 {
				n = "2"
			}
			s.change(n, func(*refstore.Table) error { return nil })
		}
	}
}

// note puts that text in the note on feat.
func note(text string) func(s *swarm) {
	return func(s *swarm) { s.Git("notes", "--ref=swarm/reviews", "add", "-f", "-m", text, "feat") }
}

// noteAt puts a file that is no note among the notes.
func noteAt(name string) func(s *swarm) {
	return func(s *swarm) {
		s.Feed(fmt.Sprintf("commit %s\ncommitter T <t@t> 1700000000 +0000\ndata 0\nfrom %s\nM 100644 inline %s\ndata 1\nx\n", NotesRef, s.rev(NotesRef), name), "fast-import", "--quiet")
	}
}

// Two thousand reviews are read in a moment, and nothing is found.
func TestFsckMany(t *testing.T) {
	s := newSwarm(t)
	s.fill(2000)
	start := time.Now()
	faults, read, err := s.Fsck(bg)
	if err := errors.Join(append(faults, err)...); err != nil || read != 2000 {
		t.Errorf("%d read: %.300v", read, err)
	}
	took := time.Since(start)
	t.Logf("%v", took)
	if took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}
