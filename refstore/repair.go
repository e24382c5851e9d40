package refstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/odb"
)

// Chain is a ref, and what the package that keeps it knows of its content: so
// much as Repair needs to tell what is damaged and to put it in order.
type Chain struct {
	Ref   string
	Shape Shape // TableShape or JournalShape

	// Visit makes the function that Check is given. It may be nil.
	Visit func() func(*Entry) error

	// State says what is wrong with a blob of a table.
	State func(path string, content []byte) error

	// Older reports whether what was at a damaged path before is as good: else
	// the path is dropped.
	Older func(path string) bool

	// Mend puts the blobs of a table in order among each other, and with what the
	// chain says, once all are sound by themselves. It may be nil.
	Mend func(state map[string][]byte, m Mending) error

	// Known are entries that others name, such as cursors. Where the tip cannot be
	// read the newest of them that can be is taken.
	Known []Known
}

// Mending is what a repair knows of the chain whose state it mends.
type Mending struct {
	Highest map[string]int // Epoch, Reviews and Tasks, as the record will have them
	Unknown int            // how many commits have changed the state in a way that is not known
}

// Known is an entry that somebody has seen in the chain.
type Known struct {
	Number int
	ID     object.Hash
}

// Repair is what was done to a ref, or is to be done.
type Repair struct {
	Ref     string
	Aside   []*DamagedError // commits that are set aside
	Dropped []*DamagedError // paths of a table that are dropped
	Older   []*DamagedError // paths of a table that go back to what they held before
	Lost    object.Hash     // a commit that cannot be read: the chain begins anew
	Kept    string          // the ref that keeps what was there, "" for none
}

// Repair puts the chain in order as session by, and returns what it did, nil if
// nothing was damaged. Unless write is set it only says what it would do.
//
// It appends a repair record, which names the commits to set aside: the ref
// moves forward, and everything is still in its history. Only where an object
// cannot be read does the ref move to a chain without it, and what was there is
// kept below refs/swarm-lost/.
//
// What a newer git swarm wrote, and a shallow clone, are no damage: the error
// is ErrVersion or ErrShallow, and nothing is changed.
func (s *Store) Repair(ctx context.Context, by string, c Chain, write bool) (*Repair, error) {
	for {
		m := &mender{store: s, ctx: ctx, chain: c}
		if err := m.plan(); err != nil || m.repair == nil || !write {
			return m.repair, err
		}
		err := s.Update(ctx, by, m.stage)
		if !errors.Is(err, errMoved) {
			return m.repair, err
		}
	}
}

// errMoved says that the ref is no longer what the plan was made for.
var errMoved = errors.New("the ref has moved")

// mender plans the repair of one chain outside of a transaction, for that can
// take long, and stages it within one.
type mender struct {
	store  *Store
	ctx    context.Context
	chain  Chain
	survey *survey
	repair *Repair
	broken bool // the ref itself holds no id

	parent   object.Hash       // what the record goes on top of, "" for none
	parentAt int               // where that is in the survey
	regrown  bool              // what is lost is in the state, not in the chain
	goneAt   int               // the oldest commit that misses a part of its state
	unknown  int               // as in Mending
	number   int               // of the record
	counts   map[string]int    // Epoch, Reviews and Tasks
	state    map[string][]byte // of a table
	copies   []object.Hash     // entries that are written again above the record, oldest first
}

func (m *mender) plan() error {
	var visit func(*Entry) error
	if m.chain.Visit != nil {
		visit = m.chain.Visit()
	}
	var err error
	if m.survey, err = m.store.survey(m.ctx, m.chain.Ref, m.chain.Shape, visit); err != nil {
		return err
	}
	r := &Repair{Ref: m.chain.Ref}
	m.counts = map[string]int{}
	for i, l := range m.survey.links {
		var damaged *DamagedError
		switch {
		case errors.Is(l.fault, ErrVersion), errors.Is(l.fault, ErrShallow):
			return l.fault
		case !l.read && !l.aside:
			r.Lost = l.id
		case errors.Is(l.fault, odb.ErrNotFound): // of its state: git cannot do with it
			r.Lost, m.regrown, m.goneAt = m.survey.tip, true, i
		case errors.As(l.fault, &damaged):
			r.Aside = append(r.Aside, &DamagedError{Ref: damaged.Ref, ID: l.id, Path: damaged.Path, Err: damaged.Err})
		case l.fault == nil && !l.aside:
			m.count(&m.survey.links[i])
		}
	}
	if m.survey.broken != nil {
		m.broken, r.Lost = true, m.store.repo.Algo.EmptyTree()
	}
	if m.survey.tip == "" && !m.broken {
		return nil
	}
	m.unknown = len(r.Aside)
	if r.Lost != "" && !m.regrown {
		m.unknown += unreadable
	}
	m.counts[fieldEpoch] += m.unknown // each may have granted something
	if m.chain.Shape == TableShape {
		if err := m.planState(r); err != nil {
			return err
		}
	}
	switch {
	case m.regrown:
		r.Kept, m.number = m.keptAs(), m.number+1
	case r.Lost != "":
		err = m.planAnew(r)
	default:
		m.parent = m.survey.tip
		m.number++
	}
	if err == nil && (r.Lost != "" || len(r.Aside)+len(r.Dropped)+len(r.Older) > 0) {
		m.repair = r
	}
	return err
}

// unreadable is how many commits are taken to be beyond one that cannot be read.
const unreadable = 1 << 20

// count takes note of the highest numbers that a sound commit has.
func (m *mender) count(l *surveyed) {
	m.number = max(m.number, l.number)
	m.counts[fieldEpoch] = max(m.counts[fieldEpoch], l.epoch)
	m.counts[fieldReviews] = max(m.counts[fieldReviews], l.reviews)
	m.counts[fieldTasks] = max(m.counts[fieldTasks], l.tasks)
}

// planAnew finds what the chain can begin anew from: the entries above the
// object that is lost are copied, and what others know of below it is kept.
func (m *mender) planAnew(r *Repair) error {
	if links := m.survey.links; m.chain.Shape == JournalShape && len(links) > 0 {
		for _, l := range links {
			if l.read && l.fault == nil && !l.aside {
				m.copies = append(m.copies, l.id)
			}
		}
		slices.Reverse(m.copies)
	}
	if len(m.survey.links) > 0 && m.survey.links[0].read {
		r.Kept = m.keptAs()
	}
	lowest := MaxNumber
	if len(m.copies) > 0 {
		e, err := m.store.Entry(m.ctx, m.chain.Ref, m.copies[0])
		if err != nil {
			return err
		}
		lowest = e.Number
	}
	highest := 0 // number that others know of
	slices.SortFunc(m.chain.Known, func(a, b Known) int { return b.Number - a.Number })
	for _, known := range m.chain.Known {
		highest = max(highest, known.Number)
		if m.parent == "" && known.Number < lowest-1 && m.whole(known) {
			m.parent = known.ID
		}
	}
	switch {
	case len(m.copies) > 0:
		m.number = lowest - 1
	case m.chain.Shape == JournalShape:
		m.number = highest + 1
	default:
		m.number++
	}
	m.number = max(m.number, 1)
	return nil
}

// keptAs is the ref that keeps what was there.
func (m *mender) keptAs() string {
	return fmt.Sprintf("refs/swarm-lost/%d/%s", m.store.Now().Unix(), strings.TrimPrefix(m.chain.Ref, "refs/"))
}

// whole reports whether the chain below a known entry can be read to its end.
func (m *mender) whole(known Known) bool {
	last := 0
	_, err := m.store.walk(m.ctx, m.chain.Ref, known.ID, "", func(*DamagedError) bool { return false }, func(e *Entry) bool {
		last = e.Number
		return true
	})
	return err == nil && last == 1
}

// stage puts the plan into a transaction.
func (m *mender) stage(tx *Tx) error {
	tip, err := tx.view.Tip(m.chain.Ref)
	if m.broken && err != nil {
		tip, err = "", m.store.putAside(m.chain.Ref)
	}
	if err != nil {
		return err
	}
	if tip != m.survey.tip {
		return errMoved
	}
	if m.repair.Kept != "" { // first, so that nothing is without a ref at any moment
		tx.order = append(tx.order, &chain{ref: m.repair.Kept, tip: m.survey.tip})
	}
	c := &chain{ref: m.chain.Ref, prev: tip, tip: m.parent}
	tx.chains[c.ref] = c
	tree := tx.store.repo.Algo.EmptyTree()
	if m.chain.Shape == TableShape {
		if tree, err = m.stageState(tx); err != nil {
			return err
		}
	}
	e := m.record()
	e.Author, e.At, e.Number = tx.by, tx.at, m.number
	tx.sign(c.ref, &e)
	if err := errors.Join(e.check(), checkVocabulary(c.ref, &e)); err != nil {
		return err
	}
	if tree == tx.store.repo.Algo.EmptyTree() {
		tx.objects = append(tx.objects, tx.store.repo.Algo.NewObject(object.Tree, nil))
	}
	tx.put(c, e, tree)
	for _, id := range m.copies {
		if err := m.copy(tx, c, id); err != nil {
			return err
		}
	}
	tx.order = append(tx.order, c)
	return nil
}

// record is the repair record.
func (m *mender) record() Entry {
	e := Entry{Label: labelRepair}
	var lines []string
	for _, what := range []struct {
		faults []*DamagedError
		done   string
	}{{m.repair.Aside, "set aside"}, {m.repair.Dropped, "dropped"}, {m.repair.Older, "taken from before"}} {
		for _, f := range what.faults {
			lines = append(lines, fmt.Sprintf("%s: %.200q", what.done, f.Error()))
		}
	}
	e.Body = fmt.Sprintf("%s: %d repairs", m.chain.Ref, len(lines))
	if len(lines) > 0 {
		e.Body += "\n\n" + strings.Join(lines[:min(len(lines), 100)], "\n")
	}
	for _, key := range ownFields(m.chain.Ref) {
		e.Fields = append(e.Fields, Counter(key, m.counts[key]))
	}
	for i, l := range m.survey.links { // those that the record is on top of
		if l.fault != nil && l.read && (m.repair.Lost == "" || m.regrown && m.parent != "" && i >= m.parentAt) {
			e.Fields = append(e.Fields, Field{fieldSetAside, string(l.id)})
		}
	}
	if m.repair.Lost != "" {
		e.Fields = append(e.Fields, Field{fieldLost, string(m.repair.Lost)})
	}
	return e
}

// copy writes an entry again on top of the chain: what it says, who said it and
// when are as they were. A number that a damaged entry had is taken by a record.
func (m *mender) copy(tx *Tx, c *chain, id object.Hash) error {
	data, e, err := m.store.commit(m.ctx, c.ref, id)
	if err != nil {
		return err
	}
	algo := tx.store.repo.Algo
	if gap := e.Number - 1; gap > c.last.Number {
		tx.put(c, Entry{
			Label: labelRepair, Body: c.ref + ": a damaged entry was here", Author: tx.by, At: tx.at, Number: gap,
			Fields: []Field{{fieldLost, string(m.repair.Lost)}},
		}, algo.EmptyTree())
	}
	next := *data
	next.Parents = []object.Hash{c.tip}
	commit := algo.NewObject(object.Commit, next.Encode())
	tx.objects = append(tx.objects, commit)
	c.tip, c.last = commit.ID, e
	return nil
}

// putAside makes way for a ref whose file holds no object id: it is kept as
// swarm/broken-<name> in the common git dir.
func (s *Store) putAside(ref string) error {
	w, ok := s.writer.(*refs.Files)
	if !ok {
		return &DamagedError{Ref: ref, Err: errors.New("the ref holds no object id")}
	}
	return w.PutAside(ref)
}
