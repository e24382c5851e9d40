package app

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/index"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// staged are the files that git commit would change. git is asked where its index, HEAD or
// objects are not plain files.
func (c *call) staged(ctx context.Context, r *repo.Repo) ([]index.Change, error) {
	if read, err := c.readStaged(ctx, r); err == nil {
		return read, nil
	}
	fields, err := repo.Fields(r.GitParsed(ctx, "diff", "--cached", "--name-status", "--no-renames", "--no-relative", "--ignore-submodules=none", "-z"))
	if err != nil {
		return nil, err
	}
	var all []index.Change
	for change := range slices.Chunk(fields, 2) { // a letter, and the file
		all = append(all, index.Change{Path: change[1], Deleted: change[0] == "D"})
	}
	return all, nil
}

// maxIndex is the length in bytes up to which an index is read in process.
const maxIndex = 16 << 20

// readStaged is staged, read in process.
func (c *call) readStaged(ctx context.Context, r *repo.Repo) ([]index.Change, error) {
	content, _, err := readIndex(ctx, r)
	if err != nil {
		return nil, err
	}
	return c.stagedIn(ctx, r, content)
}

// readTouched are the files that git commit --all may change, read in process: what is
// staged, and what may be otherwise in the work tree.
func (c *call) readTouched(ctx context.Context, r *repo.Repo) ([]index.Change, error) {
	content, written, err := readIndex(ctx, r)
	if err != nil {
		return nil, err
	}
	staged, err := c.stagedIn(ctx, r, content)
	if err != nil {
		return nil, err
	}
	touched, err := index.Touched(content, r.Algo, r.WorkTree, written)
	return append(staged, touched...), err
}

// readIndex is the index that git commit would take, and when it was written.
func readIndex(ctx context.Context, r *repo.Repo) (content []byte, written time.Time, err error) {
	path, ok := indexPath(ctx, r)
	if !ok {
		return nil, written, index.ErrUnread
	}
	info, err := os.Stat(path) // before: another's new one is no older
	if err != nil {
		return nil, written, err
	}
	content, err = file.Read(path, maxIndex+1)
	if err == nil && len(content) > maxIndex {
		err = index.ErrUnread
	}
	return content, info.ModTime(), err
}

// stagedIn is what is staged in the index of that content.
func (c *call) stagedIn(ctx context.Context, r *repo.Repo, staged []byte) ([]index.Change, error) {
	branch, err := r.Head(ctx)
	if err != nil {
		return nil, err
	}
	tip := r.RefHere(branch)
	if tip == "" { // detached, or without a commit
		return nil, index.ErrUnread
	}
	store := c.swarm.Store()
	read := func(id object.Hash, kind object.Kind) ([]byte, error) {
		o, err := store.Read(ctx, id)
		if err == nil && o.Kind != kind {
			err = index.ErrUnread
		}
		return o.Content, err
	}
	content, err := read(object.Hash(tip), object.Commit)
	if err != nil {
		return nil, err
	}
	head, err := r.Algo.DecodeCommit(content)
	if err != nil {
		return nil, err
	}
	return index.Staged(staged, r.Algo, head.Tree, func(tree object.Hash) (object.Entries, error) {
		content, err := read(tree, object.Tree)
		if err != nil {
			return nil, err
		}
		return r.Algo.DecodeTree(content)
	})
}

// indexPath is the file of the index that git commit would take; ok is false where it may
// not be read in process. In its hooks git names one, from the top of the work tree.
func indexPath(ctx context.Context, r *repo.Repo) (path string, ok bool) {
	if ok, _ := r.ReadInProcess(); !ok || r.RefFormat != "files" || r.WorkTree == "" {
		return "", false
	}
	path = repo.Env(r.GitParsed(ctx).Env).Get("GIT_INDEX_FILE")
	switch {
	case path == "":
		path = filepath.Join(r.GitDir, "index")
	case !filepath.IsAbs(path):
		path = filepath.Join(r.WorkTree, path)
	}
	return path, true
}
