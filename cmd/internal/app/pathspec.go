package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// expand replaces each pathspec among the arguments with the files that it
// matches, tracked ones and those that git would add. An argument that names a
// file is no pathspec, whatever is in its name.
func (c *call) expand(ctx context.Context, args []string) ([]string, error) {
	var paths []string
	for _, arg := range args {
		if !c.isPathspec(arg) {
			paths = append(paths, arg)
			continue
		}
		matched, err := c.match(ctx, arg)
		if err != nil {
			return nil, err
		}
		if len(matched) == 0 {
			return nil, refusePathspec(arg)
		}
		paths = append(paths, matched...)
	}
	return paths, nil
}

// isPathspec reports whether git would take more of the argument than its
// letters: magic as in ":!x", or a pattern as in "*.go".
func (c *call) isPathspec(arg string) bool {
	_, class, bracket := strings.Cut(arg, "[")
	pattern := strings.HasPrefix(arg, ":") || strings.ContainsAny(arg, "*?") || bracket && strings.Contains(class, "]")
	if !pattern || filepath.IsAbs(arg) {
		return false
	}
	switch c.Env.Get("GIT_LITERAL_PATHSPECS") {
	case "", "0", "false":
	default:
		return false
	}
	_, err := os.Lstat(filepath.Join(c.Dir, arg))
	return err != nil
}

// match returns the files that a pathspec matches, as seen from where we are.
func (c *call) match(ctx context.Context, pathspec string) ([]string, error) {
	if name, ok := strings.CutPrefix(pathspec, ":(literal)"); ok {
		return []string{name}, nil
	}
	r, err := c.Repo()
	if err != nil {
		return nil, err
	}
	out, err := repo.Output(r.GitParsed(ctx, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", pathspec))
	var no *repo.GitError
	if errors.As(err, &no) && no.ExitCode == 128 && strings.Contains(no.Stderr, "'"+pathspec+"'") {
		return nil, refuseMagic(no.Stderr, pathspec)
	}
	if err != nil {
		return nil, err
	}
	files := strings.FieldsFunc(out, func(r rune) bool { return r == 0 })
	slices.Sort(files)
	return slices.Compact(files), nil
}

// expandHeld is expand over what session id holds. An argument that matches none
// of that is left as it is, to be refused by its name.
func (c *call) expandHeld(ctx context.Context, claims *lock.Claims, id string, args []string) ([]string, error) {
	var paths []string
	for _, arg := range args {
		if !c.isPathspec(arg) {
			paths = append(paths, arg)
			continue
		}
		matched, err := c.match(ctx, arg)
		if err == nil {
			matched, err = c.heldOf(ctx, claims, id, append(matched, arg))
		}
		if err != nil {
			return nil, err
		}
		if len(matched) == 0 {
			matched = []string{arg}
		}
		paths = append(paths, matched...)
	}
	return paths, nil
}

// heldOf returns those of the arguments that session id holds.
func (c *call) heldOf(ctx context.Context, claims *lock.Claims, id string, args []string) ([]string, error) {
	paths, err := c.paths(args)
	if err != nil {
		return nil, err
	}
	holders, err := claims.Holders(ctx, paths)
	if err != nil {
		return nil, err
	}
	var held []string
	for i, path := range paths {
		if claim, ok := holders[path]; ok && claim.Session == id && claim.Path == path {
			held = append(held, args[i])
		}
	}
	return held, nil
}

// missing returns those of the paths, from the work tree's top, at which there is
// nothing: neither a file here nor a tracked one.
func (c *call) missing(ctx context.Context, paths []string) []string {
	r, err := c.Repo()
	if err != nil || r.WorkTree == "" {
		return nil
	}
	var absent []string
	for _, path := range paths {
		if _, err := os.Lstat(filepath.Join(r.WorkTree, path)); err != nil {
			absent = append(absent, path)
		}
	}
	if len(absent) == 0 {
		return nil
	}
	unsure := slices.DeleteFunc(slices.Clone(absent), r.KnownUntracked())
	if len(unsure) == 0 {
		return absent
	}
	args := []string{"ls-files", "-z", "--full-name", "--"}
	for _, path := range unsure {
		args = append(args, ":(top,literal)"+path)
	}
	out, _ := repo.Output(r.GitParsed(ctx, args...))
	tracked := strings.Split(out, "\x00")
	return slices.DeleteFunc(absent, func(path string) bool { return anyBelow(tracked, path) })
}

// anyBelow reports whether any of the files is path, or below it.
func anyBelow(files []string, path string) bool {
	for _, f := range files {
		if f == path || strings.HasPrefix(f, path+"/") {
			return true
		}
	}
	return false
}
