package install

import (
	"context"
	"path"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// ShowNotes lets git show the notes of ref in git log, and take them along in
// rebase and amend. What is set already is kept. The folder of ref is named, by a
// pattern: of a ref that is not there yet git complains each time it shows a commit.
func ShowNotes(ctx context.Context, r *repo.Repo, ref string) error {
	config, err := r.Config()
	if err != nil {
		return err
	}
	pattern := path.Dir(ref) + "/*"
	for _, key := range []string{"notes.displayRef", "notes.rewriteRef"} {
		set := false
		for _, value := range config.All(key) {
			set = set || value == ref || value == pattern
		}
		if set {
			continue
		}
		if _, err := repo.Output(r.GitParsed(ctx, "config", "--add", key, pattern)); err != nil {
			return err
		}
	}
	return nil
}
