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

// scratch is a linked worktree of our own in which a branch is rebased, so that
// the user's branch, index and files stay as they are until there is a result,
// whatever happens. It holds what a rebase reads from a work tree (scratchfiles.go)
// and the files in conflict: it is sparse, by settings that are passed to each
// command and stored nowhere.
//
// git's record of it, the folder admin, is made and removed by one rename each: a
// git worktree add that is killed can leave a record without its commondir, on
// which every later git fetch in the repository fails.
type scratch struct {
	repo  *repo.Repo
	dir   string
	admin string

	settings []string // further options for git
	env      []string // further variables for it
	filters  []string // their commands are files of the work tree
}

// rebaseScratch is the worktree in which branches checked out in r are rebased.
// It may not exist yet.
func rebaseScratch(r *repo.Repo) *scratch { return scratchNamed(r, "swarm-rebase") }

// verifyScratch is the worktree in which the verify command runs.
func verifyScratch(r *repo.Repo) *scratch { return scratchNamed(r, "swarm-verify") }

func scratchNamed(r *repo.Repo, name string) *scratch {
	id := name
	if r.GitDir != r.CommonDir {
		id += "." + filepath.Base(r.GitDir)
	}
	return &scratch{repo: r, dir: filepath.Join(r.GitDir, name), admin: filepath.Join(r.CommonDir, "worktrees", id)}
}

// sparse are options for git under which the worktree holds only the files that its
// sparse patterns name.
var sparse = []string{
	"-c", "core.sparseCheckout=true", "-c", "core.sparseCheckoutCone=false", "-c", "index.sparse=false",
	"-c", "core.fsmonitor=false", "-c", "core.splitIndex=false", "-c", "core.untrackedCache=false", "-c", "submodule.recurse=false",
	"-c", "advice.detachedHead=false",
}

// newScratch makes the worktree for rebases of commits onto another, with commit
// checked out. The caller has called begin, which removed what a killed command
// left of it.
func newScratch(ctx context.Context, r *repo.Repo, commit, onto string) (*scratch, error) {
	s := rebaseScratch(r)
	if err := s.configure(ctx, commit, onto); err != nil {
		return nil, err
	}
	err := s.record(ctx, commit)
	if err == nil {
		err = s.copySettings(ctx)
	}
	if err == nil {
		err = s.checkOut(ctx)
	}
	if err == nil {
		err = s.linkSubmodules(ctx)
	}
	if err != nil {
		s.close(ctx)
		return nil, fmt.Errorf("prepare the rebase: %w", err)
	}
	return s, nil
}

// record makes the worktree known to git, as git worktree add --no-checkout does,
// with its sparse patterns.
func (s *scratch) record(ctx context.Context, commit string) error {
	if s.repo.RefFormat != "files" { // a reftable repository has tables for each worktree
		return s.recordByGit(ctx, commit)
	}
	if !s.ours() {
		return fmt.Errorf("'%s' is the record of another worktree", s.admin)
	}
	if err := os.MkdirAll(filepath.Dir(s.admin), 0o777); err != nil {
		return err
	}
	next := s.dir + ".new"
	if err := os.RemoveAll(next); err != nil {
		return err
	}
	for path, text := range map[string]string{
		filepath.Join(s.dir, ".git"):                   "gitdir: " + s.admin,
		filepath.Join(next, "gitdir"):                  filepath.Join(s.dir, ".git"),
		filepath.Join(next, "commondir"):               "../..",
		filepath.Join(next, "HEAD"):                    commit,
		filepath.Join(next, "info", "sparse-checkout"): attributesOnly,
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text+"\n"), 0o666); err != nil {
			return err
		}
	}
	return os.Rename(next, s.admin)
}

func (s *scratch) recordByGit(ctx context.Context, commit string) error {
	if _, err := repo.Output(s.repo.GitParsed(ctx, "worktree", "add", "--quiet", "--force", "--force", "--detach", "--no-checkout", s.dir, commit)); err != nil {
		return err
	}
	dir, err := repo.Line(s.git(ctx, "rev-parse", "--absolute-git-dir"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "info"), 0o777); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "info", "sparse-checkout"), []byte(attributesOnly+"\n"), 0o666)
}

// ours reports whether the record is free or that of this worktree.
func (s *scratch) ours() bool {
	content, err := os.ReadFile(filepath.Join(s.admin, "gitdir"))
	return errors.Is(err, fs.ErrNotExist) || (err == nil && strings.TrimSpace(string(content)) == filepath.Join(s.dir, ".git"))
}

// git is a git command in the worktree.
func (s *scratch) git(ctx context.Context, args ...string) *exec.Cmd {
	cmd := s.repo.GitParsed(ctx, slices.Concat([]string{"-C", s.dir}, sparse, s.settings, args)...)
	env := slices.DeleteFunc(slices.Clone(cmd.Env), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"}, name)
	})
	cmd.Env = append(env, "GIT_EDITOR=true", "GIT_SEQUENCE_EDITOR=true")
	cmd.Env = append(cmd.Env, s.env...)
	return cmd
}

// remove removes what there is of the worktree: first its record, then its files.
func (s *scratch) remove(ctx context.Context) {
	old := s.dir + ".old"
	if _, err := os.Lstat(s.admin); err == nil && s.ours() {
		_ = os.RemoveAll(old)
		_ = os.Rename(s.admin, old)
	}
	if _, err := os.Lstat(s.dir); err == nil && s.repo.RefFormat != "files" {
		_, _ = repo.Output(s.repo.GitParsed(ctx, "worktree", "remove", "--force", "--force", s.dir))
	}
	for _, dir := range []string{old, s.dir, s.dir + ".new"} {
		_ = os.RemoveAll(dir)
	}
}

// close removes the worktree, also when ctx has ended.
func (s *scratch) close(ctx context.Context) {
	s.remove(context.WithoutCancel(ctx))
}
