package refstore

import (
	"context"
	"errors"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Notes is the content of a notes ref (git-notes(1)): a tree of blobs by commit
// id. git and others write such refs, too, with messages of their own, so their
// chains have neither numbers nor metadata of ours.
//
// git's own notes commands replace the ref without comparing what it held: what
// they drop by that must be stored elsewhere, too.
type Notes struct{ table *Table }

// Notes reads the notes ref as it is now.
func (s *Store) Notes(ctx context.Context, ref string) (*Notes, error) {
	tip, err := s.Tip(ctx, ref)
	if err != nil {
		return nil, err
	}
	tree, err := s.treeOf(ctx, ref, tip)
	if err != nil {
		return nil, err
	}
	n := s.newNotes(ctx, ref, tree)
	n.table.within = maxReadFsck // all of them are read only where damage is looked for
	return n, nil
}

func (s *Store) newNotes(ctx context.Context, ref string, tree object.Hash) *Notes {
	t := s.newTable(ctx, ref, tree)
	t.anyMode = true
	return &Notes{t}
}

// treeOf is the tree of a commit that anybody may have made.
func (s *Store) treeOf(ctx context.Context, ref string, tip object.Hash) (object.Hash, error) {
	if tip == "" {
		return "", nil
	}
	o, err := s.read(ctx, tip)
	if err != nil {
		return "", damage(ref, tip, "", err)
	}
	c, err := s.repo.Algo.DecodeCommit(o.Content)
	if err != nil {
		return "", damage(ref, tip, "", err)
	}
	return c.Tree, nil
}

// Notes reads the notes ref for changing; RecordNotes commits the changes.
func (tx *Tx) Notes(ref string) (*Notes, error) {
	c := tx.chains[ref]
	if c == nil {
		if err := refs.CheckName(ref); err != nil {
			return nil, err
		}
		tip, err := tx.view.Tip(ref)
		if err != nil {
			return nil, err
		}
		c = &chain{ref: ref, prev: tip, tip: tip}
		if c.tree, err = tx.store.treeOf(tx.ctx, ref, tip); err != nil {
			return nil, err
		}
		c.table = tx.store.newNotes(tx.ctx, ref, c.tree).table
		tx.chains[ref] = c
	}
	return &Notes{c.table}, nil
}

// RenewNotes is Notes for notes that cannot be read: they begin anew, without any,
// and the ref named keep holds what was there.
func (tx *Tx) RenewNotes(ref, keep string) (*Notes, error) {
	tip, err := tx.view.Tip(ref)
	var damaged *DamagedError
	if errors.As(err, &damaged) {
		tip, err = "", tx.store.putAside(ref)
	}
	if err != nil {
		return nil, err
	}
	if tip != "" {
		if _, err := tx.store.reader.Read(tx.ctx, tip); err == nil {
			tx.order = append(tx.order, &chain{ref: keep, tip: tip})
		}
	}
	n := tx.store.newNotes(tx.ctx, ref, "")
	tx.chains[ref] = &chain{ref: ref, prev: tip, table: n.table, renewed: true}
	return n, nil
}

// Remove stages the removal of what stands at a path of the notes' tree.
func (n *Notes) Remove(path string) error { return n.table.Delete(path) }

// RecordNotes commits what was changed in the notes ref, which must have been
// read with Notes, under the given message.
func (tx *Tx) RecordNotes(ref, message string) {
	c := tx.chains[ref]
	tree, objects := c.table.flush()
	tx.objects = append(tx.objects, objects...)
	signature := func(name, email string) object.Signature {
		return object.Signature{Name: name, Email: email, When: tx.at}
	}
	data := object.CommitData{
		Tree: tree, Message: strings.TrimSpace(message) + "\n",
		Author: signature(tx.by, tx.who.authorEmail), Committer: signature(tx.who.name, tx.who.email),
	}
	if c.tip != "" {
		data.Parents = []object.Hash{c.tip}
	}
	commit := tx.store.repo.Algo.NewObject(object.Commit, data.Encode())
	tx.objects = append(tx.objects, commit)
	if c.tip == c.prev || c.renewed {
		c.renewed = false
		tx.order = append(tx.order, c)
	}
	c.tip, c.tree = commit.ID, tree
}

// Get returns the note on the object, "" if there is none.
func (n *Notes) Get(id object.Hash) (string, error) {
	path, err := n.find(id)
	if err != nil || path == "" {
		return "", err
	}
	content, err := n.table.Get(path)
	return string(content), err
}

// Put stages the note on the object, where git finds it.
func (n *Notes) Put(id object.Hash, text string) error {
	path, err := n.find(id)
	if err != nil {
		return err
	}
	if path == "" {
		path = string(id[:2] + "/" + id[2:])
	}
	return n.table.Put(path, []byte(text))
}

// find is the path of the note: git spreads notes over folders of two digits, as
// many levels deep as their number asks for.
func (n *Notes) find(id object.Hash) (string, error) {
	rest, dir := string(id), ""
	for len(rest) > 2 {
		names, err := n.table.Names(strings.TrimSuffix(dir, "/"))
		if err != nil {
			return "", err
		}
		deeper := false
		for _, name := range names {
			if name == rest {
				return dir + rest, nil
			}
			deeper = deeper || name == rest[:2]
		}
		if !deeper {
			return "", nil
		}
		dir, rest = dir+rest[:2]+"/", rest[2:]
	}
	return "", nil
}

// Each calls visit with every note, until it returns false: where it stands, what
// it is on, and its text.
func (n *Notes) Each(visit func(path string, id object.Hash, text string) bool) error {
	return n.table.Below("", func(path string, content []byte) bool {
		return visit(path, object.Hash(strings.ReplaceAll(path, "/", "")), string(content))
	})
}
