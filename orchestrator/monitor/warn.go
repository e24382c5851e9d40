package monitor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// CollisionsRef is a table: "<A>/<B>" → the files in which the branches of two
// sessions conflict, one a line, for as long as they do. Both sessions were told of
// what is in it.
const CollisionsRef = "refs/swarm/collisions"

// warn tells both sessions of each collision once. They are told again when files
// are added to it, and when a collision comes back that was over.
func (m *Monitor) warn(ctx context.Context, found []Collision) error {
	table, err := m.Bus.Store().Table(ctx, CollisionsRef)
	if err != nil {
		return err
	}
	same, known := true, 0
	for _, c := range found {
		content, err := table.Get(c.path())
		if err != nil && !errors.Is(err, refstore.ErrNotExist) {
			return err
		}
		same = same && err == nil && string(content) == c.text()
	}
	if err := table.Below("", func(string, []byte) bool { known++; return true }); err != nil {
		return err
	}
	if same && known == len(found) {
		return nil
	}
	return m.Bus.Update(ctx, bus.Orchestrator, func(tx *refstore.Tx, _ string) error { return record(tx, found) })
}

// record replaces the table by what was found, and tells the sessions what is new
// in it.
func record(tx *refstore.Tx, found []Collision) error {
	table, err := tx.Table(CollisionsRef)
	if err != nil {
		return err
	}
	old := map[string]string{}
	if err := table.Below("", func(path string, content []byte) bool { old[path] = string(content); return true }); err != nil {
		return err
	}
	var told []Collision
	for _, c := range found {
		before := old[c.path()]
		delete(old, c.path())
		fresh := slices.DeleteFunc(slices.Clone(c.Files), func(f string) bool { return strings.Contains("\n"+before, "\n"+f+"\n") })
		if was := moreIn(before); len(fresh) > 0 && (was == 0 || len(c.Files)+c.More > maxFiles+was) { // else one that was not named has moved up
			told = append(told, Collision{c.A, c.B, conflict{fresh, c.More}})
		}
		if err := table.Put(c.path(), []byte(c.text())); err != nil {
			return err
		}
	}
	for path := range old {
		if err := table.Delete(path); err != nil {
			return err
		}
	}
	subject := fmt.Sprintf("%d collisions", len(found))
	if _, err := tx.Record(CollisionsRef, refstore.Entry{Body: subject}); err != nil {
		return err
	}
	return notify(tx, told)
}

// moreIn reads conflict.More back from its text.
func moreIn(text string) (n int) {
	last := text[strings.LastIndex(strings.TrimSuffix(text, "\n"), "\n")+1:]
	_, _ = fmt.Sscanf(last, "(%d more)", &n)
	return n
}

// notify sends one message to each session that collides, however many others it
// collides with.
func notify(tx *refstore.Tx, told []Collision) error {
	with := map[string][]Collision{} // as the session sees it: B is the other
	for _, c := range told {
		with[c.A] = append(with[c.A], c)
		with[c.B] = append(with[c.B], Collision{c.B, c.A, c.conflict})
	}
	for _, id := range slices.Sorted(maps.Keys(with)) {
		var parts []string
		for _, c := range with[id] {
			parts = append(parts, fmt.Sprintf("%s's in %s", c.B, c.named(10)))
		}
		other := with[id][0].B
		if len(parts) > 1 {
			other = "ID"
		}
		body := fmt.Sprintf("your branch will conflict with %s: agree who goes first, git swarm message %s", shorten(parts, 10, 0, "; "), other)
		if _, err := bus.Notify(tx, id, body); err != nil {
			return err
		}
	}
	return nil
}

// shorten joins at most so many texts, and says how many more there are.
func shorten(texts []string, most, beside int, sep string) string {
	if n := len(texts) - most; n > 0 {
		texts, beside = texts[:most], beside+n
	}
	text := strings.Join(texts, sep)
	if beside > 0 {
		text += fmt.Sprintf(" and %d more", beside)
	}
	return text
}

// Fsck reads the table of collisions and returns what breaks the format, and how
// many commits were read.
func Fsck(ctx context.Context, b *bus.Bus) (faults []error, read int, err error) {
	faults, read, err = b.Store().Check(ctx, CollisionsRef, refstore.TableShape, nil)
	if err != nil || len(faults) > 0 {
		return faults, read, err
	}
	table, err := b.Store().WholeTable(ctx, CollisionsRef)
	if err != nil {
		return faults, read, err
	}
	err = table.Below("", func(path string, content []byte) bool {
		if err := checkCollision(path, content); err != nil {
			faults = append(faults, err)
		}
		return true
	})
	var damaged *refstore.DamagedError
	if errors.As(err, &damaged) {
		return append(faults, err), read, nil
	}
	return faults, read, err
}

func checkCollision(path string, content []byte) error {
	a, b, _ := strings.Cut(path, "/")
	if bus.CheckID(a) != nil || bus.CheckID(b) != nil || len(content) == 0 || content[len(content)-1] != '\n' {
		return &refstore.DamagedError{Ref: CollisionsRef, Path: path, Err: errors.New("no collision of two sessions")}
	}
	return nil
}

// Repair puts the table of collisions in order in the name of session by, and
// returns what it did, nil if nothing was damaged. Unless write is set it only
// says what it would do. What is dropped is found again at the next look.
func Repair(ctx context.Context, b *bus.Bus, by string, write bool) (*refstore.Repair, error) {
	return b.Store().Repair(ctx, by, refstore.Chain{Ref: CollisionsRef, Shape: refstore.TableShape, State: checkCollision}, write)
}
