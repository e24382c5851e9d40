package refstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Tx is one attempt at a transaction. What it reads is the state that its writes
// will be applied to, or they will not be applied.
//
//	err := store.Update(ctx, "A", func(tx *refstore.Tx) error {
//		claims, err := tx.Table("refs/swarm/claims")
//		…
//		claims.Put("src/a.go", blob)
//		_, err = tx.Record("refs/swarm/claims", Entry{Body: "claim src/a.go"}) // the effect
//		_, err = tx.Append("refs/swarm/inbox/B", …)                            // its notice
//	})
//
// The function may run several times and must have no effect but through tx. The
// ref that it writes first takes effect first.
type Tx struct {
	ctx     context.Context
	store   *Store
	backend refs.Backend
	view    refs.View
	by      string // the session
	who     person
	at      time.Time
	chains  map[string]*chain
	order   []*chain // those written, in the order of their first write
	objects []object.Object
	retired []object.Hash

	// With a hub:
	shared    bool // it is being made on the hub: see updateShared
	opened    bool // it has looked at what all clones share, to change it
	published bool // it has put an entry on from/<clone>
	branch    *HubUpdate
	offline   bool                   // it is made by what is known here: see Offline
	chosen    map[string][]string    // see Chosen
	carried   map[string]object.Hash // see Carry
}

// PinPrefix begins the names of pins: refs that point at a commit of a branch to
// keep it, and are replaced as a whole.
const PinPrefix = "refs/swarm-pins/"

// person is git's identity of the user.
type person struct{ name, email, authorEmail string }

// chain is a ref within a transaction.
type chain struct {
	ref       string
	prev, tip object.Hash // as read, and with what was staged
	bad       error       // what is wrong with the ref as read: nothing is written on top of it
	last      *Entry      // the newest sound entry, nil if there is none
	was       int         // the number at prev, 0 if there is none
	tree      object.Hash // the tree of last
	table     *Table
	renewed   bool // notes that begin anew
}

// chain reads the ref's tip, once a transaction. Where it is damaged, the chain
// is what is sound of it, for reading alone.
func (tx *Tx) chain(ref string) (*chain, error) {
	if c := tx.chains[ref]; c != nil {
		return c, nil
	}
	if err := refs.CheckName(ref); err != nil {
		return nil, err
	}
	tip, err := tx.view.Tip(ref)
	if err != nil {
		return nil, err
	}
	c := &chain{ref: ref, prev: tip, tip: tip}
	if tip != "" {
		sound, bad, err := tx.store.soundTip(tx.ctx, ref, tip, true)
		if err != nil {
			return nil, err
		}
		c.bad = bad
		if sound != nil && sound.fault == nil {
			c.last, c.tree, c.was = sound.entry, sound.data.Tree, sound.entry.Number
		}
	}
	tx.chains[ref] = c
	return c, nil
}

// Last returns the entry at the tip of the chain, nil if it has none yet. If the
// tip is damaged it is an error.
func (tx *Tx) Last(ref string) (*Entry, error) {
	c, err := tx.chain(ref)
	if err == nil {
		err = c.bad
	}
	if err != nil {
		return nil, err
	}
	return c.last, nil
}

// Below returns the newest sound entry below the tip of a table's chain, with the
// table as it was there; nil if there is none.
func (tx *Tx) Below(ref string) (*Entry, *Table, error) {
	c, err := tx.chain(ref)
	if err != nil || c.prev == "" {
		return nil, nil, err
	}
	var below *Entry
	_, err = tx.store.Walk(tx.ctx, ref, c.prev, "", func(e *Entry) bool {
		if e.ID != c.prev {
			below = e
		}
		return below == nil
	})
	if err != nil || below == nil {
		return nil, nil, err
	}
	table, err := tx.store.TableAt(tx.ctx, ref, below.ID)
	return below, table, err
}

// At is the time of the transaction, to the second.
func (tx *Tx) At() time.Time { return tx.at }

// Clone is the name of this clone on its hub, "" without one.
func (tx *Tx) Clone() string { return tx.store.Clone() }

// BlobID is the id of a blob with that content.
func (tx *Tx) BlobID(content []byte) object.Hash {
	return tx.store.repo.Algo.NewObject(object.Blob, content).ID
}

// Offline has the transaction decide by what is known here of what all clones share,
// which it must not change: it is made although the hub may be out of reach.
func (tx *Tx) Offline() { tx.offline = true }

// As runs stage, whose entries are another session's.
func (tx *Tx) As(by string, stage func() error) error {
	defer func(was string) { tx.by = was }(tx.by)
	tx.by = by
	return stage()
}

// Chosen is what choose returned when the transaction was first built as it is: a change
// that the hub has made is built once more on this clone's own refs, which may have
// moved, and is to be about the same things.
func (tx *Tx) Chosen(key string, choose func() ([]string, error)) ([]string, error) {
	if chosen, ok := tx.chosen[key]; ok {
		return chosen, nil
	}
	chosen, err := choose()
	if err == nil {
		tx.chosen[key] = chosen
	}
	return chosen, err
}

// Append adds an entry to a journal. Number, Author and At are set by the
// transaction, and ID with them.
//
// With a hub, an entry of the context or of an inbox is published to the other clones,
// too; in a transaction that changes what all share, its number is not that in the
// journal.
func (tx *Tx) Append(ref string, e Entry) (*Entry, error) {
	if tx.store.hasHub() && classOf(ref) == viewRef {
		return tx.publish(ref, e)
	}
	return tx.append(ref, e)
}

func (tx *Tx) append(ref string, e Entry) (*Entry, error) {
	c, err := tx.chain(ref)
	if err != nil {
		return nil, err
	}
	return tx.extend(c, e, tx.store.repo.Algo.EmptyTree(), false)
}

// Replace puts a single commit in a cursor's place: the new one has no parent,
// and what it replaces is garbage.
func (tx *Tx) Replace(ref string, e Entry) (*Entry, error) {
	c, err := tx.chain(ref)
	if err != nil {
		return nil, err
	}
	if c.prev != "" {
		tx.retired = append(tx.retired, c.prev)
	}
	return tx.extend(c, e, tx.store.repo.Algo.EmptyTree(), true)
}

// Renew is Replace that puts the commit in the place of damage, too.
func (tx *Tx) Renew(ref string, e Entry) (*Entry, error) {
	c, err := tx.chain(ref)
	var damaged *DamagedError
	if errors.As(err, &damaged) && !errors.Is(err, ErrVersion) { // the ref holds no id
		if err := tx.store.putAside(ref); err != nil {
			return nil, err
		}
		c = &chain{ref: ref}
		tx.chains[ref] = c
	} else if err != nil {
		return nil, err
	}
	c.bad = nil
	return tx.Replace(ref, e)
}

// Table is the state at the tip of ref, for reading and changing. Changes take
// effect with Record. If the tip is damaged it is an error.
func (tx *Tx) Table(ref string) (*Table, error) {
	tx.opened = tx.opened || classOf(ref) == sharedRef
	c, err := tx.chain(ref)
	if err == nil {
		err = c.bad
	}
	if err != nil {
		return nil, err
	}
	return tx.table(c), nil
}

// ReadTable is Table for what the transaction does not change: where the tip is
// damaged it is the state of the newest sound commit.
func (tx *Tx) ReadTable(ref string) (*Table, error) {
	c, err := tx.chain(ref)
	if err == nil && c.last == nil {
		err = c.bad // nothing is left to read
	}
	if err != nil {
		return nil, err
	}
	return tx.table(c), nil
}

func (tx *Tx) table(c *chain) *Table {
	if c.table == nil {
		c.table = tx.store.newTable(tx.ctx, c.ref, c.tree)
	}
	return c.table
}

// Record commits the table's changes, with e as their log entry.
func (tx *Tx) Record(ref string, e Entry) (*Entry, error) {
	t, err := tx.Table(ref)
	if err != nil {
		return nil, err
	}
	tree, objects := t.flush()
	tx.objects = append(tx.objects, objects...)
	return tx.extend(tx.chains[ref], e, tree, false)
}

// extend stages a commit on top of the chain, or in its place.
func (tx *Tx) extend(c *chain, e Entry, tree object.Hash, replace bool) (*Entry, error) {
	if c.bad != nil {
		return nil, c.bad
	}
	e.Author, e.At, e.Number = tx.by, tx.at, 1
	if c.last != nil {
		e.Number = c.last.Number + 1
	}
	tx.sign(c.ref, &e)
	err := e.check()
	if err == nil {
		err = checkVocabulary(c.ref, &e)
	}
	if err == nil && e.Number > MaxNumber {
		err = errors.New("the numbers are used up")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.ref, err)
	}
	algo := tx.store.repo.Algo
	if tree == algo.EmptyTree() && (replace || c.tree != tree) {
		tx.objects = append(tx.objects, algo.NewObject(object.Tree, nil))
	}
	if c.tip == c.prev {
		tx.order = append(tx.order, c)
	}
	if replace {
		c.tip = ""
	}
	return tx.put(c, e, tree), nil
}

// put stages the commit of an entry on top of the chain as it is staged.
func (tx *Tx) put(c *chain, e Entry, tree object.Hash) *Entry {
	data := object.CommitData{
		Tree:      tree,
		Author:    object.Signature{Name: tx.by, Email: tx.who.authorEmail, When: tx.at},
		Committer: object.Signature{Name: tx.who.name, Email: tx.who.email, When: tx.at},
		Message:   e.message(),
	}
	if c.tip != "" {
		data.Parents = []object.Hash{c.tip}
	}
	commit := tx.store.repo.Algo.NewObject(object.Commit, data.Encode())
	tx.objects = append(tx.objects, commit)
	e.ID = commit.ID
	c.tip, c.tree, c.last = commit.ID, tree, &e
	return &e
}

// Pin points ref, below [PinPrefix], at a commit that must exist, so that git keeps
// it. What the ref pointed at before is kept no longer.
func (tx *Tx) Pin(ref string, commit object.Hash) error {
	if !strings.HasPrefix(ref, PinPrefix) {
		return fmt.Errorf("'%s' is no pin", ref)
	}
	if err := refs.CheckName(ref); err != nil {
		return err
	}
	tip, err := tx.view.Tip(ref)
	if err != nil || tip == commit {
		return err
	}
	tx.order = append(tx.order, &chain{ref: ref, prev: tip, tip: commit})
	return nil
}

// Pinned reports whether the pin is there.
func (tx *Tx) Pinned(ref string) (bool, error) {
	tip, err := tx.view.Tip(ref)
	return tip != "", err
}

// Carry takes a commit, with all that it has, to the other clones along with a change of
// what all share. What keeps it here is the caller's to see to.
func (tx *Tx) Carry(name string, commit object.Hash) {
	if tx.carried == nil {
		tx.carried = map[string]object.Hash{}
	}
	tx.carried[tipsPrefix+name] = commit
}

// Uncarry has what was carried under that name be kept no longer on the hub. It goes along
// with a change of what all share, where the server lets refs be deleted.
func (tx *Tx) Uncarry(name string) { tx.Carry(name, "") }

// Exists reports whether there is such a ref.
func (tx *Tx) Exists(ref string) (bool, error) {
	c, err := tx.chain(ref)
	return err == nil && c.tip != "", err
}
