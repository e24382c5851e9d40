package merge

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

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

// rebased returns the tip that the branch at tip has after a rebase onto onto,
// and the files in which conflicts were healed on the way. A *ConflictError
// leaves nothing behind, as everything else does.
func rebased(ctx context.Context, r *repo.Repo, tip, onto, name string, level Level) (string, []Healed, error) {
	b, err := newBench(ctx, r, tip)
	if err != nil {
		return "", nil, err
	}
	defer b.close(ctx)
	var all []Healed
	_, failure := repo.Output(b.rebase(ctx, "--quiet", "--no-rebase-merges", "--no-autosquash", "--no-autostash", "--no-fork-point", onto))
	for failure != nil {
		if ctx.Err() != nil {
			return "", nil, context.Cause(ctx)
		}
		healed, err := b.healStop(ctx, level)
		if err != nil {
			return "", nil, err
		}
		if len(healed) == 0 {
			return "", nil, fmt.Errorf("rebase onto %s: %w", name, failure)
		}
		if left := remaining(healed); len(left) > 0 {
			return "", nil, b.conflict(ctx, tip, onto, name, left)
		}
		all = append(all, healed...)
		_, failure = repo.Output(b.rebase(ctx, "--continue"))
	}
	next, err := said(b.git(ctx, "rev-parse", "HEAD"))
	return next, all, err
}

// rebase is git rebase in the bench. It opens no editor, and does not reuse what
// rerere recorded without anybody looking.
func (b *bench) rebase(ctx context.Context, args ...string) *exec.Cmd {
	return b.git(ctx, slices.Concat([]string{
		"-c", "rebase.updateRefs=false", "-c", "rebase.backend=merge", "-c", "rebase.missingCommitsCheck=ignore",
		"-c", "rerere.autoUpdate=false", "rebase",
	}, args)...)
}

// healStop heals the commit at which a rebase has stopped, and notes it in the
// commit's message as trailers "Healed: PATH RULE".
func (b *bench) healStop(ctx context.Context, level Level) ([]Healed, error) {
	opts, err := OptionsFor(b.repo, level)
	if err != nil {
		return nil, err
	}
	healed, err := HealCheckout(ctx, b.git, opts, false, nil)
	if err != nil || len(healed) == 0 || len(remaining(healed)) > 0 {
		return healed, err
	}
	dir, err := said(b.git(ctx, "rev-parse", "--absolute-git-dir"))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"MERGE_MSG", "rebase-merge/message"} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		args := []string{"-c", "trailer.ifexists=addIfDifferent", "interpret-trailers", "--in-place"}
		for _, h := range healed {
			for _, rule := range h.Rules() {
				args = append(args, "--trailer", "Healed: "+quotePath(h.Path)+" "+rule)
			}
		}
		if _, err := repo.Output(b.git(ctx, append(args, path)...)); err != nil {
			return nil, err
		}
	}
	return healed, nil
}

// quotePath makes a path one printable line.
func quotePath(path string) string {
	if strings.ContainsFunc(path, unicode.IsControl) {
		return strconv.Quote(path)
	}
	return path
}

// remaining are the files that are still in conflict.
func remaining(all []Healed) []string {
	var left []string
	for _, h := range all {
		if !h.Whole {
			left = append(left, h.Path)
		}
	}
	return left
}

// conflict tells of the commit at which the rebase has stopped.
func (b *bench) conflict(ctx context.Context, tip, onto, name string, files []string) error {
	e := &ConflictError{Onto: name, Files: files}
	var err error
	if e.Commit, err = said(b.git(ctx, "log", "-1", "--format=%h %s", "REBASE_HEAD")); err != nil {
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
	lines, err := listed(r.GitParsed(ctx, args...))
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
