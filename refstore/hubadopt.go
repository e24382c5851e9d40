package refstore

import (
	"context"
	"errors"
	"slices"

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
		var unanswered *HubError
		if errors.As(err, &unanswered) && unanswered.InDoubt {
			a, err = d.settle(ctx, unanswered)
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

// adopter is one Adopt.
type adopter struct {
	connecting
	Adopting
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

// settle asks the hub whether it has taken the push without an answer, and goes on from there
// if it has.
func (d *adopter) settle(ctx context.Context, unanswered *HubError) (*Adoption, error) {
	if err := d.store.opts.Hub.Fetch(ctx, d.file); err != nil {
		return nil, &HubError{Err: err, InDoubt: true}
	}
	a, swapped, err := d.begunAdoption(ctx)
	switch {
	case err != nil:
		return nil, err
	case a == nil: // it may be on its way still
		return nil, unanswered
	}
	return d.run(ctx, a, swapped)
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
