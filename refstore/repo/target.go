package repo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Target is the branch on which work lands.
type Target struct {
	Remote string // a remote's name, or a URL; "" for a branch of this repository
	Branch string // without refs/heads/
	Source TargetSource
}

// String is the target as git names it: "origin/main", or "main" for a local branch.
func (t Target) String() string {
	if t.Remote == "" {
		return t.Branch
	}
	return t.Remote + "/" + t.Branch
}

// TargetSource says what named the target's branch.
type TargetSource string

// The sources, in the order in which they are asked.
const (
	FromOption        TargetSource = "option"         // [TargetQuery.To]
	FromConfig        TargetSource = "config"         // swarm.target in git's configuration
	FromTeamFile      TargetSource = "swarm.toml"     // target, as committed on the remote's default branch
	FromUpstream      TargetSource = "upstream"       // the branch's upstream
	FromRemoteDefault TargetSource = "remote default" // the remote's default branch
	FromLocalDefault  TargetSource = "local default"  // init.defaultBranch, main or master, as it is here
)

var (
	// ErrNoTarget says that nothing names a branch to land on. The others wrap it.
	ErrNoTarget = errors.New("nothing says where work lands")
	// ErrWhichRemote says that there are several remotes and nothing chooses one.
	ErrWhichRemote = fmt.Errorf("%w: there are several remotes, and none of them is origin", ErrNoTarget)
	// ErrNotFetched says that this clone knows no commit of the target's yet.
	ErrNotFetched = fmt.Errorf("%w: it was never fetched", ErrNoTarget)
)

// BranchNameError says that the target is named by what cannot be a branch's name.
type BranchNameError struct {
	Name   string
	Source TargetSource
}

func (e *BranchNameError) Error() string {
	return fmt.Sprintf("'%s' is not a valid branch name", e.Name)
}

// UnknownRemoteError says that swarm.toml names a remote that is not configured here.
type UnknownRemoteError struct{ Name string }

func (e *UnknownRemoteError) Error() string {
	return fmt.Sprintf("swarm.toml: there is no remote '%s' here", e.Name)
}

// TargetQuery asks where a branch lands.
type TargetQuery struct {
	Branch string // a full ref name, HEAD for the branch checked out here, or "" for one without an upstream
	To     string // a branch that the user names; goes before everything else

	// IsSessionBranch reports whether git swarm made the branch (without
	// refs/heads/) for a session. The branch of that name on the remote is then a
	// copy of the session's work, not what it lands on. A nil func says no.
	IsSessionBranch func(ctx context.Context, branch string) (bool, error)

	// TeamFile reads swarm.toml as it is committed at a ref, as [Repo.TeamFileAt] does,
	// which a nil func stands for.
	TeamFile func(ctx context.Context, ref string) (*TeamFile, error)
}

// FindTarget is the one rule of where work lands. The branch is the first of
//
//   - the one that the user names,
//   - swarm.target of git's configuration,
//   - target of swarm.toml, as committed on the remote's default branch,
//   - the upstream, if it is a branch of the remote below,
//   - the remote's default branch: what refs/remotes/REMOTE/HEAD stands for, else
//     init.defaultBranch, main or master, if the remote is known to have it, else
//     the one of them that is here.
//
// The remote is the first of swarm.remote, remote of that swarm.toml (which may
// name a remote configured here, never a URL), the upstream's, remote.pushDefault,
// origin, and the only one there is. Without any, the target is a local branch,
// and swarm.toml is read from the local default branch.
//
// An upstream in this repository ("." as the remote) stands for what that branch
// has as its upstream; where there is no remote, it is the target itself.
//
// Nothing is fetched, and no work tree is read. The error is or wraps ErrNoTarget,
// ErrWhichRemote, or is an *UnknownRemoteError, a *BranchNameError or a
// *TeamFileError.
func (r *Repo) FindTarget(ctx context.Context, q TargetQuery) (Target, error) {
	f, err := r.targetFinder(ctx, q)
	if err != nil {
		return Target{}, err
	}
	t, err := f.find(ctx, q.To)
	if err == nil && !ValidBranch(t.Branch) {
		err = &BranchNameError{t.Branch, t.Source}
	}
	if err != nil {
		return Target{}, err
	}
	return t, nil
}

// targetFinder is what one search knows.
type targetFinder struct {
	*Repo
	config   *Config
	remotes  []string
	remote   string // swarm.remote
	target   string // swarm.target
	upstream Target
	teamAt   func(ctx context.Context, ref string) (*TeamFile, error)
}

func (r *Repo) targetFinder(ctx context.Context, q TargetQuery) (*targetFinder, error) {
	config, err := r.Config()
	if err != nil {
		return nil, err
	}
	f := &targetFinder{Repo: r, config: config, remotes: config.remotes()}
	f.remote, _ = config.Get("swarm.remote")
	f.target, _ = config.Get("swarm.target")
	if f.teamAt = q.TeamFile; f.teamAt == nil {
		f.teamAt = r.TeamFileAt
	}
	branch := q.Branch
	if branch == "HEAD" {
		if branch, err = r.Head(ctx); err != nil {
			return nil, err
		}
	}
	if name, ok := strings.CutPrefix(branch, "refs/heads/"); ok {
		f.upstream, err = f.upstreamOf(ctx, name, q.IsSessionBranch)
	}
	return f, err
}

func (f *targetFinder) find(ctx context.Context, to string) (Target, error) {
	team := new(TeamFile)
	if f.remote == "" || to == "" && f.target == "" {
		var err error
		if team, err = f.teamFile(ctx); err != nil {
			return Target{}, err
		}
	}
	remote, err := f.chosenRemote(team.Remote)
	if err != nil {
		return Target{}, err
	}
	for _, named := range []struct {
		branch string
		source TargetSource
	}{{to, FromOption}, {f.target, FromConfig}, {team.Target, FromTeamFile}} {
		if named.branch != "" {
			return Target{remote, strings.TrimPrefix(named.branch, "refs/heads/"), named.source}, nil
		}
	}
	if f.upstream.Branch != "" && f.upstream.Remote == remote {
		return f.upstream, nil
	}
	t, _, err := f.defaultBranch(ctx, remote)
	return t, err
}

// chosenRemote is the remote of the rule, given the one that swarm.toml names.
func (f *targetFinder) chosenRemote(team string) (string, error) {
	switch {
	case f.remote != "":
		return f.remote, nil
	case team != "" && !slices.Contains(f.remotes, team):
		return "", &UnknownRemoteError{team}
	case team != "":
		return team, nil
	case f.upstream.Remote != "":
		return f.upstream.Remote, nil
	}
	if name, _ := f.config.Get("remote.pushDefault"); name != "" {
		return name, nil
	}
	switch {
	case slices.Contains(f.remotes, "origin"):
		return "origin", nil
	case len(f.remotes) == 1:
		return f.remotes[0], nil
	case len(f.remotes) == 0:
		return "", nil
	}
	return "", ErrWhichRemote
}

// upstreamOf is the branch's upstream, which may have a remote without a branch;
// nothing if it is the session's own copy.
func (f *targetFinder) upstreamOf(ctx context.Context, branch string, isSessions func(context.Context, string) (bool, error)) (Target, error) {
	for seen := map[string]bool{}; !seen[branch]; {
		seen[branch] = true
		remote, _ := f.config.Get("branch." + branch + ".remote")
		merge, _ := f.config.Get("branch." + branch + ".merge")
		merge, isBranch := strings.CutPrefix(merge, "refs/heads/")
		switch {
		case remote == "." && isBranch && len(f.remotes) > 0:
			branch = merge
			continue
		case remote == "." && isBranch:
			return Target{"", merge, FromUpstream}, nil
		case remote == ".", !isBranch && remote == "":
			return Target{}, nil
		case !isBranch:
			return Target{Remote: remote}, nil
		}
		if merge == branch && isSessions != nil {
			if own, err := isSessions(ctx, branch); err != nil || own {
				return Target{}, err
			}
		}
		return Target{remote, merge, FromUpstream}, nil
	}
	return Target{}, nil
}

// defaultBranch is the default branch of a remote, or of this repository, and the
// ref that it is known by, "" where the remote has no branch that is known here.
func (f *targetFinder) defaultBranch(ctx context.Context, remote string) (Target, string, error) {
	configured, _ := f.config.Get("init.defaultBranch")
	usual := []string{configured, "main", "master"}
	if !ValidBranch(configured) {
		usual = usual[1:]
	}
	head := f.trackingHead(remote)
	names := []string{head}
	for _, name := range usual {
		names = append(names, f.trackingRef(remote, name), "refs/heads/"+name)
	}
	refs, err := f.lookUp(ctx, names)
	if err != nil {
		return Target{}, "", err
	}
	if ref := refs[head]; head != "" && ref != "" && ref != head {
		if name := f.tracked(remote, ref); name != "" {
			return Target{remote, name, FromRemoteDefault}, ref, nil
		}
	}
	for _, name := range usual {
		if ref := f.trackingRef(remote, name); ref != "" && refs[ref] != "" {
			return Target{remote, name, FromRemoteDefault}, ref, nil
		}
	}
	for _, name := range usual {
		if ref := "refs/heads/" + name; refs[ref] != "" {
			if remote != "" { // a local branch says nothing of what the remote holds
				ref = ""
			}
			return Target{remote, name, FromLocalDefault}, ref, nil
		}
	}
	return Target{}, "", ErrNoTarget
}

// teamFile is swarm.toml as committed on the default branch of the remote that is
// chosen without it; empty if there is none.
func (f *targetFinder) teamFile(ctx context.Context) (*TeamFile, error) {
	remote, err := f.chosenRemote("")
	if errors.Is(err, ErrWhichRemote) {
		return new(TeamFile), nil
	}
	if err != nil {
		return nil, err
	}
	_, ref, err := f.defaultBranch(ctx, remote)
	if errors.Is(err, ErrNoTarget) || err == nil && ref == "" {
		return new(TeamFile), nil
	}
	if err != nil {
		return nil, err
	}
	return f.teamAt(ctx, ref)
}

// TargetName is the full name of the ref in which this clone keeps the target, whether
// it has been fetched or not. A branch of a remote without a remote-tracking ref, such
// as a URL, goes by the name of the local branch.
func (r *Repo) TargetName(t Target) (string, error) {
	config, err := r.Config()
	if err != nil {
		return "", err
	}
	f := &targetFinder{Repo: r, config: config, remotes: config.remotes()}
	if ref := f.trackingRef(t.Remote, t.Branch); ref != "" {
		return ref, nil
	}
	return "refs/heads/" + t.Branch, nil
}

// TargetRef is the ref that holds the target as this clone knows it: for a remote
// the remote-tracking ref. A branch that was never fetched may begin with what is
// to land: it stands as the local branch of that name, else as the default branch.
// Where there is none of them, the error wraps ErrNotFetched.
func (r *Repo) TargetRef(ctx context.Context, t Target) (string, error) {
	config, err := r.Config()
	if err != nil {
		return "", err
	}
	f := &targetFinder{Repo: r, config: config, remotes: config.remotes()}
	candidates := []string{f.trackingRef(t.Remote, t.Branch), "refs/heads/" + t.Branch}
	refs, err := f.lookUp(ctx, candidates)
	if err != nil {
		return "", err
	}
	for _, ref := range candidates {
		if ref != "" && refs[ref] != "" {
			return ref, nil
		}
	}
	switch begun, ref, err := f.defaultBranch(ctx, t.Remote); {
	case errors.Is(err, ErrNoTarget):
		return "", fmt.Errorf("%s: %w", t, ErrNotFetched)
	case err != nil || ref != "":
		return ref, err
	default:
		return "refs/heads/" + begun.Branch, nil
	}
}
