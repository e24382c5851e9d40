package install

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Place is a checkout in which an agent is to run our hooks.
type Place struct {
	Agent OtherAgent
	Top   string // of the checkout
	Main  string // the top of the main checkout, "" of a bare repository
	File  string // the path of what is, or should be, there
	State State
}

// State is how a place is.
type State int

// The states of a place.
const (
	Missing   State = iota // the agent runs no hooks of ours there, or those of another version
	Wired                  // it runs them
	Committed              // the file is committed, without hooks of ours: it is left alone
)

// Install puts the agent's hooks into the main checkout and each linked worktree, in
// place of those of ours that are there already; all else in a file keeps its bytes.
// A file that is ours alone is excluded from what git shows and adds. Run again it
// changes nothing. Sessions of the agent may join by themselves from now on.
//
// It fails with a [SettingsError], before it has written anything, where a file cannot
// be changed; with [ErrCommitted] in it where one is committed, with [ErrNoCheckout]
// where there is no checkout to write to.
func (a OtherAgent) Install(ctx context.Context, r *repo.Repo, o Options) error {
	tops, err := checkouts(ctx, r)
	if err != nil {
		return err
	}
	edits, err := a.edits(ctx, r, tops, o)
	if err != nil {
		return err
	}
	for _, e := range edits {
		if e.committed && !e.ours {
			return &SettingsError{e.path(), ErrCommitted}
		}
	}
	if err := a.write(r, tops, edits); err != nil {
		return err
	}
	return setConfig(ctx, r, joinKey, "true")
}

// Renew does for new worktrees, and after an update, what Install did before: for each
// agent whose hooks are in one of the checkouts. What cannot be changed stays as it is.
func Renew(ctx context.Context, r *repo.Repo, o Options) error {
	tops, err := checkouts(ctx, r)
	if errors.Is(err, ErrNoCheckout) {
		return nil
	}
	if err != nil {
		return err
	}
	var failed error
	for _, a := range OtherAgents() {
		if !slices.ContainsFunc(tops.all(), a.isIn) {
			continue
		}
		edits, err := a.edits(ctx, r, tops, o)
		if err == nil {
			err = a.write(r, tops, edits)
		}
		var left *SettingsError
		if !errors.As(err, &left) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// Remove takes out of all checkouts what Install put in, and no more; a file that
// Install made and that holds nothing else is removed. It reports the files changed.
// The rules that earlier versions wrote into AGENTS.md go, too, unless Claude Code's
// hooks are installed: then they may be its.
func (a OtherAgent) Remove(ctx context.Context, r *repo.Repo) (changed []string, err error) {
	tops, err := checkouts(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, top := range tops.all() {
		files, err := a.removeFrom(top)
		changed = append(changed, files...)
		if err != nil {
			return changed, err
		}
	}
	for _, f := range a.files() {
		if err := removeExclude(r.CommonDir, "/"+f.name); err != nil {
			return changed, err
		}
	}
	if a.Name == "codex" && r.WorkTree != "" && len(Installed(ctx, r)) == 0 {
		if err := removeProtocol(r.WorkTree, "AGENTS.md"); err != nil {
			return changed, err
		}
	}
	return changed, forgetJoin(ctx, r)
}

func (a OtherAgent) removeFrom(top string) (changed []string, err error) {
	for _, f := range a.files() {
		if _, err := os.Lstat(filepath.Join(top, f.name)); err != nil {
			continue
		}
		before, _ := readShared(filepath.Join(top, f.name))
		if err := editFile(top, f.name, f.absent, f.cut); err != nil {
			return changed, err
		}
		if after, err := readShared(filepath.Join(top, f.name)); before != nil && (err != nil || after.text != before.text || !after.there) {
			changed = append(changed, filepath.Join(top, f.name))
		}
	}
	if a.folder != "" {
		_ = os.Remove(filepath.Join(top, a.folder)) // if it is empty
	}
	return changed, nil
}

// Places are where the agent runs our hooks, or should: none if it runs them nowhere.
func (a OtherAgent) Places(ctx context.Context, r *repo.Repo, o Options) ([]Place, error) {
	tops, err := checkouts(ctx, r)
	if errors.Is(err, ErrNoCheckout) {
		return nil, nil
	}
	if err != nil || !slices.ContainsFunc(tops.all(), a.isIn) {
		return nil, err
	}
	edits, err := a.edits(ctx, r, tops, o)
	if err != nil {
		return nil, err
	}
	var places []Place
	for _, top := range tops.all() {
		p := Place{Agent: a, Top: top, Main: tops.main, File: filepath.Join(top, a.hooks.name), State: Wired}
		if a.hooks.mainOnly && top != tops.main {
			p.File = filepath.Join(top, a.folder)
			if _, err := os.Stat(p.File); err != nil {
				p.State = Missing
			}
		}
		for _, e := range edits {
			if e.top == top && e.file.name == a.hooks.name {
				p.State = Missing
				if e.committed {
					p.State = Committed
				}
				if e.committed && e.ours {
					p.State = Wired
				}
			}
		}
		places = append(places, p)
	}
	return places, nil
}

// isIn reports whether hooks of ours are in the agent's own file in the checkout.
func (a OtherAgent) isIn(top string) bool {
	s, err := openShared(top, a.hooks.name)
	return err == nil && s.there && a.holds(s.text)
}

// holds reports whether there is something of ours in the text of its hooks.
func (a OtherAgent) holds(text string) bool {
	bare, err := a.hooks.cut(text)
	return err == nil && bare != text
}

// IsOurs reports whether a file of the checkout holds what Install has put in, and
// nothing else.
func IsOurs(top, name string) bool {
	for _, a := range OtherAgents() {
		for _, f := range a.files() {
			if f.name != name {
				continue
			}
			s, err := openShared(top, name)
			if err != nil || !s.there {
				return false
			}
			bare, err := f.cut(s.text)
			return err == nil && bare == f.absent
		}
	}
	return false
}

// edit is a change that a file needs.
type edit struct {
	top       string
	file      agentFile
	committed bool // it is in git's index
	ours      bool // it holds hooks of ours
	alone     bool // nothing but ours will be in it
	after     string
}

func (e edit) path() string { return filepath.Join(e.top, e.file.name) }

// edits are the files that are not as they should be. They can all be changed, apart
// from those that are committed.
func (a OtherAgent) edits(ctx context.Context, r *repo.Repo, tops tops, o Options) (edits []edit, err error) {
	if a.hooks.mainOnly && tops.main == "" {
		return nil, ErrNoCheckout
	}
	for _, top := range tops.all() {
		var here []edit
		for _, f := range a.files() {
			if f.mainOnly && top != tops.main {
				continue
			}
			s, err := openShared(top, f.name)
			if err != nil {
				return nil, &SettingsError{filepath.Join(top, f.name), err}
			}
			before := s.text
			if !s.there {
				before = f.absent
			}
			after, err := f.put(before, o)
			if err != nil {
				return nil, &SettingsError{filepath.Join(top, f.name), err}
			}
			if after == before {
				continue
			}
			bare, err := f.cut(after)
			here = append(here, edit{top: top, file: f, ours: s.there && a.hooks.name == f.name && a.holds(s.text), alone: err == nil && bare == f.absent, after: after})
		}
		if err := markCommitted(ctx, r, top, here); err != nil {
			return nil, err
		}
		edits = append(edits, here...)
	}
	return edits, nil
}

// markCommitted says which of the files of one checkout are in its index.
func markCommitted(ctx context.Context, r *repo.Repo, top string, edits []edit) error {
	if len(edits) == 0 {
		return nil
	}
	args := []string{"-C", top, "ls-files", "-z", "--"}
	for _, e := range edits {
		args = append(args, ":(top,icase,literal)"+e.file.name)
	}
	out, err := repo.Output(r.GitParsed(ctx, args...))
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(out, "\x00") {
		for i, e := range edits {
			if strings.EqualFold(e.file.name, name) {
				edits[i].committed = true
			}
		}
	}
	return nil
}

// write makes the changes, apart from those in files that are committed.
func (a OtherAgent) write(r *repo.Repo, tops tops, edits []edit) error {
	for _, e := range edits {
		if e.committed {
			continue
		}
		if e.alone {
			if err := addExclude(r.CommonDir, "/"+e.file.name); err != nil {
				return err
			}
		}
		if err := editFile(e.top, e.file.name, e.file.absent, func(string) (string, error) { return e.after, nil }); err != nil {
			return err
		}
	}
	if a.folder == "" {
		return nil
	}
	for _, top := range tops.linked {
		if err := os.Mkdir(filepath.Join(top, a.folder), 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}
