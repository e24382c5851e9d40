package monitor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Collision is a conflict between the branches of two sessions.
type Collision struct {
	A, B string // ids, A before B
	conflict
}

// conflict is what two commits conflict in.
type conflict struct {
	Files []string // as quoteFile has them, at most maxFiles
	More  int      // how many more there are
}

// text is what the table holds of it.
func (c conflict) text() string {
	text := strings.Join(c.Files, "\n") + "\n"
	if c.More > 0 {
		text += fmt.Sprintf("(%d more)\n", c.More)
	}
	return text
}

// named lists at most so many files, and says how many more there are.
func (c conflict) named(most int) string {
	return shorten(c.Files, most, c.More, ", ")
}

// maxFiles is how many files of a collision are named.
const maxFiles = 100

// quoteFile is a file's name as text on one line: in quotes with escapes if it
// holds control characters, quotes or bytes that are not UTF-8, much as git does.
func quoteFile(name string) string {
	if utf8.ValidString(name) && !strings.HasPrefix(name, "(") && !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || r == '"' || r == '\\' }) {
		return name
	}
	return strconv.Quote(name)
}

func (c Collision) path() string { return c.A + "/" + c.B }

// pairs keeps, from one snapshot to the next, what git does not have to be asked
// again.
type pairs struct {
	base    string                 // what "changed" counts from, "" for the target
	changed map[string]changes     // by tip
	merged  map[[2]string]conflict // by the two tips
}

// changes are the files that the commits of a branch have changed, also those that
// they have changed back.
type changes struct {
	files   []string // sorted
	renamed bool     // whole folders may have moved, or it is not known what has changed
}

// collisions tries every two sessions whose branches change
// a file in common, or may do so by what was renamed; only pairs of which a tip has
// moved are tried again. What the healer would heal is no collision. Without a
// target, changes count from where all the branches were last one.
func (p *pairs) collisions(ctx context.Context, r *repo.Repo, target string, at []sessionTip) ([]Collision, error) {
	if len(at) < 2 {
		*p = pairs{}
		return nil, nil
	}
	fresh := pairs{"", map[string]changes{}, map[[2]string]conflict{}}
	from := target
	if from == "" {
		var err error
		if from, err = commonBase(ctx, r, at); err != nil {
			return nil, err
		}
		fresh.base = from
	}
	if fresh.base != p.base {
		p.changed = nil
	}
	opts, err := merge.OptionsFor(r, heal.Safe)
	if err != nil {
		return nil, err
	}
	trials := merge.NewTrials(r, opts)
	defer trials.Close()
	var found []Collision
	for i, a := range at {
		for _, b := range at[i+1:] {
			if a.tip == b.tip {
				continue
			}
			c, err := p.try(ctx, r, trials, &fresh, from, a.tip, b.tip)
			if err != nil {
				return nil, fmt.Errorf("try %s with %s: %w", a.id, b.id, err)
			}
			if len(c.Files) > 0 {
				found = append(found, Collision{a.id, b.id, c})
			}
		}
	}
	*p = fresh
	return found, nil
}

// sessionTip is a session and the commit that its branch is at.
type sessionTip struct{ id, tip string }

// sessionTips are the tips of the sessions that are not done.
func sessionTips(r *repo.Repo, refs map[string]string, sessions []bus.Session) (at []sessionTip) {
	heads := agents.Heads(r)
	for _, s := range sessions {
		tip := refs["refs/heads/"+s.Branch]
		if head, ok := heads[s.ID]; ok { // a ref, or a commit if it is detached
			tip = cmp.Or(refs[head], head)
		}
		if r.Algo.Valid(object.Hash(tip)) && s.Status != bus.Done {
			at = append(at, sessionTip{s.ID, tip})
		}
	}
	return at
}

// branchTips are the local branches and the target, with one call of git.
func branchTips(ctx context.Context, r *repo.Repo, target string) (map[string]string, error) {
	args := []string{"for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/"}
	if target != "" {
		args = append(args, target)
	}
	out, err := repo.Output(r.GitParsed(ctx, args...))
	if err != nil {
		return nil, err
	}
	tips := map[string]string{}
	for line := range strings.Lines(out) {
		name, id, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		tips[name] = id
	}
	return tips, nil
}

// commonBase is the best commit that all the tips come from, "" if there is none.
func commonBase(ctx context.Context, r *repo.Repo, at []sessionTip) (string, error) {
	args := []string{"merge-base", "--octopus"}
	for _, s := range at {
		args = append(args, s.tip)
	}
	out, err := repo.Output(r.GitParsed(ctx, args...))
	var no *repo.GitError
	if errors.As(err, &no) && no.ExitCode == 1 {
		err = nil
	}
	return strings.TrimSpace(out), err
}

// try returns the files in which two tips conflict. Git is asked only for what is
// not known of them. What git refuses to merge, such as histories that have nothing
// in common, cannot collide.
func (p *pairs) try(ctx context.Context, r *repo.Repo, trials *merge.Trials, fresh *pairs, from, a, b string) (conflict, error) {
	key := [2]string{a, b}
	if c, ok := p.merged[key]; ok {
		fresh.merged[key] = c
		return c, nil
	}
	var sides [2]changes
	for i, tip := range key {
		c, err := p.changesOf(ctx, r, fresh, from, tip)
		if err != nil {
			return conflict{}, err
		}
		sides[i] = c
	}
	var found conflict
	if sides[0].renamed || sides[1].renamed || sides[0].meets(sides[1]) {
		all, err := trials.Try(ctx, a, b)
		var refused *repo.GitError
		if err != nil && (ctx.Err() != nil || !errors.As(err, &refused)) {
			return conflict{}, err
		}
		for _, h := range all {
			switch {
			case h.Whole:
			case len(found.Files) == maxFiles:
				found.More++
			default:
				found.Files = append(found.Files, quoteFile(h.Path))
			}
		}
	}
	fresh.merged[key] = found
	return found, nil
}

// meets reports whether both change the same file, or one a file that is a folder
// of the other's.
func (c changes) meets(o changes) bool {
	has := func(files []string, path string) bool { _, ok := slices.BinarySearch(files, path); return ok }
	within := func(files, others []string) bool {
		return slices.ContainsFunc(files, func(f string) bool {
			for i := range f {
				if f[i] == '/' && has(others, f[:i]) {
					return true
				}
			}
			return has(others, f)
		})
	}
	return within(c.files, o.files) || within(o.files, c.files)
}

// changesOf is what the branch has changed since it left from.
func (p *pairs) changesOf(ctx context.Context, r *repo.Repo, fresh *pairs, from, tip string) (changes, error) {
	if c, ok := fresh.changed[tip]; ok {
		return c, nil
	}
	c, ok := p.changed[tip]
	if !ok && from == "" {
		c.renamed = true // nothing to compare with
	} else if !ok {
		out, err := repo.Output(r.GitParsed(ctx, "log", "--format=", "--name-status", "--find-renames", "--no-relative", "-z", from+".."+tip))
		if err != nil {
			return changes{}, err
		}
		c = parseChanges(out)
	}
	fresh.changed[tip] = c
	return c, nil
}

// parseChanges reads git log --name-status -z: a status and one path, or two of
// what was renamed.
func parseChanges(out string) (c changes) {
	fields := strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
	for len(fields) >= 2 {
		n := 1
		if fields[0] != "" && strings.IndexByte("RC", fields[0][0]) >= 0 {
			c.renamed, n = true, 2
		}
		n = min(n, len(fields)-1)
		c.files = append(c.files, fields[1:1+n]...)
		fields = fields[1+n:]
	}
	slices.Sort(c.files)
	c.files = slices.Compact(c.files)
	return c
}

// compareCollisions returns which collisions are new, or in other files than
// before, and which are over.
func compareCollisions(before, now []Collision) []Event {
	var events []Event
	for _, c := range now {
		if !slices.ContainsFunc(before, func(o Collision) bool { return o.path() == c.path() && slices.Equal(o.Files, c.Files) }) {
			events = append(events, Event{Kind: "collision", Session: c.A, Other: c.B, Files: c.Files})
		}
	}
	for _, o := range before {
		if !slices.ContainsFunc(now, func(c Collision) bool { return o.path() == c.path() }) {
			events = append(events, Event{Kind: "clear", Session: o.A, Other: o.B, Files: o.Files})
		}
	}
	return events
}
