package land

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// What a push has to know of commits and trees is read in process where that is quick,
// and asked of git otherwise: each git process costs what a quarter of a fetch does.

// ancestor is the function of that name, which finds out only once: it never changes.
func (l *Lander) ancestor(ctx context.Context, a, b string) (bool, error) {
	if known, ok := l.ancestors[[2]string{a, b}]; ok {
		return known, nil
	}
	if l.ancestors == nil {
		l.ancestors = map[[2]string]bool{}
	}
	if _, ok := l.steps(ctx, a, b); ok {
		l.ancestors[[2]string{a, b}] = true
		return true, nil
	}
	if at, ok := l.fork(ctx, a, b); ok {
		l.ancestors[[2]string{a, b}], l.ancestors[[2]string{b, a}] = at == a, at == b
		return at == a, nil
	}
	out, err := repo.Line(l.Repo.GitParsed(ctx, "rev-list", "--left-right", "--count", a+"..."+b))
	if err != nil {
		return false, err
	}
	var behind, ahead int
	if _, err := fmt.Sscan(out, &behind, &ahead); err != nil {
		return false, err
	}
	l.ancestors[[2]string{a, b}], l.ancestors[[2]string{b, a}] = behind == 0, ahead == 0
	return behind == 0, nil
}

// mostSteps is how many commits are read before git is asked.
const mostSteps = 32

// steps is how many commits tip has upon base; ok is false where they are many, or not
// one upon the other, or base is not below them.
func (l *Lander) steps(ctx context.Context, base, tip string) (n int, ok bool) {
	for ; n <= mostSteps; n++ {
		if tip == base {
			return n, true
		}
		c, err := l.commit(ctx, tip)
		if err != nil || len(c.Parents) != 1 {
			return 0, false
		}
		tip = string(c.Parents[0])
	}
	return 0, false
}

// fork is the commit at which two lines of commits part, one of the two where it is below
// the other; ok is false where that is far down, or not all of them have one parent.
func (l *Lander) fork(ctx context.Context, a, b string) (at string, ok bool) {
	seen := map[string]bool{}
	tips := [2]string{a, b}
	for range mostSteps {
		for i, tip := range tips {
			if tip == "" {
				continue // the first commit was passed
			}
			if seen[tip] {
				return tip, true
			}
			seen[tip] = true
			c, err := l.commit(ctx, tip)
			if err != nil || len(c.Parents) > 1 {
				return "", false
			}
			tips[i] = string(c.Parent())
		}
	}
	return "", false
}

// countUpon is how many commits tip has that base has not.
func (l *Lander) countUpon(ctx context.Context, base, tip string) (int, error) {
	if n, ok := l.steps(ctx, base, tip); ok {
		return n, nil
	}
	return l.count(ctx, tip, "^"+base)
}

// errNotRead says that something is to be asked of git.
var errNotRead = errors.New("not read in process")

// read reads an object of that kind. In a partial clone it may be fetched: a tree then
// comes with all below it.
func (l *Lander) read(ctx context.Context, id object.Hash, kind object.Kind) ([]byte, error) {
	if ok, _ := l.Repo.ReadInProcess(); !ok {
		return nil, errNotRead
	}
	o, err := l.Bus.Store().Read(ctx, id)
	if err == nil && o.Kind != kind {
		err = errNotRead
	}
	return o.Content, err
}

func (l *Lander) commit(ctx context.Context, id string) (*object.CommitData, error) {
	content, err := l.read(ctx, object.Hash(id), object.Commit)
	if err != nil {
		return nil, err
	}
	return l.Repo.Algo.DecodeCommit(content)
}

// changedFile is a file that differs between two commits.
type changedFile struct {
	path           string
	added, removed bool
}

// changedBetween are the files that differ between two commits, found out only once.
func (l *Lander) changedBetween(ctx context.Context, from, to string) ([]changedFile, error) {
	if known, ok := l.changes[[2]string{from, to}]; ok {
		return known, nil
	}
	d, err := l.diffOf(ctx, from, to)
	files := d.files
	if err != nil {
		fields, err := repo.Fields(l.Repo.GitParsed(ctx, "diff", "--name-status", "--no-renames", "--no-relative", "--ignore-submodules=none", "-z", from, to))
		if err != nil {
			return nil, err
		}
		files = nil
		for status := range slices.Chunk(fields, 2) {
			if len(status) == 2 {
				files = append(files, changedFile{status[1], status[0] == "A", status[0] == "D"})
			}
		}
	}
	if l.changes == nil {
		l.changes = map[[2]string][]changedFile{}
	}
	l.changes[[2]string{from, to}] = files
	return files, nil
}

// pathsBetween are the paths of the files that differ.
func (l *Lander) pathsBetween(ctx context.Context, from, to string) (paths []string, err error) {
	files, err := l.changedBetween(ctx, from, to)
	for _, f := range files {
		paths = append(paths, f.path)
	}
	return paths, err
}

// diffOf compares the trees of two commits in process.
func (l *Lander) diffOf(ctx context.Context, from, to string) (d treeDiff, err error) {
	d.Lander = l
	a, err := l.commit(ctx, from)
	if err != nil {
		return d, err
	}
	b, err := l.commit(ctx, to)
	if err != nil {
		return d, err
	}
	err = d.compare(ctx, "", a.Tree, b.Tree)
	return d, err
}

// treeDiff collects the files in which two trees differ.
type treeDiff struct {
	*Lander
	files []changedFile
	trees int  // that were read
	odd   bool // they have a mode that git writes no more
}

// mostTrees is how many trees are read before git is asked.
const mostTrees = 2000

// compare compares the folder at path; an id is empty where there is none.
func (d *treeDiff) compare(ctx context.Context, path string, from, to object.Hash) error {
	if from == to {
		return nil
	}
	a, err := d.entries(ctx, from)
	if err != nil {
		return err
	}
	b, err := d.entries(ctx, to)
	if err != nil {
		return err
	}
	for len(a) > 0 || len(b) > 0 {
		var x, y object.Entry // of the same name and sort, or one is empty
		switch order := firstOf(a, b); {
		case order < 0:
			x, a = a[0], a[1:]
		case order > 0:
			y, b = b[0], b[1:]
		default:
			x, y, a, b = a[0], b[0], a[1:], b[1:]
		}
		name := path + cmp.Or(x.Name, y.Name)
		switch {
		case x.IsTree() || y.IsTree():
			err = d.compare(ctx, name+"/", x.ID, y.ID)
		case x.ID != y.ID || x.Mode != y.Mode:
			d.files = append(d.files, changedFile{name, x.Name == "", y.Name == ""})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// firstOf says which of two lists has the entry that git sorts first.
func firstOf(a, b object.Entries) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	}
	return cmp.Compare(a[0].SortKey(), b[0].SortKey())
}

func (d *treeDiff) entries(ctx context.Context, id object.Hash) (object.Entries, error) {
	if id == "" {
		return nil, nil
	}
	if d.trees++; d.trees > mostTrees {
		return nil, errNotRead
	}
	content, err := d.read(ctx, id, object.Tree)
	if err != nil {
		return nil, err
	}
	all, err := d.Repo.Algo.DecodeTree(content)
	d.odd = d.odd || slices.ContainsFunc(all, func(e object.Entry) bool { return !slices.Contains(modes, e.Mode) })
	return all, err
}

// modes are those that git writes: of files, links, submodules and folders.
var modes = []object.Mode{object.ModeFile, "100755", "120000", "160000", object.ModeTree}
