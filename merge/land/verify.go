package land

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/merge/command"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// VerifyError says that the user's verify command refused what would have landed.
type VerifyError struct {
	Command string
	Status  int           // -1 if it was ended
	Limit   time.Duration // swarm.verifyTimeout, if it was ended for that; else 0
	Healed  []string      // the files that had been healed
	Upon    []string      // the sessions on whose work it stood: without it that passed
	Log     string        // the file that has all that the command printed
	Tail    string        // the last lines of it

	said string // by another process
}

func (e *VerifyError) Error() string {
	if e.said != "" {
		return e.said
	}
	line := fmt.Sprintf("swarm.verify '%s' ended with %d", e.Command, e.Status)
	if e.Limit > 0 {
		line = fmt.Sprintf("swarm.verify '%s' was ended after %s", e.Command, e.Limit)
	}
	if len(e.Healed) > 0 {
		line += ", with healed conflicts in " + strings.Join(e.Healed, ", ")
	}
	if len(e.Upon) > 0 {
		line += fmt.Sprintf(", twice, on top of the work of %s, which passes without it", listSessions(e.Upon))
	}
	return line
}

// Elsewhere reports whether another process ran the command.
func (e *VerifyError) Elsewhere() bool { return e.said != "" }

// verifyLog is the file for what the verify command prints about the session's work.
func verifyLog(r *repo.Repo, session string) string {
	return filepath.Join(r.CommonDir, "swarm", "verify-"+session+".log")
}

// runOn runs the command on the stack, and remembers its tree if it has passed. slot
// tells apart those that run at once.
func (l *Lander) runOn(ctx context.Context, made stack, tree string, slot int) error {
	err := l.check(ctx, made.top(), tree, slot)
	var failure *VerifyError
	if errors.As(err, &failure) {
		for _, one := range made {
			for _, h := range one.healed {
				failure.Healed = append(failure.Healed, h.Path)
			}
		}
	}
	return err
}

// check runs the user's command in a checkout of the commit, which it makes and
// removes again: the user's own may hold other things. begin removes what a killed one
// leaves. A *VerifyError names the log, verify-<session>.run until the failure is somebody's.
// Those that run at once each have a slot of their own.
func (l *Lander) check(ctx context.Context, commit, tree string, slot int) error {
	s := verifyScratch(l.Repo, slot)
	s.remove(ctx)
	defer s.close(ctx)
	err := s.record(ctx, commit)
	if err == nil {
		_, err = repo.Output(s.git(ctx, "-c", "core.sparseCheckout=false", "read-tree", "-m", "-u", "HEAD"))
	}
	if err != nil {
		return fmt.Errorf("check out what would land: %w", err)
	}
	log, shown := strings.TrimSuffix(verifyLog(l.Repo, l.Session), ".log"), l.Progress
	if slot > 0 { // two at once could not be told apart
		log, shown = fmt.Sprintf("%s-%d", log, slot+1), nil
	}
	out, err := newRecording(log+".run", shown)
	if err != nil {
		return err
	}
	began := time.Now()
	err = command.Run(ctx, l.Verify, s.dir, l.Repo.Git(ctx).Env, l.VerifyTimeout, out)
	tail := out.close()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case err == nil:
		l.remember(tree)
		l.rememberTime(time.Since(began))
	case errors.Is(err, command.ErrTimeout):
		return &VerifyError{Command: l.Verify, Status: -1, Limit: l.VerifyTimeout, Log: out.path, Tail: tail}
	case errors.As(err, &exit):
		return &VerifyError{Command: l.Verify, Status: exit.ExitCode(), Log: out.path, Tail: tail}
	}
	_ = os.Remove(out.path)
	return err
}

// blame keeps the log of a failure as that of the session's work.
func (l *Lander) blame(failure *VerifyError, session string) {
	path := verifyLog(l.Repo, session)
	if err := os.Rename(failure.Log, path); err == nil {
		failure.Log = path
	}
}
