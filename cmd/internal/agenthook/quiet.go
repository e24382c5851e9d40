package agenthook

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/quiet"
	"github.com/git-swarm/git-swarm/cmd/internal/swarm"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/hook"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// quietEdit is for how long the note of an edit may hold: it says that the session has the
// file, which no time changes.
const quietEdit = 5 * time.Minute

// lookQuiet looks at all that the event is handled from, for a note that there was nothing
// to do. It is nil where there is, and where more decides than files whose state a note
// can hold.
func (h *invocation) lookQuiet(ctx context.Context, event string, handler *hook.Handler) *swarm.QuietLook {
	r, in := handler.Repo, handler.Input
	name, given, ok := h.quietGiven(event, in.Shell)
	elsewhere := func(dir string) bool { return dir != r.WorkTree }
	if !ok || slices.ContainsFunc(append(projectDirs(h.Env), h.Dir, in.Dir), elsewhere) {
		return nil
	}
	ground, ok := handler.Ground(ctx, event)
	inputs := h.swarm.QuietPlace(true)
	config, err := r.Config()
	if !ok || inputs == nil || err != nil || config.Files() == nil {
		return nil
	}
	inputs = append(inputs, quiet.Files(quiet.Times, config.Files()...)...)
	inputs = append(inputs, quiet.Entry+filepath.Join(r.WorkTree, repo.TeamFileName))
	if h.Env.Get(install.HooksEnv) != "" {
		inputs = append(inputs, quiet.Files(quiet.Times, install.Outranking(r)...)...)
	}
	inputs = append(inputs, h.swarm.QuietRefs(ground.Refs...)...)
	inputs = append(inputs, quiet.Files(quiet.Entry, ground.Files...)...)
	record, waiter := agents.In(r).FilesOf(in.Session)
	if event == agents.PreEdit {
		edited, ok := quietEdited(r.WorkTree, in.Paths, handler.Files)
		if !ok {
			return nil
		}
		return h.swarm.LookQuiet(name, given, h.Env, append(append(inputs, quiet.Record+record), edited...))
	}
	sync := h.swarm.QuietSync(ground.Session)
	if sync == nil {
		return nil
	}
	return h.swarm.LookQuiet(name, given, h.Env, append(append(inputs, quiet.Content+record, quiet.Absent+waiter), sync...))
}

// quietGiven is what the hook was given, and the name of its note. It is not ok for one that
// leaves none.
func (h *invocation) quietGiven(event string, shell bool) (name string, given []string, ok bool) {
	args := append([]string{"hook"}, h.args...)
	if !quiet.IsHook(args) || h.dialect.silence != nil || h.kept {
		return "", nil, false
	}
	name, given, ok = quiet.Hook(args, h.text)
	return name, given, ok && (shell && event == agents.Batch) == (name == quiet.Name+"-"+quiet.Shell)
}

// quietEdited are the files that decide that the paths, as the client has them, are these
// files of the work tree and of no repository below its top.
func quietEdited(workTree string, paths, files []string) (inputs []string, ok bool) {
	if len(paths) != len(files) {
		return nil, false
	}
	for i, path := range paths {
		if path != filepath.Join(workTree, filepath.FromSlash(files[i])) { // there is a link on the way
			return nil, false
		}
		inputs = append(inputs, quiet.Plain+path)
		for dir := filepath.Dir(path); dir != workTree; dir = filepath.Dir(dir) {
			inputs = append(inputs, quiet.Place+dir, quiet.Absent+filepath.Join(dir, ".git"), quiet.Absent+filepath.Join(dir, "HEAD"))
		}
	}
	return inputs, true
}

// leaveQuiet leaves the note, if the event was handled without a word.
func (h *invocation) leaveQuiet(ctx context.Context, look *swarm.QuietLook, event string, handler *hook.Handler) {
	if look == nil || !handler.Idle || h.kept || h.answered.Load() {
		return
	}
	if event == agents.PreEdit {
		look.Leave(h.Now().Add(-quietEdit), h.Now().Add(quietEdit))
		return
	}
	known := agents.In(handler.Repo)
	since, until, err := h.swarm.Beats(ctx, known.Session(handler.Input.Session))
	if alive := known.AliveUntil(handler.Input.Session); alive.Before(until) {
		until = alive
	}
	if err == nil {
		look.Leave(since, until)
	}
}
