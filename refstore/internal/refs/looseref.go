package refs

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// errBrokenRef says that a ref's file holds no object id.
var errBrokenRef = errors.New("the ref's file holds no object id")

// Tip reads the loose ref first, then packed-refs as it is after that. git packs
// a ref before it deletes the loose file, so a ref that exists all the time is
// found whatever git pack-refs does meanwhile.
func (f *Files) Tip(ref string) (object.Hash, error) {
	tip, err := f.loose(ref)
	if err != nil || tip != "" {
		return tip, err
	}
	var bad error
	err = f.look(func(packed *packedRefs) error {
		tip, bad = packed.tip(ref)
		return nil
	})
	switch {
	case err != nil:
		return "", Damage(ref, "", "", err)
	case bad != nil:
		return "", &DamagedError{Ref: ref, Err: bad}
	}
	return tip, nil
}

// loose reads the ref's own file; "" if there is none.
func (f *Files) loose(ref string) (object.Hash, error) {
	content, err := file.Read(filepath.Join(f.Dir, filepath.FromSlash(ref)), 1024)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENOTDIR):
		return "", nil
	case err != nil:
		return "", err
	}
	id := object.Hash(strings.TrimRight(string(content), " \t\r\n"))
	if !f.Algo.Valid(id) {
		return "", &DamagedError{Ref: ref, Err: errBrokenRef}
	}
	return id, nil
}

// List merges the loose refs below prefix with the packed ones.
func (f *Files) List(prefix string) ([]Ref, error) {
	found := map[string]object.Hash{}
	loose, err := f.looseNames(prefix)
	if err != nil {
		return nil, err
	}
	var bad error
	err = f.look(func(packed *packedRefs) error {
		bad = packed.list(prefix, func(name string, id object.Hash) { found[name] = id })
		return nil
	})
	switch {
	case err != nil:
		return nil, Damage(prefix, "", "", err)
	case bad != nil:
		return nil, &DamagedError{Ref: prefix, Err: bad}
	}
	for _, name := range loose {
		tip, err := f.Tip(name) // it may have been packed since
		if err != nil {
			return nil, err
		}
		if tip != "" {
			found[name] = tip
		}
	}
	refs := make([]Ref, 0, len(found))
	for name, tip := range found {
		refs = append(refs, Ref{name, tip})
	}
	slices.SortFunc(refs, func(a, b Ref) int { return strings.Compare(a.Name, b.Name) })
	return refs, nil
}

func (f *Files) looseNames(prefix string) ([]string, error) {
	var names []string
	root := filepath.Join(f.Dir, filepath.FromSlash(prefix))
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			return nil
		}
		if err != nil {
			return err
		}
		if d.IsDir() || strings.HasSuffix(path, ".lock") || strings.HasPrefix(d.Name(), ".") { // as git
			return nil
		}
		name, err := filepath.Rel(f.Dir, path)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list refs: %w", err)
	}
	return names, nil
}

// blocked returns a packed ref that cannot exist beside ref: one of its parent
// folders, or one below it. Loose ones are found as files and folders in the way.
func (f *Files) blocked(ref string) (by string, err error) {
	err = f.look(func(packed *packedRefs) error {
		for i, c := range ref {
			if c != '/' {
				continue
			}
			if tip, err := packed.tip(ref[:i]); err != nil || tip != "" {
				by = ref[:i]
				return err
			}
		}
		return packed.list(ref+"/", func(name string, _ object.Hash) { by = name })
	})
	return by, err
}
