package swarm

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/quiet"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// QuietLook is what a command is about to decide from, as it is before.
type QuietLook struct {
	path               string // of the note
	given, env, inputs []string
	state              []byte
	began              time.Time
}

// LookQuiet looks at all inputs of a command, those of QuietPlace among them, for a note
// of that name that it had nothing to do: see package quiet. It is nil where none may be
// left.
func (s *Swarm) LookQuiet(name string, given []string, env repo.Env, inputs []string) *QuietLook {
	l := &QuietLook{path: filepath.Join(s.Repo.GitDir, name), given: given, env: env, inputs: inputs, began: s.opts.Now()}
	var ok bool
	if l.state, ok = quiet.Look(given, env, inputs, l.began.UnixNano()); !ok {
		return nil
	}
	return l
}

// Leave leaves the note that the command had nothing to do, which holds between the two
// times, if all is as it was before it. Where none can be written, the next command looks
// again.
func (l *QuietLook) Leave(since, until time.Time) {
	state, ok := quiet.Look(l.given, l.env, l.inputs, l.began.UnixNano())
	if ok && bytes.Equal(state, l.state) {
		_ = file.Replace(l.path, quiet.Note(l.inputs, state, since.UnixNano(), until.UnixNano()), 0o666)
	}
}

// QuietPlace are the files that decide which repository it is, whose, and how it stores,
// for a command that was started at the top of its work tree; with own also what decides
// that it is no content of another one. They are nil where git has to be asked, and where
// the repository has a hub.
func (s *Swarm) QuietPlace(own bool) []string {
	r := s.Repo
	if inProcess, _ := r.ReadInProcess(); !inProcess || r.WorkTree == "" {
		return nil
	}
	dotGit := filepath.Join(r.WorkTree, ".git")
	inputs := quiet.Files(quiet.Own, r.WorkTree, dotGit, r.GitDir)
	inputs = append(inputs, quiet.Files(quiet.Place, ".", filepath.Dir(r.GitDir), r.CommonDir, r.ObjectDir, s.common("refs"))...)
	if info, err := os.Lstat(dotGit); err != nil || info.Mode().IsRegular() {
		inputs = append(inputs, quiet.Content+dotGit)
	}
	inputs = append(inputs, quiet.Files(quiet.Content, filepath.Join(r.GitDir, "HEAD"), filepath.Join(r.GitDir, "commondir"), s.common("config"), filepath.Join(r.GitDir, "config.worktree"))...)
	inputs = append(inputs, quiet.Absent+s.common("swarm/hub"))
	for dir := r.WorkTree; own && dir != filepath.Dir(dir); {
		dir = filepath.Dir(dir)
		inputs = append(inputs, quiet.Files(quiet.Absent, filepath.Join(dir, ".git"), filepath.Join(dir, "HEAD"))...)
	}
	return inputs
}

// QuietSync are the files that decide that bus.Sync finds nothing for the session, whose
// cursor is at the ends of the journals. They are nil where the cursor's file alone does
// not say where it is.
func (s *Swarm) QuietSync(id string) []string {
	cursor, err := file.Read(s.common(bus.SeenRef(id)), 1024)
	tip := object.Hash(strings.TrimSuffix(string(cursor), "\n"))
	if err != nil || !object.SHA1.Valid(tip) {
		return nil
	}
	commit := filepath.Join(s.Repo.ObjectDir, string(tip[:2]), string(tip[2:]))
	if _, err := os.Lstat(commit); err != nil { // it is in a pack
		return nil
	}
	inputs := []string{quiet.Absent + s.Bus().KeptDir(), quiet.Empty + s.common("swarm/redo"), quiet.Content + commit}
	return append(inputs, s.QuietRefs(bus.ContextRef, bus.InboxRef(id), bus.SeenRef(id))...)
}

// QuietRefs are the files that decide what the refs point at.
func (s *Swarm) QuietRefs(refs ...string) []string {
	inputs := []string{quiet.Times + s.common("packed-refs")}
	for _, ref := range refs {
		inputs = append(inputs, quiet.Content+s.common(ref))
	}
	return inputs
}

// Beats are the times between which bus.Sync writes no heartbeat for the session.
func (s *Swarm) Beats(ctx context.Context, id string) (since, until time.Time, err error) {
	beat, err := s.Bus().LastBeat(ctx, id)
	return beat.Add(time.Second - bus.BeatEvery), beat.Add(bus.BeatEvery), err
}

func (s *Swarm) common(path string) string { return filepath.Join(s.Repo.CommonDir, path) }
