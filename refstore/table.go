package refstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// Table is the state of a table at one commit: blobs by path. Paths are slash
// separated, without empty, "." or ".." parts; names are as git stores them.
// Only the folders on the way to a path are read and, when it changes, written.
type Table struct {
	ctx   context.Context
	store *Store
	ref   string
	root  *folder

	stored  bool                          // it is only read: a walk keeps no folder
	whole   bool                          // what cannot be read is an error; else Below leaves it out
	within  budget                        // what may still be read
	recent  map[object.Hash]object.Object // read lately: one change puts the same blob at many paths
	last    object.Object                 // the newest of them, mostly wanted next
	anyMode bool                          // others write here, too, and use modes that we do not
}

// budget is how much of a table is read.
type budget struct {
	objects int // folders and blobs that were not read just now
	entries int // paths
}

// folder is a tree, read when first looked into.
type folder struct {
	id      object.Hash // as stored; "" once changed
	read    bool
	plain   bool // its modes were checked
	entries object.Entries
	below   map[string]*folder // folders looked into
	blobs   map[string][]byte  // blobs put
}

func (s *Store) newTable(ctx context.Context, ref string, tree object.Hash) *Table {
	return &Table{ctx: ctx, store: s, ref: ref, root: &folder{id: tree, read: tree == ""}, whole: true, within: maxRead}
}

// Table reads the table at ref as it is now, to look at and not to change. It is empty if there is none. Where
// the tip is damaged it is the state of the newest sound commit, and Below leaves
// out what cannot be read: [Store.SetAside] tells.
func (s *Store) Table(ctx context.Context, ref string) (*Table, error) {
	tip, err := s.Tip(ctx, ref)
	if err != nil || tip == "" {
		return s.newTable(ctx, ref, ""), err
	}
	sound, fault, err := s.soundTip(ctx, ref, tip, false)
	switch {
	case err != nil:
		return nil, err
	case sound == nil:
		return nil, fault // nothing is left to read
	}
	s.aside(fault)
	t := s.newTable(ctx, ref, sound.data.Tree)
	t.stored, t.whole = true, false
	return t, nil
}

// WholeTable is Table where nothing is left out: damage is an error.
func (s *Store) WholeTable(ctx context.Context, ref string) (*Table, error) {
	tip, err := s.Tip(ctx, ref)
	if err != nil {
		return nil, err
	}
	t, err := s.TableAt(ctx, ref, tip)
	if err == nil {
		t.within = maxReadFsck
	}
	return t, err
}

// TableAt reads the table ref as it was at the commit tip.
func (s *Store) TableAt(ctx context.Context, ref string, tip object.Hash) (*Table, error) {
	if tip == "" {
		return s.newTable(ctx, ref, ""), nil
	}
	c, _, err := s.commit(ctx, ref, tip)
	if err != nil {
		return nil, err
	}
	return s.newTable(ctx, ref, c.Tree), nil
}

func (t *Table) damaged(path string, id object.Hash, err error) error {
	return damage(t.ref, id, path, err)
}

// load reads the folder's entries and refuses modes that we do not write.
func (t *Table) load(f *folder, path string) error {
	if err := t.loadAny(f, path); err != nil || t.anyMode || f.plain {
		return err
	}
	for _, e := range f.entries {
		if e.Mode != object.ModeFile && e.Mode != object.ModeTree {
			return t.damaged(path, f.id, fmt.Errorf("'%s' has mode %s", e.Name, e.Mode))
		}
	}
	f.plain = true
	return nil
}

// Bounds of what is read of a table, which anybody can have made: it takes less than a
// second, while all other writers may wait. Who looks for all that is damaged takes longer.
const (
	maxTree   = 4 << 20 // bytes of one folder
	maxPath   = 4096    // bytes
	maxRecent = 1024    // objects

	folderPaths = 5 // a folder takes as long as so many paths
)

var (
	maxRead     = budget{objects: 60_000, entries: 250_000}
	maxReadFsck = budget{objects: 100_000, entries: 1_000_000}
)

// errTooMany ends a walk also where damage is left out.
var errTooMany = errors.New("it holds more than can be read")

// loadAny is load for entries of any mode.
func (t *Table) loadAny(f *folder, path string) error {
	if f.read {
		return nil
	}
	if len(path) > maxPath {
		return t.damaged("", f.id, errors.New("a path of more than 4,096 bytes"))
	}
	o, err := t.object(f.id)
	if errors.Is(err, errTooMany) {
		return err
	}
	if err == nil && o.Kind != object.Tree {
		err = fmt.Errorf("a %s and no tree", o.Kind)
	}
	if err == nil && len(o.Content) > maxTree {
		err = fmt.Errorf("a folder of %d bytes", len(o.Content))
	}
	if err == nil {
		f.entries, err = t.store.repo.Algo.DecodeTree(o.Content)
	}
	if err != nil {
		return t.damaged(path, f.id, err)
	}
	f.read = true
	return nil
}

func (f *folder) child(e object.Entry) *folder {
	c := f.below[e.Name]
	if c == nil {
		c = &folder{id: e.ID}
		f.enter(e.Name, c)
	}
	return c
}

func (f *folder) enter(name string, c *folder) {
	if f.below == nil {
		f.below = map[string]*folder{}
	}
	f.below[name] = c
}

// Get returns the blob at path, or ErrNotExist.
func (t *Table) Get(path string) ([]byte, error) {
	f, walked := t.root, ""
	for {
		name, rest, deeper := strings.Cut(path[len(walked):], "/")
		if err := t.load(f, walked); err != nil {
			return nil, err
		}
		i, ok := f.entries.Find(name)
		if !ok || f.entries[i].IsTree() != deeper {
			return nil, ErrNotExist
		}
		if !deeper {
			return t.blob(f, f.entries[i], path)
		}
		f, walked = f.child(f.entries[i]), path[:len(path)-len(rest)]
	}
}

func (t *Table) blob(f *folder, e object.Entry, path string) ([]byte, error) {
	if content, ok := f.blobs[e.Name]; ok {
		return content, nil
	}
	if err := t.spend(0, 1); err != nil {
		return nil, err
	}
	o, err := t.object(e.ID)
	if errors.Is(err, errTooMany) {
		return nil, err
	}
	if err == nil && o.Kind != object.Blob {
		err = fmt.Errorf("a %s and no blob", o.Kind)
	}
	if err != nil {
		return nil, t.damaged(path, e.ID, err)
	}
	return o.Content, nil
}

// object reads an object unless it was read just now.
func (t *Table) object(id object.Hash) (object.Object, error) {
	if id == t.last.ID && id != "" {
		return t.last, nil
	}
	if o, ok := t.recent[id]; ok {
		t.last = o
		return o, nil
	}
	if err := t.spend(1, 0); err != nil {
		return object.Object{}, err
	}
	o, err := t.store.read(t.ctx, id)
	if err != nil {
		return o, err
	}
	if t.recent == nil || len(t.recent) == maxRecent {
		t.recent = map[object.Hash]object.Object{}
	}
	t.recent[id], t.last = o, o
	return o, nil
}

// spend takes from what may be read; errTooMany says that it is spent.
func (t *Table) spend(objects, entries int) error {
	t.within.objects -= objects
	t.within.entries -= entries
	if t.within.objects < 0 || t.within.entries < 0 {
		return t.damaged("", "", errTooMany)
	}
	return nil
}

// Below calls visit with every blob at path or below it, in git's order; the
// root is "". It stops when visit says false. Of a table from [Store.Table] it keeps only
// the folders on the way to where it is.
func (t *Table) Below(path string, visit func(path string, content []byte) bool) error {
	f, walked := t.root, ""
	for path != "" {
		if err := t.load(f, walked); err != nil {
			return err
		}
		name, rest, deeper := strings.Cut(path[len(walked):], "/")
		i, ok := f.entries.Find(name)
		if !ok || (deeper && !f.entries[i].IsTree()) {
			return nil
		}
		if !f.entries[i].IsTree() {
			content, err := t.blob(f, f.entries[i], path)
			if err == nil {
				visit(path, content)
			}
			return err
		}
		f = f.child(f.entries[i])
		if !deeper {
			break
		}
		walked = path[:len(path)-len(rest)]
	}
	if path != "" {
		path += "/"
	}
	_, err := t.walk(f, path, visit)
	return err
}

func (t *Table) walk(f *folder, prefix string, visit func(string, []byte) bool) (more bool, err error) {
	if err := t.load(f, prefix); err != nil {
		return t.leaveOut(err)
	}
	entries := f.entries
	if !t.stored {
		entries = slices.Clone(entries) // visit may change the table
	}
	for _, e := range entries {
		path := prefix + e.Name
		if e.IsTree() {
			if err := t.spend(0, folderPaths); err != nil { // a tree without any blob has an end, too
				return t.leaveOut(err)
			}
			if more, err := t.walk(t.below(f, e), path+"/", visit); err != nil || !more {
				return more, err
			}
			continue
		}
		content, err := t.blob(f, e, path)
		if err != nil {
			if more, err := t.leaveOut(err); !more {
				return false, err
			}
			continue
		}
		if !visit(path, content) {
			return false, nil
		}
	}
	return true, nil
}

// below is the folder at e in f, for a walk.
func (t *Table) below(f *folder, e object.Entry) *folder {
	if t.stored {
		return &folder{id: e.ID}
	}
	return f.child(e)
}

// leaveOut says whether a walk goes on without what could not be read.
func (t *Table) leaveOut(err error) (more bool, _ error) {
	if !t.whole && t.store.LeaveOut(err) {
		return !errors.Is(err, errTooMany), nil
	}
	return false, err
}

// Above returns the path of the blob that stands at a parent folder of path, ""
// if none does. A blob cannot be put below it.
func (t *Table) Above(path string) (string, error) {
	for i, c := range path {
		if c != '/' {
			continue
		}
		_, err := t.Get(path[:i])
		if err == nil {
			return path[:i], nil
		}
		if !errors.Is(err, ErrNotExist) {
			return "", err
		}
	}
	return "", nil
}

// Put stages a blob at path. There must be none above it and none below it.
func (t *Table) Put(path string, content []byte) error {
	if err := checkPath(path); err != nil {
		return err
	}
	return t.change(t.root, "", path, func(f *folder, name string) error {
		if i, ok := f.entries.Find(name); ok && f.entries[i].IsTree() {
			return fmt.Errorf("'%s' is a folder", path)
		}
		f.entries = f.entries.With(object.Entry{Name: name, Mode: object.ModeFile, ID: t.store.repo.Algo.Sum(object.Blob, content)})
		if f.blobs == nil {
			f.blobs = map[string][]byte{}
		}
		f.blobs[name] = content
		return nil
	})
}

// checkPath refuses the names that git fsck refuses in a tree: a tree that holds
// one could not be pushed, or not even be read.
func checkPath(path string) error {
	for part := range strings.SplitSeq(path, "/") {
		switch low := strings.ToLower(part); {
		case part == "", part == ".", part == "..", low == ".git", low == "git~1", strings.Contains(part, "\x00"):
			return fmt.Errorf("%q cannot be a path in a tree", path)
		}
	}
	return nil
}

// Delete stages the removal of the blob at path, and of folders left empty.
// There must be one.
func (t *Table) Delete(path string) error {
	return t.change(t.root, "", path, func(f *folder, name string) error {
		i, ok := f.entries.Find(name)
		if !ok || f.entries[i].IsTree() {
			return ErrNotExist
		}
		f.entries = f.entries.Without(name)
		delete(f.blobs, name)
		return nil
	})
}

// change applies edit in the folder that holds path, making folders on the way
// there and dropping empty ones on the way back.
func (t *Table) change(f *folder, walked, path string, edit func(f *folder, name string) error) error {
	if err := t.load(f, walked); err != nil {
		return err
	}
	name, rest, deeper := strings.Cut(path, "/")
	if !deeper {
		if err := edit(f, name); err != nil {
			return err
		}
		f.id = ""
		return nil
	}
	i, ok := f.entries.Find(name)
	if ok && !f.entries[i].IsTree() {
		return fmt.Errorf("'%s%s' is no folder", walked, name)
	}
	var c *folder
	if ok {
		c = f.child(f.entries[i])
	} else {
		c = &folder{read: true}
	}
	if err := t.change(c, walked+name+"/", rest, edit); err != nil {
		return err
	}
	f.id = ""
	if len(c.entries) == 0 {
		f.entries = f.entries.Without(name)
		delete(f.below, name)
		return nil
	}
	f.enter(name, c)
	if !ok {
		f.entries = f.entries.With(object.Entry{Name: name, Mode: object.ModeTree})
	}
	return nil
}

// flush returns the root's id and the objects that are new since the last flush.
func (t *Table) flush() (object.Hash, []object.Object) {
	var objects []object.Object
	id := t.flushFolder(t.root, &objects)
	return id, objects
}

func (t *Table) flushFolder(f *folder, objects *[]object.Object) object.Hash {
	if f.id != "" {
		return f.id
	}
	algo := t.store.repo.Algo
	for i, e := range f.entries {
		if c := f.below[e.Name]; c != nil && e.IsTree() {
			f.entries[i].ID = t.flushFolder(c, objects)
		} else if content, ok := f.blobs[e.Name]; ok && !e.IsTree() {
			*objects = append(*objects, object.Object{ID: e.ID, Kind: object.Blob, Content: content})
		}
	}
	o := algo.NewObject(object.Tree, f.entries.Encode())
	*objects = append(*objects, o)
	f.id = o.ID
	return o.ID
}

// Names lists what stands in the folder at path, "" for the root: blobs and
// folders, in git's order. A folder that is not there is empty.
func (t *Table) Names(path string) ([]string, error) {
	f, walked := t.root, ""
	for path != "" {
		if err := t.load(f, walked); err != nil {
			return nil, err
		}
		name, rest, _ := strings.Cut(path, "/")
		i, ok := f.entries.Find(name)
		if !ok || !f.entries[i].IsTree() {
			return nil, nil
		}
		f, walked, path = f.child(f.entries[i]), walked+name+"/", rest
	}
	if err := t.load(f, walked); err != nil {
		return nil, err
	}
	names := make([]string, len(f.entries))
	for i, e := range f.entries {
		names[i] = e.Name
	}
	return names, nil
}
