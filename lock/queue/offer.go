package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// OffersRef is the table of the entries that clones let each other land, where they have
// a hub: for each session what it waits to land. It is on the hub, the queue is not.
const OffersRef = "refs/swarm/offers"

// Offer is an entry that another clone than its own may land, or has landed.
type Offer struct {
	refstore.Versioned
	Number int       `toml:"number"` // of the commit that put it: the lower ones are first
	Clone  string    `toml:"clone"`  // whose queue the entry is in
	Branch string    `toml:"branch"`
	Tip    string    `toml:"tip"`
	Target string    `toml:"target"` // a branch of the hub
	Since  time.Time `toml:"since"`
	Rules  string    `toml:"rules"` // what lands it must have the same: see Lander.Rules
	Tried  []string  `toml:"tried"` // as in the entry

	By      string   `toml:"by"` // the clone that has landed it, "" for none; then
	Base    string   `toml:"base"`
	After   string   `toml:"after"`
	Commits int      `toml:"commits"`
	Healed  []string `toml:"healed"`

	Session string `toml:"-"` // the path in the table
}

// Entry is what waits, as an entry that is in no queue here.
func (o *Offer) Entry() *Entry {
	return &Entry{
		Number: o.Number, Branch: o.Branch, Tip: o.Tip, Target: o.Target, Since: o.Since, Stage: Waiting, Tried: slices.Clone(o.Tried),
		Base: o.Base, Healed: o.Healed, Session: o.Session, Clone: o.Clone,
	}
}

// Of reports whether it is what the entry offers as it is now: one of the queue here, of
// the clone own, or another clone's, as it was offered.
func (o *Offer) Of(e *Entry, own string) bool {
	if e.Clone != "" {
		return o.Session == e.Session && o.Tip == e.Tip && o.Clone == e.Clone && o.Number == e.Number
	}
	return o.Session == e.Session && o.Tip == e.Tip && o.Clone == own
}

// Note notes with the entry, which may have another tip by now, what has landed of it.
func (o *Offer) Note(e *Entry) {
	e.Try(o.Tip, o.After)
	if o.Tip == e.Tip {
		e.Base, e.Healed = o.Base, o.Healed
	}
}

// offerPin is there before the session's entry is offered, and for as long as it may be.
func offerPin(session string) string { return refstore.PinPrefix + session + ".offer" }

// carriedOffer is under what name the hub keeps the commits that the session offers.
func carriedOffer(session string) string { return session + ".offer" }

func decodeOffer(path string, content []byte) (*Offer, error) {
	o := new(Offer)
	err := refstore.DecodeState(content, o)
	o.Session = path
	if err == nil {
		err = o.check()
	}
	if err != nil {
		return nil, &refstore.DamagedError{Ref: OffersRef, Path: path, Err: err}
	}
	return o, nil
}

func (o *Offer) check() error {
	e := o.Entry()
	e.After = o.After
	switch {
	case !refstore.IsClone(o.Clone) || o.By != "" && !refstore.IsClone(o.By):
		return errors.New("it is of no clone")
	case (o.By == "") != (o.After == ""):
		return errors.New("what has landed does not fit who landed it")
	case o.Commits < 0:
		return errors.New("a number below zero")
	}
	return e.check()
}

func (o *Offer) encode() ([]byte, error) {
	o.Version, o.Since = refstore.FormatVersion, refstore.Time(o.Since)
	for _, list := range []*[]string{&o.Tried, &o.Healed} {
		if *list == nil {
			*list = []string{}
		}
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	return refstore.EncodeState(o)
}

// offersOf are the offers in the table, in their order. What is damaged is none.
func offersOf(table *refstore.Table) (all []*Offer, err error) {
	err = table.Below("", func(path string, content []byte) bool {
		if o, err := decodeOffer(path, content); err == nil {
			all = append(all, o)
		}
		return true
	})
	slices.SortFunc(all, func(a, b *Offer) int { return cmp.Compare(a.Number, b.Number) })
	return all, err
}

// Offers are the offers of all clones by what is known here, in their order. In a table
// that is damaged there are none.
func Offers(ctx context.Context, b *bus.Bus) (all []*Offer, err error) {
	table, err := b.Store().Table(ctx, OffersRef)
	if err == nil {
		all, err = offersOf(table)
	}
	if b.Store().LeaveOut(err) {
		return nil, nil
	}
	return all, err
}

// Prepare has every later change of the entry, by whatever process of this clone, look
// whether it is offered. It comes before [Change.Offer].
func Prepare(ctx context.Context, b *bus.Bus, e *Entry) error {
	pin := offerPin(e.Session)
	tip, err := b.Store().Tip(ctx, pin)
	if err != nil || tip == object.Hash(e.Tip) {
		return err
	}
	return b.Store().Pin(ctx, e.Session, pin, object.Hash(e.Tip), object.Hash(e.Tip))
}

// Forsake ends what Prepare began, unless an entry of the session waits: another process
// may have put and offered that since.
func Forsake(ctx context.Context, b *bus.Bus, session string) error {
	pin := offerPin(session)
	tip, err := b.Store().Tip(ctx, pin)
	if err != nil || tip == "" {
		return err
	}
	e, err := Find(ctx, b, session)
	if err != nil || e != nil && !e.Decided() {
		return err
	}
	return b.Store().Unpin(ctx, pin, tip)
}

// MayLand reports whether an entry of the session waits that another clone may land, by
// what is known here.
func MayLand(ctx context.Context, b *bus.Bus, session string) (bool, error) {
	e, err := Find(ctx, b, session)
	if err != nil || e == nil || e.Decided() {
		return false, err
	}
	tip, err := b.Store().Tip(ctx, offerPin(session))
	return tip != "", err
}

// offered is the table of offers within the transaction, nil while it is damaged: then
// nobody lands what is in it.
func (c *Change) offered() (*refstore.Table, error) {
	table, err := c.tx.Table(OffersRef)
	var damaged *refstore.DamagedError
	if errors.As(err, &damaged) {
		return nil, nil
	}
	return table, err
}

func (c *Change) offer(session string) (*refstore.Table, *Offer, error) {
	table, err := c.offered()
	if err != nil || table == nil {
		return table, nil, err
	}
	content, err := table.Get(session)
	if errors.Is(err, refstore.ErrNotExist) {
		return table, nil, nil
	}
	if err != nil {
		return table, nil, err
	}
	o, err := decodeOffer(session, content)
	if err != nil {
		return table, &Offer{Session: session, Clone: c.tx.Clone()}, nil // nobody lands it
	}
	return table, o, nil
}

// Offer lets other clones land the undecided entries of this one that may choose, and
// that Prepare was called for, if they have the same rules. What is offered in this
// clone's name and waits here no more is taken out.
func (c *Change) Offer(rules string, may func(*Entry) bool) error {
	table, err := c.offered()
	if err != nil || table == nil {
		return err
	}
	all, err := c.Entries()
	if err != nil {
		return err
	}
	theirs, err := offersOf(table)
	if err != nil {
		return err
	}
	there, waiting := map[string]*Offer{}, map[string]bool{}
	for _, o := range theirs {
		there[o.Session] = o
	}
	last, err := c.tx.Last(OffersRef)
	if err != nil {
		return err
	}
	number := 1
	if last != nil {
		number = last.Number + 1
	}
	var who []string
	for _, e := range all {
		if e.Decided() {
			continue
		}
		waiting[e.Session] = true
		prepared, err := c.prepared(e.Session)
		if err != nil {
			return err
		}
		was := there[e.Session]
		if !prepared || !may(e) || was != nil && was.Of(e, c.tx.Clone()) {
			continue
		}
		o := &Offer{
			Number: number, Clone: c.tx.Clone(), Branch: e.Branch, Tip: e.Tip, Target: e.Target, Since: e.Since, Rules: rules,
			Tried: e.Tried, Session: e.Session,
		}
		content, err := o.encode()
		if err == nil {
			err = table.Put(e.Session, content)
		}
		if err != nil {
			return err
		}
		c.tx.Carry(carriedOffer(e.Session), object.Hash(e.Tip))
		who = append(who, e.Session)
	}
	for _, o := range theirs {
		if o.Clone == c.tx.Clone() && !waiting[o.Session] {
			if err := table.Delete(o.Session); err != nil {
				return err
			}
			c.tx.Uncarry(carriedOffer(o.Session))
			who = append(who, o.Session)
		}
	}
	if len(who) == 0 {
		return nil
	}
	_, err = c.tx.Record(OffersRef, refstore.Entry{Body: "offers: of " + c.tx.Clone() + ": " + strings.Join(who, ", ")})
	return err
}

// prepared reports whether the session's entry may be offered. Without a hub none is.
func (c *Change) prepared(session string) (bool, error) {
	if c.tx.Clone() == "" {
		return false, nil
	}
	return c.tx.Pinned(offerPin(session))
}

// Elsewhere is what another clone has landed of the session's entry, nil for nothing.
func (c *Change) Elsewhere(session string) (*Offer, error) {
	if prepared, err := c.prepared(session); err != nil || !prepared {
		return nil, err
	}
	_, o, err := c.offer(session)
	if err != nil || o == nil || o.By == "" || o.Clone != c.tx.Clone() {
		return nil, err
	}
	return o, nil
}

// Recall takes the session's offer back, in the transaction, which is made on the hub: no
// other clone lands it from then on. It returns what one has landed before. Where nothing
// was to be offered it does nothing.
func (c *Change) Recall(session string) (*Offer, error) {
	if prepared, err := c.prepared(session); err != nil || !prepared {
		return nil, err
	}
	table, o, err := c.offer(session)
	if err != nil || table == nil {
		return nil, err
	}
	c.recalled = append(c.recalled, session) // also where there is none yet: it may be on its way
	if o != nil && o.Clone != c.tx.Clone() {
		return nil, nil
	}
	c.tx.Uncarry(carriedOffer(session))
	if o == nil {
		return nil, nil
	}
	if err := table.Delete(session); err != nil || o.By == "" {
		return nil, err
	}
	return o, nil
}

// Void takes out, in a transaction that is made on the hub, what another clone has offered of
// the session before that has moved here: nobody lands it any more.
func (c *Change) Void(session string) error {
	table, o, err := c.offer(session)
	if err != nil || o == nil || o.Clone == c.tx.Clone() {
		return err
	}
	c.recalled = append(c.recalled, session)
	c.tx.Uncarry(carriedOffer(session))
	return table.Delete(session)
}

// ErrRecalled says that an offer is no more what it was: its clone has taken it back, put
// another tip, or is not the session's any more.
var ErrRecalled = errors.New("what was offered was taken back")

// LandOffer writes that this clone has landed the entry, which is another clone's.
func (c *Change) LandOffer(e *Entry, base, after string, commits int, healed []string) error {
	table, o, err := c.offer(e.Session)
	if err != nil {
		return err
	}
	if o == nil || !o.Of(e, c.tx.Clone()) || o.By != "" {
		return ErrRecalled
	}
	o.By, o.Base, o.After, o.Commits, o.Healed = c.tx.Clone(), base, after, commits, healed
	content, err := o.encode()
	if err == nil {
		err = table.Put(o.Session, content)
	}
	c.landedOffers = append(c.landedOffers, o.Session)
	return err
}

// DropOffer leaves the entry, which is another clone's, to that.
func (c *Change) DropOffer(e *Entry) error {
	table, o, err := c.offer(e.Session)
	if err != nil || o == nil || !o.Of(e, c.tx.Clone()) || o.By != "" {
		return err
	}
	c.recalled = append(c.recalled, o.Session)
	return table.Delete(o.Session)
}

// recordOffers commits what was changed of the offers.
func (c *Change) recordOffers() error {
	var what []string
	if len(c.landedOffers) > 0 {
		what = append(what, "landed "+strings.Join(c.landedOffers, ", "))
	}
	if len(c.recalled) > 0 {
		what = append(what, "out "+strings.Join(c.recalled, ", "))
	}
	if len(what) == 0 {
		return nil
	}
	_, err := c.tx.Record(OffersRef, refstore.Entry{Body: fmt.Sprintf("offers: by %s: %s", c.tx.Clone(), strings.Join(what, "; "))})
	return err
}

// RecallAll takes all offers of this clone back, before it leaves the hub.
func RecallAll(ctx context.Context, b *bus.Bus) error {
	return b.Update(ctx, bus.Orchestrator, func(tx *refstore.Tx, _ string) error {
		c, err := Begin(tx)
		if err != nil {
			return err
		}
		all, err := entries(c.table, func(error) error { return nil })
		if err != nil {
			return err
		}
		for _, e := range all {
			if e.Decided() {
				continue
			}
			landed, err := c.Recall(e.Session)
			if err == nil && landed != nil {
				landed.Note(e)
				err = c.Set(e)
			}
			if err != nil {
				return err
			}
		}
		return c.Record("nothing is offered any more")
	})
}
