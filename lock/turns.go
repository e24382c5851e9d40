package lock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
)

// TurnsRef is the table of the clones that wait to land: for each target and clone its
// place in the line. Who entered first is to land first.
const TurnsRef = "refs/swarm/turns"

// turnTime is for how long a lock may be free before a clone whose turn it is, and that
// does not take it, is passed over.
const turnTime = 30 * time.Second

// Turn is the place of a clone among those that wait to land on a target.
type Turn struct {
	refstore.Versioned
	Number  int       `toml:"number"`  // of the commit that put it: the lower ones are first
	Session string    `toml:"session"` // in whose name it waits
	Host    string    `toml:"host"`
	PID     int       `toml:"pid"`
	Process string    `toml:"process"` // as in the push lock
	Since   time.Time `toml:"since"`

	Target string `toml:"-"` // REMOTE/BRANCH, and
	Clone  string `toml:"-"` // the clone, of the path "<target>/<clone>"
}

// turns are those that wait for the candidate's target, in their order. What is damaged
// has no turn: it keeps nobody from landing.
func (c *Candidate) turns(table *refstore.Table) (all []*Turn, err error) {
	target := strings.TrimPrefix(c.lock.path, conductorPrefix)
	err = table.Below(target, func(path string, content []byte) bool {
		if t, err := decodeTurn(path, content); err == nil {
			all = append(all, t)
		}
		return true
	})
	slices.SortFunc(all, func(a, b *Turn) int { return cmp.Compare(a.Number, b.Number) })
	return all, err
}

// Turns are all clones that wait to land, by what is known here: target by target, in
// their order.
func Turns(ctx context.Context, b *bus.Bus) (all []*Turn, err error) {
	table, err := b.Store().Table(ctx, TurnsRef)
	if err == nil {
		err = table.Below("", func(path string, content []byte) bool {
			if t, err := decodeTurn(path, content); err == nil {
				all = append(all, t)
			}
			return true
		})
	}
	if b.Store().LeaveOut(err) {
		return nil, nil
	}
	slices.SortFunc(all, func(a, b *Turn) int {
		return cmp.Or(strings.Compare(a.Target, b.Target), cmp.Compare(a.Number, b.Number))
	})
	return all, err
}

func decodeTurn(path string, content []byte) (*Turn, error) {
	t := new(Turn)
	target, clone, ok := strings.Cut(path, "/")
	t.Target, t.Clone = targetOf(target), clone
	err := refstore.DecodeState(content, t)
	switch {
	case err != nil:
	case !ok || target == "" || !refstore.IsClone(clone):
		err = errors.New("it is of no clone")
	case t.Number < 1 || t.Number > refstore.MaxNumber || t.PID < 0:
		err = fmt.Errorf("number %d", t.Number)
	default:
		err = bus.CheckID(t.Session)
	}
	return t, err
}

func checkTurn(path string, content []byte) error {
	if _, err := decodeTurn(path, content); err != nil {
		return &refstore.DamagedError{Ref: TurnsRef, Path: path, Err: err}
	}
	return nil
}

// TakeInTurn is TakeIn where no other clone has waited longer; it ends this clone's own
// waiting. Else the *PushHeldError is about that one, and says Next.
func (c *Candidate) TakeInTurn(tx *refstore.Tx, by string) error {
	return c.inTurn(tx, c.TakeIn(tx, by))
}

// AwaitInTurn is AwaitIn as TakeInTurn is TakeIn.
func (c *Candidate) AwaitInTurn(tx *refstore.Tx) error {
	return c.inTurn(tx, c.AwaitIn(tx))
}

func (c *Candidate) inTurn(tx *refstore.Tx, held error) error {
	if held != nil {
		c.free = nil
		return held
	}
	table, all, err := c.turnsIn(tx)
	if err != nil || len(all) == 0 {
		return err
	}
	for i, t := range all {
		if t.Clone == tx.Clone() {
			return c.leaveIn(tx, table, all[:i+1])
		}
		if !c.passed(t) {
			return &PushHeldError{Holder: t.holder(), Next: true}
		}
	}
	return c.leaveIn(tx, table, all)
}

// turnsIn is turns within a transaction. Nobody waits for a table that is damaged.
func (c *Candidate) turnsIn(tx *refstore.Tx) (*refstore.Table, []*Turn, error) {
	table, err := tx.Table(TurnsRef)
	var damaged *refstore.DamagedError
	if errors.As(err, &damaged) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	all, err := c.turns(table)
	if errors.As(err, &damaged) {
		return nil, nil, nil
	}
	return table, all, err
}

func (t *Turn) holder() PushHolder {
	return PushHolder{Session: t.Session, Host: t.Host, PID: t.PID, Since: t.Since}
}

// passed reports whether the turn of a clone is passed over: its process has ended, or
// it has not come for turnTime, by this machine's clock, since it could.
func (c *Candidate) passed(t *Turn) bool {
	if file.ProcessGone(t.PID, t.Process) {
		return true
	}
	since, seen := c.free[t.Number]
	if !seen {
		if c.free == nil {
			c.free = map[int]time.Time{}
		}
		c.free[t.Number] = time.Now()
		return false
	}
	return time.Since(since) > max(turnTime, 4*c.lock.bus.Store().HubInterval())
}

func (c *Candidate) leaveIn(tx *refstore.Tx, table *refstore.Table, out []*Turn) error {
	target := strings.TrimPrefix(c.lock.path, conductorPrefix)
	var who []string
	for _, t := range out {
		if err := table.Delete(target + "/" + t.Clone); err != nil {
			return err
		}
		who = append(who, t.Session)
	}
	_, err := tx.Record(TurnsRef, refstore.Entry{Body: fmt.Sprintf("%s: no longer in line: %s", c.lock.name(), strings.Join(who, ", "))})
	return err
}

// EnterIn puts this clone at the end of the line for the target within a transaction; a
// place that it has, it keeps. The table of locks moves along: a landing elsewhere that
// was prepared before is prepared anew, and sees it.
func (c *Candidate) EnterIn(tx *refstore.Tx, by string) error {
	table, all, err := c.turnsIn(tx)
	if err != nil || table == nil {
		return err
	}
	own := &Turn{Session: by, PID: os.Getpid(), Process: file.ProcessMark(os.Getpid()), Since: refstore.Time(tx.At()), Number: 1}
	own.Version = refstore.FormatVersion
	own.Host, _ = os.Hostname()
	if last, err := tx.Last(TurnsRef); err != nil {
		return err
	} else if last != nil {
		own.Number = last.Number + 1
	}
	for _, t := range all {
		if t.Clone == tx.Clone() {
			own.Number, own.Since = t.Number, t.Since
		}
	}
	content, err := refstore.EncodeState(own)
	if err != nil {
		return err
	}
	if err := table.Put(strings.TrimPrefix(c.lock.path, conductorPrefix)+"/"+tx.Clone(), content); err != nil {
		return err
	}
	body := fmt.Sprintf("%s: %s waits", c.lock.name(), by)
	if _, err := tx.Record(TurnsRef, refstore.Entry{Body: body}); err != nil {
		return err
	}
	last, err := tx.Last(LocksRef)
	if err != nil || last == nil {
		return err
	}
	_, err = tx.Record(LocksRef, refstore.Entry{Body: body})
	return err
}

// LeaveIn takes this clone out of the line for the target within a transaction.
func (c *Candidate) LeaveIn(tx *refstore.Tx) error {
	table, all, err := c.turnsIn(tx)
	if err != nil {
		return err
	}
	for i, t := range all {
		if t.Clone == tx.Clone() {
			return c.leaveIn(tx, table, all[i:i+1])
		}
	}
	return nil
}

// First is who is to land before this clone by what is known here, nil for nobody, and
// how many clones that are.
func (c *Candidate) First(ctx context.Context) (first *PushHolder, before int, err error) {
	s := c.lock.bus.Store()
	all, err := c.known(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, t := range all {
		if t.Clone == s.Clone() {
			break
		}
		if first == nil {
			if c.passed(t) {
				continue
			}
			h := t.holder()
			first = &h
		}
		before++
	}
	return first, before, nil
}

// InLine reports whether this clone has a place in line by what is known here.
func (c *Candidate) InLine(ctx context.Context) (bool, error) {
	all, err := c.known(ctx)
	own := c.lock.bus.Store().Clone()
	return slices.ContainsFunc(all, func(t *Turn) bool { return t.Clone == own }), err
}

// known are the turns by what is known here. Nobody waits for a table that is damaged.
func (c *Candidate) known(ctx context.Context) (all []*Turn, err error) {
	s := c.lock.bus.Store()
	table, err := s.Table(ctx, TurnsRef)
	if err == nil {
		all, err = c.turns(table)
	}
	if s.LeaveOut(err) {
		return nil, nil
	}
	return all, err
}
