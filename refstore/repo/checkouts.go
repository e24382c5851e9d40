package repo

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Checkout is a work tree of the repository as git knows it. Its folder need not be there.
type Checkout struct {
	Path     string // of the folder, as git has it
	Branch   string // the full name of what is checked out; "" if that is a commit, or cannot be told
	Detached bool   // it is a commit
	Main     bool   // it is not linked
	Bare     bool   // the repository has no work tree there
	Locked   string // why, or "" if it is not
}

// Checkouts are git worktree list's: the main one, and the linked ones in the order of
// their paths. It reads git's files, and asks git where refs are kept otherwise, or where
// what it finds is not as git writes it.
func (r *Repo) Checkouts(ctx context.Context) ([]Checkout, error) {
	if all, err := r.checkoutsHere(); err == nil {
		return all, nil
	}
	return r.checkoutsByGit(ctx)
}

func (r *Repo) checkoutsByGit(ctx context.Context) ([]Checkout, error) {
	out, err := Output(r.GitParsed(ctx, "worktree", "list", "--porcelain", "-z"))
	if err != nil {
		return nil, err
	}
	var all []Checkout
	for entry := range strings.SplitSeq(strings.TrimSuffix(out, "\x00\x00"), "\x00\x00") {
		c := Checkout{Main: len(all) == 0}
		for field := range strings.SplitSeq(entry, "\x00") {
			switch key, value, _ := strings.Cut(field, " "); key {
			case "worktree":
				c.Path = value
			case "branch":
				c.Branch = value
			case "detached":
				c.Detached = true
			case "bare":
				c.Bare = true
			case "locked":
				c.Locked = cmp.Or(value, "locked")
			}
		}
		all = append(all, c)
	}
	return all, nil
}

// checkoutsHere is Checkouts from git's files, or errUnsure.
func (r *Repo) checkoutsHere() ([]Checkout, error) {
	if ok, _ := r.ReadInProcess(); !ok || r.RefFormat != "files" || r.format.worktreeConfig {
		return nil, errUnsure
	}
	own, err := r.OwnConfigNow()
	if err != nil {
		return nil, err
	}
	bare, err := own.Bool("core.bare", false)
	if err != nil {
		return nil, err
	}
	first := Checkout{Path: strings.TrimSuffix(r.CommonDir, "/.git"), Main: true, Bare: bare}
	if !bare {
		if err := first.head(r.CommonDir); err != nil {
			return nil, err
		}
	}
	records, err := os.ReadDir(filepath.Join(r.CommonDir, "worktrees"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	all := []Checkout{first}
	for _, record := range records {
		dir := filepath.Join(r.CommonDir, "worktrees", record.Name())
		content, err := file.Read(filepath.Join(dir, "gitdir"), maxGitFile)
		at := strings.TrimRight(string(content), " \t\r\n")
		if err != nil || !filepath.IsAbs(at) || !strings.HasSuffix(at, "/.git") {
			return nil, errUnsure
		}
		c := Checkout{Path: strings.TrimSuffix(at, "/.git")}
		if err := c.head(dir); err != nil {
			return nil, err
		}
		switch why, err := file.Read(filepath.Join(dir, "locked"), maxGitFile); {
		case err == nil:
			c.Locked = cmp.Or(strings.TrimSpace(string(why)), "locked")
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
		all = append(all, c)
	}
	slices.SortFunc(all[1:], func(a, b Checkout) int { return cmp.Compare(a.Path, b.Path) })
	return all, nil
}

// head reads what is checked out from the git dir.
func (c *Checkout) head(gitDir string) error {
	content, err := file.Read(filepath.Join(gitDir, "HEAD"), 4096)
	if err != nil {
		return err
	}
	text := strings.TrimSuffix(string(content), "\n")
	ref, symbolic := strings.CutPrefix(text, "ref: ")
	switch {
	case symbolic && strings.HasPrefix(ref, "refs/heads/"):
		c.Branch = ref
	case object.SHA1.Valid(object.Hash(text)), object.SHA256.Valid(object.Hash(text)):
		c.Detached = true
	default:
		return errUnsure
	}
	return nil
}
