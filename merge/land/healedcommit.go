package land

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// commit commits what was healed, with author, date and message of the commit that
// did not apply, and a trailer "Healed: PATH RULE" for each file and rule, which says
// so if what has landed was put before what is being landed. git rebase --continue
// would clean the message up and drop lines that look like comments. A commit that has
// become empty is left to git, which drops it.
func (s *scratch) commit(ctx context.Context, healed []merge.Healed) error {
	_, err := repo.Output(s.git(ctx, "diff-index", "--cached", "--quiet", "HEAD", "--"))
	var changed *repo.GitError
	if err == nil || !errors.As(err, &changed) || changed.ExitCode != 1 {
		return err
	}
	if _, err := repo.Output(s.gitCommit(ctx, []string{"-c", "core.hooksPath=/dev/null"}, "--no-gpg-sign", "--reuse-message=REBASE_HEAD")); err != nil {
		return err
	}
	message, err := repo.Output(s.git(ctx, "log", "-1", "--no-show-signature", "--encoding=UTF-8", "--format=%B"))
	if err != nil {
		return err
	}
	args := slices.Concat(asGiven, []string{
		"-c", "trailer.separators=:", "interpret-trailers", "--no-divider", "--where=end", "--if-exists=addIfDifferent", "--if-missing=add",
	})
	for _, h := range healed {
		for _, rule := range h.RulesWithOrder("landed") { // a rebase's ours is what has landed
			args = append(args, "--trailer", "Healed: "+quotePath(h.Path)+" "+rule)
		}
	}
	trailers := s.git(ctx, args...)
	trailers.Stdin = strings.NewReader(strings.TrimSuffix(message, "\n"))
	if message, err = repo.Output(trailers); err != nil {
		return err
	}
	amend := s.gitCommit(ctx, nil, "--amend", "--file=-")
	amend.Stdin = strings.NewReader(message)
	_, err = repo.Output(amend)
	return err
}

// landedFirst ends a trailer's rule that put what has landed first.
const landedFirst = ", landed first"

// HealedIn are the files that were healed in the commits from base to tip, as their
// trailers say: path and rules alone.
func HealedIn(ctx context.Context, r *repo.Repo, base, tip string) (all []merge.Healed, err error) {
	fields, err := repo.Fields(r.GitParsed(ctx, "log", "-z", "--reverse", "--no-show-signature", "--encoding=UTF-8", "--format=%(trailers:key=Healed,valueonly)", base+".."+tip))
	if err != nil {
		return nil, err
	}
	for _, commit := range fields {
		var lines []string
		last := ""
		for line := range strings.Lines(commit) {
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), landedFirst)
			space := strings.LastIndexByte(line, ' ')
			if space < 0 {
				continue
			}
			path, rule := line[:space], line[space+1:]
			if n := len(lines); n > 0 && path == last {
				head, tail, _ := strings.Cut(lines[n-1], " ")
				lines[n-1] = head + "," + rule + " " + tail
				continue
			}
			lines, last = append(lines, rule+" "+path), path
		}
		all = append(all, healedOf(lines)...)
	}
	return all, nil
}

// gitCommit is git commit with the message as it is given.
func (s *scratch) gitCommit(ctx context.Context, settings []string, args ...string) *exec.Cmd {
	return s.git(ctx, slices.Concat(settings, asGiven, []string{
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
