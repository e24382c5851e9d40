package land

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// change is what a push has made of the target.
type change struct {
	target        repo.Target
	before, after string
	again         bool // those whom it concerns may have been told
}

// notifyHolders sends each session that claims a file which the push changed one
// message with the names of the files, and returns who they are.
func (l *Lander) notifyHolders(ctx context.Context, made change) ([]string, error) {
	files, err := l.pathsBetween(ctx, made.before, made.after)
	if err != nil {
		return nil, err
	}
	holders, err := l.Claims.Holders(ctx, files)
	if err != nil {
		return nil, err
	}
	theirs := map[string][]string{}
	for _, file := range files {
		if held, ok := holders[file]; ok && held.Session != l.Session {
			theirs[held.Session] = append(theirs[held.Session], file)
		}
	}
	span := made.before[:10] + ".." + made.after[:10]
	sessions := slices.Sorted(maps.Keys(theirs))
	var notices []bus.Notice
	for _, session := range sessions {
		body := fmt.Sprintf("my push to %s changed what you claim: %s (%s)", made.target, listFiles(theirs[session]), span)
		notices = append(notices, bus.Notice{From: l.Session, To: session, Body: strings.ToValidUTF8(body, "\ufffd")})
	}
	return sessions, l.Bus.Tell(ctx, notices, made.again)
}

// tell tells all whom the landing concerns. Those that could not be told yet are not
// among landed.Notified.
func (l *Lander) tell(ctx context.Context, landed *Landed) error {
	if landed.Before == "" || landed.Commits == 0 {
		return nil
	}
	notified, err := l.notifyHolders(ctx, change{landed.Target, landed.Before, landed.After, landed.again})
	if err == nil {
		landed.Notified = notified
	}
	return errors.Join(err, l.notifyHealed(ctx, landed))
}

// isKept reports whether err says that what could not be told is kept to be told later.
func isKept(err error) bool {
	var kept *bus.KeptError
	return errors.As(err, &kept)
}

// listFiles names the first few files, and how many more there are.
func listFiles(files []string) string {
	const most = 10
	text := strings.ToValidUTF8(strings.Join(files[:min(most, len(files))], ", "), "\ufffd")
	if len(files) > most {
		text += fmt.Sprintf(" and %d more", len(files)-most)
	}
	return text
}

// notifyConflict sends each session whose commits are the other side of a conflict
// one message with these commits. A push that is tried again, and meets the same
// conflict, does not repeat it.
func (l *Lander) notifyConflict(ctx context.Context, err error) error {
	var conflict *ConflictError
	if !errors.As(err, &conflict) {
		return nil
	}
	return l.notifySessions(ctx, conflict.Theirs, func(commits []string) string {
		return fmt.Sprintf("my push meets a conflict in %s with your %s on %s", listFiles(conflict.Files), strings.Join(commits, ", "), conflict.Onto)
	}, true)
}

// notifyHealed sends each session whose commits were the other side of a healed
// conflict one message with the files and the rules.
func (l *Lander) notifyHealed(ctx context.Context, landed *Landed) error {
	if len(landed.Healed) == 0 {
		return nil
	}
	var files, how []string
	for _, h := range landed.Healed {
		files = append(files, h.Path)
		how = append(how, fmt.Sprintf("%s (%s)", h.Path, strings.Join(h.Rules(), ", ")))
	}
	theirs, err := Changes(ctx, l.Repo, files, landed.Tip+".."+landed.Before)
	if err != nil {
		return err
	}
	return l.notifySessions(ctx, theirs, func(commits []string) string {
		return fmt.Sprintf("my push healed a conflict with your %s: %s", strings.Join(commits, ", "), listFiles(how))
	}, landed.again)
}

// notifySessions sends one message to each session that made one of the changes,
// in one transaction. Changes of no session, of one that is not registered here
// and of our own are left out.
func (l *Lander) notifySessions(ctx context.Context, theirs []Change, body func(commits []string) string, again bool) error {
	commits := map[string][]string{}
	for _, change := range theirs {
		id, err := l.Bus.Resolve(ctx, change.Session)
		var unknown *bus.UnknownSessionError
		if errors.As(err, &unknown) || err == nil && id == l.Session {
			continue
		}
		if err != nil {
			return err
		}
		commits[id] = append(commits[id], change.Commit)
	}
	var notices []bus.Notice
	for _, id := range slices.Sorted(maps.Keys(commits)) {
		notices = append(notices, bus.Notice{From: l.Session, To: id, Body: body(commits[id])})
	}
	return l.Bus.Tell(ctx, notices, again)
}
