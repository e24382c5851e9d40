package pool

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
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

// TestNotBegun: what is ready and for others, or overlaps with what they have, is not
// begun, and the summary says so.
func TestNotBegun(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	for _, n := range []task.New{{Title: "mine"}, {Title: "another's", For: "codex"}, {Title: "held", Files: []string{"docs/**"}}} {
		_, err := s.Backlog.Add(t.Context(), bus.Orchestrator, []task.New{n}, task.Branch{Ref: "refs/remotes/origin/main", Tip: s.Git("rev-parse", "origin/main")})
		s.Must(err)
	}
	_, err := s.Backlog.Bus.Register(t.Context(), []bus.Registration{{ID: "A", Workstream: "front"}})
	s.Must(err)
	_, err = s.Backlog.Claims.Grant(t.Context(), "A", lock.Request{Paths: []string{"docs/x"}})
	s.Must(err)
	sum := s.runs(`work && land`)
	s.areStates(task.Landed, task.Ready, task.Ready)
	if len(sum.Others) != 1 || sum.Others[0].Number != 2 || len(sum.Passed) != 1 || sum.Passed[0].Task.Number != 3 || sum.Passed[0].Session != "A" || sum.Left != 2 {
		t.Errorf("%+v", sum)
	}
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
