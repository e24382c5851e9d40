package land

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// ClaimedError says that a push changes files that another session holds.
type ClaimedError struct {
	Files []ClaimedFile // by path
}

// ClaimedFile is a file that a push changes and another session holds.
type ClaimedFile struct {
	Path    string
	Claim   lock.Claim // on the file or on a folder above it
	Changed bool       // the holder has changed it, and that has not landed; else it was claimed before the commit
	Stale   bool       // the claim may be taken over
}

func (e *ClaimedError) Error() string {
	first := e.Files[0]
	line := fmt.Sprintf("'%s' is claimed by %s", first.Path, first.Claim.Session)
	if first.Changed {
		line += ", who has changed it, too"
	} else {
		line += " since before it was changed here"
	}
	if more := len(e.Files) - 1; more > 0 {
		line += fmt.Sprintf(" (and %d more)", more)
	}
	return line
}

// ClaimRule says how claims bind a push.
type ClaimRule struct {
	// Refuse makes a push end with a *ClaimedError where it changes what another session
	// holds: a file that the holder has changed and not landed, or has claimed before the
	// commit was made. Else holders are only told.
	Refuse bool
	// Worktree is the folder of the worktree in which a session works, "" for none.
	Worktree func(session string) string
}

// atDoor returns *ClaimedError if the change from before to after, made by the
// session's commits up to tip, may not land because of others' claims. Those of a
// session that counts as the same do not keep it out.
func (l *Lander) atDoor(ctx context.Context, session, before, after, tip string) error {
	if !l.Door.Refuse || before == "" || before == after {
		return nil
	}
	files, err := l.pathsBetween(ctx, before, after)
	if err != nil {
		return err
	}
	holders, err := l.Claims.Holders(ctx, files)
	if err != nil {
		return err
	}
	theirs := map[string][]string{}
	for _, file := range files {
		if claim, ok := holders[file]; ok && claim.Session != session {
			theirs[claim.Session] = append(theirs[claim.Session], file)
		}
	}
	refused := &ClaimedError{}
	for holder, paths := range theirs {
		if same, err := l.sameSession(ctx, holder, session); err != nil || same {
			if err != nil {
				return err
			}
			continue
		}
		changed, err := l.changedBy(ctx, holder, session, before, paths)
		if err != nil {
			return err
		}
		for _, path := range paths {
			file, err := l.judge(ctx, ClaimedFile{Path: path, Claim: holders[path], Changed: slices.Contains(changed, path)}, before, tip)
			if err != nil {
				return err
			}
			if file != nil {
				refused.Files = append(refused.Files, *file)
			}
		}
	}
	if len(refused.Files) == 0 {
		return nil
	}
	slices.SortFunc(refused.Files, func(a, b ClaimedFile) int { return strings.Compare(a.Path, b.Path) })
	return refused
}

// sameSession reports whether one counts as the other: a subagent's work is that of the
// session that it works for, which lands it.
func (l *Lander) sameSession(ctx context.Context, a, b string) (bool, error) {
	one, err := l.Bus.CountsAs(ctx, a)
	if err != nil {
		return false, err
	}
	other, err := l.Bus.CountsAs(ctx, b)
	return strings.EqualFold(one, other), err
}

// judge returns the file if its claim keeps it from landing, else nil.
func (l *Lander) judge(ctx context.Context, f ClaimedFile, before, tip string) (*ClaimedFile, error) {
	held, err := l.Claims.InTheWay(ctx, f.Path, f.Claim)
	if err != nil {
		return nil, err
	}
	f.Stale = held.Stale
	if f.Changed {
		return &f, nil
	}
	if f.Stale {
		return nil, nil
	}
	made, err := repo.Line(l.Repo.GitParsed(ctx, "log", "-1", "--no-show-signature", "--format=%ct", before+".."+tip, "--", ":(top,literal)"+f.Path))
	if err != nil || made == "" {
		return nil, err
	}
	seconds, err := strconv.ParseInt(made, 10, 64)
	if err != nil {
		return nil, err
	}
	if f.Claim.Since.Truncate(time.Second).Before(time.Unix(seconds, 0)) { // a commit's time has no fraction
		return &f, nil
	}
	return nil, nil
}

// changedBy returns those of the paths that the holder has changed in its worktree,
// which is not that of session, and that have not landed on the target, now at before:
// not committed, or committed there and not on the target.
func (l *Lander) changedBy(ctx context.Context, holder, session, before string, paths []string) ([]string, error) {
	if l.Door.Worktree == nil {
		return nil, nil
	}
	dir := l.Door.Worktree(holder)
	if dir == "" || dir == l.Door.Worktree(session) || session == l.Session && dir == l.Repo.WorkTree {
		return nil, nil // two in one worktree: whose change it is, nobody knows
	}
	there, err := repo.Discover(outsideEnv(l.Repo.Git(ctx).Env), dir)
	if err != nil {
		return nil, fmt.Errorf("the worktree of %s: %w", holder, err)
	}
	specs := []string{"--"}
	for _, path := range paths {
		specs = append(specs, ":(top,literal)"+path)
	}
	out, err := repo.Output(there.GitParsed(ctx, slices.Concat([]string{"--no-optional-locks", "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all"}, specs)...))
	if err != nil {
		return nil, err
	}
	var changed []string
	for entry := range strings.SplitSeq(out, "\x00") {
		if len(entry) > 3 {
			changed = append(changed, entry[3:])
		}
	}
	unlanded, err := adds(ctx, there, before, "HEAD", specs)
	return append(changed, unlanded...), err
}

// adds lists the files that a merge of the commit into the target would change there.
func adds(ctx context.Context, r *repo.Repo, target, commit string, specs []string) ([]string, error) {
	noDriver, err := merge.WithoutDriver(r)
	if err != nil {
		return nil, err
	}
	merged, err := repo.Output(r.GitParsed(ctx, append(noDriver, "merge-tree", "--write-tree", "--no-messages", "--name-only", "--allow-unrelated-histories", target, commit)...))
	var conflict *repo.GitError
	if err != nil && (!errors.As(err, &conflict) || conflict.ExitCode != 1) { // 1: with conflicts, which are in the tree
		return nil, err
	}
	tree, _, _ := strings.Cut(merged, "\n")
	return changedPaths(ctx, r, target, tree, specs...)
}

// changedPaths are the files that differ between two trees.
func changedPaths(ctx context.Context, r *repo.Repo, from, to string, specs ...string) ([]string, error) {
	return repo.Fields(r.GitParsed(ctx, slices.Concat([]string{"diff", "--name-only", "--no-renames", "--no-relative", "--ignore-submodules=none", "-z", from, to}, specs)...))
}
