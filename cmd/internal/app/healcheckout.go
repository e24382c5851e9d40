package app

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// healCheckout heals what has stopped. A path that is not in conflict is a plain
// no, but keeps no other from being healed.
func (c *call) healCheckout(ctx context.Context) error {
	level, err := c.level(ctx)
	if err != nil {
		return err
	}
	r, chosen, err := c.chosen()
	if err != nil {
		return err
	}
	opts, err := merge.OptionsFor(r, level)
	if err != nil {
		return err
	}
	if err := c.mend(ctx); err != nil {
		return err
	}
	file.Sweep(r.GitDir)
	s, err := c.Settings()
	if err != nil {
		return err
	}
	regenerate, err := s.Regenerate.Get()
	if err != nil {
		return err
	}
	checkout := merge.Checkout{
		Git: r.GitParsed, Options: opts, Partial: c.cmd.Bool("partial"), Temp: r.GitDir, Regenerate: regenerate,
		Locking: func(ctx context.Context, build func() *exec.Cmd) (string, error) {
			return gitlock.Output(ctx, r, []string{gitlock.Index(r)}, build)
		},
	}
	all, err := checkout.Heal(ctx, chosen.has)
	if err != nil {
		return err
	}
	if !chosen.asked {
		if err := chosen.exist(ctx, r); err != nil {
			return err
		}
		if !c.wantJSON() {
			c.notef("no file is in conflict")
		}
		return nil
	}
	err = c.printHealed(ctx, all, "healed", [2]string{"HEAD", theirHead(r)})
	var left *statusError
	if err == nil || errors.As(err, &left) {
		if missed := chosen.missed(); missed != nil {
			return missed
		}
	}
	return err
}

// choice is what the arguments name: files, and folders with all below. It keeps
// in mind what it was asked for.
type choice struct {
	args  []string
	names []string // of the arguments, from the top of the work tree; none for all files
	found map[string]bool
	asked bool // for any file
}

// chosen is the repository, which has a work tree, and what of it the arguments name.
func (c *call) chosen() (*repo.Repo, *choice, error) {
	r, err := c.Repo()
	if err != nil {
		return nil, nil, err
	}
	if r.WorkTree == "" {
		return nil, nil, land.ErrBare
	}
	chosen := &choice{args: c.args, found: map[string]bool{}}
	for _, arg := range c.args {
		name := path.Join(r.Prefix, arg)
		if path.IsAbs(arg) {
			if name, err = inWorkTree(r, arg); err != nil {
				return nil, nil, err
			}
		}
		if name == ".." || strings.HasPrefix(name, "../") {
			return nil, nil, bus.Inputf("'%s': outside the repository", text.Inert(arg))
		}
		chosen.names = append(chosen.names, name)
	}
	return r, chosen, nil
}

func (c *choice) has(file string) bool {
	c.asked = true
	yes := len(c.names) == 0
	for _, n := range c.names {
		if n == "." || file == n || strings.HasPrefix(file, n+"/") {
			yes, c.found[n] = true, true
		}
	}
	return yes
}

// exist refuses the arguments that name nothing in the work tree and nothing in the index,
// as git does; nil if there are none.
func (c *choice) exist(ctx context.Context, r *repo.Repo) error {
	for i, n := range c.names {
		if _, err := os.Lstat(filepath.Join(r.WorkTree, filepath.FromSlash(n))); err == nil {
			continue
		}
		known, err := repo.Output(r.GitParsed(ctx, "ls-files", "-z", "--", ":(top,literal)"+n))
		if err != nil {
			return err
		}
		if known == "" {
			return refuseUnknownPath(c.args[i])
		}
	}
	return nil
}

// missed refuses the arguments that name no file it was asked for; nil if there are none.
func (c *choice) missed() error {
	var args []string
	for i, n := range c.names {
		if !c.found[n] {
			args = append(args, "'"+c.args[i]+"'")
		}
	}
	if len(args) == 0 {
		return nil
	}
	return refuseNoConflict(args)
}
