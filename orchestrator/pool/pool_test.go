package pool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// TestWorksThrough: each task is begun with all that it comes after, in a session of its
// own that goes when it has landed; what the clients have said and used stays.
func TestWorksThrough(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.diamond()
	sum := s.runs(`case $GIT_SWARM_TASK in 2|3) test -e file-1 || exit 9;; 4) test -e file-2 && test -e file-3 || exit 9;; esac
echo "at work as $GIT_SWARM_SESSION"; work && land; sleep 60 & echo '{"type":"result","total_cost_usd":0.5,"num_turns":1,"usage":{"input_tokens":10,"output_tokens":5}}'`)
	s.areStates(task.Landed, task.Landed, task.Landed, task.Landed)
	s.areLeft()
	s.landedOnce(1, 2, 3, 4)
	if sum.Tasks != 4 || sum.Landed != 4 || !sum.Done() || sum.Used.Cost != 2 || sum.Used.Tokens != 60 {
		t.Errorf("%+v", sum)
	}
	var said []string
	found, err := ReadLog(s.Pool.Repo, 4, func(text string) { said = append(said, text) })
	if !found || err != nil || len(said) != 3 || said[1] != "at work as T4" || !strings.Contains(said[0], "T4 begins, try 1") || !strings.Contains(said[2], "T4 ended") {
		t.Errorf("%q, %v", said, err)
	}
	if entries, err := os.ReadDir(agents.PoolDir(s.Pool.Repo)); err != nil || len(entries) != 4 {
		t.Errorf("%v, %v", entries, err)
	}
	s.GitFsck()
}

// TestTriesAgain: the second client goes on in the same worktree, and is told why.
func TestTriesAgain(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.runs(`if first; then work; echo "no luck" >&2; exit 3; fi
case $prompt in *"ended with status 3; it said last: no luck"*) land;; *) exit 4;; esac`)
	s.areStates(task.Landed)
	s.areLeft()
	s.landedOnce(1)
	if !s.told(Again, "T1") {
		t.Errorf("%q", s.events)
	}
}

// TestFails: after so many tries the task has failed. Its worktree stays, its claims do
// not, and what comes after it is not begun.
func TestFails(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.add("two", 1)
	s.add("three")
	sum := s.runs(`if [ $GIT_SWARM_TASK = 1 ]; then echo once >>"$notes/tries"; work; exit 0; fi; work && land`)
	s.areStates(task.Failed, task.Open, task.Landed)
	s.areLeft("T1")
	s.landedOnce(3)
	tries, err := os.ReadFile(filepath.Join(s.dir, "tries"))
	if err != nil || string(tries) != "once\nonce\n" || sum.Failed != 1 || sum.Landed != 1 || sum.Left != 1 || sum.Done() {
		t.Errorf("%q, %v, %+v", tries, err, sum)
	}
	at, err := s.Backlog.Bus.Session(t.Context(), "T1")
	if err != nil || at.Status != bus.Done || !strings.Contains(at.Note, "it ended without landing anything; it said nothing") {
		t.Errorf("%+v, %v", at, err)
	}
	_, err = s.Backlog.Reopen(t.Context(), bus.Orchestrator, 1)
	s.Must(err)
	s.runs(`work && land`) // with a session of its own: the worktree has what did not land
	s.areStates(task.Landed, task.Landed, task.Landed)
	s.areLeft("T1")
	s.landedOnce(1, 2, 3)
}

// TestFailsEmpty: a failed task that is begun anew has its name and place again, where
// nothing is in them.
func TestFailsEmpty(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.Tries = 1
	s.runs(`exit 3`)
	s.areStates(task.Failed)
	s.areLeft("T1")
	s.runs(`exit 3`)
	s.areLeft("T1") // while it has failed, it stays
	_, err := s.Backlog.Reopen(t.Context(), bus.Orchestrator, 1)
	s.Must(err)
	s.runs(`[ $GIT_SWARM_SESSION = T1 ] && work && land`)
	s.areStates(task.Landed)
	s.areLeft()
	s.landedOnce(1)
}

// TestKilled: a client that is killed is followed by another one; so is one whose worker
// is killed, which leaves none behind.
func TestKilled(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.add("two")
	s.runs(`if first; then
	if [ $GIT_SWARM_TASK = 1 ]; then kill -9 $$; fi
	echo $$ >"$notes/left"; orphan; exec sleep 300
fi
work && land`)
	s.areStates(task.Landed, task.Landed)
	s.areLeft()
	s.landedOnce(1, 2)
	if !slices.Contains(s.texts, "again T2: it was killed (its worker was killed, too); it said nothing") {
		t.Errorf("%q", s.texts)
	}
	isGone(t, filepath.Join(s.dir, "left"))
}

// TestAllowed: a client of another make than Claude Code's is let run the commands of
// swarm.allow, too.
func TestAllowed(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	s := newSwarm(t)
	s.add("one")
	script := s.client(`printf '%s\n' "$@" >"$notes/args"; finish`)
	s.Must(os.WriteFile(filepath.Join(bin, "copilot"), []byte("#!/bin/sh\nexec "+script+" \"$@\" </dev/null\n"), 0o777))
	s.Agent, s.Commands = "copilot", []string{"go test"}
	sum, err := s.Run(t.Context())
	args, unread := os.ReadFile(filepath.Join(s.dir, "args"))
	if err != nil || unread != nil || !sum.Done() || !strings.Contains(string(args), "\n--allow-tool\nshell(go test:*)\n") {
		t.Errorf("%+v, %v, %v, %q", sum, err, unread, args)
	}
}

// TestOrphan: a client that does not end, and whose worker was killed, keeps no other
// session waiting.
func TestOrphan(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.add("two")
	s.runs(`if [ $GIT_SWARM_TASK = 1 ] && first; then trap '' TERM; orphan; while :; do sleep 1; done; fi
if [ $GIT_SWARM_TASK = 2 ]; then until [ -e "$notes/first-1" ]; do sleep 0.05; done; fi
work && land`)
	s.areStates(task.Landed, task.Landed)
	s.areLeft()
	s.landedOnce(1, 2)
	landed, again := slices.Index(s.events, "landed T2"), slices.Index(s.events, "again T1")
	if landed < 0 || again < landed {
		t.Errorf("the other session waited: %q", s.events)
	}
}

// TestNotNoted: a client begins only when it is written down which process it is.
func TestNotNoted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "touch", filepath.Join(dir, "begun"))
	if exit := run(t.Context(), t.Context(), folder(filepath.Join(dir, "gone")), cmd); exit.Error == "" {
		t.Errorf("%+v", exit)
	}
	if _, err := os.Stat(filepath.Join(dir, "begun")); err == nil {
		t.Error("a client that is not written down has begun")
	}
	cmd = exec.CommandContext(t.Context(), "touch", filepath.Join(dir, "be gun"))
	if exit := run(t.Context(), t.Context(), folder(dir), cmd); *exit != (Exit{}) {
		t.Errorf("%+v", exit)
	}
	if _, err := os.Stat(filepath.Join(dir, "be gun")); err != nil {
		t.Error(err)
	}
}

// TestEndsRest: what a client leaves running ends with it, also where it takes no SIGTERM.
func TestEndsRest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	note := filepath.Join(dir, "left")
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `trap '' TERM; sleep 300 & echo $! >"$1"`, "sh", note)
	if exit := run(t.Context(), t.Context(), folder(dir), cmd); *exit != (Exit{}) {
		t.Errorf("%+v", exit)
	}
	isGone(t, note)
}

// isGone expects the process whose pid is in the file to have ended.
func isGone(t *testing.T, name string) {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(content)) + "/stat")
	if err == nil && !strings.Contains(string(stat), ") Z ") { // one that has ended may not have been reaped yet
		t.Errorf("it is there: %s", stat)
	}
}

// TestNeverEnds: a client that takes too long is ended, with what it has started; so is
// one that goes on although its task has landed.
func TestNeverEnds(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.add("two")
	s.Timeout, s.Grace, s.Tries = 3*time.Second, 100*time.Millisecond, 1
	began := time.Now()
	s.runs(`if [ $GIT_SWARM_TASK = 1 ]; then (trap '' TERM; sleep 1); sleep 300; else work && land; sleep 300; fi`)
	s.areStates(task.Failed, task.Landed)
	s.areLeft("T1")
	failed, _, err := s.Backlog.Get(t.Context(), 1)
	if err != nil || failed.Why != "it was ended, for its time was over; it said nothing" || time.Since(began) > time.Minute {
		t.Errorf("%q, %v, after %s", failed.Why, err, time.Since(began))
	}
}

// TestNoClient: where there is none nothing is burnt: the task is given back, and the
// supervisor ends.
func TestNoClient(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.Command = "exec /nowhere/client"
	if sum, err := s.Run(t.Context()); err != ErrNoClient || sum.Left != 1 {
		t.Errorf("%+v, %v", sum, err)
	}
	s.areStates(task.Ready)
	s.areLeft()
}

// TestBlocked: a session that asks waits without a client, and others take its place;
// with the answer it goes on where it was. A supervisor that ends leaves it waiting, and
// the next one goes on with it.
func TestBlocked(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.add("two")
	s.Sessions = 1
	script := `if [ $GIT_SWARM_TASK = 1 ] && first; then work; say blocked "Red or green?"; exit; fi
if [ $GIT_SWARM_TASK = 1 ]; then case $prompt in *"Red or green?"*"orchestrator: Green."*) land; exit;; *) exit 5;; esac; fi
work && land`
	if sum := s.runs(script); sum.Blocked != 1 || sum.Landed != 1 || sum.Done() {
		t.Errorf("%+v", sum)
	}
	s.areStates(task.Taken, task.Landed)
	s.areLeft("T1")
	if sum := s.runs(script); sum.Blocked != 1 {
		t.Errorf("nobody has answered: %+v", sum)
	}
	_, err := s.Backlog.Bus.Send(t.Context(), bus.Orchestrator, "T1", "Green.")
	s.Must(err)
	if sum := s.runs(script); !sum.Done() {
		t.Errorf("%+v", sum)
	}
	s.areStates(task.Landed, task.Landed)
	s.areLeft()
	s.landedOnce(1, 2)
	if !s.told(Answered, "T1") {
		t.Errorf("%q", s.events)
	}
}

// TestAnswered: a supervisor that is at work hears of the answer.
func TestAnswered(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.add("two")
	asked := make(chan struct{})
	s.Tell = func(e Event) {
		s.note(e)
		if e.Kind == Blocked {
			close(asked)
		}
	}
	answered := make(chan error, 1)
	go func() {
		<-asked
		p, done, err := open(s.Dir)
		if err == nil {
			_, err = p.Backlog.Bus.Send(t.Context(), bus.Orchestrator, "T1", "Green.")
			done()
		}
		answered <- errors.Join(err, os.WriteFile(filepath.Join(s.dir, "answered"), nil, 0o666))
	}()
	s.runs(`if [ $GIT_SWARM_TASK = 1 ] && first; then say blocked "Red or green?"; exit; fi
if [ $GIT_SWARM_TASK = 2 ]; then until [ -e "$notes/answered" ]; do sleep 0.1; done; fi
work && land`)
	s.Must(<-answered)
	s.areStates(task.Landed, task.Landed)
	if !s.told(Answered, "T1") {
		t.Errorf("%q", s.events)
	}
}

// TestSummary: it tells how many conflicts the commits healed that have landed, and for
// how long sessions have waited for verdicts.
func TestSummary(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.add("two")
	asked, answered := make(chan time.Time, 1), make(chan error, 1)
	s.Tell = func(e Event) {
		s.note(e)
		if e.Kind == Blocked {
			asked <- time.Now()
		}
	}
	var waited time.Duration
	go func() {
		since := <-asked
		time.Sleep(500 * time.Millisecond) // so long the verdict takes
		p, done, err := open(s.Dir)
		if err == nil {
			waited = time.Since(since)
			err = p.Backlog.Verdict(t.Context(), bus.Orchestrator, "T2", 1, false)
			done()
		}
		answered <- errors.Join(err, os.WriteFile(filepath.Join(s.dir, "verdict"), nil, 0o666))
	}()
	sum := s.runs(`if [ $GIT_SWARM_TASK = 2 ] && first; then work; review; exit; fi
if [ $GIT_SWARM_TASK = 1 ]; then until [ -e "$notes/verdict" ]; do sleep 0.05; done; work; git commit -q --amend --no-edit --trailer "Healed: a.go rule" --trailer "Healed: b.go rule"; fi
land`)
	s.Must(<-answered)
	if !sum.Done() || sum.Healed != 2 || sum.Reviewed < waited || sum.Reviewed > sum.Took {
		t.Errorf("%+v, with a verdict after %s", sum, waited)
	}
}

// TestLimit: at a usage limit no client is started until it has ended. That is no try.
func TestLimit(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.Tries = 1
	s.Command = s.client(`if first; then date +%s >"$notes/reset"; echo "{\"type\":\"result\",\"is_error\":true,\"result\":\"Claude AI usage limit reached|$(($(date +%s) + 3))\"}"; exit 1; fi
work && land; date +%s >"$notes/again"`)
	sum, err := s.Run(t.Context())
	s.Must(err)
	if !sum.Done() || !s.told(Limited, "T1") {
		t.Errorf("%+v, %q", sum, s.events)
	}
	var at [2]int
	for i, name := range []string{"reset", "again"} {
		content, err := os.ReadFile(filepath.Join(s.dir, name))
		s.Must(err)
		_, err = fmt.Sscan(string(content), &at[i])
		s.Must(err)
	}
	if at[1] < at[0]+3 {
		t.Errorf("it went on %d s after the limit was reached, not after 3", at[1]-at[0])
	}
}

// TestLimitOfOther: a usage limit that another supervisor's client has reached holds for
// clients of the same kind alone.
func TestLimitOfOther(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.Command = s.client(`work && land`)
	f := folderOf(s.Pool.Repo, "T9")
	s.Must(os.MkdirAll(string(f), 0o777))
	other, err := f.own()
	s.Must(err)
	defer other.Close()
	for n, command := range []string{s.Command, "true"} {
		s.add("one")
		until := time.Now().Add(3 * time.Second)
		s.Must(f.save(&Record{Task: 9, Session: "T9", Command: command, Until: until}))
		var begun time.Time
		s.Tell = func(e Event) {
			s.note(e)
			if e.Kind == Begins {
				begun = e.At
			}
		}
		_, err = s.Run(t.Context())
		s.Must(err)
		if begun.IsZero() || begun.Before(until) == (n == 0) {
			t.Errorf("with a limit of %q it began at %s, %s after it", command, begun, begun.Sub(until))
		}
	}
	s.areStates(task.Landed, task.Landed)
}

// TestGivesBack: a client that gives its task back has tried it; one that says that it
// failed is not followed by another one. While it is still at work no other one begins
// the task anew.
func TestGivesBack(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.add("two")
	p, done, err := open(s.Dir)
	s.Must(err)
	defer done()
	s.Tell = func(e Event) { // in the client's place
		s.note(e)
		if e.Kind != Begins {
			return
		}
		if e.Task == 1 {
			_, err = p.Backlog.Give(t.Context(), e.Session, 1, "too hard")
		} else {
			_, err = p.Backlog.Fail(t.Context(), e.Session, 2, "it cannot be done")
		}
		s.Must(errors.Join(err, os.WriteFile(filepath.Join(s.dir, fmt.Sprintf("said-%d-%d", e.Task, e.Try)), nil, 0o666)))
	}
	sum := s.runs(`i=1; first && i=1 || i=2; until [ -e "$notes/said-$GIT_SWARM_TASK-$i" ]; do sleep 0.05; done`)
	s.areStates(task.Failed, task.Failed)
	s.areLeft("T1", "T2")
	failed, _, err := s.Backlog.Get(t.Context(), 1)
	if err != nil || failed.Why != "it was given back: too hard" || sum.Failed != 2 || s.told(Again, "T2") {
		t.Errorf("%+v, %v, %+v, %q", failed, err, sum, s.events)
	}
}

// TestStop: stopped once, a supervisor begins nothing more and waits; stopped twice, it
// ends the clients and gives their tasks back.
func TestStop(t *testing.T) {
	t.Parallel()
	for times := 1; times <= 2; times++ {
		s := newSwarm(t)
		s.add("one")
		s.add("two")
		s.Sessions = 1
		stop := make(chan struct{})
		s.Stop = stop
		begun := make(chan struct{})
		s.Tell = func(e Event) {
			s.note(e)
			if e.Kind == Begins {
				close(begun)
			}
		}
		go func() {
			<-begun
			for range times {
				stop <- struct{}{}
			}
			_ = os.WriteFile(filepath.Join(s.dir, "go"), nil, 0o666)
		}()
		wait := `until [ -e "$notes/go" ]; do sleep 0.05; done; work && land`
		if times == 2 {
			wait = `work; exec sleep 300`
		}
		sum := s.runs(wait)
		if times == 1 {
			s.areStates(task.Landed, task.Ready)
			s.areLeft()
		} else if s.areStates(task.Ready, task.Ready); !s.told(GivenBack, "T1") || sum.Left != 2 {
			t.Errorf("%+v, %q", sum, s.events)
		}
	}
}

// TestMost: with MaxTasks no more are begun, after Until none.
func TestMost(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.add("two")
	s.MaxTasks = 1
	s.runs(`work && land`)
	s.areStates(task.Landed, task.Ready)
	s.MaxTasks, s.Until = 0, time.Now()
	s.runs(`work && land`)
	s.areStates(task.Landed, task.Ready)
}

// TestLongText: a client is told the beginning of a long text, and how to see the rest.
func TestLongText(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	body := strings.Repeat("é", bus.MaxBody/2)
	_, err := s.Backlog.Add(t.Context(), bus.Orchestrator, []task.New{{Title: "long", Body: body, Priority: 2}}, task.Branch{})
	s.Must(err)
	s.runs("case $prompt in *'`git swarm task show 1`'*) ;; *) exit 6;; esac; printf %s \"$prompt\" | iconv -f utf-8 -t utf-8 >/dev/null && [ ${#prompt} -lt 60000 ] && work && land")
	s.areStates(task.Landed)
}

// TestUnlanded: a landed task's worktree with something that is nowhere else stays.
func TestUnlanded(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.runs(`work && land && echo left >notes.txt`)
	s.areStates(task.Landed)
	s.areLeft("T1")
	if at, err := s.Backlog.Bus.Session(t.Context(), "T1"); err != nil || at.Status != bus.Done || !strings.Contains(at.Note, "notes.txt") {
		t.Errorf("%+v, %v", at, err)
	}
}

// TestTwoSupervisors: they share the backlog; one that goes leaves its clients to the
// other.
func TestTwoSupervisors(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	for i := range 6 {
		s.add(fmt.Sprint(i))
	}
	s.Command = s.client(`work && land`)
	other, done, err := open(s.Dir)
	s.Must(err)
	defer done()
	other.Command, other.Tell = s.Command, s.note
	gone := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithCancel(t.Context())
		other.Tell = func(e Event) {
			s.note(e)
			if e.Kind == Landed {
				cancel()
			}
		}
		_, err := other.Run(ctx)
		gone <- err
	}()
	sum := s.runs(`work && land`)
	if err := <-gone; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if !sum.Done() {
		t.Errorf("%+v", sum)
	}
	s.landedOnce(1, 2, 3, 4, 5, 6)
	s.areLeft()
}

// TestSupervisorKilled: a supervisor that is killed, at whatever moment, costs no task a
// try; the next one, or one beside it, goes on with what it finds. SWARM_KILLS says how
// many are killed.
func TestSupervisorKilled(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	kills := 4
	if n, err := strconv.Atoi(os.Getenv("SWARM_KILLS")); err == nil {
		kills = n
	}
	var numbers []int
	for n := 1; n <= kills+2; n++ {
		numbers = append(numbers, n)
		if n > 2 {
			s.add(fmt.Sprint(n), n-2)
		} else {
			s.add(fmt.Sprint(n))
		}
	}
	s.Command, s.Tries = s.client(`work && land`), 1
	for round := 0; round < kills; round += 2 {
		var beside []*refstoretest.Worker
		for range 2 {
			beside = append(beside, refstoretest.Start(t, "pool", s.Dir, s.Command, "3s"))
		}
		for _, one := range beside {
			acks, killed := one.Ended(t)
			t.Logf("killed: %v, after %d events", killed, len(acks))
		}
	}
	if sum := s.runs(`work && land`); !sum.Done() {
		t.Errorf("%+v", sum)
		all, _ := s.Backlog.List(t.Context())
		for _, one := range all {
			said, _ := os.ReadFile(LogPath(s.Pool.Repo, one.Number))
			t.Logf("#%d %s %s: %s", one.Number, one.State, one.Why, said)
		}
	}
	s.landedOnce(numbers...)
	s.areLeft()
	if entries, err := os.ReadDir(agents.PoolDir(s.Pool.Repo)); err != nil || len(entries) != len(numbers) {
		t.Errorf("%v, %v", entries, err)
	}
	if faults, _, err := task.Fsck(t.Context(), s.Backlog.Bus); err != nil || len(faults) > 0 {
		t.Errorf("%v, %v", faults, err)
	}
}
