package hook

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/standing"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Places finds the repository in which a hook acts for a folder: that of the
// agent's session, or one that the user trusts by [repo.TrustedKey]. Any other is
// a folder, for the agent, or whoever wrote what it reads, may have made it. It
// looks once for each folder.
type Places struct {
	env   repo.Env
	own   string // the common dir of the session's repository
	found map[string]place
}

type place struct {
	repo *repo.Repo
	err  error
}

// NewPlaces returns the places of a session whose repository is that of the first
// of these folders that has one: where its client was started, then where it works.
func NewPlaces(env repo.Env, dirs ...string) *Places {
	p := &Places{env: env, found: map[string]place{}}
	for _, dir := range dirs {
		if r, err := repo.DiscoverOwn(env, dir); err == nil {
			p.own = r.CommonDir
			p.found[dir] = place{repo: r}
			break
		}
	}
	return p
}

// Repo is the repository in which the hook acts for the folder, as from
// [repo.DiscoverOwn]; [repo.ErrNotRepository] if it acts in none there.
func (p *Places) Repo(dir string) (*repo.Repo, error) {
	at, ok := p.found[dir]
	if !ok {
		at.repo, at.err = p.look(dir)
		p.found[dir] = at
	}
	return at.repo, at.err
}

func (p *Places) look(dir string) (*repo.Repo, error) {
	r, err := repo.DiscoverOwn(p.env, dir)
	if err != nil || p.own == "" || r.CommonDir == p.own {
		return r, err
	}
	trusted, err := r.Trusted()
	if err != nil {
		return nil, err
	}
	if !trusted {
		return nil, repo.ErrNotRepository
	}
	return r, nil
}

// Edit is what an agent is about to change in one checkout.
type Edit struct {
	Repo  *repo.Repo
	Files []string // from the top of the repository
}

// Edits sorts files, as seen from dir, by the checkout that they are in; files
// outside of any are left out. They need not exist. An error is that of the first
// folder whose repository cannot be read; the other files are sorted all the same.
func (p *Places) Edits(dir string, paths []string) (edits []Edit, err error) {
	for _, path := range p.meant(dir, paths) {
		r, failed := p.Repo(existing(filepath.Dir(path)))
		switch {
		case errors.Is(failed, repo.ErrNotRepository):
			continue
		case failed != nil:
			if err == nil {
				err = failed
			}
			continue
		}
		file, ok := inCheckout(r, path)
		if !ok {
			continue
		}
		i := slices.IndexFunc(edits, func(e Edit) bool { return e.Repo.GitDir == r.GitDir })
		if i < 0 {
			i, edits = len(edits), append(edits, Edit{Repo: r})
		}
		edits[i].Files = append(edits[i].Files, file)
	}
	return edits, err
}

// meant are the files that a client could take the paths for, without links on the
// way. Some clients take blanks off, or have "~" stand for the user's folder; some
// take "link/.." for the folder that the link is in, others, as the system does, for
// the one above where it leads.
func (p *Places) meant(dir string, paths []string) (files []string) {
	for _, path := range paths {
		spelt := []string{path, strings.TrimSpace(path)}
		if rest, ok := strings.CutPrefix(spelt[1], "~/"); ok && p.env.Get("HOME") != "" {
			spelt = append(spelt, p.env.Get("HOME")+"/"+rest)
		}
		var found []string
		for _, path := range spelt {
			if path == "" {
				continue
			}
			if !filepath.IsAbs(path) {
				path = dir + "/" + path
			}
			found = append(found, repo.ResolveLinks(filepath.Clean(path)))
			if parent, name := filepath.Split(path); strings.Contains(parent, "/../") && name != ".." {
				if real, err := filepath.EvalSymlinks(parent); err == nil {
					found = append(found, repo.ResolveLinks(real+"/"+name))
				}
			}
		}
		slices.Sort(found)
		files = append(files, slices.Compact(found)...)
	}
	return files
}

// existing is the folder, or the nearest one above it that exists.
func existing(dir string) string {
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			break
		}
	}
	return dir
}

// inCheckout is a file's path from the top of the repository.
func inCheckout(r *repo.Repo, path string) (string, bool) {
	if r.WorkTree == "" {
		return "", false
	}
	rel, err := filepath.Rel(r.WorkTree, path)
	if err != nil {
		return "", false
	}
	clean, err := lock.CleanPath(filepath.ToSlash(rel))
	return clean, err == nil
}

// preEdit claims what is about to be edited, or denies the edit. Ignored files are
// nobody's.
func (h *Handler) preEdit(ctx context.Context, id string) error {
	holders, err := h.Claims.Holders(ctx, h.Files)
	if err != nil {
		return err
	}
	var wanted, doubtful []string
	var awaited []lock.Claim
	takeover := false
	h.Idle = len(h.Files) > 0
	for _, file := range h.Files {
		held, ok := holders[file]
		h.Idle = h.Idle && ok && held.Session == id
		switch {
		case ok && held.Session == id:
			if slices.Contains(h.past().Waited, held.Path) {
				awaited = append(awaited, held)
			}
		case ok && held.Path == file:
			inTheWay, err := h.Claims.InTheWay(ctx, file, held)
			if err != nil {
				return err
			}
			if !inTheWay.Stale || !h.leftClean(ctx, held) && !h.inherits(ctx, id, held) {
				return h.denyEdit(ctx, inTheWay)
			}
			wanted, takeover = append(wanted, file), true
		case h.mayBeIgnored(file):
			doubtful = append(doubtful, file)
		default:
			wanted = append(wanted, file)
		}
	}
	wanted = append(wanted, h.notIgnored(ctx, doubtful)...)
	if len(wanted) == 0 {
		return h.noteClaimed(ctx, awaited)
	}
	if err := h.resume(ctx, id, bus.Done, bus.Parked); err != nil {
		return err
	}
	ctx, done := h.longer(ctx)
	defer done()
	granted, err := h.grant(ctx, id, lock.Request{Paths: wanted, Takeover: takeover})
	if h.isAway(err) {
		return errors.Join(err, h.noteUnclaimed(ctx, wanted))
	}
	var held *lock.HeldError
	if errors.As(err, &held) {
		return h.denyEdit(ctx, held)
	}
	if err != nil {
		return err
	}
	granted = slices.DeleteFunc(granted, func(c lock.Claim) bool { return !slices.Contains(wanted, c.Path) })
	return h.noteClaimed(ctx, append(granted, awaited...))
}

// leftClean reports whether the holder has certainly ended, and has nothing under what
// it claims that has not landed: then nobody has to be asked.
func (h *Handler) leftClean(ctx context.Context, held lock.Claim) bool {
	s, err := h.Bus.Session(ctx, held.Session)
	if err != nil {
		return false
	}
	sign, known := h.known().Signs()[s.ID]
	if !known || !sign.Ended(s.Seen) {
		return false
	}
	c, ok := standing.CheckoutOf(ctx, h.Bus, s)
	if !ok || c.Dir == "" {
		return false
	}
	work, err := c.Unlanded(ctx, []string{held.Path})
	return err == nil && len(work.Paths) == 0
}

// denyEdit says who stands in the way, and how that session stands, if that can be
// told.
func (h *Handler) denyEdit(ctx context.Context, held *lock.HeldError) error {
	deny := DenyEdit{Held: held, Unwritable: h.unwritable}
	if s, err := h.Bus.Session(ctx, held.Claim.Session); err == nil {
		deny.Stands, _ = h.standing().Of(ctx, s)
	}
	return h.Say(deny)
}

// notIgnored leaves out what git ignores, unless it is tracked. Where git cannot
// say, nothing is ignored.
func (h *Handler) notIgnored(ctx context.Context, paths []string) []string {
	if len(paths) == 0 {
		return nil
	}
	cmd := h.Repo.GitParsed(ctx, "-C", h.Repo.WorkTree, "check-ignore", "-z", "--stdin")
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\x00"))
	out, _ := repo.Output(cmd) // with 1 if none is
	ignored := strings.Split(out, "\x00")
	return slices.DeleteFunc(paths, func(p string) bool { return slices.Contains(ignored, p) })
}
