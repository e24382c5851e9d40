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

// markPrefix begins the note of a session that a push left blocked: only such a
// mark is cleared by the next push that succeeds.
const markPrefix = "push: "

// blocks reports whether a failure is one that the session has to do something
// about, and not one of the moment.
func blocks(err error) bool {
	var conflict *ConflictError
	var rejected *RejectedError
	var gate *GateError
	var verify *VerifyError
	return errors.As(err, &conflict) || errors.As(err, &rejected) || errors.As(err, &gate) || errors.As(err, &verify)
}

func (l *Lander) mark(ctx context.Context, why error) error {
	status, note := bus.Blocked, strings.ToValidUTF8(markPrefix+why.Error(), "\ufffd")
	return l.Bus.SetStatus(ctx, l.Session, l.Session, bus.Change{Status: &status, Note: &note}, nil)
}

func (l *Lander) clearMark(ctx context.Context) error {
	s, err := l.Bus.Session(ctx, l.Session)
	if err != nil || s.Status != bus.Blocked || !strings.HasPrefix(s.Note, markPrefix) {
		return err
	}
	status, note := bus.Running, ""
	return l.Bus.SetStatus(ctx, l.Session, l.Session, bus.Change{Status: &status, Note: &note}, nil)
}

// tellOwners sends each session that claims a file which the push changed one
// message that names the files.
func (l *Lander) tellOwners(ctx context.Context, landed *Landed) error {
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
	landed.Told = slices.Sorted(maps.Keys(theirs))
	span := landed.Before[:10] + ".." + landed.After[:10]
	return l.Bus.Update(ctx, l.Session, func(tx *refstore.Tx, _ string) error {
		for _, session := range landed.Told {
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

// tellConflict names, to each session that owns the other side of a conflict,
// its commits.
func (l *Lander) tellConflict(ctx context.Context, err error) error {
	var conflict *ConflictError
	if !errors.As(err, &conflict) {
		return nil
	}
	return l.tellSessions(ctx, conflict.Theirs, func(commits []string) string {
		return fmt.Sprintf("my push meets a conflict in %s with your %s on %s", listFiles(conflict.Files), strings.Join(commits, ", "), conflict.Onto)
	})
}

// tellHealed tells each session whose lines were part of a conflict that was
// healed.
func (l *Lander) tellHealed(ctx context.Context, landed *Landed) error {
	if len(landed.Healed) == 0 {
		return nil
	}
	var files, how []string
	for _, h := range landed.Healed {
		files = append(files, h.Path)
		how = append(how, fmt.Sprintf("%s (%s)", h.Path, strings.Join(h.Rules(), ", ")))
	}
	theirs, err := theirChanges(ctx, l.Repo, landed.Tip+".."+landed.Before, files)
	if err != nil {
		return err
	}
	return l.tellSessions(ctx, theirs, func(commits []string) string {
		return fmt.Sprintf("my push healed a conflict with your %s: %s", strings.Join(commits, ", "), listFiles(how))
	})
}

// tellSessions sends one message to each session among the authors of changes,
// in one transaction. Who is no session here is left out.
func (l *Lander) tellSessions(ctx context.Context, theirs []Change, body func(commits []string) string) error {
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
