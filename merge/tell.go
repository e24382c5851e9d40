package merge

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
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
	return errors.As(err, &conflict) || errors.As(err, &rejected) || errors.As(err, &gate)
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
	files, err := listed(l.Repo.GitParsed(ctx, "diff", "--name-only", "--no-renames", "--no-relative", "--ignore-submodules=none", "-z", landed.Before, landed.After))
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
	if len(files) <= most {
		return strings.Join(files, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(files[:most], ", "), len(files)-most)
}
