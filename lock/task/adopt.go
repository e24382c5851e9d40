package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// AdoptedRef is the table of the swarms whose tasks this one has taken over, at
// adoptedPrefix and the id of each. All clones of a hub share it.
const AdoptedRef = "refs/swarm/adopted"

const adoptedPrefix = "tasks/"

type adoptedState struct {
	refstore.Versioned
	Offset int `toml:"offset"` // what is to be added to a number in a commit
}

// Adopted is the name under which an adoption has by how much the numbers of tasks rise.
const Adopted = "task"

// IDs are the ids under which commits name tasks of the swarm: its own, and those of swarms
// whose tasks it has taken over, each with what is to be added to the number.
type IDs map[string]int

// IDs are empty before the first task.
func (b *Backlog) IDs(ctx context.Context) (IDs, error) {
	id, err := b.ID(ctx)
	if err != nil || id == "" {
		return nil, err
	}
	ids := IDs{id: 0}
	table, err := b.Bus.Store().Table(ctx, AdoptedRef)
	if err != nil {
		return nil, err
	}
	var failed error
	err = table.Below("", func(path string, content []byte) bool {
		var s *adoptedState
		if s, failed = parseAdopted(path, content); failed == nil {
			ids[strings.TrimPrefix(path, adoptedPrefix)] = s.Offset
		} else if b.Bus.Store().LeaveOut(failed) {
			failed = nil
		}
		return failed == nil
	})
	return ids, errors.Join(err, failed)
}

func parseAdopted(path string, content []byte) (*adoptedState, error) {
	s := new(adoptedState)
	err := refstore.DecodeState(content, s)
	id, ok := strings.CutPrefix(path, adoptedPrefix)
	if _, bad := parseID([]byte(id + "\n")); err == nil && (!ok || bad != nil) {
		err = errors.New("nothing that is known")
	}
	if err == nil && (s.Offset < 0 || s.Offset > refstore.MaxNumber) {
		err = fmt.Errorf("offset %d", s.Offset)
	}
	if err != nil {
		return nil, &refstore.DamagedError{Ref: AdoptedRef, Path: path, Err: err}
	}
	return s, nil
}

// fsckAdopted is [Fsck] of the swarms whose tasks were taken over.
func fsckAdopted(ctx context.Context, b *bus.Bus) (faults []error, read int, err error) {
	faults, read, err = b.Store().Check(ctx, AdoptedRef, refstore.TableShape, nil)
	if err != nil || read == 0 || len(faults) > 0 {
		return faults, read, err
	}
	table, err := b.Store().WholeTable(ctx, AdoptedRef)
	if err != nil {
		return faults, read, err
	}
	err = table.Below("", func(path string, content []byte) bool {
		if _, err := parseAdopted(path, content); err != nil {
			faults = append(faults, err)
		}
		return true
	})
	return faults, read, err
}

// RepairAdopted is [Repair] of the swarms whose tasks were taken over.
func RepairAdopted(ctx context.Context, b *bus.Bus, by string, write bool) (*refstore.Repair, error) {
	return b.Store().Repair(ctx, by, refstore.Chain{
		Ref: AdoptedRef, Shape: refstore.TableShape,
		State: func(path string, content []byte) error {
			_, err := parseAdopted(path, content)
			return err
		},
		Older: func(string) bool { return true },
	}, write)
}

// AdoptTasks plans by how much the numbers of the tasks in this repository rise where it
// joins a hub that has tasks.
func AdoptTasks(a *refstore.Adoption) error {
	mine, theirs, err := a.Counter(Ref, fieldTasks)
	if err == nil && mine > 0 && theirs > 0 {
		a.Numbers[Adopted] = theirs
	}
	return err
}

// ShareTasks has the hub's swarm have the tasks of this repository: who has one keeps it, by
// a new grant. Commits that name one by the number that it had go on to count for it, in all
// clones. Whom an unfinished one concerns is told its number.
func ShareTasks(tx *refstore.Tx, a *refstore.Adoption) error {
	if a.Tips[Ref] == "" || !a.Both(Ref) && len(a.Renamed) == 0 {
		return nil // they go to the hub as they are
	}
	c := &carrying{a: a}
	if err := c.read(); err != nil {
		return err
	}
	var err error
	if c.plan, err = begin(tx, bus.Orchestrator); err != nil {
		return err
	}
	own, theirs, err := a.Counter(Ref, fieldEpoch)
	if err != nil {
		return err
	}
	last, offset, err := a.Counter(Ref, fieldTasks)
	if err != nil {
		return err
	}
	c.plan.epoch, c.offset = max(own, theirs), offset
	for _, t := range c.tasks {
		if err := c.carry(t); err != nil {
			return err
		}
	}
	c.plan.last = offset + last
	if err := c.carryRest(tx); err != nil {
		return err
	}
	body := fmt.Sprintf("adopted by %s: %d, from #%d on", tx.Clone(), len(c.tasks), offset+1)
	if err := c.plan.recordAs(refstore.RepairLabel, body); err != nil || offset == 0 {
		return err
	}
	return c.tell(tx)
}

// carrying is one ShareTasks.
type carrying struct {
	a      *refstore.Adoption
	tasks  []*Task
	bodies map[int][]byte
	id     string
	seen   []Branch
	plan   *plan
	offset int
}

// read reads the table of this repository.
func (c *carrying) read() error {
	mine, err := c.a.Mine(Ref)
	if err != nil {
		return err
	}
	c.bodies = map[int][]byte{}
	var failed error
	err = mine.Below("", func(path string, content []byte) bool {
		var read page
		if read, failed = checkBlob(path, content); failed != nil {
			return false
		}
		c.tasks = append(c.tasks, read...)
		if n, ok := bodyNumber(path); ok {
			c.bodies[n] = content
		}
		switch path {
		case idPath:
			c.id, failed = parseID(content)
		case targetsPath:
			c.seen, failed = parseTargets(content)
		}
		return failed == nil
	})
	sortTasks(c.tasks)
	return errors.Join(err, failed)
}

// carry puts one task into the hub's table.
func (c *carrying) carry(t *Task) error {
	now := *t
	now.Number += c.offset
	now.After = slices.Clone(t.After)
	for i := range now.After {
		now.After[i] += c.offset
	}
	now.AddedBy, now.Holder, now.For, now.Revision = c.a.Name(t.AddedBy), c.a.Name(t.Holder), c.a.Name(t.For), c.plan.number
	if now.State.Held() {
		c.plan.epoch++
		now.Epoch = c.plan.epoch
	}
	if err := c.plan.append(&now); err != nil {
		return err
	}
	if body := c.bodies[t.Number]; body != nil {
		return c.plan.put(bodyPath(now.Number), body)
	}
	return nil
}

// carryRest is what stands beside the tasks: the swarm's id, and where the targets were
// looked at.
func (c *carrying) carryRest(tx *refstore.Tx) error {
	content, err := c.plan.get(idPath)
	if err != nil {
		return err
	}
	if content == nil {
		if err := c.plan.put(idPath, []byte(c.id+"\n")); err != nil {
			return err
		}
	} else if err := c.understand(tx, strings.TrimSuffix(string(content), "\n")); err != nil {
		return err
	}
	for _, b := range c.seen {
		all, err := c.plan.targets()
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, func(o Branch) bool { return o.Ref == b.Ref }) {
			if err := c.plan.putTarget(all, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// understand has all clones know the id of the swarm that this repository had.
func (c *carrying) understand(tx *refstore.Tx, id string) error {
	if id == c.id {
		return nil
	}
	table, err := tx.Table(AdoptedRef)
	if err != nil {
		return err
	}
	content, err := refstore.EncodeState(adoptedState{refstore.Versioned{Version: refstore.FormatVersion}, c.offset})
	if err == nil {
		err = table.Put(adoptedPrefix+c.id, content)
	}
	if err == nil {
		_, err = tx.Record(AdoptedRef, refstore.Entry{Body: fmt.Sprintf("tasks of %s, by %s: #1 is #%d", c.id, tx.Clone(), c.offset+1)})
	}
	return err
}

// tell tells whom unfinished tasks concern what their numbers are now, each in one message.
func (c *carrying) tell(tx *refstore.Tx) error {
	told := map[string][]string{}
	var order []string
	for _, t := range c.tasks {
		if t.State.Finished() {
			continue
		}
		for _, id := range slices.Compact([]string{t.Holder, t.For}) {
			if id == "" {
				continue
			}
			if told[id] == nil {
				order = append(order, id)
			}
			told[id] = append(told[id], fmt.Sprintf("task #%d is #%d now", t.Number, t.Number+c.offset))
		}
	}
	for _, id := range order {
		body := "this clone has joined a swarm that has tasks: " + strings.Join(told[id], ", ") + "; commits that name the old number still count"
		if err := notify(tx, c.a.Name(id), body); err != nil {
			return err
		}
	}
	return nil
}
