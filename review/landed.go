package review

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// landed says what of a review's range has been on a branch since the range began,
// whether it is still there or was taken off again.
type landed struct {
	commits []object.Hash // of the range, oldest first, without merges
	merges  bool          // there are merges in the range
	had     map[object.Hash]bool
	all     bool // nothing of the range is left to land
}

// throughRef keeps what the gate has let through last for the session's newest request.
func throughRef(session string) string { return refstore.PinPrefix + session + ".through" }

// LetThrough records that tip is about to land by the session's newest approval. If the
// target has that commit later, the approval is used up, in whatever commits the change
// has landed: nobody need find it by its patches.
func (s *Store) LetThrough(ctx context.Context, session string, tip object.Hash) error {
	return s.bus.Store().Update(ctx, session, func(tx *refstore.Tx) error { return tx.Pin(throughRef(session), tip) })
}

// Landed gives up the commits of the session's newest request, which git gc was kept
// from, once what was let through for it is on onto: no approval is asked for them again.
func (s *Store) Landed(ctx context.Context, session string, onto object.Hash) error {
	store := s.bus.Store()
	if tip, err := store.Tip(ctx, pinRef(session)); err != nil || tip == "" {
		return err
	}
	r, err := s.Latest(ctx, session)
	if err != nil || r == nil {
		return err
	}
	through, err := s.isThrough(ctx, r, onto)
	if err != nil || !through {
		return err
	}
	return store.Unpin(ctx, pinRef(session), r.Tip)
}

// isThrough reports whether what was let through for the review is on onto.
func (s *Store) isThrough(ctx context.Context, r *Review, onto object.Hash) (bool, error) {
	tip, err := s.bus.Store().Tip(ctx, throughRef(r.From))
	if err != nil || tip == "" || tip == r.Base || onto == "" || onto == r.Base {
		return false, err
	}
	git := s.bus.Store().Repo()
	// What the review begins after was let through for an earlier one.
	return isAncestor(ctx, git, tip, onto) && !isAncestor(ctx, git, tip, r.Base), nil
}

// findLanded looks for the commits of the range in the history of onto: as they are,
// as others with the same patch (a rebase or cherry-pick), or with the same author,
// date and subject (one whose conflicts were resolved); or for one commit with the
// patch of the whole range (a squash). It is empty where onto is "" or has not moved.
func findLanded(ctx context.Context, git *repo.Repo, r *Review, onto object.Hash) (*landed, error) {
	l := &landed{had: map[object.Hash]bool{}}
	if onto == "" || onto == r.Base {
		return l, nil
	}
	if err := l.list(ctx, git, r); err != nil {
		return nil, err
	}
	squash, err := synthetic(ctx, git, r.Base, r.Tip)
	if err != nil {
		return nil, err
	}
	out, err := gitOutput(git.GitParsed(ctx, "rev-list", "--no-commit-header", "--cherry-mark", "--left-right", "--no-merges",
		"--format=%m%H%an <%ae> %at %s", string(onto)+"..."+string(r.Tip), string(squash), "^"+string(r.Base)))
	if err != nil {
		return nil, err
	}
	for _, id := range l.commits {
		l.had[id] = true // one that is not listed is below onto itself
	}
	there, missing := map[string]bool{}, map[object.Hash]string{}
	for line := range strings.SplitSeq(out, "\n") {
		if len(line) <= len(r.Base) {
			continue
		}
		mark, id, who := line[0], object.Hash(line[1:len(r.Base)+1]), line[len(r.Base)+1:]
		switch {
		case id == squash:
			l.all = mark == '='
		case !l.had[id]:
			there[who] = true
		case mark != '=':
			missing[id] = who
		}
	}
	maps.DeleteFunc(missing, func(_ object.Hash, who string) bool { return there[who] })
	for id := range missing {
		l.had[id] = false
	}
	l.all = l.all || len(missing) == 0 && (len(l.commits) > 0 || isAncestor(ctx, git, r.Tip, onto))
	return l, nil
}

// MarkLanded gives a review whose change is, or has been, on its target the state
// [Landed], as this clone knows that branch. One that is closed stays as it is.
func (s *Store) MarkLanded(ctx context.Context, r *Review) error {
	if r.State == Withdrawn || r.State == Superseded {
		return nil
	}
	git := s.bus.Store().Repo()
	ids, err := resolve(ctx, git, r.Target+"^{commit}", string(r.Base)+"^{commit}", string(r.Tip)+"^{commit}")
	if err != nil || slices.Contains(ids[:2], "") {
		return err
	}
	through, err := s.isThrough(ctx, r, ids[0])
	if err != nil {
		return err
	}
	if through {
		r.State = Landed
	}
	if through || ids[2] == "" {
		return nil
	}
	l, err := findLanded(ctx, git, r, ids[0])
	if err == nil && l.all {
		r.State = Landed
	}
	return err
}

// any reports whether some of the range has landed.
func (l *landed) any() bool {
	return slices.ContainsFunc(l.commits, func(id object.Hash) bool { return l.had[id] })
}

// list sets the commits of the range.
func (l *landed) list(ctx context.Context, git *repo.Repo, r *Review) error {
	out, err := gitOutput(git.GitParsed(ctx, "rev-list", "--topo-order", "--reverse", "--parents", string(r.Base)+".."+string(r.Tip)))
	for line := range strings.Lines(out) {
		ids := strings.Fields(line)
		if len(ids) > 2 {
			l.merges = true
		} else {
			l.commits = append(l.commits, object.Hash(ids[0]))
		}
	}
	return err
}
