package install

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// OtherAgent is a coding agent other than Claude Code: where the hooks of a
// project stand in its settings, and which are ours. They are committed: it reads
// them in the work tree that it runs in, and in no other.
type OtherAgent struct {
	Name   string // as in "git swarm hook --agent NAME EVENT"
	Title  string
	File   string // from the top of the work tree
	absent string // see editFile
	hooks  []hookGroup
	reads  string // where it reads its instructions, "" if its hooks tell it all
}

// OtherAgents are all of them.
func OtherAgents() []OtherAgent {
	return []OtherAgent{
		{"codex", "Codex", ".codex/hooks.json", absent, codexHooks(), "AGENTS.md"},
		{"cursor", "Cursor", ".cursor/hooks.json", absentCursor, cursorHooks(), ""},
		{"gemini", "Gemini CLI", ".gemini/settings.json", absent, geminiHooks(), ""},
	}
}

// FindAgent returns the one of that name.
func FindAgent(name string) (OtherAgent, bool) {
	all := OtherAgents()
	i := slices.IndexFunc(all, func(a OtherAgent) bool { return a.Name == name })
	if i < 0 {
		return OtherAgent{}, false
	}
	return all[i], true
}

// absentCursor is what Cursor's file counts as where there is none: it needs a
// version.
const absentCursor = "{ \n  \"version\": 1\n}\n"

// Install merges our hooks into the agent's settings in this work tree, in place
// of those that are there already. All else in the file keeps its bytes. Run
// again it changes nothing. Sessions of the agent may join by themselves from now
// on. Where its hooks cannot be relied on, the rules go into AGENTS.md, too.
func (a OtherAgent) Install(ctx context.Context, r *repo.Repo, target string) error {
	if r.WorkTree == "" {
		return ErrNoCheckout
	}
	err := editFile(r.WorkTree, a.File, a.absent, func(text string) (string, error) {
		bare, err := withoutOurs(text, false)
		if err != nil {
			return "", err
		}
		return withOurs(bare, a.hooks, nil)
	})
	if err == nil && a.reads != "" {
		err = writeProtocolTo(r.WorkTree, a.reads, target)
	}
	if err != nil {
		return err
	}
	return setConfig(ctx, r, joinKey, "true")
}

// Remove takes out what Install put in, and no more; a file that Install made and
// that holds nothing else is removed. The rules stay where Claude Code's hooks are
// installed: then they may be its.
func (a OtherAgent) Remove(ctx context.Context, r *repo.Repo) error {
	if r.WorkTree == "" {
		return ErrNoCheckout
	}
	if _, err := os.Lstat(filepath.Join(r.WorkTree, a.File)); err == nil {
		err := editFile(r.WorkTree, a.File, a.absent, func(text string) (string, error) { return withoutOurs(text, false) })
		if err != nil {
			return err
		}
	}
	if a.reads != "" && len(Installed(ctx, r)) == 0 {
		if err := removeProtocol(r.WorkTree, a.reads); err != nil {
			return err
		}
	}
	return forgetJoin(ctx, r)
}

// Installed reports whether hooks of ours are in the agent's settings here.
func (a OtherAgent) Installed(r *repo.Repo) bool {
	return r.WorkTree != "" && len(commandsIn(filepath.Join(r.WorkTree, a.File))) > 0
}
