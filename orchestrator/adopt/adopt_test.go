package adopt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/orchestrator/setup"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/hub"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

var bg = context.Background()

func TestMain(m *testing.M) { refstoretest.Main(m, nil) }

// clone is a repository of a hub's, or one that is to be.
type clone struct {
	*refstoretest.Repo
	repo *repo.Repo
	name string
	bus  *bus.Bus
}

// open is a process of the clone, with or without the hub.
func (c *clone) open(joined bool) *bus.Bus {
	c.Helper()
	found, err := repo.Discover(repo.Env(os.Environ()), c.Dir)
	c.Must(err)
	c.repo = found
	opts := refstore.Options{}
	if joined {
		opts.Hub = &hub.Remote{Repo: found, Name: "origin", Prefix: "refs/swarm/", Timeout: 30 * time.Second}
		opts.Clone, opts.HubInterval = c.name, time.Nanosecond
	}
	s := refstore.Open(found, opts)
	c.Cleanup(func() { s.Close() })
	return bus.New(s)
}

func (c *clone) register(ids ...string) {
	c.Helper()
	for _, id := range ids {
		_, err := c.bus.Register(bg, []bus.Registration{{ID: id, Workstream: "w" + id}})
		c.Must(err)
	}
}

func (c *clone) claims(foldCase bool) *lock.Claims { return lock.NewClaims(c.bus, time.Hour, foldCase) }

func (c *clone) claim(by string, paths ...string) {
	c.Helper()
	_, err := c.claims(false).Grant(bg, by, lock.Request{Paths: paths})
	c.Must(err)
}

func (c *clone) send(from, to, body string) {
	c.Helper()
	_, err := c.bus.Send(bg, from, to, body)
	c.Must(err)
}

// refresh brings what the others have done.
func (c *clone) refresh() {
	c.Helper()
	c.Must(c.bus.Refresh(bg, time.Hour, true))
}

// joining is the clone that has a swarm of its own, about to join.
func (c *clone) joining(foldCase bool) Joining {
	return Joining{Repo: c.repo, Bus: c.open(true), Claims: c.claims(foldCase), StaleAfter: time.Hour}
}

// adopt joins, and goes on as a clone of the hub.
func (c *clone) adopt(foldCase bool) *refstore.Adoption {
	c.Helper()
	a, err := c.joining(foldCase).Run(bg)
	c.Must(err)
	c.bus = c.open(true)
	c.Must(c.bus.Store().Adopted())
	return a
}

// twoSwarms are a hub's only clone, with session A and B, and a repository with A and C.
func twoSwarms(t *testing.T) (desk, lap *clone) {
	t.Helper()
	h := refstoretest.NewRepo(t, "--bare")
	for name, c := range map[string]**clone{"desk": &desk, "lap": &lap} {
		*c = &clone{Repo: refstoretest.NewRepo(t), name: name}
		(*c).Git("config", "user.name", name)
		(*c).Git("remote", "add", "origin", h.Dir)
		(*c).bus = (*c).open(name == "desk")
	}
	_, err := desk.bus.Connect(bg)
	desk.Must(err)
	desk.register("A", "B")
	lap.register("A", "C")
	return desk, lap
}

// unread are the unread messages to a session, by their bodies.
func (c *clone) unread(id string) (bodies []string) {
	c.Helper()
	all, err := c.bus.Inbox(bg, id, false)
	c.Must(err)
	for _, m := range all {
		bodies = append(bodies, m.Body)
	}
	return bodies
}

// sync is the session's.
func (c *clone) sync(id string) (news bus.News) {
	c.Helper()
	c.Must(c.bus.Sync(bg, id, func(n *bus.News) error { news = *n; return nil }))
	return news
}

// What a session had read and seen before its clone joined, it has read and seen under its
// new name; of what others said in the hub's swarm all is new to it.
func TestAdoptCursors(t *testing.T) {
	t.Parallel()
	desk, lap := twoSwarms(t)
	_, err := desk.bus.AddContext(bg, "B", "decision", "of the hub")
	desk.Must(err)
	for _, body := range []string{"one", "two", "three", "four"} {
		lap.send("C", "A", body)
	}
	lap.sync("A")
	lap.Must(lap.bus.MarkRead(bg, "A", 1, 3))
	lap.send("C", "A", "five")
	_, err = lap.bus.AddContext(bg, "C", "decision", "seen")
	lap.Must(err)
	lap.sync("A")
	_, err = lap.bus.AddContext(bg, "C", "decision", "of this clone")
	lap.Must(err)
	lap.send("C", "A", "six")

	if a := lap.adopt(false); a.Name("A") != "A-2" || a.Name("C") != "C" {
		t.Fatalf("renamed: %v", a.Renamed)
	}
	news := lap.sync("A-2")
	var got []string
	for _, m := range news.Messages {
		got = append(got, m.Body)
	}
	for _, e := range news.Context {
		got = append(got, e.Body)
	}
	slices.Sort(got)
	told := "this clone has joined a swarm in which A is another session: you are A-2 from now on"
	if want := []string{"of the hub", "of this clone", "six", told}; !slices.Equal(got, want) {
		t.Errorf("new to A-2: %q, want %q", got, want)
	}
	if got := lap.unread("A-2"); !slices.Equal(got, []string{"two", "four", "five", "six", told}) {
		t.Errorf("unread by A-2: %q", got)
	}
	if got := lap.unread("A"); len(got) > 0 {
		t.Errorf("the hub's A has messages: %q", got)
	}
}

// A claim here ends where the hub has one on the path, above it or below it, and whose it
// was is told; the others are granted on the hub, under an epoch above both.
func TestAdoptClaims(t *testing.T) {
	t.Parallel()
	for _, foldCase := range []bool{false, true} {
		desk, lap := twoSwarms(t)
		desk.claim("B", "same.go", "folder/below.go", "above", "Case.go")
		desk.claim("A", "other.go")
		lap.claim("A", "same.go", "folder")
		lap.claim("C", "above/file.go", "case.go", "mine.go")
		a := lap.adopt(foldCase)
		lost := map[string]string{}
		for _, l := range a.Lost {
			lost[l.Path] = l.Session + " to " + l.Holder
		}
		want := map[string]string{"same.go": "A-2 to B", "folder": "A-2 to B", "above/file.go": "C to B"}
		if foldCase {
			want["case.go"] = "C to B"
		}
		for path, who := range want {
			if lost[path] != who {
				t.Errorf("%s went from %q, want %s", path, lost[path], who)
			}
		}
		if len(lost) != len(want) {
			t.Errorf("lost %v", lost)
		}
		desk.refresh()
		for _, c := range []*clone{desk, lap} {
			all, err := c.claims(foldCase).List(bg, "")
			c.Must(err)
			holders := map[string]string{}
			for _, claim := range all {
				holders[claim.Path] = claim.Session
				if claim.Path == "mine.go" && claim.Epoch != 3 {
					t.Errorf("epoch %d after 2 and 2", claim.Epoch)
				}
			}
			if holders["mine.go"] != "C" || holders["same.go"] != "B" || holders["folder"] != "" || holders["other.go"] != "A" {
				t.Errorf("%s has %v", c.name, holders)
			}
		}
		if got := strings.Join(lap.unread("C"), "\n"); !strings.Contains(got, "above/file.go (B holds it)") {
			t.Errorf("C was told %q", got)
		}
		desk.claim("B", "next.go") // the clones go on
		lap.refresh()
		lap.claim("A-2", "last.go")
	}
}

// request is a request for a review by the session, of a commit of its own.
func (c *clone) request(from, to string) *review.Review {
	c.Helper()
	c.Git("commit", "-q", "--allow-empty", "-m", "base")
	c.Git("update-ref", "refs/remotes/origin/main", "HEAD")
	c.Write(from+".txt", c.Git("rev-parse", "HEAD"))
	c.Git("add", ".")
	c.Git("commit", "-q", "-m", "work of "+from)
	s := review.NewStore(c.bus)
	base, tip := c.Git("rev-parse", "HEAD~1"), c.Git("rev-parse", "HEAD")
	r, err := s.Request(bg, from, review.RequestParams{To: []string{to}, Range: &review.Range{Base: object.Hash(base), Tip: object.Hash(tip), Target: "refs/heads/main"}})
	c.Must(err)
	return r
}

// Reviews here are the hub's, under numbers above its own, with all verdicts, also one that
// only the note has; the notes here say the same, and whom they concern is told.
func TestAdoptReviews(t *testing.T) {
	t.Parallel()
	desk, lap := twoSwarms(t)
	theirs := desk.request("A", "B")
	desk.request("B", "A")
	mine := lap.request("A", "C")
	_, err := review.NewStore(lap.bus).AddEvent(bg, "C", mine.Number, review.Approve, "fine")
	lap.Must(err)
	lap.request("C", "A")
	if a := lap.adopt(false); a.Numbers[review.Numbers] != 2 {
		t.Errorf("numbers rise by %v", a.Numbers)
	}
	desk.refresh()
	for _, c := range []*clone{desk, lap} {
		s := review.NewStore(c.bus)
		r, err := s.Get(bg, 3)
		c.Must(err)
		if r.From != "A-2" || r.To[0] != "C" || r.State != review.Approved || r.Tip != mine.Tip || r.Events[1].Text != "fine" {
			t.Errorf("%s: #3 is %+v", c.name, r)
		}
		if r, err := s.Get(bg, 1); err != nil || r.From != "A" || r.Tip != theirs.Tip || r.State != review.Pending {
			t.Errorf("%s: #1 is %+v, %v", c.name, r, err)
		}
		if r, err := s.Latest(bg, "A-2"); err != nil || r.Number != 3 {
			t.Errorf("%s: the latest of A-2 is %+v, %v", c.name, r, err)
		}
		if faults, _, err := s.Fsck(bg); err != nil || len(faults) > 0 {
			t.Errorf("%s: %v, %v", c.name, faults, err)
		}
	}
	note := lap.Git("notes", "--ref", review.NotesRef, "show", string(mine.Tip))
	if !strings.Contains(note, "#3.2 approve by=C") || strings.Contains(note, "#1.") {
		t.Errorf("the note is %q", note)
	}
	if got := strings.Join(lap.unread("A-2"), "\n"); !strings.Contains(got, "review #1 is #3 now, review #2 is #4 now") {
		t.Errorf("A-2 was told %q", got)
	}
	if tip := lap.Git("ls-remote", "origin", "refs/swarm/tips/A-2"); !strings.HasPrefix(tip, string(mine.Tip)) {
		t.Errorf("the hub has %q for %s", tip, mine.Tip)
	}
	if r := desk.request("B", "A"); r.Number != 5 {
		t.Errorf("the next is #%d", r.Number)
	}
}

// A row of the swarms whose tasks were taken over that is damaged is found and repaired, and
// keeps no task from landing by its own id.
func TestAdoptedDamaged(t *testing.T) {
	t.Parallel()
	_, lap := twoSwarms(t)
	_, err := lap.tasks().Add(bg, "C", []task.New{{Title: "mine"}}, task.Branch{})
	lap.Must(err)
	lap.Must(lap.bus.Store().Update(bg, "C", func(tx *refstore.Tx) error {
		table, err := tx.Table(task.AdoptedRef)
		if err != nil {
			return err
		}
		if err := table.Put("tasks/nonsense", []byte("offset = 1\n")); err != nil {
			return err
		}
		_, err = tx.Record(task.AdoptedRef, refstore.Entry{Body: "x"})
		return err
	}))
	if ids, err := lap.tasks().IDs(bg); err != nil || len(ids) != 1 {
		t.Errorf("ids %v, %v", ids, err)
	}
	if faults, _, err := task.Fsck(bg, lap.bus); err != nil || len(faults) != 1 {
		t.Errorf("faults %v, %v", faults, err)
	}
	if r, err := task.RepairAdopted(bg, lap.bus, "C", true); err != nil || r == nil {
		t.Errorf("repair %+v, %v", r, err)
	}
	if faults, _, err := task.Fsck(bg, lap.bus); err != nil || len(faults) > 0 {
		t.Errorf("after the repair %v, %v", faults, err)
	}
}

func (c *clone) tasks() *task.Backlog { return &task.Backlog{Bus: c.bus, Claims: c.claims(false)} }

// Tasks here are the hub's, under numbers above its own; who has one keeps it. A commit that
// names one by the number that it had lands it, in whatever clone that is seen.
func TestAdoptTasks(t *testing.T) {
	t.Parallel()
	desk, lap := twoSwarms(t)
	add := func(c *clone, by string, tasks ...task.New) {
		_, err := c.tasks().Add(bg, by, tasks, task.Branch{})
		c.Must(err)
	}
	add(desk, "A", task.New{Title: "theirs"}, task.New{Title: "also theirs"})
	_, err := desk.tasks().Take(bg, "A", 1, "")
	desk.Must(err)
	add(lap, "A", task.New{Title: "mine", Body: "how"}, task.New{Title: "then", AfterNew: []int{0}, For: "A"})
	_, err = lap.tasks().Take(bg, "A", 1, "")
	lap.Must(err)
	id, err := lap.tasks().ID(bg)
	lap.Must(err)

	if a := lap.adopt(false); a.Numbers[task.Adopted] != 2 {
		t.Errorf("numbers rise by %v", a.Numbers)
	}
	desk.refresh()
	for _, c := range []*clone{desk, lap} {
		mine, body, err := c.tasks().Get(bg, 3)
		c.Must(err)
		if mine.Title != "mine" || mine.Holder != "A-2" || mine.AddedBy != "A-2" || mine.Epoch != 2 || body != "how" || mine.Waits != 1 {
			t.Errorf("%s: #3 is %+v with %q", c.name, mine, body)
		}
		if then, _, err := c.tasks().Get(bg, 4); err != nil || then.State != task.Open || then.After[0] != 3 || then.For != "A-2" {
			t.Errorf("%s: #4 is %+v, %v", c.name, then, err)
		}
		if theirs, err := c.tasks().Held(bg, "A"); err != nil || theirs == nil || theirs.Number != 1 || theirs.Epoch != 1 {
			t.Errorf("%s: A has %+v, %v", c.name, theirs, err)
		}
	}
	if got := strings.Join(lap.unread("A-2"), "\n"); !strings.Contains(got, "task #1 is #3 now, task #2 is #4 now") {
		t.Errorf("A-2 was told %q", got)
	}
	desk.Git("commit", "-q", "--allow-empty", "-m", "mine\n\n"+task.TrailerOf(id, 1))
	landed, err := desk.tasks().CatchUp(bg, "B", desk.repo, "refs/heads/main")
	desk.Must(err)
	if len(landed) != 1 || landed[0].Number != 3 {
		t.Errorf("in the other clone %v landed", landed)
	}
	lap.refresh()
	if then, _, err := lap.tasks().Get(bg, 4); err != nil || then.State != task.Ready {
		t.Errorf("#4 is %+v, %v", then, err)
	}
	for _, c := range []*clone{desk, lap} {
		if faults, _, err := task.Fsck(bg, c.bus); err != nil || len(faults) > 0 {
			t.Errorf("%s: %v, %v", c.name, faults, err)
		}
	}
}

// An agent whose session keeps its name is reminded of the reviews that wait for it by the
// numbers that they have now: that it was reminded of #1 here says nothing of the hub's #1.
// Where the numbers stay, so does what it was reminded of.
func TestAdoptReminded(t *testing.T) {
	t.Parallel()
	for _, renumbered := range []bool{true, false} {
		desk, lap := twoSwarms(t)
		if renumbered {
			desk.request("A", "orchestrator")
		}
		lap.request("A", "orchestrator")
		record := filepath.Join(lap.repo.CommonDir, "swarm", "agents", "one.json")
		lap.Must(os.MkdirAll(filepath.Dir(record), 0o777))
		lap.Must(os.WriteFile(record, []byte(`{"session":"orchestrator","pid":0,"ended":false,"told":7,"named":null,"reviews":[1],"reviewsAt":"x"}`), 0o666))
		lap.adopt(false)
		want := []int{1}
		if renumbered {
			want = nil
		}
		r := agents.In(lap.repo).Load("one")
		if r == nil || !slices.Equal(r.Reviews, want) || (r.ReviewsAt == "") != renumbered || r.Told != 7 || r.Session != "orchestrator" {
			t.Errorf("renumbered %v: the agent's record is %+v", renumbered, r)
		}
	}
}

// Files that name a session name it as it is called now, also when the command is run a
// second time.
func TestAdoptFiles(t *testing.T) {
	t.Parallel()
	_, lap := twoSwarms(t)
	swarmDir := filepath.Join(lap.repo.CommonDir, "swarm")
	write := func(path, content string) {
		lap.Must(os.MkdirAll(filepath.Dir(path), 0o777))
		lap.Must(os.WriteFile(path, []byte(content), 0o666))
	}
	write(lap.repo.SessionFile(), "A\n")
	write(filepath.Join(swarmDir, "agents", "one.json"), `{"session":"A","pid":0,"ended":true,"asked":"C","told":0,"named":null}`)
	write(filepath.Join(swarmDir, "notices", "00000000000000000001-00000001.json"), `{"from":"C","to":"A","body":"kept"}`)
	write(launch.PromptFile(lap.repo.CommonDir, "A"), "prompt")
	_, err := setup.TakePorts(bg, lap.repo, "A", 10)
	lap.Must(err)
	j := lap.joining(false)
	for range 2 {
		if _, err := j.Run(bg); err != nil {
			t.Fatal(err)
		}
	}
	if id := agents.SessionIn(lap.repo.SessionFile()); id != "A-2" {
		t.Errorf("the checkout is %q", id)
	}
	if r := agents.In(lap.repo).Load("one"); r == nil || r.Session != "A-2" || r.Asked != "C" || !r.Ended {
		t.Errorf("the agent's record is %+v", r)
	}
	if _, ok := setup.PortsOf(lap.repo, "A-2"); !ok {
		t.Error("A-2 has no ports")
	}
	if _, err := os.Stat(launch.PromptFile(lap.repo.CommonDir, "A-2")); err != nil {
		t.Error(err)
	}
	lap.bus = lap.open(true)
	lap.Must(lap.bus.Store().Adopted())
	lap.send("C", "C", "x") // which sends what was kept
	if got := lap.unread("A-2"); !slices.Contains(got, "kept") {
		t.Errorf("A-2 has %q", got)
	}
}

// While an agent works as a session that would be called otherwise, somebody lands or waits
// to, or a pool is at work, nothing is changed.
func TestAdoptRefused(t *testing.T) {
	t.Parallel()
	_, lap := twoSwarms(t)
	refs := func() string { return lap.Git("for-each-ref", "refs/swarm", "refs/swarm-lost") }
	before := refs()
	record := filepath.Join(lap.repo.CommonDir, "swarm", "agents", "one.json")
	lap.Must(os.MkdirAll(filepath.Dir(record), 0o777))
	lap.Must(os.WriteFile(record, []byte(`{"session":"A","pid":0,"ended":false,"told":0,"named":null}`), 0o666))
	var working *AtWorkError
	if _, err := lap.joining(false).Run(bg); !errors.As(err, &working) || working.Session != "A" {
		t.Errorf("beside an agent: %v", err)
	}
	lap.Must(os.Remove(record))
	if after := refs(); after != before {
		t.Errorf("it has changed\n%s\nto\n%s", before, after)
	}
	lease, _, err := lock.NewPushLock(lap.bus, time.Minute).Acquire(bg, "C", lock.Wait{})
	lap.Must(err)
	before = refs()
	var landing *LandingError
	if _, err := lap.joining(false).Run(bg); !errors.As(err, &landing) {
		t.Errorf("beside a landing: %v", err)
	}
	if after := refs(); after != before || lap.bus.Store().Adopting() {
		t.Errorf("it has changed\n%s\nto\n%s", before, after)
	}
	lap.Must(lease.Release(bg))

	put := func(do func(*queue.Change) error) {
		lap.Must(lap.bus.Update(bg, "C", func(tx *refstore.Tx, _ string) error {
			c, err := queue.Begin(tx)
			if err == nil {
				err = do(c)
			}
			return errors.Join(err, c.Record("C"))
		}))
	}
	lap.Git("commit", "-q", "--allow-empty", "-m", "work")
	entry := &queue.Entry{Session: "C", Branch: "main", Tip: lap.Git("rev-parse", "HEAD"), Remote: "origin", Target: "main"}
	put(func(c *queue.Change) error { return c.Put(entry) })
	before = refs()
	var waits *queue.UndecidedError
	landing = nil
	if _, err := lap.joining(false).Run(bg); !errors.As(err, &landing) || !errors.As(err, &waits) || waits.Session != "C" {
		t.Errorf("beside what waits to land: %v", err)
	}
	if after := refs(); after != before || lap.bus.Store().Adopting() {
		t.Errorf("it has changed\n%s\nto\n%s", before, after)
	}
	put(func(c *queue.Change) error { return c.Remove("C") })

	begun := filepath.Join(agents.PoolDir(lap.repo), "T1")
	lap.Must(os.MkdirAll(begun, 0o777))
	before = refs()
	var pool *PoolError
	if _, err := lap.joining(false).Run(bg); !errors.As(err, &pool) || pool.Session != "T1" {
		t.Errorf("beside a pool: %v", err)
	}
	if after := refs(); after != before || lap.bus.Store().Adopting() {
		t.Errorf("it has changed\n%s\nto\n%s", before, after)
	}
	lap.Must(os.Remove(begun))
	lap.adopt(false)
}
