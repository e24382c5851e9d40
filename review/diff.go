package review

import (
	"context"
	"os/exec"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Diff is git's own diff of two commits, for the reviewers. No external diff or text
// conversion has a part in it, submodules are in it whatever .gitmodules and the
// configuration say, and text is whatever .gitattributes says. Of a binary file it has
// the ids and sizes.
func Diff(ctx context.Context, git *repo.Repo, base, tip object.Hash) (string, error) {
	out, err := repo.Output(diffTree(ctx, git, base, tip))
	if err != nil || !strings.Contains(out, "\nBinary files ") {
		return out, err
	}
	return showBinaries(ctx, git, base, tip, out)
}

func diffTree(ctx context.Context, git *repo.Repo, base, tip object.Hash, options ...string) *exec.Cmd {
	args := []string{"diff-tree", "-r", "-p", "--full-index", "--src-prefix=a/", "--dst-prefix=b/", "--no-relative", "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv", "--submodule=short", "--ignore-submodules=none"}
	args = append(args, options...)
	return git.GitParsed(ctx, append(args, string(base), string(tip))...)
}

// SameDiff reports whether two texts are the same diff: the same lines of the same
// files, however the objects are abbreviated.
func SameDiff(a, b string) bool {
	return strings.Join(diffLines(a), "\n") == strings.Join(diffLines(b), "\n")
}

func diffLines(diff string) []string {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimRight(diff, "\n"), "\n") {
		if ids, ok := strings.CutPrefix(line, "index "); ok { // keep the mode
			_, mode, _ := strings.Cut(ids, " ")
			line = "index " + mode
		}
		if strings.HasPrefix(line, "Binary files ") { // without the sizes
			line, _, _ = strings.Cut(line, " differ (")
			line = strings.TrimSuffix(line, " differ")
		}
		lines = append(lines, line)
	}
	return lines
}
