package land

import (
	"context"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// ConflictError says that a branch could not be rebased.
type ConflictError struct {
	Onto   string   // the target, as the user knows it
	Commit string   // the commit of the branch that did not apply: "id subject"
	Files  []string // in conflict
	Unmade string   // why the user's command made none of them anew; "" where none was to
	Theirs []Change // commits on the other side that touched those files, newest first
}

// Change is a commit that changed some of the files in conflict.
type Change struct {
	Commit  string // abbreviated
	Session string // from a subject "[Session ID] …"; "" if it was none
	Author  string
	Subject string
	Body    string // of the message, below the subject
}

func (e *ConflictError) Error() string {
	line := fmt.Sprintf("conflict with %s in %s", e.Onto, strings.Join(e.Files, ", "))
	if e.Unmade != "" {
		line += " (" + e.Unmade + ")"
	}
	return line
}

// conflict describes the commit at which the rebase has stopped, with some of the files
// still in conflict.
func (s *scratch) conflict(ctx context.Context, b *rebase, all []merge.Healed) error {
	files := remaining(all)
	e := &ConflictError{Onto: b.target.String(), Files: files}
	for _, h := range all {
		if h.Failed {
			e.Unmade = h.Why
		}
	}
	var err error
	if e.Commit, err = repo.Line(s.git(ctx, "log", "-1", "--no-show-signature", "--format=%h %s", "REBASE_HEAD")); err != nil {
		return err
	}
	if e.Theirs, err = Changes(ctx, s.repo, files, b.tip+".."+b.onto); err != nil {
		return err
	}
	return e
}

// Changes lists the newest 20 commits that changed one of the files, newest first:
// of those that git log's revisions name.
func Changes(ctx context.Context, r *repo.Repo, files []string, revisions ...string) ([]Change, error) {
	args := []string{"log", "--no-show-signature", "--max-count=20", "-z", "--format=%h%x01%an%x01%s%x01%b"}
	args = append(append(args, revisions...), "--")
	for _, file := range files {
		args = append(args, ":(top,literal)"+file)
	}
	lines, err := repo.Fields(r.GitParsed(ctx, args...))
	if err != nil {
		return nil, err
	}
	var found []Change
	for _, line := range lines {
		fields := strings.SplitN(line, "\x01", 4)
		if len(fields) == 4 {
			found = append(found, Change{fields[0], subjectSession(fields[2]), fields[1], fields[2], strings.TrimSpace(fields[3])})
		}
	}
	return found, nil
}

// subjectSession is the session in a subject as git swarm commit writes it, "" if
// there is none.
func subjectSession(subject string) string {
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
