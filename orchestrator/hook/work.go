package hook

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/standing"
	"github.com/git-swarm/git-swarm/refstore/file"
)

// work is what a session has not landed yet of what it claims.
type work struct {
	standing.Work
	same  bool   // nothing has changed since the last stop; the rest is not set
	state string // see Handler.fingerprint
}

// checkout is the one that the agent works in.
func (h *Handler) checkout() standing.Checkout {
	return standing.Checkout{Bus: h.Bus, Repo: h.Repo, Dir: h.Repo.WorkTree, Head: "HEAD"}
}

// work is what has not landed, unless nothing has changed since the last stop: then
// the session was reminded of it. Where the agent stands elsewhere, its session's own
// worktrees are looked at, too, each time.
func (h *Handler) work(ctx context.Context, id string, held []string) (work, error) {
	if !strings.EqualFold(h.sessionHere(), id) && len(h.others(id)) > 0 {
		now, err := h.unlanded(ctx, id, held)
		return work{Work: now}, err
	}
	if past := h.past(); past.Fingerprint != "" && past.Fingerprint == h.fingerprint(ctx, held, past.LandsOn) {
		return work{same: true}, nil
	}
	now, err := h.checkout().Unlanded(ctx, held)
	return work{Work: now, state: h.fingerprint(ctx, held, now.Target)}, err
}

// sessionHere is the session whose checkout the agent works in, "" if it is nobody's.
func (h *Handler) sessionHere() string {
	content, err := file.Read(h.Repo.SessionFile(), 1024)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}

// others are the session's checkouts that are there, but for the one that the agent
// works in.
func (h *Handler) others(id string) (all []standing.Checkout) {
	for _, c := range agents.Checkouts(h.Repo) {
		if path := c.Path(); path != "" && c.Head() != "" && strings.EqualFold(c.Session, id) && c.GitDir() != h.Repo.GitDir {
			all = append(all, standing.Checkout{Bus: h.Bus, Repo: h.Repo, Dir: path, Head: c.Head()})
		}
	}
	return all
}

// unlanded is what has not landed of what the session holds, in any of its checkouts:
// its agent may have gone elsewhere since the edit.
func (h *Handler) unlanded(ctx context.Context, id string, held []string) (standing.Work, error) {
	all, err := h.checkout().Unlanded(ctx, held)
	for _, c := range h.others(id) {
		if err != nil {
			return all, err
		}
		var work standing.Work
		if work, err = c.Unlanded(ctx, held); err == nil {
			all.Paths, all.Dirty = append(all.Paths, work.Paths...), append(all.Dirty, work.Dirty...)
			all.Committed = all.Committed || work.Committed
			all.Target = cmp.Or(all.Target, work.Target)
		}
	}
	for _, paths := range []*[]string{&all.Paths, &all.Dirty} {
		slices.Sort(*paths)
		*paths = slices.Compact(*paths)
	}
	return all, err
}

// fingerprint is a hash of the branch, what it lands on, the index, and size and
// time of the claimed files; "" if a folder is among them.
func (h *Handler) fingerprint(ctx context.Context, held []string, target string) string {
	sum := sha256.New()
	head, err := os.ReadFile(filepath.Join(h.Repo.GitDir, "HEAD"))
	if err != nil || h.Repo.WorkTree == "" {
		return ""
	}
	fmt.Fprintf(sum, "%s\n%q\n", head, held)
	refs, files := h.printed(head, held, target)
	for _, ref := range refs {
		tip, err := h.Bus.Store().Tip(ctx, ref)
		if err != nil {
			return ""
		}
		fmt.Fprintln(sum, ref, tip)
	}
	for _, name := range files {
		info, err := os.Lstat(name)
		switch {
		case err != nil:
			fmt.Fprintln(sum, name)
		case info.IsDir():
			return ""
		default:
			fmt.Fprintln(sum, name, info.Size(), info.ModTime().UnixNano())
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// printed are the refs and files of a fingerprint. head is what HEAD says.
func (h *Handler) printed(head []byte, held []string, target string) (refs, files []string) {
	if target != "" {
		refs = append(refs, target)
	}
	if ref, ok := strings.CutPrefix(strings.TrimSpace(string(head)), "ref: "); ok && ref != "" {
		refs = append(refs, ref)
	}
	files = append(files, filepath.Join(h.Repo.GitDir, "index"))
	for _, path := range held {
		files = append(files, filepath.Join(h.Repo.WorkTree, filepath.FromSlash(path)))
	}
	return refs, files
}
