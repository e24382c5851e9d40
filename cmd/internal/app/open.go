package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/cmd/internal/swarm"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Swarm is the swarm in the repository that the command was started in.
func (c *call) Swarm() (*swarm.Swarm, error) {
	if c.swarm != nil {
		return c.swarm, nil
	}
	// Where an agent made a repository of files, what it may run unasked acts where its
	// hooks do, and not there.
	own := c.verb != nil && agents.Run(c.Env) && install.RunsUnasked(c.verb.name)
	s, err := swarm.Open(c.Env, c.Dir, swarm.Options{Now: c.Now, Named: c.Named, Own: own, Via: c.via, Renamed: recordName})
	if err == nil {
		c.swarm = s
	}
	return s, err
}

// recordName has the configuration name the clone as it is called on the hub from now on.
// Where that fails, its refs say so all the same.
func recordName(r *repo.Repo, clone string) {
	_ = install.SetHub(context.Background(), r, "swarm.hubClone", clone)
}

// Repo is that repository.
func (c *call) Repo() (*repo.Repo, error) {
	s, err := c.Swarm()
	if err != nil {
		return nil, err
	}
	return s.Repo, nil
}

// Bus is the sessions, messages and shared context there.
func (c *call) Bus() (*bus.Bus, error) {
	s, err := c.Swarm()
	if err != nil {
		return nil, err
	}
	return s.Bus(), nil
}

// Settings is the configuration there.
func (c *call) Settings() (*settings.Settings, error) {
	s, err := c.Swarm()
	if err != nil {
		return nil, err
	}
	return s.Settings()
}

// Rules are what holds for work that lands where the branch here does.
func (c *call) Rules(ctx context.Context) (*settings.Rules, error) {
	s, err := c.Swarm()
	if err != nil {
		return nil, err
	}
	return s.Rules(ctx)
}

// Claims is who holds what there, for who does not take any: see Takes.
func (c *call) Claims(ctx context.Context) (*lock.Claims, error) {
	s, err := c.Swarm()
	if err != nil {
		return nil, err
	}
	return s.Claims(ctx)
}

// Takes is Claims, for who takes what others may hold, or is kept from something by
// it: by swarm.staleAfter, which must be good.
func (c *call) Takes(ctx context.Context) (*lock.Claims, error) {
	claims, err := c.Claims(ctx)
	if err == nil {
		err = c.swarm.CheckStaleAfter()
	}
	return claims, err
}

// body is an argument that is text: "-" reads it from standard input.
func (c *call) body(arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	text, err := io.ReadAll(io.LimitReader(c.Stdin, bus.MaxBody+1))
	if err != nil {
		return "", fmt.Errorf("read standard input: %w", err)
	}
	if len(text) > bus.MaxBody {
		return "", bus.Inputf("the text on standard input has more than %d bytes", bus.MaxBody)
	}
	return string(text), nil
}

// paths brings path arguments, relative to where the command was started, into
// the form in which they are claimed.
func (c *call) paths(args []string) ([]string, error) {
	r, err := c.Repo()
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, arg := range args {
		if arg == "" {
			return nil, bus.Inputf("an empty path")
		}
		path := filepath.ToSlash(arg)
		if filepath.IsAbs(arg) {
			if path, err = inWorkTree(r, arg); err != nil {
				return nil, err
			}
		} else if r.Prefix != "" {
			path = strings.TrimSuffix(r.Prefix, "/") + "/" + path
		}
		clean, err := lock.CleanPath(path)
		var bad *lock.PathError
		if errors.As(err, &bad) { // named as the user gave it
			err = &lock.PathError{Path: arg, Why: bad.Why}
		}
		if err != nil {
			return nil, err
		}
		paths = append(paths, clean)
	}
	return paths, nil
}

// noLinks refuses paths that lead through a symbolic link, as git add does: the
// file there has another path, and that is the one to claim.
func (c *call) noLinks(paths []string) error {
	r, err := c.Repo()
	if err != nil || r.WorkTree == "" {
		return err
	}
	for _, path := range paths {
		for dir := filepath.Dir(path); dir != "."; dir = filepath.Dir(dir) {
			if info, err := os.Lstat(filepath.Join(r.WorkTree, dir)); err == nil && info.Mode()&fs.ModeSymlink != 0 {
				return bus.Inputf("'%s': beyond the symbolic link '%s'", path, dir)
			}
		}
	}
	return nil
}

// inWorkTree makes an absolute path relative to the work tree's top, also when
// one of them is spelt through symbolic links.
func inWorkTree(r *repo.Repo, path string) (string, error) {
	for _, p := range []string{filepath.Clean(path), repo.ResolveLinks(filepath.Clean(path))} {
		rel, err := filepath.Rel(r.WorkTree, p)
		if r.WorkTree != "" && err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
			return filepath.ToSlash(rel), nil
		}
	}
	return "", bus.Inputf("'%s': outside the repository", text.Inert(path))
}
