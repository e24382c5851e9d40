package install

import (
	"context"
	"os/exec"
	"path"

	"github.com/git-swarm/git-swarm/refstore/gitlock"
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
		if err := gitConfig(ctx, r, "--fixed-value", "--replace-all", key, pattern, pattern); err != nil { // adds it once, whoever else does so now
			return err
		}
	}
	return nil
}

// gitConfig runs git config, which locks the repository's configuration: several init
// may run at once.
func gitConfig(ctx context.Context, r *repo.Repo, args ...string) error {
	_, err := gitlock.Output(ctx, r, []string{gitlock.Config(r)}, func() *exec.Cmd {
		return r.GitParsed(ctx, append([]string{"config"}, args...)...)
	})
	return err
}
