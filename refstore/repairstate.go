package refstore

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/odb"
)

// olderStates bounds how many commits are searched for what a damaged path held.
const olderStates = 1000

// planState reads the newest state that can be taken for the table's, finds for
// what of it is damaged what was there before, and lets Mend have the last word.
func (m *mender) planState(r *Repair) error {
	m.state = map[string][]byte{}
	bad := map[string]*DamagedError{} // by path; a folder's ends in "/", the root's is ""
	begun, gone := false, m.regrown
	for i, l := range m.survey.links {
		if l.fault != nil || l.aside || !l.read {
			continue
		}
		if i > olderStates || begun && len(bad) == 0 && !gone {
			break
		}
		c, _, err := m.store.commit(m.ctx, m.chain.Ref, l.id)
		if err != nil {
			return err
		}
		state, faults, err := m.readState(c.Tree)
		if err != nil {
			return err
		}
		missing := slices.ContainsFunc(slices.Collect(maps.Values(faults)), func(f *DamagedError) bool { return errors.Is(f, odb.ErrNotFound) })
		if !begun {
			m.state, bad, begun = state, faults, true
			if missing && r.Lost == "" { // git cannot do with it, as long as it is in the chain
				r.Lost, m.regrown, gone = m.survey.tip, true, true
			}
			if m.regrown {
				m.unknown = max(m.unknown, i)
			}
		} else if m.fromOlder(r, state, bad) {
			m.unknown = max(m.unknown, i)
		}
		if gone && !missing && i >= m.goneAt {
			m.parent, m.parentAt, gone = l.id, i, false
		}
	}
	for _, path := range slices.Sorted(maps.Keys(bad)) {
		r.Dropped = append(r.Dropped, bad[path])
	}
	before := maps.Clone(m.state)
	if m.chain.Mend != nil {
		if err := m.chain.Mend(m.state, Mending{m.counts, m.unknown}); err != nil {
			return err
		}
	}
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if content, ok := m.state[path]; !ok || string(content) != string(before[path]) {
			r.Older = append(r.Older, &DamagedError{Ref: m.chain.Ref, Path: path, Err: errors.New("it does not fit the rest")})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(m.state)) {
		if _, ok := before[path]; !ok {
			r.Older = append(r.Older, &DamagedError{Ref: m.chain.Ref, Path: path, Err: errors.New("it is missing")})
		}
	}
	return nil
}

// fromOlder takes from an older state what is damaged in the newest, and reports
// whether it has taken anything.
func (m *mender) fromOlder(r *Repair, older map[string][]byte, bad map[string]*DamagedError) (taken bool) {
	for path, fault := range bad {
		found := false
		for at, content := range older {
			within := at == path || path == "" || strings.HasSuffix(path, "/") && strings.HasPrefix(at, path)
			if within && m.chain.Older != nil && m.chain.Older(at) && free(m.state, at) {
				m.state[at], found = content, true
			}
		}
		if found {
			r.Older = append(r.Older, fault)
			delete(bad, path)
			taken = true
		}
	}
	return taken
}

// free reports whether a blob can stand at path: none is above or below it.
func free(state map[string][]byte, path string) bool {
	for other := range state {
		if other == path || isAbove(other, path) || isAbove(path, other) {
			return false
		}
	}
	return true
}

func isAbove(a, b string) bool { return len(a) < len(b) && b[:len(a)] == a && b[len(a)] == '/' }

// readState reads what is sound below a tree, and says what is not, by path.
func (m *mender) readState(tree object.Hash) (state map[string][]byte, bad map[string]*DamagedError, err error) {
	state, bad = map[string][]byte{}, map[string]*DamagedError{}
	fault := func(path string, id object.Hash, err error) error {
		var damaged *DamagedError
		if !errors.As(err, &damaged) && !errors.As(damage(m.chain.Ref, id, path, err), &damaged) || errors.Is(err, ErrVersion) {
			return err
		}
		bad[path] = damaged
		return nil
	}
	t := m.store.newTable(m.ctx, m.chain.Ref, tree)
	var read func(f *folder, prefix string) error
	read = func(f *folder, prefix string) error {
		if err := t.loadAny(f, prefix); err != nil {
			return fault(prefix, f.id, err)
		}
		for _, e := range f.entries {
			path := prefix + e.Name
			var content []byte
			err := checkPath(path)
			switch {
			case err != nil:
			case e.IsTree():
				if t.spend(0, folderPaths) != nil {
					return fault("", "", errTooMany)
				}
				if err := read(f.child(e), path+"/"); err != nil {
					return err
				}
				continue
			case e.Mode != object.ModeFile:
				err = fmt.Errorf("mode %s", e.Mode)
			default:
				if content, err = t.blob(f, e, path); err == nil && m.chain.State != nil {
					err = m.chain.State(path, content)
				}
			}
			if err == nil {
				state[path] = content
			} else if err := fault(path, e.ID, err); err != nil {
				return err
			}
		}
		return nil
	}
	err = read(t.root, "")
	return state, bad, err
}

// stageState stages the table's new state.
func (m *mender) stageState(tx *Tx) (object.Hash, error) {
	t := m.store.newTable(m.ctx, m.chain.Ref, "")
	for _, path := range slices.Sorted(maps.Keys(m.state)) {
		if err := t.Put(path, m.state[path]); err != nil {
			return "", err
		}
	}
	id, objects := t.flush()
	tx.objects = append(tx.objects, objects...)
	return id, nil
}
