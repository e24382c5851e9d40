package refstore

import (
	"context"
	"errors"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// File is what the file of that name holds at the top of a commit's tree, within the
// bounds of a table; found is false if there is none, or a folder.
func (s *Store) File(ctx context.Context, commit, name string) (content []byte, found bool, err error) {
	tree, err := s.treeOf(ctx, "", object.Hash(commit))
	if err != nil {
		return nil, false, err
	}
	t := s.newTable(ctx, "", tree)
	t.anyMode = true
	content, err = t.Get(name)
	if errors.Is(err, ErrNotExist) {
		return nil, false, nil
	}
	return content, err == nil, err
}
