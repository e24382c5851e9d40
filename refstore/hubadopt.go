package refstore

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

var (
	// ErrAdopting says that this repository has begun to join a hub with a swarm of its
	// own: nothing is written until it has, for what is here is about to be replaced.
	ErrAdopting = errors.New("this clone has begun to join a hub with a swarm of its own")

	// ErrNoSwarm says that there is none on the hub yet.
	ErrNoSwarm = errors.New("the hub has no swarm yet")

	// ErrLeftHub says that the swarm here has been one of several clones before.
	ErrLeftHub = errors.New("the swarm here is what a clone took along that has left its hub, and that cannot be joined to another")
)

// Adoption is what becomes of the swarm of a repository that joins a hub which has
// another. It is kept in swarm/hub-adopting from before the first change until all are
// made.
type Adoption struct {
	Nonce   string                 `json:"nonce"`   // of the first entry of from/<clone>
	Renamed map[string]string      `json:"renamed"` // sessions of this repository whose ids the hub's swarm has, and what they are called
	Numbers map[string]int         `json:"numbers"` // by table: by how much its numbers rise
	Lost    []LostPath             `json:"lost"`    // claims that end
	At      int64                  `json:"at"`      // in Unix seconds: what was here is kept below refs/swarm-lost/<At>/
	Tips    map[string]object.Hash `json:"tips"`    // what the refs were
	Moved   []string               `json:"moved"`   // refs that an older version has moved in between: that is kept below refs/swarm-lost/, and not on the hub

	ctx    context.Context
	store  *Store
	theirs map[string]object.Hash // the hub's refs, by local name
}

// LostPath is a path on which the claim of a session, as it is called from now on, ends.
type LostPath struct {
	Path    string `json:"path"`
	Session string `json:"session"`
	Holder  string `json:"holder"` // the session of the hub's swarm that claims it, or what is above or below it
}

// Name is what a session of this repository is called from now on.
func (a *Adoption) Name(id string) string {
	if name, ok := a.Renamed[id]; ok {
		return name
	}
	return id
}

// Mine is a table as this repository has it.
func (a *Adoption) Mine(ref string) (*Table, error) {
	return a.store.TableAt(a.ctx, ref, a.Tips[ref])
}

// Theirs is a table as the hub has it.
func (a *Adoption) Theirs(ref string) (*Table, error) {
	return a.store.TableAt(a.ctx, ref, a.theirs[ref])
}

// Both reports whether this repository and the hub both have the table.
func (a *Adoption) Both(ref string) bool { return a.Tips[ref] != "" && a.theirs[ref] != "" }

// Counter is the higher of the two numbers that the last entries of a table carry.
func (a *Adoption) Counter(ref, key string) (mine, theirs int, err error) {
	for _, side := range []struct {
		tip object.Hash
		n   *int
	}{{a.Tips[ref], &mine}, {a.theirs[ref], &theirs}} {
		if side.tip == "" {
			continue
		}
		e, err := a.store.Entry(a.ctx, ref, side.tip)
		if err == nil {
			*side.n, err = e.Counter(key)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return mine, theirs, nil
}

// Walk visits the entries of a table, the newest first, on this side or the hub's.
func (a *Adoption) Walk(ref string, theirs bool, visit func(*Entry) bool) error {
	tip := a.Tips[ref]
	if theirs {
		tip = a.theirs[ref]
	}
	_, err := a.store.Walk(a.ctx, ref, tip, "", visit)
	return err
}

// Adopting is what the packages above know of what the refs mean.
type Adopting struct {
	By   string // the session that does it
	Plan func(a *Adoption) error

	// Share stages what the hub is to have: a table is the hub's. An entry of an inbox is
	// published.
	Share func(tx *Tx, a *Adoption) error

	// Keep stages what is this clone's own. position is where the entry of that number in a
	// journal as it was is now.
	Keep func(tx *Tx, a *Adoption, position Position) error
}

// Position is the number and the id that the last entry up to the one numbered number has in
// the journal that took the place of ref; 0 and "" if there is none.
type Position func(ref string, number int) (int, object.Hash)

func (s *Store) adoptingFile() string { return s.hubFile("hub-adopting") }

// PlanAdoption is what Adopt would do. It changes nothing but the refs in which is kept
// what the hub has.
func (s *Store) PlanAdoption(ctx context.Context, ad Adopting) (*Adoption, error) {
	patient, cancel := context.WithTimeoutCause(ctx, s.opts.HubPatience, ErrBusy)
	defer cancel()
	turn, err := s.hubTurn(patient)
	if err != nil {
		return nil, err
	}
	defer turn.end()
	if err := s.opts.Hub.Fetch(ctx, turn.file); err != nil {
		return nil, err
	}
	d := &adopter{connecting: connecting{hubTurn: turn, by: ad.By}, Adopting: ad}
	if a, _, err := d.begunAdoption(ctx); a != nil || err != nil {
		return a, err
	}
	return d.plan(ctx)
}

// Adopt joins the swarm that is on the hub, as the clone that Options name, with the swarm
// that this repository has of its own: what is in it goes to the hub in one push, and in one
// transaction the refs here become those of a clone that has published it. An error that is
// no *HubError in doubt says that nothing was changed. It can be killed at any point, and be
// run again.
func (s *Store) Adopt(ctx context.Context, ad Adopting) (*Adoption, error) {
	who, err := s.identity(ctx)
	if err == nil {
		err = s.chooseWriter()
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.opts.HubPatience, ErrBusy)
	defer cancel()
	turn, err := s.hubTurn(ctx)
	if err != nil {
		return nil, err
	}
	defer turn.end()
	d := &adopter{connecting: connecting{hubTurn: turn, by: ad.By, who: who}, Adopting: ad}
	for {
		if err := s.opts.Hub.Fetch(ctx, turn.file); err != nil {
			return nil, err
		}
		a, swapped, err := d.begunAdoption(ctx)
		if err == nil {
			a, err = d.run(ctx, a, swapped)
		}
		if err == nil {
			err = d.integrate(context.WithoutCancel(ctx))
			s.opts.Failpoint("integrated")
		}
		if !errors.Is(err, ErrStale) {
			return a, err
		}
		if ctx.Err() != nil {
			return nil, ErrBusy
		}
	}
}

// Adopted forgets an adoption that has come to its end, or was not begun.
func (s *Store) Adopted() error {
	err := os.Remove(s.adoptingFile())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}

// adopter is one Adopt.
type adopter struct {
	connecting
	Adopting
}

// begunAdoption is the adoption that was pushed by an earlier run, nil if none was;
// swapped says that the refs here are those of the clone already.
func (d *adopter) begunAdoption(ctx context.Context) (a *Adoption, swapped bool, err error) {
	s := d.store
	tips, err := s.Tips(ctx, TrackingPrefix+hubName(metaRef), metaRef, TrackingPrefix+hubName(s.fromRef()), s.fromRef())
	if err != nil {
		return nil, false, err
	}
	if tips[2] != "" {
		if a, err = d.pushed(ctx, tips[2]); err != nil {
			return nil, false, err
		}
	}
	switch {
	case tips[0] == "":
		return nil, false, ErrNoSwarm
	case tips[3] == "" && tips[2] != "" && a == nil:
		return nil, false, ErrCloneTaken
	case tips[3] != "" && a == nil, tips[1] != "" && tips[1] != tips[0]:
		return nil, false, ErrLeftHub
	case a != nil:
		err = d.look(ctx, a)
	}
	return a, tips[3] != "", err
}

// pushed is the adoption with which an earlier run has begun the ref at tip; nil if another
// clone has.
func (d *adopter) pushed(ctx context.Context, tip object.Hash) (*Adoption, error) {
	tries, err := d.tries()
	if err != nil {
		return nil, err
	}
	var first *Entry
	_, err = d.store.Walk(ctx, d.store.fromRef(), tip, "", func(e *Entry) bool { first = e; return true })
	for _, a := range tries {
		if first != nil && first.Label == labelJoin && first.Body == a.Nonce {
			return a, err
		}
	}
	return nil, err
}

// tries are the adoptions that may be on their way to the hub.
func (d *adopter) tries() (tries []*Adoption, err error) {
	content, err := file.Read(d.store.adoptingFile(), 16<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(content, &tries)
	}
	return tries, err
}

// save keeps the adoption among the tries.
func (d *adopter) save(a *Adoption) error {
	tries, err := d.tries()
	if err != nil {
		return err
	}
	same := func(b *Adoption) bool { return b.Nonce == a.Nonce }
	content, err := json.Marshal(append(slices.DeleteFunc(tries, same), a))
	if err != nil {
		return err
	}
	return file.Replace(d.store.adoptingFile(), append(content, '\n'), 0o666)
}

// forget takes the adoption out of the tries: it has certainly not reached the hub.
func (d *adopter) forget(a *Adoption) error {
	tries, err := d.tries()
	if err != nil {
		return err
	}
	tries = slices.DeleteFunc(tries, func(b *Adoption) bool { return b.Nonce == a.Nonce })
	if len(tries) == 0 {
		_ = os.Remove(d.store.hubFile("hub-joining"))
		return d.store.Adopted()
	}
	content, err := json.Marshal(tries)
	if err != nil {
		return err
	}
	return file.Replace(d.store.adoptingFile(), append(content, '\n'), 0o666)
}

// look notes what the hub has, if all of it is as git swarm writes it.
func (d *adopter) look(ctx context.Context, a *Adoption) error {
	a.ctx, a.store, a.theirs = ctx, d.store, map[string]object.Hash{}
	theirs, err := d.store.Refs(ctx, TrackingPrefix)
	for _, r := range theirs {
		ref := localName(r.Name)
		if classOf(ref) == localRef {
			continue
		}
		a.theirs[ref] = r.Tip
		_, fault := d.store.walk(ctx, ref, r.Tip, "", func(*DamagedError) bool { return false }, func(*Entry) bool { return true })
		var damaged *DamagedError
		if errors.As(fault, &damaged) && !errors.Is(fault, ErrVersion) {
			fault = &HubDamagedError{hubName(ref), damaged}
		}
		if fault != nil {
			return fault
		}
	}
	return err
}

// mine are the refs here that are replaced.
func (d *adopter) mine(ctx context.Context) (map[string]object.Hash, error) {
	here, err := d.store.Refs(ctx, "refs/swarm/")
	if err != nil {
		return nil, err
	}
	notes, err := d.store.Refs(ctx, notesPrefix)
	tips := map[string]object.Hash{}
	for _, r := range append(here, notes...) {
		tips[r.Name] = r.Tip
	}
	return tips, err
}

// notesPrefix begins the names of the notes that git swarm writes.
const notesPrefix = "refs/notes/swarm/"

func (d *adopter) plan(ctx context.Context) (a *Adoption, err error) {
	a = &Adoption{Renamed: map[string]string{}, Numbers: map[string]int{}, At: d.store.Now().Unix()}
	if err = d.look(ctx, a); err != nil {
		return nil, err
	}
	if a.Tips, err = d.mine(ctx); err != nil {
		return nil, err
	}
	return a, d.Plan(a)
}

// run takes the adoption from where it is to where only the hub's entries are missing here.
// Nobody writes here meanwhile.
func (d *adopter) run(ctx context.Context, a *Adoption, swapped bool) (*Adoption, error) {
	s := d.store
	log, unlock, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var staged []object.Object
	if a == nil {
		if a, err = d.plan(ctx); err != nil {
			return nil, err
		}
		if staged, err = d.push(ctx, a); err != nil {
			return nil, err
		}
	} else if !swapped {
		if err := d.noteMoved(ctx, a); err != nil {
			return nil, err
		}
	}
	ctx = context.WithoutCancel(ctx)
	if !swapped {
		if err := d.swap(ctx, a, log, staged); err != nil {
			return nil, err
		}
		s.opts.Failpoint("swapped")
	}
	return a, d.deleteOld(ctx, a)
}

// noteMoved notes which refs an older version, which does not know what hub-adopting
// means, has moved since it was planned.
func (d *adopter) noteMoved(ctx context.Context, a *Adoption) error {
	now, err := d.mine(ctx)
	if err != nil {
		return err
	}
	for ref, tip := range now {
		if was := a.Tips[ref]; was != tip && classOf(ref) != localRef && !slices.Contains(a.Moved, ref) {
			a.Moved = append(a.Moved, ref)
		}
	}
	slices.Sort(a.Moved)
	a.Tips = now
	return d.save(a)
}

// push has the hub take what is here, all at once.
func (d *adopter) push(ctx context.Context, a *Adoption) (staged []object.Object, err error) {
	s := d.store
	a.Nonce = s.clone() + " " + strconv.FormatUint(rand.Uint64(), 36)
	if err := errors.Join(file.Replace(s.hubFile("hub-joining"), []byte(a.Nonce), 0o666), d.save(a)); err != nil {
		return nil, err
	}
	s.opts.Failpoint("planned")
	staged, updates, err := d.stage(ctx, a)
	if err == nil {
		s.opts.Failpoint("staged")
		err = d.hubTurn.push(ctx, updates)
	}
	var unanswered *HubError
	if errors.As(err, &unanswered) && !unanswered.Unsent {
		return nil, &HubError{Err: unanswered.Err, InDoubt: true}
	}
	if err != nil {
		return nil, errors.Join(err, d.forget(a))
	}
	for _, u := range updates {
		a.theirs[localName(TrackingPrefix+u.Ref)] = u.New
	}
	return staged, nil
}

// stage writes the objects that the hub is to have.
func (d *adopter) stage(ctx context.Context, a *Adoption) ([]object.Object, []HubUpdate, error) {
	s := d.store
	tx, err := s.newTx(ctx, d.by, d.who)
	if err != nil {
		return nil, nil, err
	}
	pinned := map[string]object.Hash{s.fromRef(): "", s.toldRef(): a.theirs[s.toldRef()]}
	for _, refs := range []map[string]object.Hash{a.Tips, a.theirs} {
		for ref := range refs {
			if classOf(ref) == sharedRef {
				pinned[ref] = a.theirs[ref]
			}
		}
	}
	tx.view, tx.shared = pinnedView{tx.view, pinned}, true
	if _, err := tx.append(s.fromRef(), Entry{Label: labelJoin, Body: a.Nonce}); err != nil {
		return nil, nil, err
	}
	if err := d.publishSaid(tx, a.Name); err != nil {
		return nil, nil, err
	}
	if err := d.Share(tx, a); err != nil {
		return nil, nil, err
	}
	if err := d.save(a); err != nil { // Share has noted what came of it
		return nil, nil, err
	}
	updates, err := d.updates(ctx, tx, a)
	if err == nil {
		err = s.writer.Write(ctx, tx.objects)
	}
	return tx.objects, updates, err
}

// updates are the moves of the hub's refs: those that tx has staged, what is here and not
// there, and the commits under review.
func (d *adopter) updates(ctx context.Context, tx *Tx, a *Adoption) (updates []HubUpdate, err error) {
	staged := map[string]bool{}
	for _, c := range tx.order {
		staged[c.ref] = true
		updates = append(updates, HubUpdate{hubName(c.ref), c.prev, c.tip})
	}
	for ref, tip := range a.Tips {
		if classOf(ref) == sharedRef && !staged[ref] && a.theirs[ref] == "" {
			updates = append(updates, HubUpdate{hubName(ref), "", tip})
		}
	}
	pins, err := d.store.Refs(ctx, PinPrefix)
	if err != nil {
		return nil, err
	}
	for _, pin := range pins {
		name, ok := tipsOf(a.pin(pin.Name))
		if !ok {
			continue
		}
		old, err := d.store.Tip(ctx, TrackingPrefix+name)
		if err != nil {
			return nil, err
		}
		if old != pin.Tip {
			updates = append(updates, HubUpdate{name, old, pin.Tip})
		}
	}
	slices.SortFunc(updates, func(a, b HubUpdate) int { return strings.Compare(a.Ref, b.Ref) })
	return updates, nil
}

// pin is what the pin of a session is called from now on.
func (a *Adoption) pin(pin string) string {
	id, rest, _ := strings.Cut(strings.TrimPrefix(pin, PinPrefix), ".")
	if rest != "" {
		rest = "." + rest
	}
	return PinPrefix + a.Name(id) + rest
}

// ReplaceAt is Replace by another session, as of another time.
func (tx *Tx) ReplaceAt(ref, by string, at time.Time, e Entry) error {
	defer func(by string, now time.Time) { tx.by, tx.at = by, now }(tx.by, tx.at)
	tx.by, tx.at = by, at
	_, err := tx.Replace(ref, e)
	return err
}

// Adopting reports whether an adoption was begun that has not come to its end.
func (s *Store) Adopting() bool {
	_, err := os.Lstat(s.adoptingFile())
	return err == nil
}
