package land

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// UnansweredError says that a push was sent, that no answer to it arrived, and that
// it cannot be told whether it has landed or will. The next push finds out.
type UnansweredError struct {
	Target repo.Target
	Commit string // what was sent
	Asked  bool   // the remote was asked since, and did not have it
	Err    error  // what kept the answer away
}

func (e *UnansweredError) Error() string {
	if e.Asked {
		return fmt.Sprintf("no answer from %s (%s): %s did not have %.10s when asked, but may still get it", e.Target.Remote, e.Err, e.Target, e.Commit)
	}
	return fmt.Sprintf("no answer from %s (%s): %.10s may have landed on %s", e.Target.Remote, e.Err, e.Commit, e.Target)
}

// Unwrap returns what kept the answer away.
func (e *UnansweredError) Unwrap() error { return e.Err }

// RemoteLockedError says that a lock file on the remote kept the target from being
// moved each time it was tried. It may have been left by a git that was killed.
type RemoteLockedError struct {
	Target repo.Target
	Path   string // as the remote named it
}

func (e *RemoteLockedError) Error() string {
	return fmt.Sprintf("%s is locked on %s: '%s' exists there", e.Target.Branch, e.Target.Remote, e.Path)
}

// askTime bounds the question to the remote whether a push has landed, where the
// command was told to end.
const askTime = 10 * time.Second

// ask finds out whether a push to which no answer came has landed: nil if so. Else it
// returns *UnansweredError, with why in it.
func (l *Lander) ask(ctx context.Context, tip string, target repo.Target, why error) error {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), askTime)
		defer cancel()
	}
	unanswered := &UnansweredError{Target: target, Commit: tip, Err: why}
	now, err := l.fetch(ctx, target)
	if err != nil {
		return unanswered
	}
	unanswered.Asked = true
	if now == "" {
		return unanswered
	}
	landed, err := l.ancestor(ctx, tip, now)
	if err != nil {
		unanswered.Asked = false
	}
	if landed {
		return nil
	}
	return unanswered
}

// wasSent reports whether a push that failed with these words may have reached the
// remote. A connection that was never made, and a pre-push hook that said no, have
// other words.
func wasSent(stderr string) bool {
	for _, words := range []string{"hung up unexpectedly", "unexpected disconnect", "RPC failed", "early EOF", "unable to write", "Broken pipe", "Connection reset", "Connection timed out", "failed to report status"} {
		if strings.Contains(stderr, words) {
			return true
		}
	}
	return false
}

// remoteLock is the lock file of which the remote says that it exists, "" if it says
// nothing of one.
func remoteLock(stderr string) string {
	for line := range strings.Lines(stderr) {
		if _, rest, ok := strings.Cut(line, "Unable to create '"); ok && strings.Contains(rest, "': File exists") {
			path, _, _ := strings.Cut(rest, "': File exists")
			return path
		}
	}
	return ""
}

// lockedError says that a lock file on the remote was in the way of one try: that of
// another push, which will be gone in a moment, or one that was left behind.
type lockedError struct{ path string }

func (e *lockedError) Error() string        { return "the remote has a lock file: " + e.path }
func (e *lockedError) Is(target error) bool { return target == errMoved }
