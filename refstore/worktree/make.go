package worktree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Plan is a worktree that is to be made.
type Plan struct {
	Path     string            // absolute; its last element names git's record, too
	Branch   string            // without refs/heads/
	Start    string            // the commit at which the branch begins, if it does not exist
	Files    map[string]string // further files in the worktree's git dir, with their content
	Progress io.Writer         // receives what a post-checkout hook prints; nil for none
}

// Made is what Make did.
type Made struct {
	NewBranch bool   // the branch was made, too
	Kept      string // where the files of a half-made worktree are that are not as in the branch; "" for none
}

// ExistsError says that something else is where a worktree is to be.
type ExistsError struct{ Path string }

func (e *ExistsError) Error() string { return fmt.Sprintf("'%s' exists already", e.Path) }

// InUseError says that the branch is checked out somewhere else.
type InUseError struct{ Branch, Path string }

func (e *InUseError) Error() string {
	return fmt.Sprintf("'%s' is already checked out at '%s'", e.Branch, e.Path)
}

// HookError says that the post-checkout hook failed. The worktree is there.
type HookError struct{ Err error }

func (e *HookError) Error() string { return fmt.Sprintf("post-checkout hook: %v", e.Err) }

// making is one Make at work.
type making struct {
	Plan
	repo *repo.Repo
	lock *os.File
	dir  string // the folder before it has its name
	old  string // what stood in its place, nothing of which is to be kept
	git  string // its git dir before it is among git's records
}

// lockTimeout is how long another process that makes the same worktree is waited for.
const lockTimeout = time.Minute

// Make makes the worktree. If another process has just made it, there is nothing to do.
//
// The error may be an *ExistsError, an *InUseError, a *gitlock.LockedError, or, with
// the worktree in place, a *HookError.
func Make(ctx context.Context, r *repo.Repo, p Plan) (made Made, err error) {
	m, err := begin(ctx, r, p)
	if err != nil {
		return made, err
	}
	there := false
	defer func() {
		if there { // whoever waits for the lock finds the worktree
			_ = os.Remove(m.lock.Name())
		}
		file.Unlock(m.lock)
	}()
	if there, err = m.finish(); err != nil || there {
		return made, err
	}
	if err := m.clean(); err != nil {
		return made, err
	}
	found, err := m.place(ctx)
	if err != nil {
		return made, err
	}
	if found.what == completed {
		there = true
		if initializing(found.record) { // git inherits the lock that we have, and is gone
			if err := os.Remove(filepath.Join(found.record, lockedName)); err != nil {
				return made, err
			}
		}
		return made, m.identify(found.record)
	}
	if made.NewBranch, err = m.branch(ctx); err != nil {
		return made, err
	}
	if r.RefFormat != "files" { // there are tables for each worktree
		made.Kept, err = m.byGit(ctx, found)
	} else {
		made.Kept, err = m.byHand(ctx, found)
	}
	if err != nil {
		return made, err
	}
	there = true
	return made, m.hook(ctx)
}

func newMaking(r *repo.Repo, p Plan) *making {
	name := filepath.Base(p.Path)
	beside := filepath.Join(filepath.Dir(p.Path), "."+name+".git-swarm-")
	return &making{
		Plan: p, repo: r, dir: beside + "new", old: beside + "old",
		git: filepath.Join(r.CommonDir, "swarm", recordPrefix+name), // as deep as below worktrees/
	}
}

const (
	recordPrefix = "worktree-"
	lockSuffix   = ".lock"
)

// begin takes the lock of this worktree. git inherits it: where we are killed, it is
// free when git has ended, too.
func begin(ctx context.Context, r *repo.Repo, p Plan) (*making, error) {
	m := newMaking(r, p)
	for _, dir := range []string{filepath.Dir(m.git), filepath.Dir(p.Path), filepath.Join(r.CommonDir, "worktrees")} {
		if err := file.MkdirAll(dir); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(m.git+lockSuffix, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	if err := file.Lock(waiting, f); err != nil {
		if ctx.Err() == nil && waiting.Err() != nil {
			err = &gitlock.LockedError{Path: m.git + lockSuffix}
		}
		return nil, err
	}
	m.lock = f
	return m, nil
}

// clean removes what a killed Make has left.
func (m *making) clean() error {
	return errors.Join(os.RemoveAll(m.dir), os.RemoveAll(m.old), os.RemoveAll(m.git))
}

// place looks at what is where the worktree is to be, and whether the branch is free.
func (m *making) place(ctx context.Context) (found standing, err error) {
	if found, err = look(ctx, m.repo, m.Path); err != nil {
		return found, err
	}
	if found.what == other {
		return found, &ExistsError{m.Path}
	}
	out, err := repo.Line(m.repo.GitParsed(ctx, "for-each-ref", "--format=%(worktreepath)", "refs/heads/"+m.Branch))
	if err != nil {
		return found, err
	}
	if out != "" && out != m.Path && out != m.repo.CommonDir {
		return found, &InUseError{m.Branch, out}
	}
	return found, nil
}

// branch makes the branch, if there is none.
func (m *making) branch(ctx context.Context) (made bool, err error) {
	ref := "refs/heads/" + m.Branch
	if _, err := repo.Output(m.repo.GitParsed(ctx, "rev-parse", "--verify", "--quiet", ref)); err == nil {
		return false, nil
	}
	_, err = gitlock.Output(ctx, m.repo, gitlock.Ref(m.repo, ref), func() *exec.Cmd {
		return m.repo.GitParsed(ctx, "branch", "--no-track", m.Branch, m.Start)
	})
	return err == nil, err
}

func (m *making) byHand(ctx context.Context, found standing) (kept string, err error) {
	if err = m.record(); err == nil {
		err = m.checkOut(ctx)
	}
	if err == nil && found.what == halfMade {
		kept, err = m.replace(found)
	}
	if err == nil {
		err = m.show()
	}
	if err != nil {
		err = errors.Join(err, m.clean())
	}
	return kept, err
}

// record writes the worktree's git dir, all but the index.
func (m *making) record() error {
	files := map[string]string{
		"HEAD":      "ref: refs/heads/" + m.Branch + "\n",
		"commondir": "../..\n",
		"gitdir":    filepath.Join(m.Path, ".git") + "\n",
	}
	for name, text := range m.Files {
		files[name] = text
	}
	config, err := m.repo.Config()
	if err != nil {
		return err
	}
	// As git worktree add does: the new one begins with the settings of this one.
	for _, copied := range []struct{ key, name string }{
		{"core.sparsecheckout", "info/sparse-checkout"},
		{"extensions.worktreeconfig", "config.worktree"},
	} {
		if _, set := config.Get(copied.key); !set {
			continue
		}
		content, err := os.ReadFile(filepath.Join(m.repo.GitDir, copied.name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil {
			files[copied.name] = string(content)
		}
	}
	for name, text := range files {
		path := filepath.Join(m.git, name)
		if err := file.MkdirAll(filepath.Dir(path)); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// checkOut fills the folder and the index.
func (m *making) checkOut(ctx context.Context) error {
	if err := os.Mkdir(m.dir, 0o777); err != nil {
		return err
	}
	config := filepath.Join(m.git, "config.worktree")
	if _, err := os.Lstat(config); err == nil {
		for _, key := range []string{"core.bare", "core.worktree"} { // which are those of the worktree that it comes from
			_, err := repo.Output(m.repo.GitParsed(ctx, "config", "--file", config, "--unset-all", key))
			var no *repo.GitError
			if err != nil && !(errors.As(err, &no) && no.ExitCode == notSet) {
				return err
			}
		}
	}
	_, err := gitlock.Output(ctx, m.repo, []string{filepath.Join(m.git, "index.lock")}, func() *exec.Cmd {
		cmd := m.repo.GitParsed(ctx, "-c", "core.fsmonitor=false", "read-tree", "-m", "-u", "HEAD")
		cmd.Dir = m.dir
		cmd.Env = append(elsewhere(cmd.Env), "GIT_DIR="+m.git, "GIT_WORK_TREE="+m.dir, "PWD="+m.dir)
		cmd.ExtraFiles = []*os.File{m.lock}
		return cmd
	})
	return err
}

// notSet is the exit code of git config --unset where there is nothing to unset.
const notSet = 5

// elsewhere is an environment for git in another worktree than the caller's.
func elsewhere(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"}, name)
	})
}

// show gives folder and record their places.
func (m *making) show() error {
	records := filepath.Join(m.repo.CommonDir, "worktrees")
	name := filepath.Base(m.Path)
	id := name
	for n := 1; ; n++ { // as git does
		if _, err := os.Lstat(filepath.Join(records, id)); errors.Is(err, fs.ErrNotExist) {
			break
		}
		id = name + strconv.Itoa(n)
	}
	if err := os.WriteFile(filepath.Join(m.dir, ".git"), []byte("gitdir: "+filepath.Join(records, id)+"\n"), 0o666); err != nil {
		return err
	}
	if err := os.Rename(m.dir, m.Path); err != nil {
		return err
	}
	_, err := m.finish()
	return err
}

// finish puts the record in its place, if the folder is in its own already.
func (m *making) finish() (bool, error) {
	record, err := recordOf(m.Path)
	if err != nil || filepath.Dir(record) != filepath.Join(m.repo.CommonDir, "worktrees") {
		return false, nil
	}
	if _, err := os.Lstat(filepath.Join(m.git, "index")); err != nil {
		return false, nil
	}
	if _, err := os.Lstat(record); err == nil {
		return false, nil
	}
	return true, enterRecord(m.git, record)
}

// enterRecord gives a record its place. A git worktree remove beside us takes the folder
// of all records with the last of them: then it is made again.
func enterRecord(from, record string) error {
	for tries := 10; ; tries-- {
		err := os.Rename(from, record)
		if !errors.Is(err, fs.ErrNotExist) || tries == 0 {
			return err
		}
		if _, gone := os.Lstat(from); gone != nil {
			return err
		}
		if err := file.MkdirAll(filepath.Dir(record)); err != nil {
			return err
		}
	}
}

// byGit lets git make the worktree.
func (m *making) byGit(ctx context.Context, found standing) (kept string, err error) {
	if found.what == halfMade {
		if found.record == "" {
			return "", &ExistsError{m.Path}
		}
		if err := found.discard(m.repo); err != nil {
			return "", err
		}
		if err := os.Rename(m.Path, m.dir); err != nil {
			return "", err
		}
	}
	locks := append(gitlock.Ref(m.repo, "refs/heads/"+m.Branch), gitlock.Config(m.repo))
	for _, name := range []string{"index.lock", "reftable/tables.list.lock"} {
		locks = append(locks, filepath.Join(m.repo.CommonDir, "worktrees", filepath.Base(m.Path), name))
	}
	if _, err := gitlock.Output(ctx, m.repo, locks, func() *exec.Cmd {
		cmd := m.repo.GitParsed(ctx, "worktree", "add", "--quiet", m.Path, m.Branch)
		cmd.ExtraFiles = []*os.File{m.lock}
		return cmd
	}); err != nil {
		return "", err
	}
	record, err := recordOf(m.Path)
	if err != nil {
		return "", err
	}
	if err := m.identify(record); err != nil {
		return "", err
	}
	if found.what != halfMade {
		return "", nil
	}
	same, err := partOf(m.dir, m.Path)
	if err != nil {
		return "", err
	}
	return m.keep(m.dir, same)
}

// identify adds the further files to a git dir that has none of them yet.
func (m *making) identify(record string) error {
	for name, text := range m.Files {
		path := filepath.Join(record, name)
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// hook runs the post-checkout hook, as git worktree add does.
func (m *making) hook(ctx context.Context) error {
	if m.repo.RefFormat != "files" {
		return nil // git has run it
	}
	head, err := repo.Line(m.repo.GitParsed(ctx, "rev-parse", "--verify", "refs/heads/"+m.Branch))
	if err != nil {
		return err
	}
	cmd := m.repo.Git(ctx, "-C", m.Path, "hook", "run", "--ignore-missing", "post-checkout", "--", strings.Repeat("0", len(head)), head, "1")
	cmd.Env = elsewhere(cmd.Env)
	cmd.Stdout, cmd.Stderr = m.Progress, m.Progress
	if _, err := repo.Output(cmd); err != nil {
		return &HookError{err}
	}
	return nil
}
