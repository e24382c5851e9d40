package review

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Repair puts the reviews in order in the name of session by, and returns what it
// did. Unless write is set it only says what it would do. In the notes it takes
// out the lines that count for nothing; the history of the notes keeps them.
func (s *Store) Repair(ctx context.Context, by string, write bool) (done []*refstore.Repair, err error) {
	table, err := s.bus.Store().Repair(ctx, by, refstore.Chain{
		Ref: TableRef, Shape: refstore.TableShape,
		State: checkState,
		Mend: func(state map[string][]byte, m refstore.Mending) error {
			if err := s.takeNotes(ctx, state, m); err != nil {
				return err
			}
			mendTable(state, m)
			return nil
		},
		Older: func(string) bool { return true },
	}, write)
	if err != nil {
		return nil, err
	}
	if table != nil {
		done = append(done, table)
	}
	notes, err := s.repairNotes(ctx, by, write)
	if notes != nil {
		done = append(done, notes)
	}
	return done, err
}

// checkState says what is wrong with a blob of the table by itself.
func checkState(path string, content []byte) error {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if id, ok := strings.CutPrefix(path, "latest/"); ok {
		n, err := refstore.ParseNumber(strings.TrimSuffix(string(content), "\n"))
		if err == nil && (n == 0 || !bytes.HasSuffix(content, []byte("\n"))) {
			err = errors.New("no number of a review")
		}
		return errors.Join(bus.CheckID(id), err)
	}
	n, err := refstore.ParseNumber(name)
	switch {
	case err != nil:
		return err
	case path == diffPath(n):
		return nil
	case path != numberPath(n) || n == 0:
		return errors.New("nothing that git swarm keeps there")
	}
	if _, err := parseReview(n, string(content)); err != nil {
		return err
	}
	if joinLines(string(content)) != string(content) {
		return errors.New("lines not sorted, doubled or blank")
	}
	return nil
}

// mendTable makes the sessions' latest numbers anew from the reviews, and drops
// what belongs to none.
func mendTable(state map[string][]byte, m refstore.Mending) {
	latest, there := map[string]int{}, map[int]bool{}
	for path, content := range state {
		if !strings.HasPrefix(path, "number/") {
			continue
		}
		n, _ := refstore.ParseNumber(path[strings.LastIndexByte(path, '/')+1:])
		events, err := parseReview(n, string(content))
		if err != nil || n > m.Highest[fieldReviews] {
			delete(state, path)
			continue
		}
		there[n] = true
		for _, e := range events {
			if e.Kind == Request {
				latest[e.By] = max(latest[e.By], n)
			}
		}
	}
	for path := range state {
		n, _ := refstore.ParseNumber(path[strings.LastIndexByte(path, '/')+1:])
		if strings.HasPrefix(path, "latest/") || strings.HasPrefix(path, "diff/") && !there[n] {
			delete(state, path)
		}
	}
	for id, n := range latest {
		state[latestPath(id)] = []byte(strconv.Itoa(n) + "\n")
	}
}

// takeNotes makes reviews that are missing from what the notes have of them. If
// the table could not be read at all, that says how many there have been, too.
func (s *Store) takeNotes(ctx context.Context, state map[string][]byte, m refstore.Mending) error {
	notes, err := s.bus.Store().Notes(ctx, NotesRef)
	if err != nil {
		return nil // it is mended after the table
	}
	lines := map[int][]string{}
	err = notes.Each(func(_ string, id object.Hash, text string) bool {
		events, _ := parseNote(text, 0)
		for _, e := range events {
			if e.Kind != Request || e.Tip == id {
				lines[e.Review] = append(lines[e.Review], e.line())
			}
		}
		return true
	})
	var damaged *refstore.DamagedError
	if err != nil && !errors.As(err, &damaged) {
		return err
	}
	most := m.Highest[fieldReviews]
	if most == 0 {
		most = len(lines) + seqSlack
	}
	for n, all := range lines {
		content := joinLines(all...)
		if _, err := parseReview(n, content); err != nil || n > most || state[numberPath(n)] != nil {
			continue
		}
		state[numberPath(n)] = []byte(content)
		m.Highest[fieldReviews] = max(m.Highest[fieldReviews], n)
	}
	return nil
}

// repairNotes takes out what is no event of a review. Notes that cannot be read
// begin anew with what the table has.
func (s *Store) repairNotes(ctx context.Context, by string, write bool) (*refstore.Repair, error) {
	store := s.bus.Store()
	notes, err := store.Notes(ctx, NotesRef)
	if err != nil {
		return s.renewNotes(ctx, by, write, err)
	}
	cleaned, r, err := s.planNotes(ctx, notes)
	if store.LeaveOut(err) { // a part of it cannot be read
		store.SetAside()
		return s.renewNotes(ctx, by, write, err)
	}
	if err != nil || len(r.Dropped) == 0 || !write {
		if err == nil && len(r.Dropped) == 0 {
			r = nil
		}
		return r, err
	}
	return r, store.Update(ctx, by, func(tx *refstore.Tx) error {
		notes, err := tx.Notes(NotesRef)
		if err != nil {
			return err
		}
		if cleaned, r, err = s.planNotes(ctx, notes); err != nil {
			return err
		}
		for path, text := range cleaned {
			if err := notes.Remove(path); err != nil {
				return err
			}
			if id := object.Hash(strings.ReplaceAll(path, "/", "")); text != "" {
				if err := notes.Put(id, text); err != nil {
					return err
				}
			}
		}
		tx.RecordNotes(NotesRef, "Notes repaired by git swarm fsck")
		return nil
	})
}

// planNotes is the notes to change, by path: their new text, "" to remove them.
func (s *Store) planNotes(ctx context.Context, notes *refstore.Notes) (cleaned map[string]string, r *refstore.Repair, err error) {
	c := &check{ctx: ctx, algo: s.bus.Store().Repo().Algo}
	if c.count, err = s.count(ctx); err != nil {
		return nil, nil, err
	}
	cleaned, r = map[string]string{}, &refstore.Repair{Ref: NotesRef}
	err = notes.Each(func(path string, id object.Hash, text string) bool {
		keep, faults := c.note(id, text)
		for _, fault := range faults {
			var damaged *refstore.DamagedError
			if errors.As(fault, &damaged) {
				r.Dropped = append(r.Dropped, damaged)
			}
		}
		if len(faults) > 0 {
			cleaned[path] = ""
			if len(keep) > 0 {
				cleaned[path] = joinLines(keep...)
			}
		}
		return true
	})
	return cleaned, r, err
}

// count is the highest number that was given yet.
func (s *Store) count(ctx context.Context) (int, error) {
	tip, err := s.bus.Store().Tip(ctx, TableRef)
	if err != nil || tip == "" {
		return 0, err
	}
	e, err := s.bus.Store().Entry(ctx, TableRef, tip)
	if err != nil {
		return 0, err
	}
	return e.Counter(fieldReviews)
}

// renewNotes begins the notes anew with the lines of the table.
func (s *Store) renewNotes(ctx context.Context, by string, write bool, fault error) (*refstore.Repair, error) {
	var damaged *refstore.DamagedError
	if !errors.As(fault, &damaged) {
		return nil, fault
	}
	store := s.bus.Store()
	r := &refstore.Repair{Ref: NotesRef, Dropped: []*refstore.DamagedError{damaged}, Kept: fmt.Sprintf("refs/swarm-lost/%d/notes/swarm/reviews", store.Now().Unix())}
	if !write {
		return r, nil
	}
	return r, store.Update(ctx, by, func(tx *refstore.Tx) error {
		table, err := tx.Table(TableRef)
		if err != nil {
			return err
		}
		notes, err := tx.RenewNotes(NotesRef, r.Kept)
		if err != nil {
			return err
		}
		texts := map[object.Hash][]string{}
		err = table.Below("number", func(_ string, content []byte) bool {
			events, _ := splitLines(string(content))
			for _, e := range events {
				if e.Kind == Request {
					texts[e.Tip] = append(texts[e.Tip], string(content))
				}
			}
			return true
		})
		if err != nil {
			return err
		}
		for id, text := range texts {
			if err := notes.Put(id, joinLines(text...)); err != nil {
				return err
			}
		}
		tx.RecordNotes(NotesRef, "Notes made anew by git swarm fsck")
		return nil
	})
}
