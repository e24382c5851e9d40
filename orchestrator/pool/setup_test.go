package pool

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/attention"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/orchestrator/retire"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

func TestMain(m *testing.M) { refstoretest.Main(m, work) }

// work is what the other processes do: "worker" is a pool's worker, "pool" a supervisor
// that works through the backlog of args[0] with the client args[1], a try for each task, and dies within
// args[2], "finish" says that the task of a session is done, "review" that it waits for a verdict, and "say" sets the status and note of a session, as git swarm update does.
func work(name string, args []string) error {
	switch name {
	case "worker":
		r, err := repo.Discover(repo.Env(os.Environ()), args[0])
		if err != nil {
			return err
		}
		w := Worker{Repo: r, Env: os.Environ(), SetUp: func(context.Context, launch.Worktree, *os.File) error { return nil }}
		return w.Run(context.Background(), args[1])
	case "pool":
		p, done, err := open(args[0])
		if err != nil {
			return err
		}
		defer done()
		p.Command, p.Tries = args[1], 1
		refstoretest.DieWithin(args[2])
		p.Tell = func(e Event) { refstoretest.Acknowledge(string(e.Kind)+":"+e.Session, time.Now()) }
		_, err = p.Run(context.Background())
		return err
	case "finish":
		p, done, err := open(args[0])
		if err != nil {
			return err
		}
		defer done()
		_, _, err = p.Backlog.Done(context.Background(), args[1], 0, false)
		return err
	case "review":
		p, done, err := open(args[0])
		if err != nil {
			return err
		}
		defer done()
		return p.Backlog.Verdict(context.Background(), args[1], args[1], 1, true)
	case "say":
		p, done, err := open(args[0])
		if err != nil {
			return err
		}
		defer done()
		status := bus.Status(args[2])
		return p.Backlog.Bus.SetStatus(context.Background(), args[1], args[1], bus.Change{Status: &status, Note: &args[3]}, nil)
	}
	return fmt.Errorf("no worker %s", name)
}

const staleAfter = 15 * time.Minute

// open is a pool for the repository at dir.
func open(dir string) (*Pool, func(), error) {
	return openAs(dir, refstore.Options{Timeout: time.Minute})
}

func openAs(dir string, opts refstore.Options) (*Pool, func(), error) {
	r, err := repo.Discover(repo.Env(os.Environ()), dir)
	if err != nil {
		return nil, nil, err
	}
	b := bus.New(refstore.Open(r, opts))
	claims := lock.NewClaims(b, staleAfter, false)
	claims.Ended, claims.Present = agents.In(r).Ended, agents.In(r).Present
	target := func(context.Context) (string, error) { return "refs/remotes/origin/main", nil }
	self, err := os.Executable()
	p := &Pool{
		Repo: r, Backlog: &task.Backlog{Bus: b, Claims: claims}, Now: time.Now,
		Teller:   &attention.Teller{Repo: r, Bus: b, Env: os.Environ(), Now: time.Now},
		Sessions: 2, Tries: 2, Timeout: time.Minute, Grace: time.Minute, LandsOn: "main", Target: target,
		Fetch: func(ctx context.Context) error {
			_, err := repo.Output(r.GitParsed(ctx, "fetch", "-q", "origin"))
			return err
		},
		Worker: func(at string) *exec.Cmd {
			cmd := exec.Command(self, r.CommonDir, at)
			cmd.Dir, cmd.Env = r.CommonDir, append(os.Environ(), "SWARM_TEST_WORKER=worker")
			return cmd
		},
		Tell: func(Event) {},
	}
	p.Retire = &retire.Swarm{
		Repo: r, Env: os.Environ(), Bus: b, Claims: claims, Book: review.NewStore(b), Now: time.Now, StaleAfter: staleAfter,
		Target: func(ctx context.Context, _ string) (string, error) { return target(ctx) },
	}
	return p, func() { b.Store().Close() }, err
}

// swarm is a repository with a remote, and the pool that works through its backlog.
type swarm struct {
	*refstoretest.Repo
	*Pool
	dir    string // for the clients' own notes
	mu     sync.Mutex
	events []string // "landed T1"
	texts  []string // "again T1: it said nothing"
}

func newSwarm(t testing.TB) *swarm {
	t.Helper()
	top := t.TempDir()
	hub := refstoretest.Init(t, filepath.Join(top, "hub.git"), "--bare")
	s := &swarm{Repo: refstoretest.Init(t, filepath.Join(top, "app")), dir: filepath.Join(top, "notes")}
	s.Must(os.Mkdir(s.dir, 0o777))
	s.Git("commit", "-q", "--allow-empty", "-m", "start")
	s.Git("remote", "add", "origin", hub.Dir)
	s.Git("push", "-q", "-u", "origin", "main")
	p, done, err := open(s.Dir)
	s.Must(err)
	t.Cleanup(done)
	s.Pool = p
	p.Tell = s.note
	return s
}

func (s *swarm) note(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, fmt.Sprintf("%s %s", e.Kind, e.Session))
	if e.Kept != "" {
		s.Logf("%s %s stays: %s", e.Kind, e.Session, e.Kept)
	}
	if e.Text != "" {
		s.texts = append(s.texts, fmt.Sprintf("%s %s: %s", e.Kind, e.Session, e.Text))
		s.Logf("%s %s: %s", e.Kind, e.Session, e.Text)
	}
}

func (s *swarm) add(title string, after ...int) {
	s.Helper()
	_, err := s.Backlog.Add(s.Context(), bus.Orchestrator, []task.New{{Title: title, Priority: task.DefaultPriority, After: after}}, task.Branch{Ref: "refs/remotes/origin/main", Tip: s.Git("rev-parse", "origin/main")})
	s.Must(err)
}

// diamond adds 1, 2 and 3 that come after 1, and 4 that comes after both.
func (s *swarm) diamond() {
	s.Helper()
	s.add("one")
	s.add("two", 1)
	s.add("three", 1)
	s.add("four", 2, 3)
}

// client is a command for a client that runs the script. In it, work writes and commits
// the task's file, land brings the branch onto the target, finish ends the task, review has it wait for a verdict, orphan kills the worker, say sets the session's status
// and note, and $notes is a folder for the script's own.
func (s *swarm) client(script string) string {
	s.Helper()
	self, err := os.Executable()
	s.Must(err)
	path := filepath.Join(s.dir, "client.sh")
	text := `prompt=$(cat)
notes='` + s.dir + `'
id=$(git show refs/swarm/tasks:swarm)
work() { echo "$GIT_SWARM_TASK" >>"file-$GIT_SWARM_TASK" && git add . && git commit -q -m "do $GIT_SWARM_TASK" -m "Swarm-Task: $id-$GIT_SWARM_TASK"; }
land() { until git pull -q --rebase origin main && git push -q origin HEAD:main; do :; done; }
say() { SWARM_TEST_WORKER=say '` + self + `' '` + s.Dir + `' "$GIT_SWARM_SESSION" "$@"; }
finish() { SWARM_TEST_WORKER=finish '` + self + `' '` + s.Dir + `' "$GIT_SWARM_SESSION"; }
review() { SWARM_TEST_WORKER=review '` + self + `' '` + s.Dir + `' "$GIT_SWARM_SESSION"; }
orphan() { kill -9 $(cut -d ' ' -f 1 '` + agents.PoolDir(s.Pool.Repo) + `'/$GIT_SWARM_SESSION/pid); }
first() { mkdir "$notes/first-$GIT_SWARM_TASK$1" 2>/dev/null; }
` + script
	s.Must(os.WriteFile(path, []byte(text), 0o666))
	return "sh " + path
}

// runs works through the backlog with a client that runs the script.
func (s *swarm) runs(script string) *Summary {
	s.Helper()
	s.Command = s.client(script)
	ctx, cancel := context.WithTimeout(s.Context(), 2*time.Minute)
	defer cancel()
	sum, err := s.Run(ctx)
	s.Must(err)
	return sum
}

// told reports whether there was such an event.
func (s *swarm) told(kind Kind, session string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.events, fmt.Sprintf("%s %s", kind, session))
}

func (s *swarm) areStates(want ...task.State) {
	s.Helper()
	all, err := s.Backlog.List(s.Context())
	s.Must(err)
	var states []task.State
	for _, t := range all {
		states = append(states, t.State)
	}
	if !slices.Equal(states, want) {
		s.Errorf("the tasks are %q, not %q", states, want)
	}
}

// areLeft expects these sessions to have a worktree, and no other.
func (s *swarm) areLeft(want ...string) {
	s.Helper()
	entries, _ := os.ReadDir(s.Dir + ".worktrees")
	var there []string
	for _, e := range entries {
		there = append(there, e.Name())
	}
	if !slices.Equal(there, want) {
		s.Errorf("there are worktrees %q, not %q", there, want)
	}
	sessions, err := s.Backlog.Bus.Sessions(s.Context())
	s.Must(err)
	var known []string
	for _, one := range sessions {
		known = append(known, one.ID)
	}
	if !slices.Equal(known, want) {
		s.Errorf("there are sessions %q, not %q", known, want)
	}
}

// landedOnce expects each of the tasks to have landed with one commit, and a linear
// history.
func (s *swarm) landedOnce(numbers ...int) {
	s.Helper()
	s.Git("fetch", "-q")
	subjects := strings.Split(s.Git("log", "--format=%s", "origin/main"), "\n")
	slices.Sort(subjects)
	want := []string{"start"}
	for _, n := range numbers {
		want = append(want, fmt.Sprintf("do %d", n))
	}
	slices.Sort(want)
	if !slices.Equal(subjects, want) {
		s.Errorf("main has %q, not %q", subjects, want)
	}
	if merges := s.Git("log", "--merges", "--format=%s", "origin/main"); merges != "" {
		s.Errorf("main is not linear: %s", merges)
	}
}
