package retire

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/orchestrator/setup"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Worktree is a worktree that is removed.
type Worktree struct {
	Path    string
	Gone    bool     // its folder is not there any more
	Ignored []string // files and folders that go with it, without those that set-up copied

	record string // git's record of it
}

// lookAt looks at a worktree that git swarm made.
func (f *Session) lookAt(ctx context.Context, c agents.Checkout) error {
	w := Worktree{Path: filepath.Dir(c.DotGit()), record: c.GitDir()}
	if _, err := os.Lstat(w.Path); errors.Is(err, fs.ErrNotExist) {
		w.Gone = true
		if _, err := os.Lstat(retiredFolder(w.Path)); err != nil { // else a killed call had begun to remove it
			f.obstacle(Missing, w.Path)
		}
	}
	if _, err := os.Lstat(filepath.Join(w.record, "locked")); err == nil {
		f.obstacle(Locked, w.Path)
	}
	if w.Path == f.swarm.Repo.WorkTree {
		f.obstacle(Inside, w.Path)
	}
	for _, other := range linkedWorktrees(f.swarm.Repo) {
		if strings.HasPrefix(other, w.Path+string(filepath.Separator)) {
			f.obstacle(Nested, w.Path, other)
		}
	}
	head, err := repo.Line(f.swarm.Repo.GitParsed(ctx, "--git-dir="+w.record, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"))
	if err != nil { // an orphan branch, or a record that was damaged
		head = ""
	}
	if w.Gone {
		err = f.lookAtIndex(ctx, &w, head)
	} else {
		err = f.lookAtFiles(ctx, &w, head)
	}
	if err == nil && head != "" {
		err = f.unlanded(ctx, w.Path, head)
	}
	f.Worktrees = append(f.Worktrees, w)
	return err
}

// lookAtIndex looks at what a worktree whose folder is gone had staged.
func (f *Session) lookAtIndex(ctx context.Context, w *Worktree, head string) error {
	if head == "" {
		return nil
	}
	staged, err := repo.Fields(f.swarm.Repo.GitParsed(ctx, "--git-dir="+w.record, "diff-index", "--cached", "--name-only", "-z", head))
	if err != nil || len(staged) == 0 {
		return err
	}
	f.obstacle(Changed, w.Path, staged...)
	f.keep = append(f.keep, snapshot{tip: head, worktree: w.Path, record: w.record, index: true})
	return nil
}

// lookAtFiles looks at the files of a worktree.
func (f *Session) lookAtFiles(ctx context.Context, w *Worktree, head string) error {
	there, err := f.swarm.open(w.Path)
	if err != nil {
		f.obstacle(Unreadable, w.Path, err.Error())
		return nil
	}
	entries, err := repo.Fields(there.GitParsed(ctx, "--no-optional-locks", "status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=all", "--ignored=matching"))
	if err != nil {
		f.obstacle(Unreadable, w.Path, err.Error())
		return nil
	}
	record, err := setup.ReadRecord(w.record)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var changed []string
	for _, entry := range entries {
		e := parseStatus(entry)
		switch {
		case e.ignored && onlyCopies(record, w.Path, e.path):
		case e.ignored:
			w.Ignored = append(w.Ignored, e.path)
		case e.dirtyModule:
			f.obstacle(Submodule, w.Path, e.path)
		case strings.HasSuffix(e.path, "/"):
			f.obstacle(Nested, w.Path, e.path)
		default:
			changed = append(changed, e.path)
		}
	}
	if len(changed) > 0 {
		f.obstacle(Changed, w.Path, changed...)
		f.keep = append(f.keep, snapshot{tip: head, worktree: w.Path, record: w.record})
	}
	return f.lookAtModules(ctx, w)
}

// onlyCopies reports whether the file, or all below the folder (whose path ends in a
// slash), is as set-up copied it.
func onlyCopies(record setup.Record, top, path string) bool {
	if !strings.HasSuffix(path, "/") {
		return record.Unchanged(top, path)
	}
	err := filepath.WalkDir(filepath.Join(top, filepath.FromSlash(path)), func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(top, file)
		if err == nil && !record.Unchanged(top, filepath.ToSlash(rel)) {
			err = fs.SkipAll
			path = ""
		}
		return err
	})
	return err == nil && path != ""
}

// lookAtModules finds the submodules with commits that no remote has.
func (f *Session) lookAtModules(ctx context.Context, w *Worktree) error {
	modules, err := launch.Modules(w.record)
	for _, m := range modules {
		if m.HasOwnCommits(ctx, f.swarm.Repo) {
			f.obstacle(Submodule, w.Path, m.Name)
		}
	}
	return err
}

// statusEntry is one path of git status.
type statusEntry struct {
	path        string
	ignored     bool
	dirtyModule bool // a submodule with changes or untracked files of its own
}

// parseStatus reads a line of git status --porcelain=v2.
func parseStatus(line string) statusEntry {
	kind, rest, _ := strings.Cut(line, " ")
	fields := map[string]int{"1": 8, "u": 10, "?": 1, "!": 1}[kind]
	parts := strings.SplitN(rest, " ", fields)
	e := statusEntry{path: parts[len(parts)-1], ignored: kind == "!"}
	if fields > 1 && len(parts) > 1 {
		module := parts[1] // N..., or S and three flags: its commit, changes, untracked files
		e.dirtyModule = len(module) == 4 && module[0] == 'S' && module[2:] != ".."
	}
	return e
}

// linkedWorktrees are the folders of all linked worktrees.
func linkedWorktrees(r *repo.Repo) (paths []string) {
	records, _ := filepath.Glob(filepath.Join(r.CommonDir, "worktrees", "*", "gitdir"))
	for _, record := range records {
		if back, err := os.ReadFile(record); err == nil {
			paths = append(paths, filepath.Dir(strings.TrimSpace(string(back))))
		}
	}
	return paths
}

// open is the repository as seen from a worktree, whatever GIT_DIR says.
func (s *Swarm) open(path string) (*repo.Repo, error) {
	env := s.Env
	for _, name := range []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"} {
		env = env.Without(name)
	}
	return repo.Discover(env, path)
}

// missing are the commits up to tip, newest first, that have not landed on onto; where
// that is "", those that no other branch has.
func (s *Swarm) missing(ctx context.Context, onto, branch, tip string) ([]string, error) {
	args := []string{"rev-list", "--abbrev-commit", tip, "--not"}
	if onto == "" {
		args = append(args, "--exclude="+branch, "--branches", "--remotes")
	} else {
		all, err := land.HasAll(ctx, s.Repo, onto, tip)
		if err != nil || all {
			return nil, err
		}
		args = append(args, onto)
	}
	out, err := repo.Line(s.Repo.GitParsed(ctx, args...))
	return strings.Fields(out), err
}
