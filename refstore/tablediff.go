package refstore

import "github.com/git-swarm/git-swarm/refstore/object"

// Changed calls visit with every blob of t that before does not have, or has with
// another content, and with a nil content for every blob of before that t does not
// have. Folders that are the same in both are not read. It stops at the first
// error that visit returns. Both tables are as stored: nothing is staged in them.
func (t *Table) Changed(before *Table, visit func(path string, content []byte) error) error {
	return t.changed(before, t.root, before.root, "", visit)
}

func (t *Table) changed(before *Table, now, old *folder, prefix string, visit func(string, []byte) error) error {
	if now.id == old.id {
		return nil
	}
	if err := t.load(now, prefix); err != nil {
		return err
	}
	if err := before.load(old, prefix); err != nil {
		return err
	}
	after := byName(now.entries)
	for _, e := range old.entries {
		path := prefix + e.Name
		n, ok := after[e.Name]
		switch {
		case e.IsTree() && (!ok || !n.IsTree()):
			if err := t.changed(before, &folder{read: true}, old.child(e), path+"/", visit); err != nil {
				return err
			}
		case !e.IsTree() && (!ok || n.IsTree()):
			if err := visit(path, nil); err != nil {
				return err
			}
		}
	}
	earlier := byName(old.entries)
	for _, e := range now.entries {
		path := prefix + e.Name
		o, ok := earlier[e.Name]
		switch {
		case e.IsTree():
			was := &folder{read: true}
			if ok && o.IsTree() {
				was = old.child(o)
			}
			if err := t.changed(before, now.child(e), was, path+"/", visit); err != nil {
				return err
			}
		case e != o:
			content, err := t.blob(now, e, path)
			if err == nil {
				err = visit(path, content)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func byName(entries object.Entries) map[string]object.Entry {
	m := make(map[string]object.Entry, len(entries))
	for _, e := range entries {
		m[e.Name] = e
	}
	return m
}
