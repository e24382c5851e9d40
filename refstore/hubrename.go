package refstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// RenamedPrefix begins the names of the refs that say what a clone is called now: each
// ends in a name that it had, and points at the first commit under the next one.
const RenamedPrefix = "refs/swarm-remotes/renamed/"

// copiedError says that another copy of this clone has written to the hub under its name.
type copiedError struct{ clone string }

func (e *copiedError) Error() string {
	return fmt.Sprintf("another copy of this clone writes to the hub as '%s'", e.clone)
}

// RenamedError says that this clone has another name on the hub from now on: another copy
// of it writes under the one that it had. It has kept nothing from being done.
type RenamedError struct{ Was, Clone string }

func (e *RenamedError) Error() string {
	return fmt.Sprintf("another copy of this clone writes to the hub as '%s': this one is '%s' there from now on", e.Was, e.Clone)
}

// clone is the name of this clone now: another process may have changed it.
func (s *Store) clone() string {
	if name := s.name.Load(); name != nil {
		return *name
	}
	return s.opts.Clone
}

// followName makes the name the one that the clone has by its refs.
func (s *Store) followName(ctx context.Context, v refs.View) error {
	for s.hasHub() {
		tip, err := v.Tip(RenamedPrefix + s.clone())
		if err != nil || tip == "" {
			return err
		}
		first, err := s.Entry(ctx, s.fromRef(), tip)
		if err != nil {
			return err
		}
		s.name.Store(&first.Clone)
	}
	return nil
}

// sharedHere reports whether the ref is one that this clone shares with the others, by
// its local name.
func (s *Store) sharedHere(ref string) bool {
	return classOf(ref) == sharedRef && (!strings.HasPrefix(ref, toldPrefix) || ref == s.toldRef())
}

// rename gives this clone a name of its own, under which it says again what the hub does
// not have under the old one. It can be killed at any point, and be run again: it has the
// new name from when its first entry is on the hub, and a ref here says so.
func (t *hubTurn) rename(ctx context.Context) error {
	s := t.store
	was := s.clone()
	r := &renaming{hubTurn: t, was: was}
	err := r.join(ctx)
	if err == nil {
		err = r.chainAgain(ctx)
	}
	if err != nil {
		s.name.Store(&was)
		return err
	}
	_ = os.Remove(s.hubFile("hub-renaming"))
	if s.opts.Renamed != nil {
		s.opts.Renamed(s.clone())
	}
	s.noteTrouble(&RenamedError{was, s.clone()})
	return nil
}

// renaming is one rename.
type renaming struct {
	*hubTurn
	was   string
	first object.Hash // of from/<name>
}

// renameTries is how many names are tried.
const renameTries = 99

// join makes from/<name> on the hub, under a name that no clone has.
func (r *renaming) join(ctx context.Context) error {
	s := r.store
	who, err := s.identity(ctx)
	if err != nil {
		return err
	}
	for n := 2; n <= renameTries; n++ {
		name := nextName(r.was, n)
		if name == r.was {
			continue // hub-renaming may still say so, of when it was taken
		}
		s.name.Store(&name)
		there, err := s.Tip(ctx, TrackingPrefix+hubName(s.fromRef()))
		if err != nil {
			return err
		}
		body := name + " " + strconv.FormatUint(rand.Uint64(), 36)
		if there != "" {
			if r.first, err = r.begun(ctx, there); err != nil || r.first != "" {
				return err
			}
			continue
		}
		if err := file.Replace(s.hubFile("hub-renaming"), []byte(body), 0o666); err != nil {
			return err
		}
		u := &sharedUpdate{hubTurn: r.hubTurn, who: who, by: "orchestrator"}
		u.build = func(tx *Tx) error {
			e, err := tx.append(s.fromRef(), Entry{Label: labelJoin, Body: body})
			if err == nil {
				r.first = e.ID
			}
			return err
		}
		staged, err := u.stage(ctx)
		if err != nil {
			return err
		}
		others := func(p HubUpdate) bool { return p.Ref != hubName(s.fromRef()) }
		err = r.push(ctx, slices.DeleteFunc(staged.updates, others))
		if !errors.Is(err, ErrStale) {
			return err
		}
	}
	return &copiedError{r.was}
}

// begun is the first entry that a rename of this clone, which was killed, has pushed to
// the ref at tip; "" if another clone has.
func (r *renaming) begun(ctx context.Context, tip object.Hash) (object.Hash, error) {
	content, err := file.Read(r.store.hubFile("hub-renaming"), 1024)
	if err != nil {
		return "", nil
	}
	var first *Entry
	_, err = r.store.Walk(ctx, r.store.fromRef(), tip, "", func(e *Entry) bool { first = e; return true })
	if err != nil || first == nil || first.Label != labelJoin || first.Body != string(content) {
		return "", err
	}
	return first.ID, nil
}

// nextName is the nth name of copies of a clone.
func nextName(name string, n int) string {
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		if _, err := ParseNumber(name[i+1:]); err == nil {
			name = name[:i]
		}
	}
	return strings.TrimRight(name[:min(len(name), 29)], "-") + "-" + strconv.Itoa(n)
}

// chainAgain makes the name this clone's, and in the same transaction has its ref begin
// with what the hub does not have under the old one. From there on what the other copy
// says is another clone's.
func (r *renaming) chainAgain(ctx context.Context) error {
	s := r.store
	old := fromPrefix + r.was
	return s.asNobody(ctx, func(tx *Tx) error {
		if done, err := tx.view.Tip(RenamedPrefix + r.was); err != nil || done != "" {
			return err // by a process that was killed, whose log was acted upon just now
		}
		mine, err := tx.view.Tip(old)
		if err != nil {
			return err
		}
		theirs, err := tx.view.Tip(TrackingPrefix + hubName(old))
		if err != nil {
			return err
		}
		common, err := s.Common(tx.ctx, old, theirs, mine)
		if err == nil && common.ID == "" { // it is none of ours at all
			err = &copiedError{r.was}
		}
		if err != nil {
			return err
		}
		unsaid, _, err := s.above(tx.ctx, old, mine, common.ID)
		if err != nil {
			return err
		}
		slices.Reverse(unsaid)
		first, err := s.Entry(tx.ctx, s.fromRef(), r.first)
		if err != nil {
			return err
		}
		c := &chain{ref: s.fromRef(), tip: r.first, last: first}
		for _, e := range unsaid {
			if err := r.again(tx, c, e, common.Number); err != nil {
				return err
			}
		}
		tx.order = []*chain{c}
		for ref, tip := range map[string]object.Hash{
			appliedPrefix + hubName(old):          common.ID,
			TrackingPrefix + hubName(s.fromRef()): r.first,
			RenamedPrefix + r.was:                 r.first,
		} {
			prev, err := tx.view.Tip(ref)
			if err != nil {
				return err
			}
			if tip != "" && tip != prev {
				tx.order = append(tx.order, &chain{ref: ref, prev: prev, tip: tip})
			}
		}
		return nil
	})
}

// again puts an entry of the old ref, of which the hub has those up to common, on top of
// the new one.
func (r *renaming) again(tx *Tx, c *chain, old *Entry, common int) error {
	s := r.store
	data, _, err := s.commit(tx.ctx, fromPrefix+r.was, old.ID)
	if err != nil {
		return err
	}
	e := *old
	e.Number, e.Clone = c.last.Number+1, s.clone()
	e.Fields = slices.Clone(old.Fields)
	for i, f := range e.Fields {
		clone, number, _ := strings.Cut(f.Value, ".")
		if n, err := ParseNumber(number); f.Key == fieldReply && clone == r.was && err == nil && n > common {
			e.Fields[i].Value = originOf(s.clone(), false, n-common+1)
		}
	}
	again := *data
	again.Parents, again.Message = []object.Hash{c.tip}, e.message()
	commit := s.repo.Algo.NewObject(object.Commit, again.Encode())
	tx.objects = append(tx.objects, commit)
	e.ID = commit.ID
	c.tip, c.last = commit.ID, &e
	return nil
}
