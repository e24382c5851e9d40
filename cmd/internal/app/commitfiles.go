package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// chosen is what a commit takes from the work tree, as git commit -a and git commit
// PATH... do; what is staged elsewhere stays staged with paths.
type chosen struct {
	args    []string // of git commit
	fresh   []string // files that git does not track yet, from the top
	files   []string // all of them, from the top; none where it is known that nobody else claims them
	deletes bool     // some of them are gone
}

// choose is nil where the commit takes what is staged.
func (c *call) choose(ctx context.Context, r *repo.Repo, id string) (*chosen, error) {
	paths, all := c.args[1:], c.cmd.Bool("all")
	switch {
	case all && len(paths) > 0:
		return nil, usageOf(c.verb, "either --all or paths")
	case !all && len(paths) == 0:
		return nil, nil
	}
	for _, path := range paths { // a word of a message that was not quoted
		known, err := repo.Output(r.GitParsed(ctx, "-C", c.Dir, "ls-files", "--cached", "--others", "--exclude-standard", "--", path))
		if err != nil {
			return nil, err
		}
		if known == "" {
			return nil, usageOf(c.verb, fmt.Sprintf("git knows no file '%s' (quote the text)", text.Inert(path)))
		}
	}
	untracked := "--untracked-files=all"
	if all {
		if take := c.takesOfNobody(ctx, r, id); take != nil {
			return take, nil
		}
		untracked = "--untracked-files=no"
	}
	out, err := repo.Output(r.GitParsed(ctx, append([]string{"-C", c.Dir, "status", "--porcelain", "-z", "--no-renames", "--ignore-submodules=dirty", untracked, "--"}, paths...)...))
	if err != nil {
		return nil, err
	}
	take := &chosen{args: append([]string{"--"}, paths...)}
	if all {
		take.args = []string{"--all"}
	}
	for entry := range strings.SplitSeq(out, "\x00") {
		if len(entry) <= 3 {
			continue
		}
		if state := entry[:2]; state == "??" {
			take.fresh = append(take.fresh, entry[3:])
		} else if strings.Contains(state, "D") {
			take.deletes = true
		}
		take.files = append(take.files, entry[3:])
	}
	return take, nil
}

// takesOfNobody is what a commit --all takes if none of the files that it may take is
// another's, else nil: git is to be asked then which of them it does take.
func (c *call) takesOfNobody(ctx context.Context, r *repo.Repo, id string) *chosen {
	may, err := c.readTouched(ctx, r)
	if err != nil {
		return nil
	}
	take := &chosen{args: []string{"--all"}}
	var files []string
	for _, change := range may {
		files = append(files, change.Path)
		take.deletes = take.deletes || change.Deleted
	}
	if c.mayCommitFiles(ctx, id, files, refuseTaken) != nil {
		return nil
	}
	return take
}

// mayTake refuses what others claim, and a work tree from which most files are gone.
func (c *call) mayTake(ctx context.Context, r *repo.Repo, id string, take *chosen) error {
	if err := c.mayCommitFiles(ctx, id, take.files, refuseTaken); err != nil || !take.deletes || c.cmd.Bool("allow-deletions") {
		return err
	}
	if _, err := repo.Output(r.GitParsed(ctx, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")); err != nil {
		return nil // the first commit deletes nothing
	}
	return land.CheckFiles(ctx, r, c.Dir, c.args[1:])
}

// track has git know the files that it does not track yet, so that it commits them.
func (take *chosen) track(ctx context.Context, r *repo.Repo) error {
	if len(take.fresh) == 0 {
		return nil
	}
	cmd := r.GitParsed(ctx, "-C", r.WorkTree, "add", "--intent-to-add", "--pathspec-from-file=-", "--pathspec-file-nul")
	var specs strings.Builder
	for _, file := range take.fresh {
		specs.WriteString(":(top,literal)" + file + "\x00")
	}
	cmd.Stdin = strings.NewReader(specs.String())
	_, err := repo.Output(cmd)
	return err
}
