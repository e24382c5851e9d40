package app

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/quiet"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// quietLook is what a sync is about to decide from, as it is before.
type quietLook struct {
	inputs []string
	state  []byte
	began  time.Time
}

// lookQuiet looks at all that a sync without news reads, for noteQuiet. It is nil where
// that is more than the files of quietInputs.
func (c *call) lookQuiet(b *bus.Bus, id string) *quietLook {
	inputs := c.quietInputs(b, id)
	if inputs == nil {
		return nil
	}
	began := c.Now()
	state, ok := quiet.Look(c.App.args, c.Env, inputs, began)
	if !ok {
		return nil
	}
	return &quietLook{inputs, state, began}
}

// noteQuiet leaves a note that the sync had nothing to do, if all is as it was before
// it. Where none can be written, the next sync looks again.
func (c *call) noteQuiet(ctx context.Context, b *bus.Bus, id string, before *quietLook) {
	state, ok := quiet.Look(c.App.args, c.Env, before.inputs, before.began)
	if !ok || !bytes.Equal(state, before.state) {
		return
	}
	beat, err := b.LastBeat(ctx, id)
	if err != nil {
		return
	}
	note := quiet.Note(before.inputs, state, beat.Add(time.Second-bus.BeatEvery), beat.Add(bus.BeatEvery))
	_ = file.Replace(filepath.Join(c.swarm.Repo.GitDir, quiet.Name), note, 0o666)
}

// quietInputs are all files whose state decides what a sync of the session finds, where
// its cursor is at the ends of the journals. It is nil where git has to be asked, where
// more of the configuration counts than the repository's own file, and where the
// command was not started at the top of a work tree.
func (c *call) quietInputs(b *bus.Bus, id string) []string {
	r := c.swarm.Repo
	inProcess, _ := r.ReadInProcess()
	if !inProcess || r.WorkTree == "" || r.Prefix != "" || c.Named || !c.toldWho(id) {
		return nil
	}
	in := func(path string) string { return filepath.Join(r.CommonDir, path) }
	var inputs []string
	add := func(kind string, paths ...string) {
		for _, path := range paths {
			inputs = append(inputs, kind+path)
		}
	}
	// Which repository it is, whose, and how it stores.
	dotGit := filepath.Join(r.WorkTree, ".git")
	add(quiet.Own, r.WorkTree, dotGit, r.GitDir)
	add(quiet.Place, ".", filepath.Dir(r.GitDir), r.CommonDir, r.ObjectDir, in("refs"))
	if info, err := os.Lstat(dotGit); err != nil || info.Mode().IsRegular() {
		add(quiet.Content, dotGit)
	}
	add(quiet.Content, filepath.Join(r.GitDir, "HEAD"), filepath.Join(r.GitDir, "commondir"), in("config"), filepath.Join(r.GitDir, "config.worktree"))
	if agents.Run(c.Env) { // what contains this repository counts, too
		for dir := filepath.Dir(r.WorkTree); ; dir = filepath.Dir(dir) {
			add(quiet.Absent, filepath.Join(dir, ".git"), filepath.Join(dir, "HEAD"))
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	// Whom it acts as.
	add(quiet.Content, r.SessionFile())
	add(quiet.Content, agents.In(r).RecordsSaid(c.Env, r.SessionFile())...)
	// What else it does.
	add(quiet.Absent, in("swarm/hub"), b.KeptDir(), queue.WaitFile(b, id), land.RequestFile(r))
	add(quiet.Empty, in("swarm/redo"))
	add(quiet.Times, install.HookNewsFiles(r)...)
	// The journals' ends and the cursor.
	cursor, err := file.Read(in(bus.SeenRef(id)), 1024)
	tip := object.Hash(strings.TrimSuffix(string(cursor), "\n"))
	if err != nil || !object.SHA1.Valid(tip) {
		return nil
	}
	add(quiet.Content, in(bus.ContextRef), in(bus.InboxRef(id)), in(bus.SeenRef(id)))
	add(quiet.Times, in("packed-refs"))
	commit := filepath.Join(r.ObjectDir, string(tip[:2]), string(tip[2:]))
	if _, err := os.Lstat(commit); err != nil { // it is in a pack
		return nil
	}
	add(quiet.Content, commit)
	return inputs
}

// toldWho reports whether the arguments, the environment, the worktree's own identity or
// the record of the agent say by themselves that the caller is that session.
func (c *call) toldWho(id string) bool {
	here := agents.SessionIn(c.swarm.Repo.SessionFile())
	if own, err := c.agentSession(); err != nil || own != "" {
		return err == nil && own == id && (here == "" || here == own)
	}
	named, _, err := c.named()
	return err == nil && (named == id || named == "" && here == id)
}
