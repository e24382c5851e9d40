package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// IncludeName is the file at the top of a checkout that names, as .gitignore does, the
// ignored files that new worktrees get a copy of.
const IncludeName = ".worktreeinclude"

// The bounds of what is copied, in bytes and files.
const (
	maxFile  = 64 << 20
	maxTotal = 256 << 20
	maxFiles = 2000
)

// Skipped is a file that was wanted and not copied.
type Skipped struct{ Path, Why string }

// copyFiles copies the files that are wanted to the worktree, whose git also ignores
// them: else they would soon be committed there.
func (w *Worktree) copyFiles(ctx context.Context, there *repo.Repo, record *Record, done *Result) error {
	if w.From == "" || w.From == w.Path {
		return nil
	}
	from, err := repo.Discover(withoutGit(w.Env), w.From)
	if err != nil {
		return failed("files", err)
	}
	paths, err := w.wanted(ctx, from)
	if err != nil || len(paths) == 0 {
		return failed("files", err)
	}
	c, err := newCopier(w.From, w.Path)
	if err != nil {
		return failed("files", err)
	}
	defer c.close()
	paths = slices.DeleteFunc(paths, func(name string) bool { // git would be asked in vain about them
		at := c.blocked(path.Dir(name))
		if at != "" {
			done.Skipped = append(done.Skipped, Skipped{name, "'" + at + "' is no folder on this branch"})
		}
		return at != ""
	})
	also, err := ignored(ctx, there, paths)
	if err != nil {
		return failed("files", err)
	}
	for _, name := range paths {
		if !slices.Contains(also, name) {
			done.Skipped = append(done.Skipped, Skipped{name, "git does not ignore it on this branch"})
			continue
		}
		sum, err := c.copy(name)
		var why skipError
		switch {
		case errors.As(err, &why):
			done.Skipped = append(done.Skipped, Skipped{name, string(why)})
		case err != nil:
			return failed("files", fmt.Errorf("copy '%s': %w", name, err))
		case sum != "":
			done.Copied = append(done.Copied, name)
			record.Copied[name] = sum
		}
	}
	return nil
}

// skipError says why a file is not copied.
type skipError string

func (e skipError) Error() string { return string(e) }

// copier copies files from one tree to another and leaves neither.
type copier struct {
	from, to     *os.Root
	bytes, files int
}

func newCopier(from, to string) (*copier, error) {
	source, err := os.OpenRoot(from)
	if err != nil {
		return nil, err
	}
	target, err := os.OpenRoot(to)
	if err != nil {
		return nil, errors.Join(err, source.Close())
	}
	return &copier{from: source, to: target}, nil
}

func (c *copier) close() { _, _ = c.from.Close(), c.to.Close() }

// copy copies one file and returns the SHA-256 of its content, "" if one is there.
func (c *copier) copy(name string) (string, error) {
	if _, err := c.to.Lstat(name); err == nil {
		return "", nil
	}
	content, mode, err := c.read(name)
	if err != nil {
		return "", err
	}
	if err := c.to.MkdirAll(path.Dir(name), 0o777); err != nil {
		return "", err
	}
	placed, err := c.place(name, content, mode)
	if err != nil || !placed {
		return "", err
	}
	c.bytes, c.files = c.bytes+len(content), c.files+1
	return hash(content), nil
}

// read reads a regular file within the bounds.
func (c *copier) read(name string) ([]byte, fs.FileMode, error) {
	info, err := c.from.Lstat(name)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, skipError("it is no regular file")
	}
	if info.Size() > maxFile || c.bytes+int(info.Size()) > maxTotal || c.files == maxFiles {
		return nil, 0, skipError(fmt.Sprintf("at most %d MB a file, %d MB and %d files are copied", maxFile>>20, maxTotal>>20, maxFiles))
	}
	f, err := c.from.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrPermission) {
		return nil, 0, skipError("it may not be read")
	}
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() {
		err = skipError("it is no regular file")
	}
	if err != nil {
		return nil, 0, err
	}
	content, err := io.ReadAll(io.LimitReader(f, maxFile))
	return content, info.Mode().Perm(), err
}

// blocked is what stands in the place of a folder and is none, such as a link; "" where
// the folders are there or can be made.
func (c *copier) blocked(dir string) string {
	above := ""
	for name := range strings.SplitSeq(dir, "/") {
		above = path.Join(above, name)
		info, err := c.to.Lstat(above)
		if err != nil {
			return ""
		}
		if !info.IsDir() {
			return above
		}
	}
	return ""
}

// place writes the file whole or not at all, and not over another.
func (c *copier) place(name string, content []byte, mode fs.FileMode) (bool, error) {
	temp := path.Join(path.Dir(name), ".git-swarm-copy")
	_ = c.to.Remove(temp)
	f, err := c.to.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false, err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(mode), f.Close())
	if err == nil {
		err = c.to.Link(temp, name)
	}
	err = errors.Join(err, c.to.Remove(temp))
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	return err == nil, err
}
