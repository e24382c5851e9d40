package land

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// pendingFile holds a line for each push of this worktree that was about to land
// (see pending). It is written before the target is moved, and removed once the
// branch has followed and the others were told.
//
// Where the branch is still at its old tip and the target has the new one, the push
// was killed in between, its answer was lost, or the branch could not follow. git
// knows by the patches what has landed already, but not where conflicts were healed:
// the branch would conflict with itself.
func pendingFile(r *repo.Repo) string { return filepath.Join(r.GitDir, "swarm-landing") }

// pending is a push that was about to land: "BRANCH OLD NEW BEFORE TARGET". Without
// the last two, nobody has to be told any more.
type pending struct {
	branch    string
	old, next string // the branch's tip, and what was to land of it: itself, or its rebase
	before    string // the target's tip
	target    string
}

func (p pending) line() string {
	words := []string{p.branch, p.old, p.next}
	if p.before != "" {
		words = append(words, p.before, p.target)
	}
	return strings.Join(words, " ") + "\n"
}

// readPending returns the pushes that are noted. Torn lines are left out.
func readPending(r *repo.Repo) ([]pending, error) {
	content, err := os.ReadFile(pendingFile(r))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []pending
	for text := range strings.Lines(string(content)) {
		words := strings.Fields(text)
		switch {
		case !strings.HasSuffix(text, "\n"):
		case len(words) == 3:
			all = append(all, pending{words[0], words[1], words[2], "", ""})
		case len(words) == 5:
			all = append(all, pending{words[0], words[1], words[2], words[3], words[4]})
		}
	}
	return all, nil
}

func writePending(r *repo.Repo, all ...pending) error {
	var lines strings.Builder
	for _, p := range all {
		lines.WriteString(p.line())
	}
	if lines.Len() == 0 {
		if err := os.Remove(pendingFile(r)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return file.Replace(pendingFile(r), []byte(lines.String()), 0o666)
}

// notePending notes a push that is about to land. What has landed before and the
// branch has not followed stays noted.
func (l *Lander) notePending(ctx context.Context, c checkout, landed *Landed) error {
	var all []pending
	last, err := l.pendingAt(ctx, c, landed.Before)
	if err != nil {
		return err
	}
	if last != nil {
		all = append(all, *last)
	}
	return writePending(l.Repo, append(all, pending{c.branch, c.tip, landed.After, landed.Before, landed.Target.String()})...)
}

// pendingAt is the newest push of the branch of which it is noted that the target
// at tip has it, while the branch is at, or above, what was pushed; nil if there is none.
func (l *Lander) pendingAt(ctx context.Context, c checkout, tip string) (*pending, error) {
	all, err := readPending(l.Repo)
	if err != nil {
		return nil, err
	}
	var last *pending
	for _, p := range all {
		if p.branch != c.branch || !l.known(ctx, p.next) {
			continue
		}
		mine, err := l.ancestor(ctx, p.old, c.tip)
		if err != nil {
			return nil, err
		}
		landed, err := l.ancestor(ctx, p.next, tip)
		if err != nil {
			return nil, err
		}
		if mine && landed {
			last = &p
		}
	}
	return last, nil
}

// triedOn are the pushes of the branch that are noted, each "OLD NEW".
func triedOn(r *repo.Repo, branch string) (pairs []string, err error) {
	all, err := readPending(r)
	for _, p := range all {
		if p.branch == branch {
			pairs = append(pairs, p.old+" "+p.next)
		}
	}
	return pairs, err
}

// lastLanded is the newest pair "OLD NEW" of tried of which the target at before has
// NEW, while tip is at, or above, OLD; "" if there is none.
func (l *Lander) lastLanded(ctx context.Context, tip string, tried []string, before string) (old, next string, err error) {
	if before == "" {
		return "", "", nil
	}
	for _, pair := range slices.Backward(tried) {
		from, to, _ := strings.Cut(pair, " ")
		if !l.known(ctx, from) || !l.known(ctx, to) {
			continue
		}
		mine, err := l.ancestor(ctx, from, tip)
		if err != nil {
			return "", "", err
		}
		landed, err := l.ancestor(ctx, to, before)
		if err != nil {
			return "", "", err
		}
		if mine && landed {
			return from, to, nil
		}
	}
	return "", "", nil
}

// known reports whether there is such a commit here: one that never landed may
// have been collected.
func (l *Lander) known(ctx context.Context, commit string) bool {
	if _, err := l.commit(ctx, commit); err == nil {
		return true
	}
	_, err := repo.Output(l.Repo.GitParsed(ctx, "cat-file", "-e", commit+"^{commit}"))
	return err == nil
}

// tellPending tells the sessions that pushes concern which have landed on the
// target, now at tip, and ended before they could tell anybody: killed, or without
// an answer.
func (l *Lander) tellPending(ctx context.Context, target repo.Target, tip string) error {
	all, err := readPending(l.Repo)
	if err != nil {
		return err
	}
	changed := false
	for i, p := range all {
		if p.before == "" || p.target != target.String() || tip == "" || !l.known(ctx, p.next) {
			continue
		}
		landed, err := l.ancestor(ctx, p.next, tip)
		if err != nil {
			return err
		}
		if !landed {
			continue
		}
		healed, err := HealedIn(ctx, l.Repo, p.before, p.next)
		if err != nil {
			return err
		}
		made := &Landed{Target: target, Before: p.before, After: p.next, Tip: p.old, Commits: 1, Healed: healed, again: true}
		if err := l.tell(ctx, made); err != nil && !isKept(err) {
			return err
		}
		all[i].before, changed = "", true
	}
	if !changed {
		return nil
	}
	return writePending(l.Repo, all...)
}

// settlePending ends the note of a push that has landed, of which the others have
// been told: where the branch could not follow, its new tip stays noted.
func settlePending(r *repo.Repo, landed *Landed) error {
	if landed.Stayed == nil {
		return writePending(r)
	}
	all, err := readPending(r)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].next == landed.After {
			all[i].before = ""
		}
	}
	return writePending(r, all...)
}
