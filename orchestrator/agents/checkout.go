package agents

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Checkout is a checkout of the repository that has a session's identity.
type Checkout struct {
	Session string
	gitDir  string
}

// ErrNoWorktree says that a session has no worktree here.
var ErrNoWorktree = errors.New("no worktree")

// Checkouts lists the linked worktrees that have a session's identity, and the
// main checkout, if it has one, as the last. Of several of one session, the one that
// its agent was last at work in comes first.
func Checkouts(r *repo.Repo) []Checkout {
	linked := filepath.Join(r.CommonDir, "worktrees")
	entries, _ := os.ReadDir(linked) // without any there is no such folder
	var dirs []string
	for _, e := range entries {
		dirs = append(dirs, filepath.Join(linked, e.Name()))
	}
	var all []Checkout
	for _, dir := range append(dirs, r.CommonDir) {
		id, err := os.ReadFile(repo.SessionFileIn(dir))
		if err == nil {
			all = append(all, Checkout{strings.TrimSpace(string(id)), dir})
		}
	}
	return In(r).latestFirst(all)
}

// latestFirst puts the checkout that a session's agent was last at work in before the
// others of that session.
func (a Agents) latestFirst(all []Checkout) []Checkout {
	count := map[string]int{}
	for _, c := range all {
		count[c.Session]++
	}
	for session, n := range count {
		if n < 2 {
			continue
		}
		var last known
		for _, k := range a.of(session, time.Now()) {
			if k.GitDir != "" && k.active.After(last.active) {
				last = k
			}
		}
		if last.Record == nil {
			continue
		}
		i := slices.IndexFunc(all, func(c Checkout) bool { return c.Session == session && c.gitDir == last.GitDir })
		if i > 0 {
			all = slices.Insert(slices.Delete(all, i, i+1), 0, Checkout{session, last.GitDir})
		}
	}
	return all
}

// DotGit is the path of the linked worktree's .git file, whether that is there or
// not; "" of the main checkout, or if it cannot be told.
func (c Checkout) DotGit() string {
	back, err := os.ReadFile(filepath.Join(c.gitDir, "gitdir"))
	if err != nil {
		return ""
	}
	path := strings.TrimSpace(string(back))
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.gitDir, path)
	}
	return path
}

// Head is what is checked out: the full name of a branch, or a commit; "" if that
// cannot be read.
func (c Checkout) Head() string {
	head, err := os.ReadFile(filepath.Join(c.gitDir, "HEAD"))
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(strings.TrimSpace(string(head)), "ref: ")
}

// GitDir is git's record of the linked worktree, or the main checkout's git dir.
func (c Checkout) GitDir() string { return c.gitDir }

// Path is the folder of the checkout; "" if it is gone, or cannot be told.
func (c Checkout) Path() string {
	dotGit := c.DotGit()
	if dotGit == "" && filepath.Base(c.gitDir) == ".git" {
		dotGit = c.gitDir
	}
	if _, err := os.Stat(dotGit); err != nil {
		return ""
	}
	return filepath.Dir(dotGit)
}

// CheckoutOf is the checkout that has the session's identity; ok is false if there
// is none.
func CheckoutOf(r *repo.Repo, session string) (c Checkout, ok bool) {
	for _, c := range Checkouts(r) {
		if strings.EqualFold(c.Session, session) {
			return c, true
		}
	}
	return Checkout{}, false
}

// Shares reports whether a session of that id has joined in the checkout of another,
// whose files and branch it works on: it is named after it, with a number.
func (c Checkout) Shares(session string) bool {
	if len(session) <= len(c.Session) || !strings.EqualFold(session[:len(c.Session)], c.Session) {
		return false
	}
	number, ok := strings.CutPrefix(session[len(c.Session):], "-")
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
}

// Heads is what the sessions have checked out, by id: see Head.
func Heads(r *repo.Repo) map[string]string {
	heads := map[string]string{}
	for _, c := range Checkouts(r) {
		if head := c.Head(); head != "" && heads[c.Session] == "" {
			heads[c.Session] = head
		}
	}
	return heads
}

// FindWorktree is the path of the linked worktree that has the session's identity,
// or ErrNoWorktree if there is none, or its folder is gone.
func FindWorktree(r *repo.Repo, session string) (string, error) {
	for _, c := range Checkouts(r) {
		if !strings.EqualFold(c.Session, session) {
			continue
		}
		dotGit := c.DotGit()
		if _, err := os.Stat(dotGit); err == nil {
			return filepath.Dir(dotGit), nil
		}
	}
	return "", ErrNoWorktree
}

// Sharing are the sessions other than session whose agents are at work in the checkout
// with that git dir: their process is there or, where it is not known, they were heard
// of within stale.
func (a Agents) Sharing(gitDir, session string, stale time.Duration, now time.Time) (others []string) {
	for _, k := range a.of("", now) {
		silent := k.PID == 0 && bus.Stale(k.active, now, stale)
		if k.GitDir == gitDir && !strings.EqualFold(k.Session, session) && !k.Over() && !silent && !slices.Contains(others, k.Session) {
			others = append(others, k.Session)
		}
	}
	return others
}
