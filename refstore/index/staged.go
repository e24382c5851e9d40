package index

import (
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// Change is a file that is staged otherwise than in the tree.
type Change struct {
	Path    string
	Deleted bool
}

// Staged are the files in which the index, of that content, differs from the tree, "" for
// none, by path. read reads a tree. Its errors are returned as they are.
func Staged(content []byte, algo object.Algo, tree object.Hash, read func(object.Hash) (object.Entries, error)) ([]Change, error) {
	files, root, _, err := parse(content, algo)
	if err != nil {
		return nil, err
	}
	d := &diff{read: read}
	if err := d.compare("", files, root, tree); err != nil {
		return nil, err
	}
	slices.SortFunc(d.changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return d.changes, nil
}

type diff struct {
	read    func(object.Hash) (object.Entries, error)
	trees   int // that were read
	changes []Change
}

// mostTrees is how many trees are read: git is faster for more.
const mostTrees = 2000

// compare compares the files below prefix with a tree, of which the index may know that it
// is theirs.
func (d *diff) compare(prefix string, files []file, known *folder, tree object.Hash) error {
	if known != nil && known.tree != "" && known.tree == tree {
		return nil
	}
	there, err := d.entries(tree)
	if err != nil {
		return err
	}
	for len(files) > 0 {
		name, _, inFolder := strings.Cut(files[0].path[len(prefix):], "/")
		e := there[name]
		delete(there, name)
		if !inFolder {
			f := files[0]
			files = files[1:]
			if e.IsTree() {
				if err := d.compare(prefix+name+"/", nil, nil, e.ID); err != nil {
					return err
				}
			}
			if e.Mode != f.mode || e.ID != f.id {
				d.changes = append(d.changes, Change{Path: f.path})
			}
			continue
		}
		below := prefix + name + "/"
		n := 0
		for n < len(files) && strings.HasPrefix(files[n].path, below) {
			n++
		}
		sub := object.Hash("")
		if e.IsTree() {
			sub = e.ID
		} else if e.ID != "" {
			d.changes = append(d.changes, Change{prefix + name, true})
		}
		if err := d.compare(below, files[:n], known.sub(name), sub); err != nil {
			return err
		}
		files = files[n:]
	}
	for name, e := range there {
		if !e.IsTree() {
			d.changes = append(d.changes, Change{prefix + name, true})
		} else if err := d.compare(prefix+name+"/", nil, nil, e.ID); err != nil {
			return err
		}
	}
	return nil
}

// entries are those of a tree by name.
func (d *diff) entries(tree object.Hash) (map[string]object.Entry, error) {
	if tree == "" {
		return nil, nil
	}
	if d.trees++; d.trees > mostTrees {
		return nil, ErrUnread
	}
	all, err := d.read(tree)
	if err != nil {
		return nil, err
	}
	byName := make(map[string]object.Entry, len(all))
	for _, e := range all {
		switch e.Mode {
		case object.ModeFile, object.ModeTree, "100755", "120000", "160000":
		default: // of old repositories; git takes it for one of these
			return nil, ErrUnread
		}
		byName[e.Name] = e
	}
	if len(byName) < len(all) { // a file and a folder of one name
		return nil, ErrUnread
	}
	return byName, nil
}
