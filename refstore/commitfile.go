package refstore

import (
	"context"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// File is what the file of that name holds at the top of a commit's tree; found is false
// if there is none, or a folder.
func (s *Store) File(ctx context.Context, commit, name string) (content []byte, found bool, err error) {
	o, err := s.Read(ctx, object.Hash(commit))
	if err != nil {
		return nil, false, err
	}
	c, err := s.repo.Algo.DecodeCommit(o.Content)
	if err != nil {
		return nil, false, err
	}
	if o, err = s.Read(ctx, c.Tree); err != nil {
		return nil, false, err
	}
	tree, err := s.repo.Algo.DecodeTree(o.Content)
	if err != nil {
		return nil, false, err
	}
	i, found := tree.Find(name)
	if !found || tree[i].IsTree() {
		return nil, false, nil
	}
	o, err = s.Read(ctx, tree[i].ID)
	return o.Content, err == nil, err
}
