package task

import (
	"reflect"
	"slices"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// TestEach: each task is visited, by number, as List has it, and of each it can be told
// whether it has landed, also of those that come later.
func TestEach(t *testing.T) {
	s := newSwarm(t, "A")
	if err := s.Each(bg, func(*Task, func(int) bool) bool { t.Error("there is one"); return true }); err != nil {
		t.Error(err)
	}
	const count = 1250 // list/10 stands before list/2
	s.plant(count)
	last := []int{count - 1, count}
	s.Must(func() error { _, err := s.Edit(bg, bus.Orchestrator, 1, Edit{After: &last}); return err }())
	for _, n := range []int{count - 5, count, 2} {
		_, err := s.Take(bg, "A", n, "")
		s.Must(err)
		s.finish("A")
	}
	want, err := s.List(bg)
	s.Must(err)
	at := 0
	s.Must(s.Each(bg, func(got *Task, landed func(int) bool) bool {
		one := *got
		if one.Number != want[at].Number || one.Title != want[at].Title || !slices.Equal(one.After, want[at].After) || !slices.Equal(one.Files, want[at].Files) || !slices.Equal(one.Commits, want[at].Commits) {
			t.Fatalf("%+v, List has %+v", one, want[at])
		}
		one.After, one.Files, one.Commits = want[at].After, want[at].Files, want[at].Commits // nil is not empty
		if !reflect.DeepEqual(&one, want[at]) {
			t.Fatalf("%+v, List has %+v", one, want[at])
		}
		if one.Number == 1 && (landed(last[0]) || !landed(last[1])) {
			t.Error("what comes later is not known")
		}
		if landed(one.Number) != (one.State == Landed) || landed(count+1) || landed(0) {
			t.Errorf("#%d is %s", one.Number, one.State)
		}
		at++
		return true
	}))
	if at != count {
		t.Errorf("%d of %d", at, count)
	}
	at = 0
	s.Must(s.Each(bg, func(*Task, func(int) bool) bool { at++; return at < 150 }))
	if at != 150 {
		t.Errorf("it goes on: %d", at)
	}
}

// TestEachOnDamage: lines and pages that cannot be read are left out, and told of.
func TestEachOnDamage(t *testing.T) {
	s := newSwarm(t, "A")
	s.plant(310)
	s.forge("list/1", s.Git("show", Ref+":list/1")+"\nwhat\n100 landed what\n")
	s.forge("list/02", "3 landed 2\n")
	var seen []int
	s.Must(s.Each(bg, func(t *Task, landed func(int) bool) bool {
		if landed(3) {
			s.Error("what stands in a place of its own counts")
		}
		seen = append(seen, t.Number)
		return true
	}))
	if len(seen) != 310 || !slices.IsSorted(seen) {
		t.Errorf("it has %d: %v", len(seen), seen)
	}
	var told []string
	for _, fault := range s.Bus.Store().SetAside() {
		told = append(told, fault.Path)
	}
	slices.Sort(told)
	if want := []string{"list/02", "list/1", "list/1"}; !slices.Equal(told, want) {
		t.Errorf("it tells of %q", told)
	}
}
