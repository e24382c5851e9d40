package hook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/orchestrator/standing"
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
// the session was reminded of it.
func (h *Handler) work(ctx context.Context, held []string) (work, error) {
	if past := h.past(); past.Fingerprint != "" && past.Fingerprint == h.fingerprint(ctx, held, past.LandsOn) {
		return work{same: true}, nil
	}
	now, err := h.checkout().Unlanded(ctx, held)
	return work{Work: now, state: h.fingerprint(ctx, held, now.Target)}, err
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
	refs := []string{target}
	if ref, ok := strings.CutPrefix(strings.TrimSpace(string(head)), "ref: "); ok {
		refs = append(refs, ref)
	}
	for _, ref := range refs {
		if ref == "" {
			continue
		}
		tip, err := h.Bus.Store().Tip(ctx, ref)
		if err != nil {
			return ""
		}
		fmt.Fprintln(sum, ref, tip)
	}
	files := []string{filepath.Join(h.Repo.GitDir, "index")}
	for _, path := range held {
		files = append(files, filepath.Join(h.Repo.WorkTree, filepath.FromSlash(path)))
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
