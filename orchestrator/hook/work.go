package hook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	pathpkg "path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// work is what a session has not landed yet of what it claims.
type work struct {
	same   bool     // nothing has changed since the last stop; the rest is not set
	paths  []string // its claims under which something has not landed
	state  string   // see Handler.fingerprint
	target string   // the ref that it lands on, "" if there is none
}

// work is what has not landed, unless nothing has changed since the last stop: then
// the session was reminded of it.
func (h *Handler) work(ctx context.Context, held []string) (work, error) {
	if past := h.past(); past.Fingerprint != "" && past.Fingerprint == h.fingerprint(ctx, held, past.LandsOn) {
		return work{same: true}, nil
	}
	paths, target, err := h.unpushed(ctx, held)
	return work{paths: paths, target: target, state: h.fingerprint(ctx, held, target)}, err
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

// unpushed are the session's claims under which something is changed here that
// has not landed: not committed, or committed and not on the target. Where there
// is no target, what is committed counts as landed.
func (h *Handler) unpushed(ctx context.Context, held []string) (paths []string, target string, err error) {
	if len(held) == 0 || h.Repo.WorkTree == "" {
		return nil, "", nil
	}
	specs := []string{"--"}
	for _, path := range held {
		specs = append(specs, ":(top,literal)"+path)
	}
	if len(held) > maxSpecs {
		specs = specs[:1] // all, and below only what is held
	}
	out, err := repo.Output(h.git(ctx, "status", specs, "--porcelain", "-z", "--no-renames", "--untracked-files=all"))
	if err != nil {
		return nil, "", err
	}
	changed := map[string]bool{}
	for entry := range strings.SplitSeq(out, "\x00") {
		if len(entry) > 3 {
			addPath(changed, entry[3:])
		}
	}
	if target, err = h.targetRef(ctx); err != nil {
		return nil, "", err
	}
	if target != "" {
		if out, err = h.changedSince(ctx, target, specs); err != nil {
			return nil, "", err
		}
		for path := range strings.SplitSeq(out, "\x00") {
			addPath(changed, path)
		}
	}
	for _, path := range held {
		if changed[path] {
			paths = append(paths, path)
		}
	}
	return paths, target, nil
}

// maxSpecs is how many paths git is asked about one by one.
const maxSpecs = 1000

// addPath adds a path and the folders above it.
func addPath(all map[string]bool, path string) {
	for path != "." && !all[path] {
		all[path] = true
		path = pathpkg.Dir(path)
	}
}

// changedSince are the files that HEAD has changed since it left target, and that a
// merge into target would change there: content counts, and not by which commits it
// landed. Where they have nothing in common, it is those in which they differ.
func (h *Handler) changedSince(ctx context.Context, target string, specs []string) (string, error) {
	args := []string{"--name-only", "-z", "--no-renames", "--no-relative"}
	out, err := repo.Output(h.git(ctx, "diff", specs, append(args, target+"...HEAD")...))
	var no *repo.GitError
	if errors.As(err, &no) && strings.Contains(no.Line(), "no merge base") {
		return repo.Output(h.git(ctx, "diff", specs, append(args, target, "HEAD")...))
	}
	if err != nil || out == "" {
		return out, err
	}
	merged, err := repo.Output(h.git(ctx, "merge-tree", nil, "--write-tree", "--no-messages", "--name-only", target, "HEAD"))
	if err != nil && !(errors.As(err, &no) && no.ExitCode == 1) { // 1: with conflicts, which are in the tree
		return "", err
	}
	tree, _, _ := strings.Cut(merged, "\n")
	return repo.Output(h.git(ctx, "diff", specs, append(args, target, tree)...))
}

// git runs in the repository without taking the index's lock.
func (h *Handler) git(ctx context.Context, command string, behind []string, args ...string) *exec.Cmd {
	return h.Repo.GitParsed(ctx, slices.Concat([]string{"--no-optional-locks", command}, args, behind)...)
}
