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

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// Reminder is why a session should not stop yet.
type Reminder struct {
	Session  string
	Target   string        // the branch that its work lands on, "" without a remote
	Messages []bus.Message // that it has not seen
	Context  int           // how many context entries came with them
	Reviews  []int         // that wait for its verdict
	Unpushed []string      // what it claims and has changed, but not landed
}

// stop reminds the session, once, of what somebody waits for: messages that it
// has not seen, reviews, and work on what it claims. Context alone can wait for
// the next prompt. It leaves the waiter alone: that of the same stop runs beside it.
func (h *Handler) stop(ctx context.Context, id string) error {
	if h.Input.StopActive || h.Input.Subagent != "" {
		return nil
	}
	r := &Reminder{Session: id}
	reviewsAt, err := h.Book.Fingerprint(ctx)
	if err != nil {
		return err
	}
	if h.agent.Record == nil || reviewsAt != h.agent.Record.ReviewsAt {
		if r.Reviews, err = h.reviewsFor(ctx, id); err != nil {
			return err
		}
	}
	own, err := h.own(ctx, id)
	if err != nil {
		return err
	}
	work, failed := h.work(ctx, own.Paths) // what failed here keeps no message from being told
	if !work.same && (h.agent.Record == nil || slices.ContainsFunc(work.paths, func(p string) bool { return !slices.Contains(h.agent.Record.Named, p) })) {
		r.Unpushed = work.paths
	}
	if len(r.Unpushed) > 0 {
		if r.Target, err = h.landsOn(ctx); err != nil {
			return err
		}
	}
	said := false
	err = h.Bus.Sync(ctx, id, func(n *bus.News) error {
		if len(n.Messages) == 0 {
			return errLater
		}
		r.Messages, said = n.Messages, true
		r.Context = len(n.Context) // the cursor moves past it: let it not go unsaid
		return h.Say(Answer{Keep: r})
	})
	if err != nil && !errors.Is(err, errLater) {
		return err
	}
	if !said && len(r.Reviews)+len(r.Unpushed) > 0 {
		err, said = h.Say(Answer{Keep: r}), true
	} else {
		err = nil
	}
	if err != nil || failed != nil || h.agent.Record == nil {
		return errors.Join(err, failed)
	}
	if !said && work.same && reviewsAt == h.agent.Record.ReviewsAt && own.Tip == h.agent.Record.ClaimsAt {
		return nil
	}
	return h.agent.Update(ctx, func(a *agents.Record) {
		a.ReviewsAt, a.ClaimsAt, a.Claims = reviewsAt, own.Tip, own.Paths
		if !work.same {
			a.Named, a.Looked, a.LandsOn = work.paths, work.looks, work.target
		}
		a.Reviews = append(a.Reviews, r.Reviews...)
		a.Reviews = a.Reviews[max(0, len(a.Reviews)-maxReviews):]
	})
}

// maxReviews is how many of the reviews that an agent was reminded of are remembered.
const maxReviews = 200

// reviewsFor are those that wait for the session, and that it was not reminded of.
func (h *Handler) reviewsFor(ctx context.Context, id string) ([]int, error) {
	var numbers []int
	err := h.Book.Open(ctx, func(r *review.Review) bool {
		voted := slices.ContainsFunc(r.Events, func(e *review.Event) bool {
			return e.By == id && (e.Kind == review.Approve || e.Kind == review.Reject)
		})
		if r.State == review.Pending && !voted && slices.Contains(r.To, id) && (h.agent.Record == nil || !slices.Contains(h.agent.Record.Reviews, r.Number)) {
			numbers = append(numbers, r.Number)
		}
		return true
	})
	return numbers, err
}

// work is what a session has not landed yet of what it claims.
type work struct {
	same   bool     // all looks as at the last stop: nothing else is known
	paths  []string // its claims under which something has not landed
	looks  string   // see Handler.looks
	target string   // the ref that it lands on, "" if there is none
}

// work is what has not landed, unless all looks as it did at the last stop: then
// the session was reminded of what there is.
func (h *Handler) work(ctx context.Context, held []string) (work, error) {
	if h.agent.Record != nil && h.agent.Record.Looked != "" && h.agent.Record.Looked == h.looks(ctx, held, h.agent.Record.LandsOn) {
		return work{same: true}, nil
	}
	paths, target, err := h.unpushed(ctx, held)
	return work{paths: paths, target: target, looks: h.looks(ctx, held, target)}, err
}

// looks is a sum over the branch, what it lands on, the index, and size and time of
// the claimed files; "" if a folder is among them.
func (h *Handler) looks(ctx context.Context, held []string, target string) string {
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
	target, err = review.FindTarget(ctx, h.Repo, "HEAD", h.Remote, h.Target)
	switch {
	case err == nil:
		if out, err = h.changedSince(ctx, target, specs); err != nil {
			return nil, "", err
		}
		for path := range strings.SplitSeq(out, "\x00") {
			addPath(changed, path)
		}
	case !errors.Is(err, review.ErrNoTarget):
		return nil, "", err
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

// changedSince are the files that HEAD has changed since it left target; where it
// never did, those in which they differ.
func (h *Handler) changedSince(ctx context.Context, target string, specs []string) (string, error) {
	args := []string{"--name-only", "-z", "--no-renames", "--no-relative"}
	out, err := repo.Output(h.git(ctx, "diff", specs, append(args, target+"...HEAD")...))
	var no *repo.GitError
	if errors.As(err, &no) && strings.Contains(no.Line(), "no merge base") {
		return repo.Output(h.git(ctx, "diff", specs, append(args, target, "HEAD")...))
	}
	return out, err
}

// sessionEnd releases what the session claims and has nothing unfinished under.
// The rest stays claimed: whoever needs it can take it over, now that the agent
// is known to have ended. After /clear the same agent goes on.
func (h *Handler) sessionEnd(ctx context.Context, id string) error {
	h.stopWaiting()
	if h.Input.Reason == "clear" || h.Input.Subagent != "" {
		return nil
	}
	ended := h.agent.Update(ctx, func(a *agents.Record) { a.Ended = true })
	own, err := h.own(ctx, id)
	if err != nil || len(own.Paths) == 0 || h.agent.Taken(id) {
		return errors.Join(ended, err)
	}
	kept, _, err := h.unpushed(ctx, own.Paths)
	if err != nil {
		return errors.Join(ended, err)
	}
	var done []string
	for _, path := range own.Paths {
		if !slices.Contains(kept, path) {
			done = append(done, path)
		}
	}
	if len(done) > 0 {
		err = h.Claims.Release(ctx, id, done)
	}
	var gone *lock.NotHolderError
	if errors.As(err, &gone) || errors.Is(err, refstore.ErrNotExist) { // somebody was faster
		err = nil
	}
	return errors.Join(ended, err)
}

// git runs in the repository without taking the index's lock.
func (h *Handler) git(ctx context.Context, command string, behind []string, args ...string) *exec.Cmd {
	return h.Repo.GitParsed(ctx, slices.Concat([]string{"--no-optional-locks", command}, args, behind)...)
}
