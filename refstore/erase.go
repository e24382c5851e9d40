package refstore

import (
	"context"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Erase deletes all refs below those prefixes, all or none, while no transaction is
// under way, and returns their names. It is for taking git swarm out of a repository:
// nothing else deletes a ref but a cursor.
func (s *Store) Erase(ctx context.Context, prefixes ...string) ([]string, error) {
	if err := s.chooseWriter(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.opts.Timeout, ErrBusy)
	defer cancel()
	_, release, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	var names []string
	var script strings.Builder
	script.WriteString("start\n")
	for _, prefix := range prefixes {
		refs, err := s.Refs(ctx, prefix)
		if err != nil {
			return nil, err
		}
		for _, ref := range refs {
			names = append(names, ref.Name)
			script.WriteString("delete " + ref.Name + " " + string(ref.Tip) + "\n")
		}
	}
	if names == nil {
		return nil, nil
	}
	script.WriteString("prepare\ncommit\n")
	cmd := s.repo.GitParsed(ctx, "update-ref", "--no-deref", "--stdin")
	cmd.Stdin = strings.NewReader(script.String())
	if _, err := repo.Output(cmd); err != nil {
		return nil, err
	}
	return names, nil
}
