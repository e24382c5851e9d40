package queue

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/hub"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// hubSwarms are two clones of a hub: A and C are at home in desk, B in lap.
type hubSwarms struct {
	hub       *refstoretest.Repo
	desk, lap *swarm
}

func newHubSwarms(t *testing.T) *hubSwarms {
	t.Helper()
	w := &hubSwarms{hub: refstoretest.NewRepo(t, "--bare")}
	open := func(clone string, ids ...string) *swarm {
		s := &swarm{Repo: refstoretest.NewRepo(t)}
		s.Git("commit", "-q", "--allow-empty", "-m", "start")
		s.Git("remote", "add", "origin", w.hub.Dir)
		found, err := repo.Discover(repo.Env(os.Environ()), s.Dir)
		s.Must(err)
		at := &hub.Remote{Repo: found, Name: "origin", Prefix: "refs/swarm/", Timeout: 30 * time.Second}
		store := refstore.Open(found, refstore.Options{Hub: at, Clone: clone, HubInterval: time.Hour})
		t.Cleanup(func() { store.Close() })
		s.bus = bus.New(store)
		_, err = s.bus.Connect(bg)
		s.Must(err)
		for _, id := range ids {
			_, err := s.bus.Register(bg, []bus.Registration{{ID: id, Workstream: strings.ToLower(id)}})
			s.Must(err)
		}
		return s
	}
	w.desk, w.lap = open("desk", "A", "C"), open("lap", "B")
	return w
}

// offer puts what the sessions have, offers it, and has lap know of that.
func (w *hubSwarms) offer(ids ...string) (all []*Entry) {
	w.hub.Helper()
	for _, id := range ids {
		e := w.desk.put(id, w.desk.commit("by "+id))
		w.desk.Must(Prepare(bg, w.desk.bus, e))
		all = append(all, e)
	}
	w.desk.change(ids[0], func(c *Change) error { return c.Offer("rules", func(*Entry) bool { return true }) })
	w.lap.Must(w.lap.bus.Store().Refresh(bg, true))
	return all
}

// land has lap land what it knows to be offered by the session; after is what that has become.
func (w *hubSwarms) land(id string) (after string, err error) {
	w.hub.Helper()
	offers, err := Offers(bg, w.lap.bus)
	i := slices.IndexFunc(offers, func(o *Offer) bool { return o.Session == id })
	if err != nil || i < 0 {
		w.hub.Fatalf("offered are %v, %v", offers, err)
	}
	after = w.lap.commit("rebased, by " + id)
	return after, w.lap.bus.Update(bg, "B", func(tx *refstore.Tx, _ string) error {
		c, err := Begin(tx)
		if err == nil {
			err = c.LandOffer(offers[i].Entry(), offers[i].Tip, after, 1, nil)
		}
		if err != nil {
			return err
		}
		return c.Record("test")
	})
}

// offered are the sessions in the table on the hub.
func (w *hubSwarms) offered() string {
	w.hub.Helper()
	return strings.Join(strings.Fields(w.hub.Git("ls-tree", "-r", "--name-only", OffersRef)), " ")
}

// carried are the sessions whose offered commits the hub keeps.
func (w *hubSwarms) carried() string {
	w.hub.Helper()
	refs := strings.Fields(w.hub.Git("for-each-ref", "--format=%(refname)", "refs/swarm/tips"))
	for i, ref := range refs {
		refs[i] = strings.TrimSuffix(strings.TrimPrefix(ref, "refs/swarm/tips/"), ".offer")
	}
	return strings.Join(refs, " ")
}

// TestRefusedElsewhere: what another clone has landed is not refused here, although this
// clone has not heard of it.
func TestRefusedElsewhere(t *testing.T) {
	t.Parallel()
	w := newHubSwarms(t)
	e := w.offer("A")[0]
	if _, err := w.land("A"); err != nil {
		t.Fatal(err)
	}
	move := func(to Stage) error {
		return w.desk.bus.Update(bg, "C", func(tx *refstore.Tx, _ string) error {
			c, err := Begin(tx)
			if err != nil {
				return err
			}
			now, err := c.Find("A")
			if err != nil {
				return err
			}
			now.Why, now.After, now.Base, now.Commits = "no", e.Tip, e.Tip, 1
			if to == Landed {
				now.Why = ""
			}
			if err := c.Move(now, to); err != nil {
				return err
			}
			return c.Record("test")
		})
	}
	if err := move(Refused); !errors.Is(err, ErrLanding) {
		t.Errorf("refused: %v", err)
	}
	if now, err := Find(bg, w.desk.bus, "A"); err != nil || now.Decided() || w.offered() != "A" {
		t.Errorf("%+v, %v; offered are %q", now, err, w.offered())
	}
	if err := move(Landed); err != nil || w.offered() != "" || w.carried() != "" {
		t.Errorf("landed: %v; offered are %q, kept %q", err, w.offered(), w.carried())
	}
	w.desk.healthy()
}

// TestRecallAll: no other clone lands what this one has taken back before it leaves the hub,
// and what one has landed is noted. Who has offered nothing asks no hub.
func TestRecallAll(t *testing.T) {
	t.Parallel()
	w := newHubSwarms(t)
	w.desk.put("A", w.desk.commit("not offered"))
	away := func(do func() error) error {
		w.hub.Must(os.Rename(w.hub.Dir, w.hub.Dir+".away"))
		defer func() { w.hub.Must(os.Rename(w.hub.Dir+".away", w.hub.Dir)) }()
		return do()
	}
	recall := func() error { return RecallAll(bg, w.desk.bus) }
	if err := away(recall); err != nil {
		t.Errorf("without an offer: %v", err)
	}
	all := w.offer("A", "C")
	after, err := w.land("A")
	if err != nil {
		t.Fatal(err)
	}
	var failed *refstore.HubError
	if err := away(recall); !errors.As(err, &failed) || w.offered() != "A C" {
		t.Errorf("with the hub away: %v; offered are %q", err, w.offered())
	}
	if carried := w.carried(); carried != "A C" {
		t.Errorf("kept are %q", carried)
	}
	if err := recall(); err != nil || w.offered() != "" || w.carried() != "" {
		t.Errorf("%v; offered are %q, kept %q", err, w.offered(), w.carried())
	}
	if now, err := Find(bg, w.desk.bus, "A"); err != nil || !slices.Contains(now.Tried, all[0].Tip+" "+after) {
		t.Errorf("%+v, %v", now, err)
	}
	if _, err := w.land("C"); !errors.Is(err, ErrRecalled) {
		t.Errorf("landed after it was taken back: %v", err)
	}
	w.desk.healthy()
}

// TestDropOffer: what another clone leaves to the one whose it is stays on the hub until that
// has taken it back.
func TestDropOffer(t *testing.T) {
	t.Parallel()
	w := newHubSwarms(t)
	w.offer("A")
	offers, err := Offers(bg, w.lap.bus)
	if err != nil || len(offers) != 1 {
		t.Fatalf("%v, %v", offers, err)
	}
	w.lap.Must(w.lap.bus.Update(bg, "B", func(tx *refstore.Tx, _ string) error {
		c, err := Begin(tx)
		if err == nil {
			err = c.DropOffer(offers[0].Entry())
		}
		if err != nil {
			return err
		}
		return c.Record("test")
	}))
	if w.offered() != "" || w.carried() != "A" {
		t.Errorf("dropped: offered are %q, kept %q", w.offered(), w.carried())
	}
	if err := RecallAll(bg, w.desk.bus); err != nil || w.carried() != "" {
		t.Errorf("%v; kept are %q", err, w.carried())
	}
	w.desk.healthy()
}

// TestOffersRepair: fsck finds an offer that is damaged, and others' offers hold: a repair
// drops it alone. What the hub has lost of the table a clone puts back.
func TestOffersRepair(t *testing.T) {
	t.Parallel()
	w := newHubSwarms(t)
	w.offer("A", "C")
	sound := w.hub.Git("cat-file", "blob", OffersRef+":A") + "\n"
	for says, content := range map[string]string{
		"it is of no clone":                          strings.Replace(sound, "'desk'", "'../desk'", 1),
		"what has landed does not fit who landed it": strings.Replace(sound, "by = ''", "by = 'lap'", 1),
		"a number below zero":                        strings.Replace(sound, "commits = 0", "commits = -1", 1),
		"not the TOML that git swarm writes":         "no state",
	} {
		w.desk.Must(w.desk.bus.Update(bg, "A", func(tx *refstore.Tx, _ string) error {
			table, err := tx.Table(OffersRef)
			if err == nil {
				err = table.Put("A", []byte(content))
			}
			if err == nil {
				_, err = tx.Record(OffersRef, refstore.Entry{Body: "damage"})
			}
			return err
		}))
		faults, _, err := Fsck(bg, w.desk.bus)
		var damaged *refstore.DamagedError
		if err != nil || len(faults) != 1 || !errors.As(faults[0], &damaged) || damaged.Path != "A" || !strings.Contains(faults[0].Error(), says) {
			t.Errorf("%s: fsck finds %v, %v", says, faults, err)
		}
		if offers, err := Offers(bg, w.desk.bus); err != nil || len(offers) != 1 || offers[0].Session != "C" {
			t.Errorf("%s: offered are %v, %v", says, offers, err)
		}
		if _, err := RepairOffers(bg, w.desk.bus, "A", true); err != nil {
			t.Fatal(err)
		}
		if w.offered() != "C" {
			t.Errorf("%s: after the repair are offered %q", says, w.offered())
		}
		w.desk.healthy()
	}
	tip := w.hub.Git("rev-parse", OffersRef)
	w.hub.Git("update-ref", OffersRef, OffersRef+"~2")
	done, err := w.desk.bus.Store().RepairHub(bg, false)
	if err != nil || len(done) != 1 || done[0].Ref != "offers" || done[0].Back != 2 || w.hub.Git("rev-parse", OffersRef) != tip {
		t.Errorf("of the hub was repaired %+v, %v", done, err)
	}
}
