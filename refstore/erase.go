package refstore

import (
	"context"
	"os/exec"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/gitlock"
)

// Erase deletes all refs below those prefixes, all or none, while no transaction is
// under way, and returns their names. It is for taking git swarm out of a repository:
// nothing else deletes a ref but Unpin.
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
	var all []Ref
	for _, prefix := range prefixes {
		refs, err := s.Refs(ctx, prefix)
		if err != nil {
			return nil, err
		}
		all = append(all, refs...)
	}
	return s.deleteRefs(ctx, all)
}

// deleteRefs deletes the refs, all or none, and returns their names. The caller has our
// turn to write.
func (s *Store) deleteRefs(ctx context.Context, all []Ref) (names []string, err error) {
	if len(all) == 0 {
		return nil, nil
	}
	var script strings.Builder
	script.WriteString("start\n")
	var locks []string
	for _, ref := range all {
		names = append(names, ref.Name)
		locks = append(locks, gitlock.Ref(s.repo, ref.Name)...)
		script.WriteString("delete " + ref.Name + " " + string(ref.Tip) + "\n")
	}
	script.WriteString("prepare\ncommit\n")
	_, err = gitlock.Output(ctx, s.repo, locks, func() *exec.Cmd {
		cmd := s.repo.GitParsed(ctx, "update-ref", "--no-deref", "--stdin")
		cmd.Stdin = strings.NewReader(script.String())
		return cmd
	})
	if err != nil {
		return nil, err
	}
	return names, nil
}
