package monitor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// swarm is a repository with sessions whose branches are made by plain git, and
// a clock that the test turns.
type swarm struct {
	testing.TB
	dir string
	env []string
	m   *Monitor
	now time.Time
}

func newSwarm(t testing.TB, sessions int) *swarm {
	t.Helper()
	s := &swarm{TB: t, dir: t.TempDir(), now: time.Unix(1_800_000_000, 0)}
	s.env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=You", "GIT_AUTHOR_EMAIL=you@example.com",
		"GIT_COMMITTER_NAME=You", "GIT_COMMITTER_EMAIL=you@example.com")
	s.git("init", "-q", "-b", "main", ".")
	s.write("a.txt", "1\n2\n3\n4\n5\n6\n7\n8\n9\n")
	s.git("add", ".")
	s.git("commit", "-q", "-m", "start")
	r, err := repo.Discover(s.env, s.dir)
	if err != nil {
		t.Fatal(err)
	}
	b := bus.New(refstore.Open(r, refstore.Options{Now: func() time.Time { return s.now }}))
	t.Cleanup(func() { _ = b.Store().Close() })
	var all []bus.Registration
	for i := range sessions {
		all = append(all, bus.Registration{ID: fmt.Sprintf("S%03d", i), Workstream: fmt.Sprintf("w%03d", i)})
	}
	if _, err := b.Register(context.Background(), all); err != nil {
		t.Fatal(err)
	}
	s.m = &Monitor{
		Repo: r, Bus: b, Book: review.NewStore(b), Push: lock.NewPushLock(b, lock.LeaseTime), Now: func() time.Time { return s.now },
		StaleAfter: 15 * time.Minute, Target: "refs/heads/main",
	}
	return s
}

func (s *swarm) git(args ...string) {
	s.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	if out, err := cmd.CombinedOutput(); err != nil {
		s.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (s *swarm) write(name, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o666); err != nil {
		s.Fatal(err)
	}
}

// branch gives session i's branch one commit on top of main.
func (s *swarm) branch(i int, file, text string) {
	s.Helper()
	s.git("checkout", "-q", "-B", fmt.Sprintf("feat/w%03d", i), "main")
	s.write(file, text)
	s.git("add", ".")
	s.git("commit", "-q", "-m", "work")
	s.git("checkout", "-q", "main")
}

func (s *swarm) tick() (*Snapshot, []string) {
	s.Helper()
	now, events, err := s.m.Tick(context.Background())
	if err != nil {
		s.Fatal(err)
	}
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, strings.TrimSpace(e.Kind+" "+e.Session))
	}
	return now, kinds
}

func (s *swarm) inbox(id string) []string {
	s.Helper()
	messages, err := s.m.Bus.Inbox(context.Background(), id, true)
	if err != nil {
		s.Fatal(err)
	}
	var bodies []string
	for _, m := range messages {
		bodies = append(bodies, m.Body)
	}
	return bodies
}

// TestCollisionTold: names that are no text are told as text, one message goes to
// each session, and none is long.
func TestCollisionTold(t *testing.T) {
	s := newSwarm(t, 4)
	for i := range 4 {
		s.git("checkout", "-q", "-b", fmt.Sprintf("feat/w%03d", i), "main")
		s.write("b\xff", fmt.Sprint(i))
		s.write("new\nline", fmt.Sprint(i))
		for f := range 150 {
			s.write(fmt.Sprintf("%03d-%s", f, strings.Repeat("x", 60)), fmt.Sprint(i))
		}
		s.git("add", ".")
		s.git("commit", "-q", "-m", "work")
		s.git("checkout", "-q", "main")
	}
	now, _ := s.tick()
	if len(now.Collisions) != 6 || len(now.Collisions[0].Files) != maxFiles || now.Collisions[0].More != 52 {
		t.Errorf("%d: %q", len(now.Collisions), now.Collisions[0].Files)
	}
	for i := range 4 {
		got := s.inbox(fmt.Sprintf("S%03d", i))
		if len(got) != 1 || len(got[0]) > 3000 || !strings.Contains(got[0], "and 142 more") || strings.Count(got[0], "'s in ") != 3 {
			t.Errorf("S%03d was told %q", i, got)
		}
	}
	if _, again := s.tick(); len(again) > 0 {
		t.Errorf("%v", again)
	}
	s.git("checkout", "-q", "feat/w003")
	s.write("000-"+strings.Repeat("x", 60), "0")
	s.git("commit", "-q", "-am", "one less")
	s.git("checkout", "-q", "main")
	s.tick()
	if got := s.inbox("S003"); len(got) != 1 {
		t.Errorf("told %q of one file less", got)
	}
	for name, want := range map[string]string{"(1 more)": `"(1 more)"`, "b\xff": `"b\xff"`, "new\nline": `"new\nline"`, "ü x": "ü x", `q"`: `"q\""`} {
		if got := quoteFile(name); got != want {
			t.Errorf("%q is %s, not %s", name, got, want)
		}
	}
}

// TestCollisionKinds: what two branches can do to each other beside changing the
// same line; git merge is the witness.
func TestCollisionKinds(t *testing.T) {
	for name, sides := range map[string][2]string{
		"edited, deleted":      {"echo x >> a.txt; git add .", "git rm -q a.txt"},
		"edited, moved":        {"sed -i s/5/five/ a.txt; git add .", "git mv a.txt b.txt; sed -i s/5/fünf/ b.txt; git add ."},
		"moved twice":          {"git mv a.txt b.txt", "git mv a.txt c.txt"},
		"file, folder":         {"echo x > new; git add .", "mkdir new; echo x > new/y; git add ."},
		"added in moved":       {"git mv dir other", "echo x > dir/z; git add ."},
		"both new":             {"echo x > n; git add .", "echo y > n; git add ."},
		"mode":                 {"chmod +x a.txt; git add .", "echo x >> a.txt; git add ."},
		"binary":               {`printf 'a\0b' > bin; git add .`, `printf 'a\0c' > bin; git add .`},
		"apart":                {"echo x > p; git add .", "echo x > q; git add ."},
		"same":                 {"echo x > p; git add .", "echo x > p; git add ."},
		"odd names":            {`echo x > 'ü "q"'; git add .`, `echo y > 'ü "q"'; git add .`},
		"unrelated":            {"echo x > p; git add .", "git checkout -q --orphan o$$ && git branch -qD $B && git checkout -q --orphan $B; echo y > p; git add ."},
		"changed back":         {"sed -i s/5/five/ a.txt; git commit -qam x; sed -i s/five/5/ a.txt; git add .", "sed -i s/5/cinq/ a.txt; git add ."},
		"a folder moved twice": {"git mv dir other", "git mv dir another"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSwarm(t, 2)
			for _, dir := range []string{"dir/x", "dir/y"} {
				if err := os.MkdirAll(filepath.Join(s.dir, filepath.Dir(dir)), 0o777); err != nil {
					t.Fatal(err)
				}
				s.write(dir, strings.Repeat(dir+"\n", 20))
			}
			s.git("add", ".")
			s.git("commit", "-q", "-m", "folders")
			for i, side := range sides {
				branch := fmt.Sprintf("feat/w%03d", i)
				s.git("checkout", "-q", "-b", branch)
				cmd := exec.Command("sh", "-ec", side)
				cmd.Dir, cmd.Env = s.dir, append(s.env, "B="+branch)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				s.git("commit", "-q", "-m", "side")
				s.git("checkout", "-q", "main")
			}
			cmd := exec.Command("git", "merge-tree", "--write-tree", "feat/w000", "feat/w001")
			cmd.Dir, cmd.Env = s.dir, s.env
			err := cmd.Run()
			var exit *exec.ExitError
			conflicts := errors.As(err, &exit) && exit.ExitCode() == 1
			for _, target := range []string{"refs/heads/main", ""} {
				m := *s.m
				m.Target, m.pairs, m.before = target, pairs{}, nil
				now, _, err := m.Tick(context.Background())
				if err != nil || (len(now.Collisions) > 0) != conflicts {
					t.Errorf("with target %q: %+v, %v; git conflicts: %v", target, now.Collisions, err, conflicts)
				}
			}
		})
	}
}

// TestCollisions: told to both, once, also by a new monitor; over when a branch
// moves out of the way, and told again if it comes back. What heals is none.
func TestCollisions(t *testing.T) {
	s := newSwarm(t, 3)
	s.branch(0, "a.txt", "1\n2\n3\nfour\n5\n6\n7\n8\n9\n")
	s.branch(1, "a.txt", "1\n2\n3\nvier\n5\n6\n7\n8\n9\n")
	s.branch(2, "a.txt", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n")
	now, events := s.tick()
	if len(now.Collisions) != 1 || now.Collisions[0].path() != "S000/S001" || !slices.Equal(now.Collisions[0].Files, []string{"a.txt"}) {
		t.Fatalf("%+v", now.Collisions)
	}
	if !slices.Contains(events, "collision S000") {
		t.Errorf("%v", events)
	}
	if _, again := s.tick(); len(again) > 0 {
		t.Errorf("%v", again)
	}
	for range 2 { // the orchestrator is started anew
		s.m = &Monitor{Repo: s.m.Repo, Bus: s.m.Bus, Book: s.m.Book, Push: s.m.Push, Now: s.m.Now, StaleAfter: s.m.StaleAfter, Target: s.m.Target}
		s.tick()
	}
	for _, id := range []string{"S000", "S001"} {
		if got := s.inbox(id); len(got) != 1 || !strings.Contains(got[0], "conflict with S00") {
			t.Errorf("%s was told %q", id, got)
		}
	}
	s.tick()
	s.branch(1, "b.txt", "elsewhere\n")
	if now, events := s.tick(); len(now.Collisions) != 0 || !slices.Contains(events, "clear S000") {
		t.Errorf("%+v %v", now.Collisions, events)
	}
	s.branch(1, "a.txt", "1\n2\n3\nquatre\n5\n6\n7\n8\n9\n")
	s.tick()
	if got := s.inbox("S000"); len(got) != 2 {
		t.Errorf("told %q", got)
	}
	// Where there is nothing to land on, it is the same.
	s.m = &Monitor{Repo: s.m.Repo, Bus: s.m.Bus, Book: s.m.Book, Push: s.m.Push, Now: s.m.Now, StaleAfter: s.m.StaleAfter}
	if now, _ := s.tick(); len(now.Collisions) != 1 {
		t.Errorf("without a target: %+v", now.Collisions)
	}
	faults, _, err := Fsck(context.Background(), s.m.Bus)
	if err != nil || len(faults) > 0 {
		t.Errorf("%v %v", faults, err)
	}
}

// TestEvents follows a session from joining to done.
func TestEvents(t *testing.T) {
	s, ctx := newSwarm(t, 2), context.Background()
	s.m.AutoApprove = true
	step := func(what string, want ...string) {
		t.Helper()
		if _, got := s.tick(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	step("first look", "joined S000", "joined S001")
	step("nothing new")
	blocked, note := bus.Blocked, "on \x1b[31mB"
	must(s.m.Bus.SetStatus(ctx, "S000", "S000", bus.Change{Status: &blocked, Note: &note}, nil))
	step("blocked", "blocked S000")
	_, err := s.m.Bus.Send(ctx, "S001", bus.Orchestrator, "help")
	must(err)
	step("message", "message S001")
	s.now = s.now.Add(16 * time.Minute)
	step("silence", "stale S000", "stale S001")
	must(s.m.Bus.MarkRead(ctx, "S001"))
	step("back", "back S001")
	s.branch(1, "b.txt", "x\n")
	r, err := review.FindRange(ctx, s.m.Repo, "refs/heads/feat/w001", "refs/heads/main")
	must(err)
	_, err = s.m.Book.Request(ctx, "S001", review.RequestParams{To: []string{bus.Orchestrator}, Range: r})
	must(err)
	step("auto-approved", "auto-approved S001")
	latest, err := s.m.Book.Latest(ctx, "S001")
	must(err)
	if latest.State != review.Approved || !strings.Contains(latest.Verdict(bus.Orchestrator).Text, "automatically") {
		t.Errorf("%+v", latest)
	}
	done := bus.Done
	must(s.m.Bus.SetStatus(ctx, "S000", "S000", bus.Change{Status: &done}, nil))
	step("done", "done S000")
	lease, _, err := s.m.Push.Acquire(ctx, "S001", lock.Wait{})
	must(err)
	step("landing", "lock S001")
	step("still landing")
	must(lease.Release(ctx))
	step("landed")
}

// TestReviewLanded: a review waits for nobody once its change is on the target, by
// whatever way, until its author asks for another.
func TestReviewLanded(t *testing.T) {
	s, ctx := newSwarm(t, 2), context.Background()
	request := func(message string) {
		t.Helper()
		s.branch(1, message, "x\n")
		r, err := review.FindRange(ctx, s.m.Repo, "refs/heads/feat/w001", "refs/heads/main")
		if err == nil {
			_, err = s.m.Book.Request(ctx, "S001", review.RequestParams{To: []string{"S000"}, Range: r})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	step := func(what string, state review.State, want ...string) {
		t.Helper()
		now, got := s.tick()
		if !slices.Equal(got, want) || len(now.Reviews) != 1 || now.Reviews[0].State != state {
			t.Errorf("%s: %v, want %v; %+v", what, got, want, now.Reviews)
		}
	}
	s.tick()
	request("b.txt")
	step("asked", review.Pending, "review S001")
	s.write("c.txt", "c\n")
	s.git("add", ".")
	s.git("commit", "-q", "-m", "beside")
	step("the target moves", review.Pending)
	s.git("cherry-pick", "feat/w001")
	step("landed", review.Landed, "review-closed S001")
	step("nothing new", review.Landed)
	s.git("reset", "-q", "--hard", "HEAD^")
	step("taken off", review.Pending, "review S001")
	s.git("reset", "-q", "--hard", "HEAD@{1}")
	step("back", review.Landed, "review-closed S001")
	request("d.txt")
	step("asked again", review.Pending, "review S001")
}

// BenchmarkTick is a look over 200 sessions and 20,000 entries of which nothing
// has moved.
func BenchmarkTick(b *testing.B) {
	s := newSwarm(b, 200)
	ctx := context.Background()
	for i := range 200 {
		s.branch(i, fmt.Sprintf("f%d.txt", i), "x\n")
	}
	for i := range 100 {
		err := s.m.Bus.Store().Update(ctx, "S000", func(tx *refstore.Tx) error {
			for range 200 {
				if _, err := tx.Append(bus.ContextRef, refstore.Entry{Label: "decision", Body: "entry"}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(i, err)
		}
	}
	s.tick()
	for b.Loop() {
		s.tick()
	}
}

// TestCommits: what a branch is ahead of the target, and what has landed of each
// session, is counted, and counted again when one of them moves.
func TestCommits(t *testing.T) {
	s := newSwarm(t, 3)
	joined := fmt.Sprint(s.now.Unix()+1, " +0000")
	s.env = append(s.env, "GIT_AUTHOR_DATE="+joined, "GIT_COMMITTER_DATE="+joined)
	want := func(id string, commits Commits) {
		t.Helper()
		now, _ := s.tick()
		if got := now.Commits[id]; got != commits {
			t.Errorf("%s has %+v, and not %+v", id, got, commits)
		}
	}
	s.branch(0, "b.txt", "x\n")
	want("S000", Commits{Ahead: 1})
	want("S001", Commits{})
	s.write("c.txt", "x\n")
	s.git("add", ".")
	s.git("commit", "-q", "-m", "[Session S001] one")
	s.git("commit", "-q", "--allow-empty", "-m", "[Session S001] two")
	s.git("commit", "-q", "--allow-empty", "-m", "[Session S001 nobody's")
	want("S001", Commits{Landed: 2})
	want("S000", Commits{Ahead: 1})
	s.git("update-ref", "refs/heads/feat/w000", "main")
	want("S000", Commits{})
	if _, err := lock.NewClaims(s.m.Bus, time.Minute, false).Grant(context.Background(), "S002", lock.Request{Paths: []string{"d", "e"}}); err != nil {
		t.Fatal(err)
	}
	if now, _ := s.tick(); !slices.Equal(now.Claims["S002"], []string{"d", "e"}) {
		t.Errorf("the claims are %v", now.Claims)
	}
	s.m.Target = ""
	want("S001", Commits{})
}

// TestAutoApprove: only reviews that name the orchestrator are approved, once each,
// and what waits for others besides goes on waiting.
func TestAutoApprove(t *testing.T) {
	s, ctx := newSwarm(t, 3), t.Context()
	s.m.AutoApprove = true
	ask := func(i int, to ...string) {
		t.Helper()
		s.branch(i, fmt.Sprintf("f%d.txt", i), "x\n")
		r, err := review.FindRange(ctx, s.m.Repo, fmt.Sprintf("refs/heads/feat/w%03d", i), "refs/heads/main")
		if err == nil {
			_, err = s.m.Book.Request(ctx, fmt.Sprintf("S%03d", i), review.RequestParams{To: to, Range: r})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ask(0, bus.Orchestrator, "S002")
	ask(1, "S002")
	for range 3 {
		s.tick()
	}
	for id, votes := range map[string]int{"S000": 1, "S001": 0} {
		r, err := s.m.Book.Latest(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		given := 0
		for _, e := range r.Events {
			if e.By == bus.Orchestrator {
				given++
			}
		}
		if r.State != review.Pending || given != votes {
			t.Errorf("the review of %s is %s, with %d votes of the orchestrator", id, r.State, given)
		}
	}
}

// TestStale: a session that is done may be silent.
func TestStale(t *testing.T) {
	s := newSwarm(t, 2)
	done := bus.Done
	if err := s.m.Bus.SetStatus(t.Context(), "S000", "S000", bus.Change{Status: &done}, nil); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(s.m.StaleAfter + time.Second)
	if now, _ := s.tick(); !slices.Equal(now.Stale, []string{"S001"}) {
		t.Errorf("stale: %q", now.Stale)
	}
}

// TestStalePresent: nor is one silent for too long whose agent is there.
func TestStalePresent(t *testing.T) {
	s := newSwarm(t, 2)
	mark := file.ProcessMark(os.Getpid())
	if mark == "" {
		t.Skip("no /proc here: processes cannot be told apart")
	}
	record := fmt.Sprintf(`{"session":"S000","pid":%d,"process":%q}`, os.Getpid(), mark)
	dir := filepath.Join(s.m.Repo.CommonDir, "swarm", "agents")
	if err := errors.Join(os.MkdirAll(dir, 0o777), os.WriteFile(filepath.Join(dir, "one.json"), []byte(record), 0o666)); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(s.m.StaleAfter + time.Second)
	if now, _ := s.tick(); !slices.Equal(now.Stale, []string{"S001"}) {
		t.Errorf("stale: %q", now.Stale)
	}
}
