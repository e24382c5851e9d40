package land

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// scratch is a linked worktree of our own in which a branch is rebased, so that
// the user's branch, index and files stay as they are until there is a result,
// whatever happens. It holds what a rebase reads from a work tree (scratchfiles.go)
// and the files in conflict: it is sparse, by settings that are passed to each
// command and stored nowhere.
//
// git's record of it, the folder admin, is not below worktrees/, where git would list
// it: a gc or fetch that meets a record which has just gone, or is only half there,
// fails. In a reftable repository git makes it there, as it needs tables of its own.
type scratch struct {
	repo  *repo.Repo
	dir   string
	admin string

	settingsOf *repo.Repo // the work tree whose settings and submodules count

	settings []string // further options for git
	env      []string // further variables for it
	filters  []string // their commands are files of the work tree
}

// rebaseScratch is the worktree in which branches checked out in r are rebased.
// It may not exist yet.
func rebaseScratch(r *repo.Repo) *scratch { return scratchNamed(r, "swarm-rebase") }

// verifyScratch is the worktree in which the verify command runs. Those in which it runs
// at once have slots of their own.
func verifyScratch(r *repo.Repo, slot int) *scratch {
	if slot == 0 {
		return scratchNamed(r, "swarm-verify")
	}
	return scratchNamed(r, fmt.Sprintf("swarm-verify-%d", slot+1))
}

// removeVerifyScratch removes what killed commands have left of such worktrees.
func removeVerifyScratch(ctx context.Context, r *repo.Repo) {
	left, _ := filepath.Glob(filepath.Join(globQuoted(r.GitDir), "swarm-verify*")) // the pattern is sound
	names := map[string]bool{}
	for _, path := range left {
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		names[name] = true
	}
	names["swarm-verify"] = true // of earlier versions only a record below worktrees/ may be left
	for name := range names {
		scratchNamed(r, name).remove(ctx)
	}
}

// globQuoted is the path as a pattern that matches it alone.
func globQuoted(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

func scratchNamed(r *repo.Repo, name string) *scratch {
	dir := filepath.Join(r.GitDir, name)
	return &scratch{repo: r, dir: dir, admin: dir + ".git", settingsOf: r}
}

// sparse are options for git under which the worktree holds only the files that its
// sparse patterns name.
var sparse = []string{
	"-c", "core.sparseCheckout=true", "-c", "core.sparseCheckoutCone=false", "-c", "index.sparse=false",
	"-c", "core.fsmonitor=false", "-c", "core.splitIndex=false", "-c", "core.untrackedCache=false", "-c", "submodule.recurse=false",
	"-c", "advice.detachedHead=false",
}

// newScratch makes the worktree for rebases of commits onto another, with commit
// checked out, and the settings of another worktree, if that is not nil. The caller has called begin, which removed what a killed command
// left of it.
func newScratch(ctx context.Context, r, settingsOf *repo.Repo, commit, onto string) (*scratch, error) {
	s := rebaseScratch(r)
	s.settingsOf = cmp.Or(settingsOf, r)
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

// record makes the worktree, without files, as git worktree add --no-checkout does,
// with its sparse patterns.
func (s *scratch) record(ctx context.Context, commit string) error {
	if s.repo.RefFormat != "files" {
		return s.recordByGit(ctx, commit)
	}
	common, err := filepath.Rel(s.admin, s.repo.CommonDir)
	if err != nil {
		return err
	}
	for path, text := range map[string]string{
		filepath.Join(s.dir, ".git"):                      "gitdir: " + s.admin,
		filepath.Join(s.admin, "commondir"):               common,
		filepath.Join(s.admin, "HEAD"):                    commit,
		filepath.Join(s.admin, "info", "sparse-checkout"): attributesOnly,
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text+"\n"), 0o666); err != nil {
			return err
		}
	}
	return nil
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

// head is the commit that is checked out in the worktree.
func (s *scratch) head(ctx context.Context) (string, error) {
	if s.repo.RefFormat == "files" { // HEAD is detached, and so holds the id
		content, err := file.Read(filepath.Join(s.admin, "HEAD"), 1024)
		id := strings.TrimSuffix(string(content), "\n")
		if err == nil && s.repo.Algo.Valid(object.Hash(id)) {
			return id, nil
		}
	}
	return repo.Line(s.git(ctx, "rev-parse", "HEAD"))
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

// remove removes what there is of the worktree.
func (s *scratch) remove(ctx context.Context) {
	if _, err := os.Lstat(s.dir); err == nil && s.repo.RefFormat != "files" {
		_, _ = repo.Output(s.repo.GitParsed(ctx, "worktree", "remove", "--force", "--force", s.dir))
	}
	s.removeListed()
	for _, dir := range []string{s.dir, s.admin, s.dir + ".old", s.dir + ".new"} {
		_ = file.RemoveAll(dir)
	}
}

// removeListed removes the record that an earlier git swarm, which was killed, has
// left below worktrees/: with one rename, so that no git meets a part of it.
func (s *scratch) removeListed() {
	id := filepath.Base(s.dir)
	if s.repo.GitDir != s.repo.CommonDir {
		id += "." + filepath.Base(s.repo.GitDir)
	}
	listed := filepath.Join(s.repo.CommonDir, "worktrees", id)
	content, err := os.ReadFile(filepath.Join(listed, "gitdir"))
	if err == nil && strings.TrimSpace(string(content)) == filepath.Join(s.dir, ".git") {
		_ = os.RemoveAll(s.dir + ".old")
		_ = os.Rename(listed, s.dir+".old")
	}
}

// close removes the worktree, also when ctx has ended.
func (s *scratch) close(ctx context.Context) {
	s.remove(context.WithoutCancel(ctx))
}
