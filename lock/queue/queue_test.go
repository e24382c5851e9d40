package queue

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

var bg = context.Background()

// swarm is a repository with sessions registered.
type swarm struct {
	*refstoretest.Repo
	bus *bus.Bus
}

func newSwarm(t testing.TB, ids ...string) *swarm {
	t.Helper()
	s := &swarm{Repo: refstoretest.NewRepo(t)}
	s.Git("commit", "-q", "--allow-empty", "-m", "start")
	found, err := repo.Discover(repo.Env(os.Environ()), s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	store := refstore.Open(found, refstore.Options{Now: refstoretest.NewClock().Now})
	t.Cleanup(func() { store.Close() })
	s.bus = bus.New(store)
	var sessions []bus.Registration
	for _, id := range ids {
		sessions = append(sessions, bus.Registration{ID: id, Workstream: strings.ToLower(id)})
	}
	if _, err := s.bus.Register(bg, sessions); err != nil {
		t.Fatal(err)
	}
	return s
}

// commit is a new commit that no branch has.
func (s *swarm) commit(subject string) string {
	s.Helper()
	return s.Git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", subject)
}

func (s *swarm) change(by string, edit func(*Change) error) {
	s.Helper()
	err := s.bus.Update(bg, by, func(tx *refstore.Tx, _ string) error {
		c, err := Begin(tx)
		if err != nil {
			return err
		}
		if err := edit(c); err != nil {
			return err
		}
		return c.Record("test")
	})
	if err != nil {
		s.Fatal(err)
	}
}

func (s *swarm) put(id, tip string) *Entry {
	s.Helper()
	e := &Entry{Session: id, Branch: "swarm/" + id, Tip: tip, Remote: "origin", Target: "main"}
	leave, _ := e.Attend(s.bus)
	s.Cleanup(leave)
	s.change(id, func(c *Change) error { return c.Put(e) })
	return e
}

func (s *swarm) sessions() (ids []string) {
	s.Helper()
	all, err := Entries(bg, s.bus)
	if err != nil {
		s.Fatal(err)
	}
	for _, e := range all {
		ids = append(ids, e.Session)
	}
	return ids
}

func (s *swarm) healthy() {
	s.Helper()
	if faults, _, err := Fsck(bg, s.bus); len(faults) > 0 || err != nil {
		s.Errorf("fsck: %v, %v", faults, err)
	}
	if faults, _, err := s.bus.Fsck(bg); len(faults) > 0 || err != nil {
		s.Errorf("the bus: %v, %v", faults, err)
	}
	if err := s.bus.Store().CheckTips(bg, "refs/swarm/"); err != nil || len(s.bus.Store().SetAside()) > 0 {
		s.Errorf("a tip is damaged: %v", err)
	}
	s.GitFsck()
}

// TestOrder: entries stand in the order of arrival; who puts another tip keeps the
// place, and who has left comes last. git gc leaves every tip that was put.
func TestOrder(t *testing.T) {
	s := newSwarm(t, "A", "B", "C")
	if got := s.sessions(); len(got) > 0 {
		t.Errorf("before all, %q wait", got)
	}
	for _, id := range []string{"C", "A", "B"} {
		s.put(id, s.commit("by "+id))
	}
	again := s.commit("more by A")
	a := s.put("A", again)
	if got := s.sessions(); !slices.Equal(got, []string{"C", "A", "B"}) {
		t.Errorf("the order is %q", got)
	}
	s.Git("gc", "-q", "--prune=now")
	all, err := Entries(bg, s.bus)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		s.Git("cat-file", "-e", e.Tip+"^{commit}")
		if !e.Own() || !e.Attended(s.bus) || e.Decided() {
			t.Errorf("%+v", e)
		}
	}
	if all[1].Tip != again || all[1].Number != a.Number {
		t.Errorf("A's is %+v", all[1])
	}
	s.change("C", func(c *Change) error { return c.Remove("C") })
	s.change("C", func(c *Change) error { return c.Remove("C") }) // once more changes nothing
	s.put("C", again)
	if got := s.sessions(); !slices.Equal(got, []string{"A", "B", "C"}) {
		t.Errorf("the order is %q", got)
	}
	s.healthy()
}

// TestDecided: a decision is kept until it is seen, and the next put is a new arrival.
func TestDecided(t *testing.T) {
	s := newSwarm(t, "A", "B")
	tip := s.commit("by A")
	s.put("A", tip)
	s.put("B", tip)
	e, err := Find(bg, s.bus, "A")
	if err != nil {
		t.Fatal(err)
	}
	e.Try(tip, tip)
	e.Try(tip, tip)
	e.After, e.Commits = tip, 1
	s.change("B", func(c *Change) error { return c.Move(e, Landed) })
	if e, err = Find(bg, s.bus, "A"); err != nil || !e.Decided() || len(e.Tried) != 1 {
		t.Errorf("%+v, %v", e, err)
	}
	if now := s.put("A", tip); now.Number <= 2 || len(now.Tried) > 0 {
		t.Errorf("put again: %+v", now)
	}
	e, err = Find(bg, s.bus, "B")
	if err != nil {
		t.Fatal(err)
	}
	e.Why, e.Tail = "no 'x'", "a\x01\x1b[0m\x7f\u2028\\ '\"\r\n\t\ufffd\x00"
	said := e.Tail
	s.change("A", func(c *Change) error { return c.Move(e, Refused) })
	if e, err = Find(bg, s.bus, "B"); err != nil || e.Tail != said {
		t.Errorf("%+v, %v", e, err)
	}
	if none, err := Find(bg, s.bus, "C"); none != nil || err != nil {
		t.Errorf("C has %+v, %v", none, err)
	}
	s.healthy()
}

// TestForsake: what may be offered stays so as long as an entry of the session waits,
// whoever else has just landed one of its.
func TestForsake(t *testing.T) {
	s := newSwarm(t, "A")
	e := s.put("A", s.commit("one"))
	if err := Prepare(bg, s.bus, e); err != nil {
		t.Fatal(err)
	}
	for _, waits := range []bool{true, false} {
		if !waits {
			s.change("A", func(c *Change) error { return c.Remove("A") })
		}
		if err := Forsake(bg, s.bus, "A"); err != nil {
			t.Fatal(err)
		}
		if tip, err := s.bus.Store().Tip(bg, offerPin("A")); err != nil || (tip != "") != waits {
			t.Errorf("waits: %t, the pin is at %q, %v", waits, tip, err)
		}
		if may, err := MayLand(bg, s.bus, "A"); err != nil || may != waits {
			t.Errorf("may land: %t, %v", may, err)
		}
	}
}

// TestUnattended: nobody waits for an entry without a process, nor when that has left.
func TestUnattended(t *testing.T) {
	s := newSwarm(t, "A")
	e := &Entry{Session: "A"}
	if e.Attended(s.bus) || e.Own() {
		t.Error("nobody waits")
	}
	leave, alone := e.Attend(s.bus)
	if !e.Attended(s.bus) || !e.Own() || !alone {
		t.Error("this process waits")
	}
	if _, alone := e.Attend(s.bus); alone {
		t.Error("two wait alone")
	}
	leave()
	if e.Attended(s.bus) {
		t.Error("a process that has left waits")
	}
}

// TestRefused: what cannot be stored is not.
func TestRefused(t *testing.T) {
	s := newSwarm(t, "A")
	tip := s.commit("by A")
	for name, e := range map[string]*Entry{
		"no target":         {Session: "A", Tip: tip, Remote: "origin"},
		"no tip":            {Session: "A", Remote: "origin", Target: "main"},
		"a tip by name":     {Session: "A", Tip: "main", Remote: "origin", Target: "main"},
		"a try of one":      {Session: "A", Tip: tip, Remote: "origin", Target: "main", Tried: []string{tip}},
		"a path":            {Session: "A/B", Tip: tip, Remote: "origin", Target: "main"},
		"a reason too soon": {Session: "A", Tip: tip, Remote: "origin", Target: "main", Why: "no"},
	} {
		err := s.bus.Update(bg, "A", func(tx *refstore.Tx, _ string) error {
			c, err := Begin(tx)
			if err != nil {
				return err
			}
			return c.Put(e)
		})
		if err == nil {
			t.Errorf("%s was stored", name)
		}
	}
	if got := s.sessions(); len(got) > 0 {
		t.Errorf("%q wait", got)
	}
}

// plant puts a blob into the queue's tree with plain git.
func (s *swarm) plant(path, content string) {
	s.Helper()
	blob := s.Feed(content, "hash-object", "-w", "--stdin")
	lines := ""
	for line := range strings.Lines(s.Git("ls-tree", Ref) + "\n") {
		if !strings.HasSuffix(line, "\t"+path+"\n") {
			lines += line
		}
	}
	tree := s.Feed(lines+"100644 blob "+blob+"\t"+path+"\n", "mktree")
	number := s.Git("rev-list", "--count", Ref)
	next := s.Feed("x\n\nNumber: "+number+"1\nFormat: 1\n", "-c", "author.name=A", "commit-tree", tree, "-F", "-", "-p", Ref)
	s.Git("update-ref", Ref, next)
}

// TestRepair: fsck finds each fault, readers leave it out, and a repair goes back to
// the entry before, or drops it. Then all is well.
func TestRepair(t *testing.T) {
	s := newSwarm(t, "A", "B")
	tip := s.commit("x")
	s.put("A", tip)
	text := s.Git("show", Ref+":A") + "\n"
	for name, c := range map[string]struct{ path, content, says string }{
		"no TOML":          {"A", "x", "not the TOML"},
		"an unknown stage": {"A", strings.Replace(text, "'waiting'", "'lost'", 1), `stage "lost"`},
		"a landing's end":  {"A", strings.Replace(text, "'waiting'", "'landed'", 1), "a commit is missing"},
		"no number":        {"A", strings.Replace(text, "number = 1", "number = 0", 1), "number 0"},
		"a number ahead":   {"A", strings.Replace(text, "number = 1", "number = 999999", 1), "never given"},
		"a number twice":   {"B", text, "that of A"},
		"nobody's":         {"all", text, "bad session id"},
		"a key more":       {"A", text + "x = 1\n", "TOML"},
	} {
		t.Run(name, func(t *testing.T) {
			before := s.Git("rev-parse", Ref)
			defer func() {
				s.Git("update-ref", Ref, before)
				s.healthy()
			}()
			s.plant(c.path, c.content)
			faults, _, err := Fsck(bg, s.bus)
			if err != nil || !strings.Contains(errors.Join(faults...).Error(), c.says) {
				t.Fatalf("fsck: %v, %v", faults, err)
			}
			if _, err := Repair(bg, s.bus, "A", true); err != nil {
				t.Fatal(err)
			}
			if faults, _, err := Fsck(bg, s.bus); len(faults) > 0 || err != nil {
				t.Errorf("after the repair: %v, %v", faults, err)
			}
			if e := s.put("B", tip); e.Number < 2 {
				t.Errorf("the next is %+v", e)
			}
			s.bus.Store().SetAside()
		})
	}
}

// TestVectors: the published entries are read, and written as they are.
func TestVectors(t *testing.T) {
	for _, vector := range refstoretest.Vectors(t, "state-queue") {
		e, err := decode("A", vector.Bytes)
		if err != nil {
			t.Fatalf("%s: %v", vector.Name, err)
		}
		if got, err := e.encode(); err != nil || !bytes.Equal(got, vector.Bytes) {
			t.Errorf("%s is written as %q, %v", vector.Name, got, err)
		}
	}
}

// FuzzEntry: an entry that can be decoded is encoded to the same bytes.
func FuzzEntry(f *testing.F) {
	for _, vector := range refstoretest.Vectors(f, "state-queue") {
		f.Add(vector.Bytes)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		e, err := decode("A", content)
		if err != nil {
			return
		}
		if again, err := e.encode(); err != nil || string(again) != string(content) {
			t.Fatalf("%q is encoded as %q, %v", content, again, err)
		}
	})
}
