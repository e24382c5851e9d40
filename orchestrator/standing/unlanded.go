package standing

import (
	"context"
	"errors"
	"os/exec"
	pathpkg "path"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Checkout is where a session's work is.
type Checkout struct {
	Bus  *bus.Bus
	Repo *repo.Repo
	Dir  string // the top of its work tree, "" for none
	Head string // what is checked out there: HEAD, the full name of a branch, or a commit
}

// CheckoutOf is that of a session, by the worktree that has its identity; ok is false
// where neither that nor its branch exists.
func CheckoutOf(ctx context.Context, b *bus.Bus, s bus.Session) (c Checkout, ok bool) {
	c = Checkout{Bus: b, Repo: b.Store().Repo(), Head: "refs/heads/" + s.Branch}
	if at, found := agents.CheckoutOf(c.Repo, s.ID); found && at.Head() != "" {
		c.Dir, c.Head = at.Path(), at.Head()
	}
	_, err := repo.Output(c.Repo.GitParsed(ctx, "rev-parse", "--verify", "--quiet", c.Head+"^{commit}"))
	return c, err == nil
}

// Left is what a checkout has that has not landed.
type Left struct {
	Committed bool // something is committed
	Dirty     bool // something is changed and not committed
}

// Left is what the checkout has that has not landed. Where there is no target, what is
// committed counts as landed.
func (c Checkout) Left(ctx context.Context) (Left, error) {
	changed, dirty, _, err := c.changed(ctx, []string{"--"})
	return Left{Committed: len(changed) > len(dirty), Dirty: len(dirty) > 0}, err
}

// Unlanded reports whether a session has work that has not landed: changed and not
// committed, or committed and not on its target.
func Unlanded(ctx context.Context, b *bus.Bus, s bus.Session) (bool, error) {
	c, ok := CheckoutOf(ctx, b, s)
	if !ok {
		return false, nil
	}
	changed, _, _, err := c.changed(ctx, []string{"--"})
	return len(changed) > 0, err
}

// Work is what a checkout has under some paths that has not landed.
type Work struct {
	Paths     []string // of those asked about, under which something has not landed
	Dirty     []string // of them, those under which something is not committed
	Target    string   // the ref that it lands on, "" if there is none
	Committed bool     // something is committed and has not landed
}

// Unlanded are the paths under which something is changed in the checkout that has
// not landed. Where there is no target, what is committed counts as landed.
func (c Checkout) Unlanded(ctx context.Context, paths []string) (w Work, err error) {
	if len(paths) == 0 || c.Dir == "" {
		return w, nil
	}
	specs := []string{"--"}
	for _, path := range paths {
		specs = append(specs, ":(top,literal)"+path)
	}
	if len(paths) > maxSpecs {
		specs = specs[:1] // all, and below only what is asked about
	}
	changed, dirty, target, err := c.changed(ctx, specs)
	if err != nil {
		return w, err
	}
	w.Target = target
	for _, path := range paths {
		if changed[path] {
			w.Paths = append(w.Paths, path)
		}
		if dirty[path] {
			w.Dirty = append(w.Dirty, path)
		}
	}
	w.Committed = len(w.Paths) > len(w.Dirty)
	return w, nil
}

// maxSpecs is how many paths git is asked about one by one.
const maxSpecs = 1000

// changed are the paths that have not landed, and those of them that are not
// committed, each with the folders above it; and the ref that work lands on.
func (c Checkout) changed(ctx context.Context, specs []string) (changed, dirty map[string]bool, target string, err error) {
	changed, dirty = map[string]bool{}, map[string]bool{}
	if c.Dir != "" {
		out, err := repo.Output(c.git(ctx, "status", specs, "--porcelain", "-z", "--no-renames", "--untracked-files=all"))
		if err != nil {
			return nil, nil, "", err
		}
		for entry := range strings.SplitSeq(out, "\x00") {
			if len(entry) > 3 {
				addPath(changed, entry[3:])
				addPath(dirty, entry[3:])
			}
		}
	}
	if target, err = c.target(ctx); err != nil || target == "" {
		return changed, dirty, "", err
	}
	out, err := c.changedSince(ctx, target, specs)
	if err != nil {
		return nil, nil, "", err
	}
	for path := range strings.SplitSeq(out, "\x00") {
		if path != "" {
			addPath(changed, path)
		}
	}
	return changed, dirty, target, nil
}

// addPath adds a path and the folders above it.
func addPath(all map[string]bool, path string) {
	for path = strings.TrimSuffix(path, "/"); path != "." && !all[path]; path = pathpkg.Dir(path) {
		all[path] = true
	}
}

// target is the ref of what the work lands on, "" if none is known.
func (c Checkout) target(ctx context.Context) (string, error) {
	branch := c.Head
	if branch != "HEAD" && !strings.HasPrefix(branch, "refs/") {
		branch = ""
	}
	t, err := c.Bus.FindTarget(ctx, c.Repo, branch, "")
	if err == nil {
		var ref string
		if ref, err = c.Repo.TargetRef(ctx, t); err == nil {
			return ref, nil
		}
	}
	if errors.Is(err, repo.ErrNoTarget) {
		err = nil
	}
	return "", err
}

// changedSince are the files that the checkout's commits have changed since they left
// target, and that a merge into target would change there: content counts, and not by
// which commits it landed. Where they have nothing in common, it is those in which
// they differ.
func (c Checkout) changedSince(ctx context.Context, target string, specs []string) (string, error) {
	args := []string{"--name-only", "-z", "--no-renames", "--no-relative"}
	out, err := repo.Output(c.git(ctx, "diff", specs, append(args, target+"..."+c.Head)...))
	var no *repo.GitError
	if errors.As(err, &no) && strings.Contains(no.Line(), "no merge base") {
		return repo.Output(c.git(ctx, "diff", specs, append(args, target, c.Head)...))
	}
	if err != nil || out == "" {
		return out, err
	}
	merged, err := repo.Output(c.git(ctx, "merge-tree", nil, "--write-tree", "--no-messages", "--name-only", target, c.Head))
	if err != nil && !(errors.As(err, &no) && no.ExitCode == 1) { // 1: with conflicts, which are in the tree
		return "", err
	}
	tree, _, _ := strings.Cut(merged, "\n")
	return repo.Output(c.git(ctx, "diff", specs, append(args, target, tree)...))
}

// git runs in the checkout without taking the index's lock.
func (c Checkout) git(ctx context.Context, command string, behind []string, args ...string) *exec.Cmd {
	lead := []string{"--no-optional-locks", command}
	if c.Dir != "" {
		lead = slices.Concat([]string{"-C", c.Dir}, lead)
	}
	return c.Repo.GitParsed(ctx, slices.Concat(lead, args, behind)...)
}
