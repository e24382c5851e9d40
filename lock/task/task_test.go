package task

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// TestOrder: the best task is that of the highest priority, then the one for which most
// wait, then the oldest; and what comes after others becomes ready when the last of
// them has landed.
func TestOrder(t *testing.T) {
	s := newSwarm(t, "A", "B", "C", "D", "E")
	s.add("low, old")
	s.addNew(New{Title: "urgent", Priority: 0})
	s.add("much waits for it")
	s.add("waits", 3)
	s.add("waits for what waits, and for the first", 1, 4)
	s.areStates(Ready, Ready, Ready, Open, Open)
	if n := s.task(3).Waits; n != 2 {
		t.Errorf("%d wait for #3", n)
	}
	s.takes("A", 2)
	s.takes("B", 3)
	s.takes("C", 1)
	if none := s.nothing("D"); !none.Waits || len(none.Passed) > 0 {
		t.Errorf("%+v", none)
	}
	if ready := s.finish("B"); len(ready) != 1 || ready[0].Number != 4 {
		t.Errorf("ready: %v", ready)
	}
	s.areStates(Taken, Taken, Landed, Ready, Open)
	s.takes("D", 4)
	s.finish("D")
	s.areStates(Taken, Taken, Landed, Landed, Open)
	s.finish("C")
	s.takes("E", 5)
	s.Git("gc", "-q", "--prune=now")
	s.Git("pack-refs", "--all")
	if log := s.Git("log", "--reverse", "--format=%an: %s", Ref); !strings.Contains(log, "B: #3 taken by B: much waits for it\n") || !strings.Contains(log, "B: #3 done by B") {
		t.Errorf("the diary is\n%s", log)
	}
	s.healthy()
}

// TestTakeIsFlat: among ten thousand tasks, taking one and giving it back reads and writes
// no more objects than among ten, and needs little more memory, which is what it costs: a
// page, and the first lines of all of them.
func TestTakeIsFlat(t *testing.T) {
	most := uint64(300 << 10) // bytes
	if raced {
		most *= 2
	}
	few, fewObjects := costOfTake(t, 10)
	many, manyObjects := costOfTake(t, 10_000)
	if manyObjects != fewObjects {
		t.Errorf("it writes %d objects, and among few tasks %d", manyObjects, fewObjects)
	}
	if many > few+most {
		t.Errorf("it allocates %d bytes, and among few tasks %d", many, few)
	}
}

// costOfTake is what taking a task and giving it back allocates, in bytes, and how many
// objects it writes.
func costOfTake(t *testing.T, count int) (bytes uint64, objects int) {
	s := newSwarm(t, "A")
	s.plant(count)
	both := func() {
		s.takes("A", 1)
		_, err := s.Give(bg, "A", 1, "")
		s.Must(err)
	}
	both() // as long as git gc was last, what it reads is packed
	const times = 10
	loose := func() int {
		n, _, _ := strings.Cut(s.Git("count-objects"), " ")
		count, err := strconv.Atoi(n)
		s.Must(err)
		return count
	}
	var before, after runtime.MemStats
	written := loose()
	runtime.ReadMemStats(&before)
	for range times {
		both()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / times, (loose() - written) / times
}

// TestTakeAgain: who has a task is given it again, and no other.
func TestTakeAgain(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.addNew(New{Title: "first", Body: "# What\n\nthis\n", Priority: 2})
	s.add("second")
	if g := s.takes("A", 1); g.Again || g.Body != "# What\n\nthis\n" {
		t.Errorf("%+v", g)
	}
	if g := s.takes("A", 1); !g.Again || g.Task.Epoch != 1 || g.Body != "# What\n\nthis\n" {
		t.Errorf("%+v", g)
	}
	if _, err := s.Take(bg, "A", 2, ""); !errors.As(err, new(*HoldsError)) {
		t.Errorf("a second task: %v", err)
	}
	if _, err := s.Take(bg, "B", 1, ""); !errors.As(err, new(*StateError)) {
		t.Errorf("another's task: %v", err)
	}
	if _, err := s.Take(bg, "B", 3, ""); !errors.As(err, new(*UnknownError)) {
		t.Errorf("no task: %v", err)
	}
	given, err := s.Give(bg, "A", 0, "no time")
	s.Must(err)
	if given.State != Ready || given.Why != "no time" || given.Holder != "" {
		t.Errorf("%+v", given)
	}
	if g, err := s.Take(bg, "B", 1, ""); err != nil || g.Task.Epoch != 2 {
		t.Errorf("%+v, %v", g, err)
	}
	if _, err := s.Give(bg, "A", 1, ""); !errors.As(err, new(*NotHolderError)) {
		t.Errorf("A gives what B has: %v", err)
	}
	done := bus.Done
	s.Must(s.Bus.SetStatus(bg, "A", "A", bus.Change{Status: &done}, nil))
	if _, err := s.Take(bg, "A", 0, ""); !errors.As(err, new(*lock.DoneError)) {
		t.Errorf("a session that is done: %v", err)
	}
	s.healthy()
}

// TestOverlap: no task is given whose files overlap with what another session that is
// there has claimed, or with a task that it has taken; and it is said why.
func TestOverlap(t *testing.T) {
	s := newSwarm(t, "A", "B", "C")
	s.addNew(New{Title: "auth", Priority: 0, Files: []string{"src/auth/**"}})
	s.addNew(New{Title: "auth, too", Priority: 1, Files: []string{"docs/", "src/auth/login.go"}})
	s.addNew(New{Title: "the rest", Priority: 2, Files: []string{"src/db"}})
	s.takes("A", 1)
	g := s.takes("B", 3)
	if len(g.Passed) != 1 || g.Passed[0].Task.Number != 2 || g.Passed[0].What() != "A's task #1 ('src/auth/**')" || g.Passed[0].Spec != "src/auth/login.go" {
		t.Errorf("passed over: %+v", g.Passed)
	}
	if _, err := s.Take(bg, "C", 2, ""); !errors.As(err, new(*OverlapError)) || !strings.Contains(err.Error(), "A's task #1") {
		t.Errorf("by number: %v", err)
	}
	s.finish("A")
	_, err := s.Claims.Grant(bg, "A", lock.Request{Paths: []string{"docs/index.md"}})
	s.Must(err)
	if none := s.nothing("C"); len(none.Passed) != 1 || none.Passed[0].What() != "A's claim on 'docs/index.md'" {
		t.Errorf("%+v", none)
	}
	if n := s.task(2).Passed; n != 1 {
		t.Errorf("passed over %d times", n)
	}
	s.takes("A", 2) // its own claim is not in its way
	s.healthy()
}

// TestGone: what a session has that is gone is given to who asks next, and the session
// is told. Its claims are in nobody's way.
func TestGone(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.addNew(New{Title: "one", Priority: 2, Files: []string{"a.go"}})
	s.takes("A", 1)
	_, err := s.Claims.Grant(bg, "A", lock.Request{Paths: []string{"a.go"}})
	s.Must(err)
	s.nothing("B")
	s.clock.Advance(staleAfter + time.Minute)
	g := s.takes("B", 1)
	if g.Task.Epoch != 2 || len(g.Back) != 1 || g.Back[0].Why != "A was gone" {
		t.Errorf("%+v", g)
	}
	if diary := s.Git("log", "-1", "--format=%B", Ref); !strings.Contains(diary, "#1 given back: A was gone") {
		t.Errorf("the diary says %q", diary)
	}
	if told := s.inbox("A"); len(told) != 1 || !strings.Contains(told[0], "your task #1 was given back") {
		t.Errorf("A was told %q", told)
	}
	if _, _, err := s.Done(bg, "A", 1, false); !errors.As(err, new(*NotHolderError)) {
		t.Errorf("A is done with what B has: %v", err)
	}
	s.healthy()
}

// TestRetired: what a session has that is retired is given back with it; of one that an
// older version has retired, to who asks next.
func TestRetired(t *testing.T) {
	s := newSwarm(t, "A", "B", "C")
	s.add("one")
	s.takes("A", 1)
	s.Must(s.Bus.Retire(bg, "A", func(tx *refstore.Tx) error {
		given, err := Retire(tx, "A")
		if given == nil || given.Number != 1 || given.State != Ready {
			t.Errorf("given back: %+v", given)
		}
		return err
	}))
	s.takes("B", 1)
	s.healthy()
	s.Must(s.Bus.Retire(bg, "B", func(*refstore.Tx) error { return nil }))
	if g := s.takes("C", 1); len(g.Back) != 1 {
		t.Errorf("%+v", g)
	}
	s.healthy()
	s.Must(s.Bus.Update(bg, "C", func(tx *refstore.Tx, _ string) error {
		given, err := Retire(tx, "nobody")
		if given != nil {
			t.Errorf("given back: %+v", given)
		}
		return err
	}))
}

// TestDone: a session that is done gives its task back, as one that is gone does.
func TestDone(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.add("one")
	s.takes("A", 1)
	s.nothing("B")
	done := bus.Done
	s.Must(s.Bus.SetStatus(bg, "A", "A", bus.Change{Status: &done}, nil))
	s.takes("B", 1)
	s.healthy()
}

// TestWoken: who waits for a task is given one as soon as it becomes ready, or is free.
func TestWoken(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.add("one")
	s.add("two", 1)
	s.takes("A", 1)
	type answer struct {
		given *Given
		err   error
	}
	got, waits := make(chan answer), make(chan bool)
	go func() {
		other, _, err := open(s.Dir, refstore.Options{Now: s.clock.Now})
		if err != nil {
			got <- answer{nil, err}
			return
		}
		defer other.Bus.Store().Close()
		_, err = other.Take(bg, "B", 0, "")
		waits <- errors.As(err, new(*NoneReadyError))
		given, err := other.TakeWait(bg, "B", "", time.Minute, func() error { return nil })
		got <- answer{given, err}
	}()
	if !<-waits {
		t.Fatal("a task was ready")
	}
	s.finish("A")
	if a := <-got; a.err != nil || a.given.Task.Number != 2 {
		t.Errorf("%+v, %v", a.given, a.err)
	}
	if _, err := s.TakeWait(bg, "A", "", 10*time.Millisecond, func() error { return nil }); !errors.As(err, new(*NoneReadyError)) {
		t.Errorf("in vain: %v", err)
	}
	s.healthy()
}

// TestPassedOver: a task that was passed over ten times is given before all others, and
// until then nothing is given that overlaps with it, by number neither.
func TestPassedOver(t *testing.T) {
	s := newSwarm(t, "A", "B", "C")
	s.addNew(New{Title: "wide", Priority: 4, Files: []string{"src"}})
	s.addNew(New{Title: "long", Priority: 0, Files: []string{"src/x"}})
	s.takes("A", 2)
	s.Must(refuse(s.Edit(bg, bus.Orchestrator, 1, Edit{Priority: new(int)})))
	for i := range passedEnough {
		n := s.addNew(New{Title: "narrow", Priority: 1, Files: []string{fmt.Sprintf("src/y%d", i)}}).Number
		s.takes("B", n)
		s.finish("B")
	}
	last := s.addNew(New{Title: "narrow", Priority: 0, Files: []string{"src/z"}}).Number
	other := s.addNew(New{Title: "elsewhere", Priority: 3, Files: []string{"docs"}}).Number
	if g := s.takes("B", other); len(g.Passed) != 2 || g.Passed[1].Task.Number != last || !strings.Contains(g.Passed[1].What(), "goes first") {
		t.Errorf("%+v", g.Passed)
	}
	if _, err := s.Take(bg, "C", last, ""); !errors.As(err, new(*OverlapError)) || !strings.Contains(err.Error(), "goes first") {
		t.Errorf("by number: %v", err)
	}
	s.finish("A")
	s.takes("C", 1)
	s.healthy()
}

func refuse[T any](_ T, err error) error { return err }

// TestFor: a task for a session, or a kind of agent, is given to nobody else.
func TestFor(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.addNew(New{Title: "for B", Priority: 0, For: "b"})
	s.addNew(New{Title: "for codex", Priority: 1, For: "codex"})
	if none := s.nothing("A"); len(none.Others) != 2 || none.Others[0].Number != 1 {
		t.Errorf("%+v", none)
	}
	if g, err := s.Take(bg, "A", 0, "Codex"); err != nil || g.Task.Number != 2 {
		t.Errorf("%+v, %v", g, err)
	}
	s.takes("B", 1)
	s.healthy()
}

// TestCycles: tasks that would wait for each other, for themselves or for what is not
// there are refused, and nothing is changed.
func TestCycles(t *testing.T) {
	s := newSwarm(t, "A")
	s.add("one")
	s.add("two", 1)
	s.add("three", 2)
	before := s.Git("rev-parse", Ref)
	_, err := s.Edit(bg, "A", 1, Edit{After: &[]int{3}})
	if circle, ok := errors.AsType[*CycleError](err); !ok || circle.Error() != "tasks would wait for each other: #1 after #3 after #2 after #1" {
		t.Errorf("%v", err)
	}
	if _, err := s.Edit(bg, "A", 1, Edit{After: &[]int{1}}); !errors.As(err, new(*CycleError)) {
		t.Errorf("after itself: %v", err)
	}
	for _, after := range [][]int{{4}, {0}, {-1}} {
		if _, err := s.Edit(bg, "A", 1, Edit{After: &after}); !errors.As(err, new(*UnknownError)) {
			t.Errorf("after %v: %v", after, err)
		}
		if _, err := s.Add(bg, "A", []New{{Title: "x", After: after}}, Branch{}); !errors.As(err, new(*UnknownError)) {
			t.Errorf("a new one after %v: %v", after, err)
		}
	}
	for i, n := range []New{
		{Title: ""},
		{Title: "two\nlines"},
		{Title: strings.Repeat("x", 301)},
		{Title: "x", Priority: 5},
		{Title: "x", Priority: -1},
		{Title: "x", Body: strings.Repeat("x", bus.MaxBody+1)},
		{Title: "x", Body: "\xff"},
		{Title: "x", Files: []string{"../x"}},
		{Title: "x", Files: []string{"/etc"}},
		{Title: "x", Files: []string{":!x"}},
		{Title: "x", Files: []string{""}},
		{Title: "x", For: "a b"},
	} {
		if _, err := s.Add(bg, "A", []New{n}, Branch{}); !errors.Is(err, bus.ErrInput) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if _, err := s.Add(bg, "A", []New{{Title: "x", AfterNew: []int{1}}, {Title: "y", AfterNew: []int{0}}}, Branch{}); !errors.As(err, new(*CycleError)) {
		t.Errorf("two that wait for each other: %v", err)
	}
	if now := s.Git("rev-parse", Ref); now != before {
		t.Error("something was written")
	}
	s.addNew(New{Title: "large", Body: strings.Repeat("x", bus.MaxBody)})
	if _, body, err := s.Get(bg, 4); err != nil || len(body) != bus.MaxBody {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	s.healthy()
}

// TestTwoEdit: of two who edit the same revision, one is told that the other was faster.
func TestTwoEdit(t *testing.T) {
	s := newSwarm(t, "A", "B", "C")
	s.add("one")
	s.takes("C", 1)
	rev := s.task(1).Revision
	body := "from A"
	s.Must(refuse(s.Edit(bg, "A", 1, Edit{Body: &body, Revision: rev})))
	other := "from B"
	_, err := s.Edit(bg, "B", 1, Edit{Body: &other, Revision: rev})
	changed, ok := errors.AsType[*ChangedError](err)
	if !ok || changed.Task.Revision == rev {
		t.Fatalf("%v", err)
	}
	if _, body, err := s.Get(bg, 1); err != nil || body != "from A" {
		t.Errorf("%q, %v", body, err)
	}
	s.Must(refuse(s.Edit(bg, "B", 1, Edit{Body: &other, Revision: changed.Task.Revision})))
	if told := s.inbox("C"); len(told) != 2 {
		t.Errorf("who has it was told %q", told)
	}
	before := s.Git("rev-parse", Ref)
	s.Must(refuse(s.Edit(bg, "B", 1, Edit{Body: &other})))
	if s.Git("rev-parse", Ref) != before {
		t.Error("a change that changes nothing was written")
	}
	none := ""
	s.Must(refuse(s.Edit(bg, "B", 1, Edit{Body: &none})))
	s.healthy()
}

// TestEnds: what is dropped or has failed does not become ready by itself, nor does what
// comes after it; reopened, it does.
func TestEnds(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.add("one")
	s.add("two", 1)
	s.takes("A", 1)
	s.Must(refuse(s.Fail(bg, "A", 0, "no idea")))
	s.areStates(Failed, Open)
	s.Must(refuse(s.Reopen(bg, "B", 1)))
	s.takes("A", 1)
	_, waiting, err := s.Drop(bg, "B", 1, "not needed")
	s.Must(err)
	if !slices.Equal(waiting, []int{2}) || len(s.inbox("A")) != 1 {
		t.Errorf("waiting: %v; A was told %q", waiting, s.inbox("A"))
	}
	s.areStates(Dropped, Open)
	if _, err := s.Reopen(bg, "B", 2); !errors.As(err, new(*StateError)) {
		t.Errorf("an open one: %v", err)
	}
	s.Must(refuse(s.Edit(bg, "B", 2, Edit{After: &[]int{}})))
	s.areStates(Dropped, Ready)
	s.healthy()
}

// TestTakeNew: the session is made with the grant, or not at all, and another one gets
// another task.
func TestTakeNew(t *testing.T) {
	s := newSwarm(t, "A")
	s.add("one")
	s.add("two")
	begin := func(tx *refstore.Tx, t *Task, epoch int) (string, error) {
		id := fmt.Sprintf("T%d-%d", t.Number, epoch)
		return id, s.Bus.RegisterIn(tx, bus.Registration{ID: id, Workstream: id})
	}
	refuses := errors.New("no")
	_, err := s.TakeNew(bg, "A", "", nil, func(tx *refstore.Tx, t *Task, epoch int) (string, error) {
		_, err := begin(tx, t, epoch)
		return "", errors.Join(err, refuses)
	})
	if all, _ := s.Bus.Sessions(bg); !errors.Is(err, refuses) || len(all) != 1 {
		t.Errorf("%v, %v", err, all)
	}
	var none *NoneReadyError
	if _, err := s.TakeNew(bg, "A", "", map[int]bool{1: true, 2: true}, begin); !errors.As(err, &none) || none.Except != 2 {
		t.Errorf("%+v, %v", none, err)
	}
	for n := 1; n <= 2; n++ {
		g, err := s.TakeNew(bg, "A", "", nil, begin)
		if err != nil || g.Task.Number != n || g.Task.Epoch != n || g.Task.Holder != fmt.Sprintf("T%d-%[1]d", n) {
			t.Fatalf("%+v, %v", g, err)
		}
		if at, err := s.Bus.Session(bg, g.Task.Holder); err != nil || at.Status != bus.Running {
			t.Errorf("%+v, %v", at, err)
		}
	}
	_, err = s.TakeNew(bg, "A", "", nil, begin)
	if !errors.As(err, new(*NoneReadyError)) {
		t.Errorf("%v", err)
	}
	s.healthy()
}
