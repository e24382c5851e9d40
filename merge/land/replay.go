package land

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// replay is the tip that b.run would return, made in process, and "" where that is git's
// to do. Most rebases bring together changes of different files, and then git would do no
// more than put each commit's files into the tree below it; but it starts four processes
// for that, and checks out an index.
//
// The commits are git's to the byte, but for the second at which they are made. Where
// anything could make git do something else, it is asked: where both sides change a file,
// a file may have been renamed, a patch may have landed already, a line of commits has a
// merge or is long, a message or header is unusual, or commits are signed.
func (l *Lander) replay(ctx context.Context, b *rebase) string {
	if !l.mayReplay(ctx, b) {
		return ""
	}
	at, ok := l.fork(ctx, b.after, b.tip)
	if !ok {
		return ""
	}
	p := &replayed{Lander: l, touched: map[string]bool{}}
	if err := p.make(ctx, at, b); err != nil {
		return ""
	}
	if err := l.Bus.Store().WriteObjects(ctx, p.objects); err != nil {
		return ""
	}
	if err := l.copyNotes(ctx, p.rewritten); err != nil {
		return ""
	}
	return p.tip
}

// mayReplay reports whether the configuration and the environment have git make plain
// commits, of commits that are what their objects say.
func (l *Lander) mayReplay(ctx context.Context, b *rebase) bool {
	if ok, _ := l.Repo.InProcess(); !ok || b.settingsOf != nil {
		return false
	}
	config, err := l.Repo.Config()
	if err != nil {
		return false
	}
	if sign, err := config.Bool("commit.gpgSign", false); err != nil || sign {
		return false
	}
	for _, key := range []string{"commit.cleanup", "i18n.commitEncoding"} {
		if _, set := config.Get(key); set {
			return false
		}
	}
	env := repo.Env(l.Repo.GitParsed(ctx).Env)
	if env.Get("GIT_COMMITTER_DATE") != "" {
		return false
	}
	if _, err := time.LoadLocation(env.Get("TZ")); err != nil { // git may know it all the same
		return false
	}
	if replaced, err := l.Bus.Store().Refs(ctx, "refs/replace/"); err != nil || len(replaced) > 0 {
		return false
	}
	for _, name := range []string{"shallow", "info/grafts"} {
		if _, err := os.Lstat(filepath.Join(l.Repo.CommonDir, name)); err == nil {
			return false
		}
	}
	return true
}

// copyNotes copies the notes of commits to those that a rebase has made of them, as git
// rebase does, if there are notes. As there, what fails is left.
func (l *Lander) copyNotes(ctx context.Context, rewritten string) error {
	notes, err := l.Bus.Store().Refs(ctx, "refs/notes/")
	if err != nil || len(notes) == 0 {
		return err
	}
	s := rebaseScratch(l.Repo)
	if err := s.withoutHooks(); err != nil {
		return err
	}
	cmd := l.Repo.GitParsed(ctx, append(s.settings, "notes", "copy", "--for-rewrite=rebase")...)
	cmd.Stdin = strings.NewReader(rewritten)
	_, err = repo.Output(cmd)
	var failed *repo.GitError
	if errors.As(err, &failed) {
		return nil
	}
	return err
}

// replayed is what a replay has made so far.
type replayed struct {
	*Lander
	tip       string
	tree      object.Hash // of tip
	touched   map[string]bool
	objects   []object.Object
	rewritten string // lines "OLD NEW"
}

// errForGit says that a rebase is git's to make.
var errForGit = errors.New("not for certain")

// make makes the commits of at..b.tip anew upon b.onto.
func (p *replayed) make(ctx context.Context, at string, b *rebase) error {
	theirs, err := p.line(ctx, at, b.onto)
	if err != nil {
		return err
	}
	if b.after != at && !slices.ContainsFunc(theirs, func(c *step) bool { return c.id == b.after }) {
		return errForGit
	}
	for _, c := range theirs { // also what was taken back again: git leaves out a commit of ours with its patch
		for _, f := range c.files {
			p.touched[f.path] = true
		}
	}
	ours, err := p.line(ctx, at, b.tip)
	if err != nil || len(ours) == 0 {
		return errForGit
	}
	since, err := p.diff(ctx, at, b.onto)
	if err != nil {
		return err
	}
	name, email, err := p.Repo.Committer(ctx)
	if err != nil {
		return err
	}
	now := p.Bus.Store().Now()
	committer := fmt.Sprintf("%s <%s> %d %s", name, email, now.Unix(), now.Format("-0700"))
	top, err := p.commit(ctx, b.onto)
	if err != nil {
		return err
	}
	p.tip, p.tree = b.onto, top.Tree
	for _, c := range ours {
		if !p.apart(c, since) {
			return errForGit
		}
		if err := p.pick(ctx, c, committer); err != nil {
			return err
		}
	}
	return nil
}

// step is a commit upon its only parent.
type step struct {
	id, parent string
	files      []changedFile
}

// line is the commits from one, left out, to another, the oldest first; each has one parent.
func (p *replayed) line(ctx context.Context, from, to string) (all []*step, err error) {
	for range mostSteps {
		if to == from {
			slices.Reverse(all)
			return all, nil
		}
		c, err := p.commit(ctx, to)
		if err != nil || len(c.Parents) != 1 {
			return nil, errForGit
		}
		s := &step{id: to, parent: string(c.Parent())}
		if s.files, err = p.diff(ctx, s.parent, to); err != nil {
			return nil, err
		}
		all = append(all, s)
		to = s.parent
	}
	return nil, errForGit
}

func (p *replayed) diff(ctx context.Context, from, to string) ([]changedFile, error) {
	d, err := p.diffOf(ctx, from, to)
	if err == nil && d.odd {
		err = errForGit
	}
	return d.files, err
}

// apart reports whether the commit has nothing to do with what has changed since: no file
// is the same, and none can have been renamed.
func (p *replayed) apart(c *step, since []changedFile) bool {
	added, removed := func(f changedFile) bool { return f.added }, func(f changedFile) bool { return f.removed }
	return len(c.files) > 0 &&
		!slices.ContainsFunc(c.files, func(f changedFile) bool { return p.touched[f.path] }) &&
		!(slices.ContainsFunc(c.files, added) && slices.ContainsFunc(since, removed)) &&
		!(slices.ContainsFunc(c.files, removed) && slices.ContainsFunc(since, added))
}

// pick makes the commit anew upon the tip.
func (p *replayed) pick(ctx context.Context, c *step, committer string) error {
	content, err := p.read(ctx, object.Hash(c.id), object.Commit)
	if err != nil {
		return err
	}
	data, err := p.Repo.Algo.DecodeCommit(content)
	if err != nil || len(data.Others) > 0 || !plainMessage(data.Message) || !isText(content) {
		return errForGit
	}
	head, _, _ := bytes.Cut(content, []byte("\n\n"))
	_, author, _ := bytes.Cut(head, []byte("\nauthor "))
	author, _, _ = bytes.Cut(author, []byte("\n"))
	parent, err := p.commit(ctx, c.parent)
	if err != nil {
		return err
	}
	if p.tree, err = p.merge(ctx, parent.Tree, data.Tree, p.tree); err != nil {
		return err
	}
	made := p.Repo.Algo.NewObject(object.Commit, fmt.Appendf(nil, "tree %s\nparent %s\nauthor %s\ncommitter %s\n\n%s", p.tree, p.tip, author, committer, data.Message))
	p.objects = append(p.objects, made)
	p.tip = string(made.ID)
	p.rewritten += c.id + " " + p.tip + "\n"
	return nil
}

// plainMessage reports whether a rebase keeps the message as it is.
func plainMessage(text string) bool {
	subject, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(subject) != "" && strings.HasSuffix(text, "\n")
}

// isText reports whether git takes the bytes for UTF-8.
func isText(content []byte) bool {
	return utf8.Valid(content) && !bytes.ContainsFunc(content, func(r rune) bool {
		return r == 0 || r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef
	})
}

// merge is the tree of onto with what differs between base and ours. "" is no tree.
func (p *replayed) merge(ctx context.Context, base, ours, onto object.Hash) (object.Hash, error) {
	switch {
	case ours == base:
		return onto, nil
	case onto == base:
		return ours, nil
	}
	names := map[string][3]object.Entry{}
	for i, id := range []object.Hash{base, ours, onto} {
		entries, err := p.entries(ctx, id)
		if err != nil {
			return "", err
		}
		for _, e := range entries {
			at := names[e.Name]
			at[i] = e
			names[e.Name] = at
		}
	}
	var made object.Entries
	for _, at := range names {
		e, err := p.mergeEntry(ctx, at[0], at[1], at[2])
		if err != nil {
			return "", err
		}
		if e.ID != "" {
			made = append(made, e)
		}
	}
	if len(made) == 0 {
		return "", nil
	}
	slices.SortFunc(made, func(a, b object.Entry) int { return strings.Compare(a.SortKey(), b.SortKey()) })
	tree := p.Repo.Algo.NewObject(object.Tree, made.Encode())
	p.objects = append(p.objects, tree)
	return tree.ID, nil
}

// mergeEntry is merge for what stands under one name, empty for nothing.
func (p *replayed) mergeEntry(ctx context.Context, base, ours, onto object.Entry) (object.Entry, error) {
	switch {
	case ours == base:
		return onto, nil
	case onto == base:
		return ours, nil
	case !ours.IsTree() || !onto.IsTree() || base.ID != "" && !base.IsTree():
		return object.Entry{}, errForGit
	}
	var err error
	ours.ID, err = p.merge(ctx, base.ID, ours.ID, onto.ID)
	return ours, err
}

// entries are those of a tree, which may be one that was made here.
func (p *replayed) entries(ctx context.Context, id object.Hash) (object.Entries, error) {
	if id == "" {
		return nil, nil
	}
	if i := slices.IndexFunc(p.objects, func(o object.Object) bool { return o.ID == id }); i >= 0 {
		return p.Repo.Algo.DecodeTree(p.objects[i].Content)
	}
	content, err := p.read(ctx, id, object.Tree)
	if err != nil {
		return nil, err
	}
	return p.Repo.Algo.DecodeTree(content)
}
