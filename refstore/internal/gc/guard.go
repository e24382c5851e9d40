package gc

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Guard protects new objects from a running git gc.
type Guard struct {
	Repo    *repo.Repo
	Backend refs.Backend
}

// Keep makes sure that the objects of a transaction, whose refs have moved,
// survive a git gc --prune=now that looked at the refs before they moved and
// will delete what it did not find reachable.
//
//   - If no gc is running: one that starts later sees our refs, and one that has
//     ended deletes nothing more. What it took is written again.
//   - If a gc is running that may prune: the objects are put in a pack, too. gc
//     deletes loose objects, and of the packs only those that it listed at its start.
//
// The pack is made after the refs moved, so a gc that lists it also sees them.
func (g Guard) Keep(ctx context.Context, objects []object.Object) error {
	for range 5 {
		if AtWork(g.Repo.CommonDir, time.Now()) && !g.sparesNew() {
			if err := g.pack(ctx, objects); err == nil {
				return nil
			}
		} else if all, err := g.Backend.Has(ctx, objects); err != nil || all {
			return err
		}
		if err := g.Backend.Write(ctx, objects); err != nil {
			return err
		}
	}
	return errors.New("git gc takes away new objects as fast as they are written")
}

// KeepRange is Keep for all that commit has and base has not, in git's hands: what a gc
// took before is not there to be written again, and is an error.
func (g Guard) KeepRange(ctx context.Context, commit, base object.Hash) error {
	if AtWork(g.Repo.CommonDir, time.Now()) && !g.sparesNew() {
		return g.packed(ctx, string(commit)+"\n^"+string(base)+"\n", "--revs")
	}
	_, err := repo.Output(g.Repo.GitParsed(ctx, "rev-list", "--objects", "--quiet", string(commit), "^"+string(base)))
	return err
}

func (g Guard) pack(ctx context.Context, objects []object.Object) error {
	var ids strings.Builder
	for _, o := range objects {
		ids.WriteString(string(o.ID) + "\n")
	}
	return g.packed(ctx, ids.String())
}

// packed puts what git pack-objects reads from its input in a pack.
func (g Guard) packed(ctx context.Context, input string, options ...string) error {
	args := append([]string{"pack-objects", "-q"}, options...)
	cmd := g.Repo.GitParsed(ctx, append(args, filepath.Join(g.Repo.ObjectDir, "pack", "pack"))...)
	cmd.Stdin = strings.NewReader(input)
	_, err := repo.Output(cmd)
	return err
}

// sparesNew reports whether the running gc certainly leaves new objects alone:
// nothing in its arguments, its environment or the configuration says when to
// prune, so that git's default of two weeks holds. That is so of every automatic
// gc, and saves a process and a tiny pack for each change that is made meanwhile.
func (g Guard) sparesNew() bool {
	config, err := g.Repo.Config()
	if err != nil {
		return false
	}
	if _, set := config.Get("gc.pruneexpire"); set {
		return false
	}
	content, err := os.ReadFile(filepath.Join(g.Repo.CommonDir, "gc.pid"))
	if err != nil {
		return false
	}
	pid, _, _ := strings.Cut(string(content), " ")
	for _, file := range []string{"cmdline", "environ"} { // without /proc nothing is certain
		said, err := os.ReadFile(filepath.Join("/proc", pid, file))
		if err != nil || len(said) == 0 || strings.Contains(strings.ToLower(string(said)), "prune") {
			return false
		}
	}
	return true
}

// AtWork reports whether a git gc is running. It reads gc.pid as git does
// (lock_repo_for_gc in builtin/gc.c): "pid host", valid for twelve hours, and on
// this host only while the process exists.
func AtWork(commonDir string, now time.Time) bool {
	path := filepath.Join(commonDir, "gc.pid")
	info, err := os.Stat(path)
	if err != nil || now.Sub(info.ModTime()) > 12*time.Hour {
		return false
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	word, host, _ := strings.Cut(strings.TrimSpace(string(content)), " ")
	pid, err := strconv.Atoi(word)
	if err != nil || pid <= 0 {
		return true // being written
	}
	if here, err := os.Hostname(); err != nil || host != here {
		return true
	}
	return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
