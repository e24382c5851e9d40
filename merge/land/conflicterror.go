package land

import (
	"context"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// ConflictError says that a branch could not be rebased.
type ConflictError struct {
	Onto   string   // the target, as the user knows it
	Commit string   // the commit of the branch that did not apply: "id subject"
	Files  []string // in conflict
	Theirs []Change // commits on the other side that touched those files, newest first
}

// Change is a commit that changed some of the files in conflict.
type Change struct {
	Commit  string // abbreviated
	Session string // from a subject "[Session ID] …"; "" if it was none
	Author  string
	Subject string
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("conflict with %s in %s", e.Onto, strings.Join(e.Files, ", "))
}

// conflict tells of the commit at which the rebase has stopped.
func (b *bench) conflict(ctx context.Context, tip, onto, name string, files []string) error {
	e := &ConflictError{Onto: name, Files: files}
	var err error
	if e.Commit, err = repo.Line(b.git(ctx, "log", "-1", "--no-show-signature", "--format=%h %s", "REBASE_HEAD")); err != nil {
		return err
	}
	if e.Theirs, err = theirChanges(ctx, b.repo, tip+".."+onto, files); err != nil {
		return err
	}
	return e
}

// theirChanges lists who changed the files within the range, newest first.
func theirChanges(ctx context.Context, r *repo.Repo, span string, files []string) ([]Change, error) {
	args := []string{"log", "--no-show-signature", "--max-count=20", "-z", "--format=%h%x01%an%x01%s", span, "--"}
	for _, file := range files {
		args = append(args, ":(top,literal)"+file)
	}
	lines, err := repo.Fields(r.GitParsed(ctx, args...))
	if err != nil {
		return nil, err
	}
	var found []Change
	for _, line := range lines {
		fields := strings.SplitN(line, "\x01", 3)
		if len(fields) == 3 {
			found = append(found, Change{fields[0], sessionOf(fields[2]), fields[1], fields[2]})
		}
	}
	return found, nil
}

// sessionOf reads the session from a subject as git swarm commit writes it.
func sessionOf(subject string) string {
	rest, ok := strings.CutPrefix(subject, "[Session ")
	if !ok {
		return ""
	}
	id, _, ok := strings.Cut(rest, "] ")
	if !ok {
		return ""
	}
	return id
}
