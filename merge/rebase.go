package merge

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/git-swarm/git-swarm/merge/heal"
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
// and the files in which conflicts were healed on the way. What the branch has
// up to landed, if that is not "", is left out. A *ConflictError leaves nothing
// behind, as everything else does.
func rebased(ctx context.Context, r *repo.Repo, tip, onto, landed, name string, level heal.Level) (string, []Healed, error) {
	b, err := newBench(ctx, r, tip)
	if err != nil {
		return "", nil, err
	}
	defer b.close(ctx)
	if landed == "" {
		landed = onto
	}
	var all []Healed
	_, failure := repo.Output(b.rebase(ctx, "--quiet", "--no-rebase-merges", "--no-autosquash", "--no-autostash", "--no-fork-point", "--onto", onto, landed))
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

// rebase is git rebase in the bench. It opens no editor, and rerere neither
// resolves conflicts, without anybody looking, nor learns from what was healed.
// The merge driver does not heal here: that is done by ourselves, so that it can
// be told.
func (b *bench) rebase(ctx context.Context, args ...string) *exec.Cmd {
	plain, _ := withoutDriver(b.repo) // the configuration could be read before
	return b.git(ctx, slices.Concat(plain, []string{
		"-c", "rebase.updateRefs=false", "-c", "rebase.backend=merge", "-c", "rebase.missingCommitsCheck=ignore",
		"-c", "rerere.enabled=false", "rebase",
	}, args)...)
}

// healStop heals the commit at which a rebase has stopped, and notes it in the
// commit's message as trailers "Healed: PATH RULE".
func (b *bench) healStop(ctx context.Context, level heal.Level) ([]Healed, error) {
	opts, err := OptionsFor(b.repo, level)
	if err != nil {
		return nil, err
	}
	w := &healer{git: b.git, opts: opts, own: true}
	healed, err := w.heal(ctx, nil)
	if err != nil || len(healed) == 0 || len(remaining(healed)) > 0 {
		return healed, err
	}
	return healed, b.commit(ctx, healed)
}

// commit commits what was healed: with author, date and message of the commit
// that did not apply, and the trailers. git rebase --continue would have the
// message cleaned up, without the lines that look like comments. A commit that
// has become empty is left to git, which drops it.
func (b *bench) commit(ctx context.Context, healed []Healed) error {
	_, err := repo.Output(b.git(ctx, "diff-index", "--cached", "--quiet", "HEAD", "--"))
	var changed *repo.GitError
	if err == nil || !errors.As(err, &changed) || changed.ExitCode != 1 {
		return err
	}
	if _, err := repo.Output(b.gitCommit(ctx, []string{"-c", "core.hooksPath=/dev/null"}, "--no-gpg-sign", "--reuse-message=REBASE_HEAD")); err != nil {
		return err
	}
	message, err := repo.Output(b.git(ctx, "log", "-1", "--no-show-signature", "--encoding=UTF-8", "--format=%B"))
	if err != nil {
		return err
	}
	args := slices.Concat(asGiven, []string{
		"-c", "trailer.separators=:", "interpret-trailers", "--no-divider", "--where=end", "--if-exists=addIfDifferent", "--if-missing=add",
	})
	for _, h := range healed {
		for _, rule := range h.Rules() {
			args = append(args, "--trailer", "Healed: "+quotePath(h.Path)+" "+rule)
		}
	}
	trailers := b.git(ctx, args...)
	trailers.Stdin = strings.NewReader(strings.TrimSuffix(message, "\n"))
	if message, err = repo.Output(trailers); err != nil {
		return err
	}
	amend := b.gitCommit(ctx, nil, "--amend", "--file=-")
	amend.Stdin = strings.NewReader(message)
	_, err = repo.Output(amend)
	return err
}

// gitCommit is git commit with the message as it is given.
func (b *bench) gitCommit(ctx context.Context, settings []string, args ...string) *exec.Cmd {
	return b.git(ctx, slices.Concat(settings, asGiven, []string{
		"commit", "--quiet", "--no-verbose", "--no-verify", "--cleanup=verbatim", "--allow-empty-message",
	}, args)...)
}

// asGiven makes git see UTF-8 in a message, and a comment or a scissors line nowhere.
var asGiven = []string{"-c", "i18n.commitEncoding=UTF-8", "-c", "core.commentChar=\x01"}

// quotePath makes a path one printable line.
func quotePath(path string) string {
	if strings.ContainsFunc(path, unicode.IsControl) || !utf8.ValidString(path) {
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
	if e.Commit, err = said(b.git(ctx, "log", "-1", "--no-show-signature", "--format=%h %s", "REBASE_HEAD")); err != nil {
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
