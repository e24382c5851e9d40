package task

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Trailer is the key of the trailer by which a commit says which task it belongs to:
// "Swarm-Task: <swarm id>-<number>".
const Trailer = "Swarm-Task"

// TrailerOf is the line for a task.
func TrailerOf(id string, n int) string { return fmt.Sprintf("%s: %s-%d", Trailer, id, n) }

// Mark is a commit that says something of tasks.
type Mark struct {
	Commit  string
	Tasks   []int    // that it belongs to
	Reverts []string // commits that it says it reverts
}

// Scan returns the commits of a range (as git rev-list takes it) that say something of
// tasks, oldest first, and how many it has looked at.
func Scan(ctx context.Context, r *repo.Repo, ids IDs, revisions ...string) (marks []Mark, looked int, err error) {
	args := append([]string{"log", "--reverse", "--no-show-signature", "--no-color", "--format=%H%n%(trailers:key=" + Trailer + ",valueonly)%x01%n%b%x00"}, revisions...)
	out, err := repo.Output(r.GitParsed(ctx, append(args, "--")...))
	if err != nil {
		return nil, 0, err
	}
	for record := range strings.SplitSeq(out, "\x00") {
		commit, rest, ok := strings.Cut(strings.TrimLeft(record, "\n"), "\n")
		if !ok {
			continue
		}
		looked++
		trailers, body, _ := strings.Cut(rest, "\x01\n")
		m := Mark{Commit: commit}
		for value := range strings.Lines(trailers) {
			id, number, _ := strings.Cut(strings.TrimSpace(value), "-")
			offset, ok := ids[id]
			if n, err := refstore.ParseNumber(number); ok && err == nil && !slices.Contains(m.Tasks, n+offset) {
				m.Tasks = append(m.Tasks, n+offset)
			}
		}
		m.Reverts = reverts(body)
		if len(m.Tasks)+len(m.Reverts) > 0 {
			marks = append(marks, m)
		}
	}
	return marks, looked, nil
}

// reverts are the commits that a message says it reverts, as git revert writes it.
func reverts(body string) (ids []string) {
	const says = "This reverts commit "
	for text := range strings.Lines(body) {
		rest, ok := strings.CutPrefix(text, says)
		if !ok {
			continue
		}
		if end := strings.IndexAny(rest, ".,\n"); end > 0 && isCommit(rest[:end]) {
			ids = append(ids, rest[:end])
		}
	}
	return ids
}

// Landing is commits that have come onto the target.
type Landing struct {
	Target string // the ref, "" if it is not known
	From   string // where that was before
	To     string
	Marks  []Mark
	By     string // the session that landed them, "" for plain git
	Held   int    // the task that it had then, which lands although no commit names one; 0 for none
	Epoch  int    // of its grant
	Look   bool   // note up to where the target was looked at, also where nothing has come of it
}

// Close stages, in a transaction of a session, that landings have come onto the
// target: tasks land or are reverted, and others become ready. Who has a task that
// somebody else has landed is told. A table that is damaged is left alone.
func Close(tx *refstore.Tx, by string, landings []Landing) error {
	_, err := closeIn(tx, by, landings)
	if mended := new(refstore.DamagedError); errors.As(err, &mended) {
		return nil // CatchUp does it, once it is repaired
	}
	return err
}

// closing is one attempt to close tasks.
type closing struct {
	*plan
	touched []*Task
	lines   []string
	byID    map[string]*Task // landed commits of all tasks, read when a revert is met
	ended   []*Task          // tasks that have landed
	changed bool
}

func closeIn(tx *refstore.Tx, by string, landings []Landing) (*closing, error) {
	p, err := begin(tx, by)
	if err != nil {
		return nil, err
	}
	c := &closing{plan: p}
	if p.last == 0 {
		return c, nil
	}
	for _, l := range landings {
		if err := c.land(l); err != nil {
			return nil, err
		}
		if len(c.lines) == 0 && !l.Look {
			continue // nothing to write
		}
		if err := c.passTarget(l); err != nil {
			return nil, err
		}
	}
	if c.changed {
		ready, open, err := p.settle()
		if err != nil {
			return nil, err
		}
		c.lines = append(c.lines, strings.TrimPrefix(readyLines(ready), "\n\n"))
		for _, t := range open {
			c.lines = append(c.lines, fmt.Sprintf("#%d waits again: %s", t.Number, t.Title))
		}
	}
	body := strings.Join(slices.DeleteFunc(c.lines, func(l string) bool { return l == "" }), "\n")
	if body == "" {
		body = fmt.Sprintf("seen %s up to %.10s", landings[0].Target, landings[0].To)
	}
	if first, rest, more := strings.Cut(body, "\n"); more {
		body = first + "\n\n" + rest
	}
	return c, p.record(body)
}

// land applies one landing's marks, oldest first.
func (c *closing) land(l Landing) error {
	c.touched = nil
	for _, m := range l.Marks {
		for _, n := range m.Tasks {
			t, err := c.task(n)
			if isUnknownTask(err) {
				continue // it names a task of another time, or none
			}
			if err != nil {
				return err
			}
			c.commit(t, m.Commit)
		}
		for _, id := range m.Reverts {
			if err := c.revert(id, m.Commit); err != nil {
				return err
			}
		}
	}
	if l.Held != 0 && len(c.touched) == 0 && len(l.To) > 0 {
		t, err := c.task(l.Held)
		if err != nil && !isUnknownTask(err) {
			return err
		}
		if err == nil && t.Holder == l.By && t.Epoch == l.Epoch {
			c.commit(t, l.To)
		}
	}
	for _, t := range c.touched {
		if err := c.finish(t, l); err != nil {
			return err
		}
	}
	return nil
}

func isUnknownTask(err error) bool {
	var unknown *UnknownError
	return errors.As(err, &unknown)
}

// commit notes a commit of a task. One that is noted already says nothing new.
func (c *closing) commit(t *Task, id string) {
	if c.note(t, id) && !slices.Contains(c.touched, t) {
		c.touched = append(c.touched, t)
	}
}

// note is commit that does not say that the task may have landed by it. It reports
// whether the commit is new.
func (c *closing) note(t *Task, id string) bool {
	if slices.ContainsFunc(t.Commits, func(o Commit) bool { return o.ID == id }) {
		return false
	}
	t.Commits = append(t.Commits, Commit{ID: id})
	t.Commits = t.Commits[max(0, len(t.Commits)-maxCommits):]
	if c.byID != nil {
		c.byID[id] = t
	}
	c.touch(t)
	return true
}

// finish lets a task land of which commits have come onto the target, unless they are a
// part of it.
func (c *closing) finish(t *Task, l Landing) error {
	last := t.Commits[len(t.Commits)-1].ID
	as := fmt.Sprintf("%.10s", last)
	if l.By != "" {
		as += " by " + l.By
	}
	if t.Part {
		c.lines = append(c.lines, fmt.Sprintf("#%d landed in part as %s", t.Number, as))
		return nil
	}
	if t.State == Landed {
		return nil
	}
	if t.Holder != "" && t.Holder != l.By {
		if err := notify(c.tx, t.Holder, fmt.Sprintf("your task #%d has landed as %s", t.Number, as)); err != nil {
			return err
		}
	}
	c.release(t)
	c.end(t, Landed, "")
	c.changed = true
	c.ended = append(c.ended, t)
	c.lines = append(c.lines, fmt.Sprintf("#%d landed as %s: %s", t.Number, as, t.Title))
	return nil
}

// revert notes that a commit reverts another one. A task all of whose commits are
// reverted is reverted itself; one whose revert is reverted has landed again.
func (c *closing) revert(id, by string) error {
	if c.byID == nil {
		all, err := c.all()
		if err != nil {
			return err
		}
		c.byID = map[string]*Task{}
		for _, t := range all {
			for _, o := range t.Commits {
				c.byID[o.ID] = t
				if o.Reverted != "" {
					c.byID[o.Reverted] = t
				}
			}
		}
	}
	t := c.byID[id]
	if t == nil {
		return nil
	}
	left, again := 0, false
	for i := range t.Commits {
		o := &t.Commits[i]
		switch {
		case o.ID == id && o.Reverted == "":
			o.Reverted = by
			c.byID[by] = t
			c.touch(t)
		case o.Reverted == id:
			again = true
		}
		if o.Reverted == "" {
			left++
		}
	}
	if again && c.note(t, by) { // what was reverted is on the target again, by that commit
		left++
	}
	switch {
	case left == 0 && t.State == Landed:
		return c.reverted(t, by)
	case left > 0 && t.State == Reverted:
		c.end(t, Landed, "")
		c.changed = true
		c.lines = append(c.lines, fmt.Sprintf("#%d landed again as %.10s: %s", t.Number, by, t.Title))
	}
	return nil
}

// reverted tells those who work on what comes after the task: it is not on the target
// any more. What is not taken waits again.
func (c *closing) reverted(t *Task, by string) error {
	c.end(t, Reverted, fmt.Sprintf("reverted by %.10s", by))
	c.changed = true
	c.lines = append(c.lines, fmt.Sprintf("#%d reverted by %.10s: %s", t.Number, by, t.Title))
	held, err := c.held()
	if err != nil {
		return err
	}
	for _, o := range held {
		if !slices.Contains(o.After, t.Number) {
			continue
		}
		if err := notify(c.tx, o.Holder, fmt.Sprintf("task #%d, which your #%d comes after, was reverted by %.10s", t.Number, o.Number, by)); err != nil {
			return err
		}
	}
	return nil
}

// targets are the branches that were looked at, by ref.
func (p *plan) targets() ([]Branch, error) {
	content, err := p.get(targetsPath)
	if err != nil {
		return nil, err
	}
	return parseTargets(content)
}

func parseTargets(content []byte) (all []Branch, err error) {
	var again bytes.Buffer
	for text := range strings.Lines(string(content)) {
		ref, tip, _ := strings.Cut(strings.TrimSuffix(text, "\n"), " ")
		if len(all) > 0 && ref <= all[len(all)-1].Ref || !strings.HasPrefix(ref, "refs/") || !isCommit(tip) {
			return nil, damaged(targetsPath, fmt.Errorf("%.80q", text))
		}
		all = append(all, Branch{ref, tip})
		fmt.Fprintf(&again, "%s %s\n", ref, tip)
	}
	if !bytes.Equal(again.Bytes(), content) {
		return nil, damaged(targetsPath, errors.New("not as git swarm writes it"))
	}
	return all, nil
}

// putTarget stages that a branch was looked at up to its tip.
func (p *plan) putTarget(all []Branch, b Branch) error {
	all = slices.DeleteFunc(slices.Clone(all), func(o Branch) bool { return o.Ref == b.Ref })
	all = append(all, b)
	slices.SortFunc(all, func(a, b Branch) int { return strings.Compare(a.Ref, b.Ref) })
	var lines bytes.Buffer
	for _, o := range all {
		fmt.Fprintf(&lines, "%s %s\n", o.Ref, o.Tip)
	}
	return p.put(targetsPath, lines.Bytes())
}

// passTarget notes that the target was looked at up to where a landing has brought it,
// if it was looked at up to where it was before.
func (c *closing) passTarget(l Landing) error {
	if l.Target == "" || l.To == "" {
		return nil
	}
	all, err := c.targets()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(b Branch) bool { return b.Ref == l.Target })
	if i >= 0 && all[i].Tip != l.From || i < 0 && l.From != "" {
		return nil
	}
	return c.putTarget(all, Branch{l.Target, l.To})
}

// Moved reports whether a branch that work lands on has moved since it was looked at
// last, or none was looked at yet. It starts no process.
func (b *Backlog) Moved(ctx context.Context) (bool, error) {
	all, err := b.seen(ctx)
	if err != nil || len(all) == 0 {
		return err == nil, err
	}
	for _, o := range all {
		if tip, err := b.Bus.Store().Tip(ctx, o.Ref); err != nil || string(tip) != o.Tip {
			return err == nil, err
		}
	}
	return false, nil
}

// seen are the branches that were looked at.
func (b *Backlog) seen(ctx context.Context) ([]Branch, error) {
	table, err := b.Bus.Store().Table(ctx, Ref)
	if err != nil {
		return nil, err
	}
	content, err := table.Get(targetsPath)
	if err != nil && !errors.Is(err, refstore.ErrNotExist) {
		return nil, err
	}
	return parseTargets(content)
}

// CatchUp looks at what has come onto the target since it was looked at last, by
// whatever way, and closes the tasks that landed by it. Where nothing has, it reads two
// refs and two blobs. It returns the tasks that have landed.
func (b *Backlog) CatchUp(ctx context.Context, by string, r *repo.Repo, ref string) (landed []*Task, err error) {
	store := b.Bus.Store()
	known, err := b.Exists(ctx)
	if err != nil || !known || ref == "" {
		return nil, err
	}
	tip, err := store.Tip(ctx, ref)
	if err != nil || tip == "" {
		return nil, err
	}
	all, err := b.seen(ctx)
	if err != nil {
		return nil, err
	}
	l := Landing{Target: ref, To: string(tip)}
	for _, o := range all {
		if o.Ref == ref {
			l.From = o.Tip
		}
	}
	if l.From == l.To {
		return nil, nil
	}
	ids, err := b.IDs(ctx)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	looked := 0
	if l.Marks, looked, err = b.scanNew(ctx, r, ids, l, all); err != nil {
		return nil, err
	}
	if len(l.Marks) == 0 && looked < fewNew {
		return nil, nil
	}
	l.Look = true
	err = b.Bus.Update(ctx, by, func(tx *refstore.Tx, by string) error {
		c, err := closeIn(tx, by, []Landing{l})
		if err == nil {
			landed = c.ended
		}
		return err
	})
	return landed, err
}

// mostNew bounds how many commits are looked at of a branch that was not looked at
// before, or was moved to where what it had is gone.
const mostNew = 10_000

// fewNew is how many commits without a word of tasks are looked at again rather than
// noted: the diary is for what happens.
const fewNew = 50

func (b *Backlog) scanNew(ctx context.Context, r *repo.Repo, ids IDs, l Landing, all []Branch) ([]Mark, int, error) {
	if l.From != "" && b.known(ctx, r, l.From) {
		return Scan(ctx, r, ids, l.To, "^"+l.From)
	}
	revisions := []string{"--max-count=" + strconv.Itoa(mostNew), l.To}
	for _, o := range all {
		if o.Ref != l.Target && b.known(ctx, r, o.Tip) {
			revisions = append(revisions, "^"+o.Tip)
		}
	}
	return Scan(ctx, r, ids, revisions...)
}

// known reports whether there is such a commit here.
func (b *Backlog) known(ctx context.Context, r *repo.Repo, commit string) bool {
	_, err := repo.Output(r.GitParsed(ctx, "cat-file", "-e", commit+"^{commit}"))
	return err == nil
}
