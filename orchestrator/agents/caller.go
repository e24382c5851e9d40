package agents

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// idsOf are the agents' ids that the clients give the commands that they run.
func idsOf(env repo.Env) (ids []string) {
	for _, name := range []string{"CLAUDE_CODE_SESSION_ID", "CODEX_THREAD_ID"} {
		if id := env.Get(name); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// Recognized reports whether git's hooks see the pushes of agents of that kind, and can
// tell whose they are. Gemini CLI's shell has git run none. Codex's sandbox has no
// network, and git runs the hook only once it has reached the remote: the agent would be
// told of the network, and not what to run.
func Recognized(kind string) bool { return kind == "claude" }

// Run reports whether an agent's client runs this process, as its environment says.
func Run(env repo.Env) bool { return len(idsOf(env)) > 0 }

// RecordsSaid are the files of the records from which Said knows who the agent is, there
// or not.
func (a Agents) RecordsSaid(env repo.Env, sessionFile string) (paths []string) {
	for _, id := range idsOf(env) {
		paths = append(paths, a.path(id))
		if r := a.Load(id); r != nil {
			if sub := a.subagent(r, sessionFile); sub != nil {
				paths = append(paths, filepath.Join(a.records(), sub.name+".json"))
			}
		}
	}
	return paths
}

// Who is whom an agent works as; the zero Who where no agent is known.
type Who struct {
	Session string
	Parent  string // of a subagent with a session of its own: that of its agent
}

// Said is who the agent is that runs this process, as its environment says. A subagent
// shares the environment of its agent: it is known by the worktree that the process
// works in, whose identity the file sessionFile has.
func (a Agents) Said(env repo.Env, sessionFile string) Who {
	for _, id := range idsOf(env) {
		if r := a.Load(id); r != nil {
			return a.in(r, sessionFile)
		}
	}
	return Who{}
}

// Caller is who the agent is that runs this process. A client's process above this one
// counts more than the environment, which a command can change; where it is not known,
// the environment says. sessionFile is as for Said.
func (a Agents) Caller(env repo.Env, sessionFile string) Who {
	files := a.files()
	if len(files) == 0 { // no agent is known: whose child we are says nothing
		return Who{}
	}
	above := file.Ancestors()
	for _, id := range idsOf(env) {
		if r := a.Load(id); r != nil && r.PID > 0 && slices.Contains(above, r.PID) && file.ProcessThere(r.PID, r.Process) {
			return a.in(r, sessionFile)
		}
	}
	if all := a.above(files, above, 0); len(all) > 0 {
		return a.in(all[0], sessionFile)
	}
	return a.Said(env, sessionFile)
}

// Above are the sessions of the agents whose clients' processes are above this one,
// the nearest first, without those of the process except.
func (a Agents) Above(except int) (sessions []string) {
	for _, r := range a.above(a.files(), file.Ancestors(), except) {
		if !slices.Contains(sessions, r.Session) {
			sessions = append(sessions, r.Session)
		}
	}
	return sessions
}

// above are the records of those agents, without subagents.
func (a Agents) above(files []fs.DirEntry, pids []int, except int) (records []*Record) {
	type found struct {
		depth  int
		active time.Time
		record *Record
	}
	var all []found
	for _, e := range files {
		content, err := file.Read(filepath.Join(a.records(), e.Name()), noLimit)
		if err != nil {
			continue
		}
		depth := slices.IndexFunc(pids, func(pid int) bool {
			return pid != except && bytes.Contains(content, []byte(`"pid":`+strconv.Itoa(pid)+`,`))
		})
		if depth < 0 {
			continue
		}
		r := parseRecord(content)
		info, err := e.Info()
		if err == nil && r != nil && !r.Ended && r.Parent == "" && r.PID == pids[depth] && file.ProcessThere(r.PID, r.Process) {
			all = append(all, found{depth, info.ModTime(), r})
		}
	}
	slices.SortFunc(all, func(x, y found) int {
		if x.depth != y.depth {
			return x.depth - y.depth
		}
		return y.active.Compare(x.active)
	})
	for _, f := range all {
		records = append(records, f.record)
	}
	return records
}
