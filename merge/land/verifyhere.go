package land

import (
	"context"
	"errors"
)

// ErrNoVerify says that there is no verify command.
var ErrNoVerify = errors.New("swarm.verify is not set")

// VerifyHere runs the verify command on the commit that is checked out, as a push would,
// unless its tree has passed it already. A push that would land just this tree does not
// run it again.
func (l *Lander) VerifyHere(ctx context.Context) (ran bool, err error) {
	if l.Verify == "" {
		return false, ErrNoVerify
	}
	c, release, err := begin(ctx, l.Repo)
	defer release()
	if err != nil {
		return false, err
	}
	tree, err := treeOf(ctx, l.Repo, c.tip)
	if err != nil || l.passed(tree) {
		return false, err
	}
	err = l.check(ctx, c.tip, tree, 0)
	var failure *VerifyError
	if errors.As(err, &failure) {
		l.blame(failure, l.Session)
	}
	return true, err
}
