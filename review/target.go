package review

import (
	"context"
	"errors"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// ErrNoTarget says that nothing tells what a branch is to land on.
var ErrNoTarget = errors.New("no target")

// FindTarget is the full name of the ref that branch (a ref's full name, or
// HEAD) is to land on, as far as this clone knows it: its upstream, unless that
// is the branch's own copy on the remote, else the branch named target on the
// remote, else the remote's default branch, else a branch here.
func FindTarget(ctx context.Context, git *repo.Repo, branch, remote, target string) (string, error) {
	if remote == "" {
		remote = "origin"
	}
	var candidates []string
	name := branch
	if branch == "HEAD" {
		name, _ = said(git.GitParsed(ctx, "symbolic-ref", "--quiet", "HEAD"))
	}
	name = strings.TrimPrefix(name, "refs/heads/")
	if up, err := said(git.GitParsed(ctx, "rev-parse", "--symbolic-full-name", name+"@{upstream}")); err == nil && !strings.HasSuffix(up, "/"+name) {
		candidates = append(candidates, up)
	}
	if target = strings.TrimPrefix(target, "refs/heads/"); target != "" {
		candidates = append(candidates, "refs/remotes/"+remote+"/"+target, "refs/heads/"+target)
	}
	candidates = append(candidates, "refs/remotes/"+remote+"/HEAD")
	for _, ref := range candidates {
		if exists(ctx, git, object.Hash(ref)) {
			return pointee(ctx, git, ref), nil
		}
	}
	return defaultBranch(ctx, git, remote, name)
}

// pointee is the ref that a symbolic ref stands for, such as the remote's HEAD.
func pointee(ctx context.Context, git *repo.Repo, ref string) string {
	if to, err := said(git.GitParsed(ctx, "symbolic-ref", "--quiet", ref)); err == nil {
		return to
	}
	return ref
}

// DefaultTarget is the remote's default branch, whichever branch is checked out.
func DefaultTarget(ctx context.Context, git *repo.Repo, remote string) (string, error) {
	if ref := "refs/remotes/" + remote + "/HEAD"; exists(ctx, git, object.Hash(ref)) {
		return pointee(ctx, git, ref), nil
	}
	return defaultBranch(ctx, git, remote, "")
}

// defaultBranch is the usual name, where a clone was made by hand and has no
// record of the remote's default branch.
func defaultBranch(ctx context.Context, git *repo.Repo, remote, not string) (string, error) {
	configured, _ := said(git.GitParsed(ctx, "config", "init.defaultBranch"))
	for _, prefix := range []string{"refs/remotes/" + remote + "/", "refs/heads/"} {
		for _, name := range []string{configured, "main", "master"} {
			if name != "" && name != not && exists(ctx, git, object.Hash(prefix+name)) {
				return prefix + name, nil
			}
		}
	}
	return "", ErrNoTarget
}
