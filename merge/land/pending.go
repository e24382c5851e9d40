package land

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// pendingFile holds lines "BRANCH OLD NEW", each of a push that was about to land
// the rebase NEW of the branch's tip OLD. It is written before the target is
// moved and removed once the branch has followed.
//
// Where the branch is still at OLD and the target has NEW, the push was killed in
// between, its answer was lost, or the branch could not follow. git knows by the
// patches what has landed already, but not where conflicts were healed: the
// branch would conflict with itself.
func pendingFile(r *repo.Repo) string { return filepath.Join(r.GitDir, "swarm-landing") }

// notePending notes a push that is about to land. What has landed before and the
// branch has not followed stays noted.
func notePending(ctx context.Context, r *repo.Repo, c checkout, before, next string) error {
	_, line, err := pendingAt(ctx, r, c, before)
	if err != nil {
		return err
	}
	return file.Replace(pendingFile(r), []byte(line+c.branch+" "+c.tip+" "+next+"\n"), 0o666)
}

// pendingAt is the newest commit of the branch of which it is noted that the
// target at tip has it as another commit, and the line that says so; else "".
func pendingAt(ctx context.Context, r *repo.Repo, c checkout, tip string) (old, line string, err error) {
	content, err := os.ReadFile(pendingFile(r))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", err
	}
	for text := range strings.Lines(string(content)) {
		words := strings.Fields(text)
		if len(words) != 3 || !strings.HasSuffix(text, "\n") || words[0] != c.branch || !known(ctx, r, words[2]) {
			continue
		}
		mine, err := ancestor(ctx, r, words[1], c.tip)
		if err != nil {
			return "", "", err
		}
		landed, err := ancestor(ctx, r, words[2], tip)
		if err != nil {
			return "", "", err
		}
		if mine && landed {
			old, line = words[1], text
		}
	}
	return old, line, nil
}

// known reports whether there is such a commit here: one that never landed may
// have been collected.
func known(ctx context.Context, r *repo.Repo, commit string) bool {
	_, err := repo.Output(r.GitParsed(ctx, "cat-file", "-e", commit+"^{commit}"))
	return err == nil
}
