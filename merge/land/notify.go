package land

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// notifyHolders sends each session that claims a file which the push changed one
// message with the names of the files.
func (l *Lander) notifyHolders(ctx context.Context, landed *Landed) error {
	if landed.Before == "" || landed.Commits == 0 {
		return nil
	}
	files, err := repo.Fields(l.Repo.GitParsed(ctx, "diff", "--name-only", "--no-renames", "--no-relative", "--ignore-submodules=none", "-z", landed.Before, landed.After))
	if err != nil {
		return err
	}
	holders, err := l.Claims.Holders(ctx, files)
	if err != nil {
		return err
	}
	theirs := map[string][]string{}
	for _, file := range files {
		if held, ok := holders[file]; ok && held.Session != l.Session {
			theirs[held.Session] = append(theirs[held.Session], file)
		}
	}
	if len(theirs) == 0 {
		return nil
	}
	landed.Notified = slices.Sorted(maps.Keys(theirs))
	span := landed.Before[:10] + ".." + landed.After[:10]
	return l.Bus.Update(ctx, l.Session, func(tx *refstore.Tx, _ string) error {
		for _, session := range landed.Notified {
			body := fmt.Sprintf("my push to %s changed what you claim: %s (%s)", landed.Target, listFiles(theirs[session]), span)
			if _, err := bus.Notify(tx, session, strings.ToValidUTF8(body, "\ufffd")); err != nil {
				return err
			}
		}
		return nil
	})
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
// one message with these commits.
func (l *Lander) notifyConflict(ctx context.Context, err error) error {
	var conflict *ConflictError
	if !errors.As(err, &conflict) {
		return nil
	}
	return l.notifySessions(ctx, conflict.Theirs, func(commits []string) string {
		return fmt.Sprintf("my push meets a conflict in %s with your %s on %s", listFiles(conflict.Files), strings.Join(commits, ", "), conflict.Onto)
	})
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
	theirs, err := changesIn(ctx, l.Repo, landed.Tip+".."+landed.Before, files)
	if err != nil {
		return err
	}
	return l.notifySessions(ctx, theirs, func(commits []string) string {
		return fmt.Sprintf("my push healed a conflict with your %s: %s", strings.Join(commits, ", "), listFiles(how))
	})
}

// notifySessions sends one message to each session that made one of the changes,
// in one transaction. Changes of no session, of one that is not registered here
// and of our own are left out.
func (l *Lander) notifySessions(ctx context.Context, theirs []Change, body func(commits []string) string) error {
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
	if len(commits) == 0 {
		return nil
	}
	return l.Bus.Update(ctx, l.Session, func(tx *refstore.Tx, _ string) error {
		for _, id := range slices.Sorted(maps.Keys(commits)) {
			if _, err := bus.Notify(tx, id, body(commits[id])); err != nil {
				return err
			}
		}
		return nil
	})
}
