package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// CollisionsRef is a table: "<A>/<B>" → the files in which the branches of two
// sessions conflict, one a line, as long as they do. Who stands in it was told.
const CollisionsRef = "refs/swarm/collisions"

// Collision is two sessions whose branches, as they are, could not be merged.
type Collision struct {
	A, B  string // ids, A before B
	Files []string
}

func (c Collision) path() string { return c.A + "/" + c.B }

// pairs remembers, from one look to the next, what does not have to be asked of
// git again.
type pairs struct {
	changed map[string][]string  // by tip: the files changed since it left the target, or more
	merged  map[[2]string]merged // by the two tips
}

// merged are the files in which two tips conflict for good.
type merged []string

// collisions tries every two sessions that are not done and whose branches change
// a file in common; only pairs of which a tip has moved are tried again. What the
// healer would heal is no collision.
func (p *pairs) collisions(ctx context.Context, r *repo.Repo, target string, sessions []bus.Session) ([]Collision, error) {
	if target == "" {
		return nil, nil
	}
	tips, err := branchTips(ctx, r, target)
	if err != nil {
		return nil, err
	}
	fresh := pairs{map[string][]string{}, map[[2]string]merged{}}
	var found []Collision
	for i, a := range sessions {
		for _, b := range sessions[i+1:] {
			tipA, tipB := tips["refs/heads/"+a.Branch], tips["refs/heads/"+b.Branch]
			if a.Status == bus.Done || b.Status == bus.Done || tipA == "" || tipB == "" || tipA == tipB {
				continue
			}
			files, err := p.try(ctx, r, &fresh, tips[target], tipA, tipB)
			if err != nil {
				return nil, fmt.Errorf("try %s with %s: %w", a.ID, b.ID, err)
			}
			if len(files) > 0 {
				found = append(found, Collision{a.ID, b.ID, files})
			}
		}
	}
	*p = fresh
	return found, nil
}

// branchTips are the local branches and the target, with one call of git.
func branchTips(ctx context.Context, r *repo.Repo, target string) (map[string]string, error) {
	out, err := repo.Output(r.GitParsed(ctx, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/", target))
	if err != nil {
		return nil, err
	}
	tips := map[string]string{}
	for line := range strings.Lines(out) {
		name, id, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		tips[name] = id
	}
	return tips, nil
}

// try returns the files in which two tips conflict, asking git only what is not
// known of them.
func (p *pairs) try(ctx context.Context, r *repo.Repo, fresh *pairs, target, a, b string) ([]string, error) {
	key := [2]string{a, b}
	if files, ok := p.merged[key]; ok {
		fresh.merged[key] = files
		return files, nil
	}
	var sides [2][]string
	for i, tip := range key {
		files, err := p.files(ctx, r, fresh, target, tip)
		if err != nil {
			return nil, err
		}
		sides[i] = files
	}
	var files merged
	if slices.ContainsFunc(sides[0], func(f string) bool { _, ok := slices.BinarySearch(sides[1], f); return ok }) {
		opts, err := merge.OptionsFor(r, heal.Safe)
		if err != nil {
			return nil, err
		}
		all, err := merge.Try(ctx, r, a, b, opts)
		if err != nil {
			return nil, err
		}
		for _, h := range all {
			if !h.Whole {
				files = append(files, h.Path)
			}
		}
	}
	fresh.merged[key] = files
	return files, nil
}

// files are those that the branch changes since it left the target, sorted.
func (p *pairs) files(ctx context.Context, r *repo.Repo, fresh *pairs, target, tip string) ([]string, error) {
	if files, ok := fresh.changed[tip]; ok {
		return files, nil
	}
	files, ok := p.changed[tip]
	if !ok {
		out, err := repo.Output(r.GitParsed(ctx, "diff", "--name-only", "--no-renames", "-z", target+"..."+tip))
		var no *repo.GitError
		if err != nil && !errors.As(err, &no) { // no common ancestor: nothing to compare
			return nil, err
		}
		files = strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
		slices.Sort(files)
	}
	fresh.changed[tip] = files
	return files, nil
}

// compareCollisions tells which are new, or about other files, and which are over.
func compareCollisions(before, now []Collision) []Event {
	var events []Event
	for _, c := range now {
		if !slices.ContainsFunc(before, func(o Collision) bool { return o.path() == c.path() && slices.Equal(o.Files, c.Files) }) {
			events = append(events, Event{Kind: "collision", Session: c.A, Other: c.B, Files: c.Files})
		}
	}
	for _, o := range before {
		if !slices.ContainsFunc(now, func(c Collision) bool { return o.path() == c.path() }) {
			events = append(events, Event{Kind: "clear", Session: o.A, Other: o.B, Files: o.Files})
		}
	}
	return events
}

// warn tells both sessions of each collision once: of a file that comes to it
// again, of one that went away and came back, too, for the table forgets it.
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
		same = same && err == nil && string(content) == strings.Join(c.Files, "\n")+"\n"
	}
	if err := table.Below("", func(string, []byte) bool { known++; return true }); err != nil {
		return err
	}
	if same && known == len(found) {
		return nil
	}
	return m.Bus.Update(ctx, bus.Orchestrator, func(tx *refstore.Tx, _ string) error { return record(tx, found) })
}

// record brings the table to what was found, and tells of what is new in it.
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
		if len(fresh) > 0 {
			told = append(told, Collision{c.A, c.B, fresh})
		}
		if err := table.Put(c.path(), []byte(strings.Join(c.Files, "\n")+"\n")); err != nil {
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
	for _, c := range told {
		for _, side := range [][2]string{{c.A, c.B}, {c.B, c.A}} {
			body := fmt.Sprintf("your branch and %s's will conflict in %s: agree who goes first, git swarm message %s", side[1], strings.Join(c.Files, ", "), side[1])
			if _, err := bus.Notify(tx, side[0], body); err != nil {
				return err
			}
		}
	}
	return nil
}

// Fsck reads the table of collisions and returns what breaks the format, and how
// many commits were read.
func Fsck(ctx context.Context, b *bus.Bus) (faults []error, read int, err error) {
	faults, read, err = b.Store().Check(ctx, CollisionsRef, refstore.TableShape, nil)
	if err != nil || len(faults) > 0 {
		return faults, read, err
	}
	table, err := b.Store().Table(ctx, CollisionsRef)
	if err != nil {
		return faults, read, err
	}
	err = table.Below("", func(path string, content []byte) bool {
		a, b, _ := strings.Cut(path, "/")
		if bus.CheckID(a) != nil || bus.CheckID(b) != nil || len(content) == 0 || content[len(content)-1] != '\n' {
			faults = append(faults, &refstore.DamagedError{Ref: CollisionsRef, Path: path, Err: errors.New("no collision of two sessions")})
		}
		return true
	})
	var damaged *refstore.DamagedError
	if errors.As(err, &damaged) {
		return append(faults, err), read, nil
	}
	return faults, read, err
}
