package land

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// bench is a linked worktree of our own in which a branch is rebased, so that
// the user's branch, index and files stay as they are until there is a result,
// whatever happens. It holds no files but those in conflict: it is sparse, by
// settings that are given to each command and stored nowhere.
//
// git's record of it, the folder admin, comes and goes by one rename each: a git
// worktree add that is killed can leave a record without its commondir, on which
// every later git fetch in the repository fails.
type bench struct {
	repo  *repo.Repo
	dir   string
	admin string
}

// benchOf is the one bench of the worktree that r is on, which may not exist.
func benchOf(r *repo.Repo) *bench { return benchNamed(r, "swarm-rebase") }

// verifyBench is the one in which what would land is checked out to be verified.
func verifyBench(r *repo.Repo) *bench { return benchNamed(r, "swarm-verify") }

func benchNamed(r *repo.Repo, name string) *bench {
	id := name
	if r.GitDir != r.CommonDir {
		id += "." + filepath.Base(r.GitDir)
	}
	return &bench{r, filepath.Join(r.GitDir, name), filepath.Join(r.CommonDir, "worktrees", id)}
}

// sparse is what makes the bench empty of files.
var sparse = []string{
	"-c", "core.sparseCheckout=true", "-c", "core.sparseCheckoutCone=false", "-c", "index.sparse=false",
	"-c", "core.fsmonitor=false", "-c", "advice.detachedHead=false",
}

// newBench makes the bench at commit, for the command that has entered the
// worktree; what a killed command left of it is gone (begin).
func newBench(ctx context.Context, r *repo.Repo, commit string) (*bench, error) {
	b := benchOf(r)
	err := b.record(ctx, commit)
	if err == nil {
		_, err = repo.Output(b.git(ctx, "read-tree", "-m", "-u", "HEAD"))
	}
	if err != nil {
		b.close(ctx)
		return nil, fmt.Errorf("prepare the rebase: %w", err)
	}
	return b, nil
}

// record makes the bench known to git, as git worktree add --no-checkout does,
// with its sparse patterns.
func (b *bench) record(ctx context.Context, commit string) error {
	if b.repo.RefFormat != "files" { // there a worktree has tables of its own
		return b.recordByGit(ctx, commit)
	}
	if !b.ours() {
		return fmt.Errorf("'%s' is the record of another worktree", b.admin)
	}
	if err := os.MkdirAll(filepath.Dir(b.admin), 0o777); err != nil {
		return err
	}
	next := b.dir + ".new"
	if err := os.RemoveAll(next); err != nil {
		return err
	}
	for path, text := range map[string]string{
		filepath.Join(b.dir, ".git"):                   "gitdir: " + b.admin,
		filepath.Join(next, "gitdir"):                  filepath.Join(b.dir, ".git"),
		filepath.Join(next, "commondir"):               "../..",
		filepath.Join(next, "HEAD"):                    commit,
		filepath.Join(next, "info", "sparse-checkout"): "!/*",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text+"\n"), 0o666); err != nil {
			return err
		}
	}
	return os.Rename(next, b.admin)
}

func (b *bench) recordByGit(ctx context.Context, commit string) error {
	if _, err := repo.Output(b.repo.GitParsed(ctx, "worktree", "add", "--quiet", "--force", "--force", "--detach", "--no-checkout", b.dir, commit)); err != nil {
		return err
	}
	dir, err := repo.Line(b.git(ctx, "rev-parse", "--absolute-git-dir"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "info"), 0o777); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "info", "sparse-checkout"), []byte("!/*\n"), 0o666)
}

// ours reports whether nothing else has the bench's record.
func (b *bench) ours() bool {
	content, err := os.ReadFile(filepath.Join(b.admin, "gitdir"))
	return errors.Is(err, fs.ErrNotExist) || (err == nil && strings.TrimSpace(string(content)) == filepath.Join(b.dir, ".git"))
}

// git is a git command in the bench.
func (b *bench) git(ctx context.Context, args ...string) *exec.Cmd {
	cmd := b.repo.GitParsed(ctx, slices.Concat([]string{"-C", b.dir}, sparse, args)...)
	env := slices.DeleteFunc(slices.Clone(cmd.Env), func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"}, name)
	})
	cmd.Env = append(env, "GIT_EDITOR=true", "GIT_SEQUENCE_EDITOR=true")
	return cmd
}

// clear removes what there is of the bench: first its record, then its files.
func (b *bench) clear(ctx context.Context) {
	old := b.dir + ".old"
	if _, err := os.Lstat(b.admin); err == nil && b.ours() {
		_ = os.RemoveAll(old)
		_ = os.Rename(b.admin, old)
	}
	if _, err := os.Lstat(b.dir); err == nil && b.repo.RefFormat != "files" {
		_, _ = repo.Output(b.repo.GitParsed(ctx, "worktree", "remove", "--force", "--force", b.dir))
	}
	for _, dir := range []string{old, b.dir, b.dir + ".new"} {
		_ = os.RemoveAll(dir)
	}
}

// close removes the bench, also when ctx has ended.
func (b *bench) close(ctx context.Context) {
	b.clear(context.WithoutCancel(ctx))
}
