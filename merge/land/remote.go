package land

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// LandingEnv is the environment variable that is 1 for the hooks of a Push, which asks
// the gate and takes the lock.
const LandingEnv = "GIT_SWARM_LANDING"

// RejectedError says that the remote, or a hook, refused the push.
type RejectedError struct{ Why string }

func (e *RejectedError) Error() string { return "push rejected: " + e.Why }

// errMoved says that the target has moved since it was fetched.
var errMoved = errors.New("the target has moved")

// fetch returns the target's tip, "" if there is no such branch on the remote, or
// here if there is no remote.
func (l *Lander) fetch(ctx context.Context, target repo.Target) (string, error) {
	if target.Remote == "" {
		return l.localTip(ctx, target.Branch)
	}
	for try := 1; ; try++ {
		cmd, stderr := userGit(ctx, l.Repo, nil, "fetch", "--quiet", "--no-tags", "--no-auto-maintenance", "--no-recurse-submodules", target.Remote, "refs/heads/"+target.Branch)
		_, err := l.noted(cmd, target)
		switch {
		case err == nil:
			return l.fetched(ctx)
		case strings.Contains(stderr.String(), "couldn't find remote ref"):
			return "", nil
		case ctx.Err() != nil:
			return "", context.Cause(ctx)
		case try == fetchTries || !strings.Contains(stderr.String(), "cannot lock ref") || strings.Contains(stderr.String(), "cannot create"):
			return "", l.unfetched(ctx, fmt.Errorf("fetch from %s: %s", target.Remote, complaint(stderr.String(), err)))
		}
		// Another worktree's fetch has moved, or is moving, the same tracking ref.
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(rand.IntN(50*try)+1) * time.Millisecond):
		}
	}
}

// unfetched is why the target could not be fetched: where its remote is the hub, what is
// wrong with the hub, if anything is.
func (l *Lander) unfetched(ctx context.Context, failed error) error {
	if l.AtHub {
		if err := l.Bus.Store().Refresh(ctx, true); err != nil {
			return err
		}
	}
	return failed
}

// fetched is the commit that has just been fetched.
func (l *Lander) fetched(ctx context.Context) (string, error) {
	content, err := os.ReadFile(filepath.Join(l.Repo.GitDir, "FETCH_HEAD"))
	line, rest, _ := strings.Cut(string(content), "\n")
	id, _, _ := strings.Cut(line, "\t")
	if err == nil && rest == "" && (object.SHA1.Valid(object.Hash(id)) || object.SHA256.Valid(object.Hash(id))) {
		return id, nil
	}
	return repo.Line(l.Repo.GitParsed(ctx, "rev-parse", "--verify", "FETCH_HEAD^{commit}"))
}

// noted is the output of a fetch or push, which moves the ref in which the target is
// kept. It stays at the terminal, where a key's passphrase may be asked for.
func (l *Lander) noted(cmd *exec.Cmd, target repo.Target) (string, error) {
	locks := append(gitlock.Ref(l.Repo, "refs/remotes/"+target.String()), filepath.Join(l.Repo.CommonDir, "shallow.lock"))
	return repo.OutputBy(cmd, func() error { return gitlock.Attached(l.Repo, cmd, locks) })
}

// fetchTries is how often a fetch is tried while other fetches hold the same ref.
const fetchTries = 10

// push moves the target by an unforced push. The pre-push hook does not run: runHooks
// has asked it. What counts is a line of --porcelain
// output about the ref. Where there is none, because the connection broke or the
// command was told to end, the remote is asked: lost then says why no answer came.
func (l *Lander) push(ctx context.Context, tip string, target repo.Target) (lost, err error) {
	cmd, stderr := userGit(ctx, l.Repo, l.Progress, "push", "--no-verify", "--porcelain", target.Remote, tip+":refs/heads/"+target.Branch)
	cmd.Env = append(cmd.Env, LandingEnv+"=1")
	out, failed := l.noted(cmd, target)
	if answered, err := verdict(out, stderr.String(), failed); answered {
		return nil, err
	}
	refused := &RejectedError{complaint(stderr.String(), fmt.Errorf("git push failed: %w", failed))}
	lost = errors.New(refused.Why)
	if ctx.Err() != nil {
		lost = context.Cause(ctx)
	}
	err = l.ask(ctx, tip, target, lost)
	var unanswered *UnansweredError
	if errors.As(err, &unanswered) && unanswered.Asked && ctx.Err() == nil && !wasSent(stderr.String()) {
		return nil, refused
	}
	return lost, err
}

// verdict is what git push reports of the one ref: nil, errMoved or *RejectedError.
// Without a line about it, or with one that says no more than that the remote said
// nothing, there is no answer.
func verdict(out, stderr string, failed error) (answered bool, err error) {
	for line := range strings.Lines(out) {
		flag, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		_, summary, _ := strings.Cut(rest, "\t")
		switch {
		case !ok, strings.Contains(summary, "[remote failure]"):
		case failed == nil && (flag == " " || flag == "*"):
			return true, nil
		case flag == "!" && strings.Contains(stderr, "cannot lock ref") && remoteLock(stderr) != "":
			return true, &lockedError{remoteLock(stderr)}
		case flag == "=", flag == "!" && isMoved(summary, stderr):
			return true, errMoved
		case flag == "!":
			return true, &RejectedError{strings.NewReplacer("[", "", "]", "").Replace(summary)}
		}
	}
	return false, nil
}

// isMoved reports whether a push was refused because the target had moved since
// the fetch: as this side saw it, or as the remote found when it took the ref's lock.
func isMoved(summary, stderr string) bool {
	return strings.Contains(summary, "(fetch first)") || strings.Contains(summary, "(non-fast-forward)") ||
		strings.Contains(stderr, "cannot lock ref") || strings.Contains(stderr, "incorrect old value provided")
}

// complaint is the first line of git's standard error that says why it failed, or err
// if there is none.
func complaint(text string, err error) string {
	for line := range strings.Lines(text) {
		for _, prefix := range []string{"fatal: ", "error: ", "ERROR: "} {
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				return strings.TrimSpace(rest)
			}
		}
	}
	return err.Error()
}
