package hub

import (
	"errors"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// verdict reads the report of git push --porcelain of refs below the prefix: one line
// for each ref, of which the first character says what became of it. Where there is no
// such line, the server may have said on standard error that it lets nobody push.
func verdict(out string, failed error, prefix string) error {
	refused := map[string]string{} // the summary, by the ref's full name there
	var stale []string
	done := false
	for line := range strings.Lines(out) {
		flag, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok || len(flag) != 1 {
			continue
		}
		refs, summary, _ := strings.Cut(rest, "\t")
		switch flag {
		case "!":
			_, ref, _ := strings.Cut(refs, ":")
			refused[ref] = summary
			if isStale(summary) {
				stale = append(stale, ref)
			}
		case "*", " ", "+", "=", "-":
			done = true
		}
	}
	var said *repo.GitError
	switch {
	case failed == nil && done && len(refused) == 0:
		return nil
	case failed == nil:
		return &refstore.HubError{Err: errors.New("git push has reported nothing")}
	case !errors.As(failed, &said):
		return &refstore.HubError{Err: failed}
	case denial(said.Stderr) != "" && (len(refused) == 0 || !strings.Contains(denial(said.Stderr), gitoliteDenied)):
		return &refstore.RefusedError{Why: denial(said.Stderr), Kind: refstore.RefusedWriter}
	case len(refused) == 0:
		return &refstore.HubError{Err: brief(failed), Unsent: isUnsent(said.Stderr)}
	}
	for _, summary := range refused {
		if strings.Contains(summary, "[remote failure]") { // the connection broke
			return &refstore.HubError{Err: brief(failed)}
		}
	}
	slices.Sort(stale)
	switch {
	case len(stale) > 0:
		return &refstore.StaleError{Refs: stale}
	case isStale(said.Stderr):
		if why := locked(said.Stderr); why != "" {
			return &refstore.StaleError{Locked: why}
		}
		return refstore.ErrStale
	}
	return refusal(refused, said, prefix)
}

// refusal is why the server takes one of these refs, or all of them, from nobody: its
// own words on standard error, if there are, else those of the report.
func refusal(refused map[string]string, said *repo.GitError, prefix string) error {
	e := &refstore.RefusedError{Why: said.Line()}
	var reasons []string
	for ref, summary := range refused {
		if strings.Contains(summary, "atomic") { // which only says that another ref was refused
			continue
		}
		reasons = append(reasons, strings.NewReplacer("[", "", "]", "").Replace(summary))
		if !strings.HasPrefix(ref, prefix) {
			e.Branch = ref
		}
		if strings.Contains(summary, "hidden ref") || strings.Contains(summary, "funny refname") {
			e.Kind = refstore.RefusedPlace
		}
	}
	if len(reasons) > 0 {
		e.Why = slices.Min(reasons)
	}
	for line := range strings.Lines(said.Stderr) {
		text, ok := strings.CutPrefix(line, "remote: ")
		text = strings.TrimSpace(strings.TrimPrefix(text, "error:"))
		if ok && strings.Trim(text, "=-*# ") != "" { // some draw a frame, or begin with an empty line
			e.Why = text
			break
		}
	}
	if e.Branch == "" && strings.Contains(e.Why, gitoliteDenied) { // a rule about refs, not about who pushes
		e.Kind = refstore.RefusedPlace
	}
	return e
}

// gitoliteDenied is in the line with which gitolite turns somebody away, from the
// repository or, when it has been told which refs are to move, from one of them.
const gitoliteDenied = " DENIED by "

// denial is the line with which a server turns away whoever asks, "" if there is none.
// That it has no such repository is not one: it may be away.
func denial(stderr string) string {
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "remote: "))
		for _, sign := range denials {
			if strings.Contains(line, sign) {
				return strings.TrimPrefix(strings.TrimPrefix(line, "fatal: "), "error: ")
			}
		}
	}
	return ""
}

// denials are words of git, OpenSSH, gitolite and the forges.
var denials = []string{
	"service not enabled", "remote error: access denied",
	"returned error: 401", "returned error: 403", "HTTP 401", "HTTP 403",
	"Authentication failed", "could not read Username", "could not read Password",
	"Permission denied (", // ssh
	gitoliteDenied,
	"ERROR: Permission to ",              // GitHub
	"marked as read only",                // a deploy key
	"You are not allowed to push",        // GitLab
	"User permission denied",             // Gitea
	"insufficient permission for adding", // a folder that belongs to somebody else
	"unable to create temporary object directory",
}

// isUnsent reports whether git could not even connect: after that, and when a
// connection breaks later, it has other words.
func isUnsent(stderr string) bool {
	for _, words := range []string{"hung up", "unexpected disconnect", "RPC failed", "early EOF", "unable to write", "Broken pipe", "reset by peer", "timed out"} {
		if strings.Contains(stderr, words) {
			return false
		}
	}
	return strings.Contains(stderr, unread) || strings.Contains(stderr, "unable to access") || strings.Contains(stderr, "unable to connect to")
}

// unread is what git says where ssh, or a program in its place, has said why.
const unread = "Could not read from remote repository"

// isStale reports whether git, here or there, has found a ref at another commit.
func isStale(text string) bool {
	for _, sign := range []string{"(stale info)", "(fetch first)", "(non-fast-forward)", "incorrect old value provided", "reference already exists", "but expected", "failed to update ref", "cannot lock ref"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// locked is the line with which git says that a lock file is in its way there, "" if none
// is.
func locked(stderr string) string {
	for line := range strings.Lines(stderr) {
		if strings.Contains(line, "Unable to create '") && strings.Contains(line, ".lock'") {
			return strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(line, "remote: "), "error: "))
		}
	}
	return ""
}

// brief is an error of git as one line.
func brief(err error) error {
	var said *repo.GitError
	if !errors.As(err, &said) {
		return err
	}
	if first, _, _ := strings.Cut(strings.TrimSpace(said.Stderr), "\n"); strings.HasPrefix(said.Line(), unread) && first != "" {
		return errors.New(strings.TrimPrefix(first, "fatal: "))
	}
	return errors.New(said.Line())
}
