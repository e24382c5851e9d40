package agents

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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

// Said is the session of the agent that runs this process, as its environment says;
// "" if it names no known agent.
func (a Agents) Said(env repo.Env) string {
	for _, id := range idsOf(env) {
		if session := a.Session(id); session != "" {
			return session
		}
	}
	return ""
}

// Caller is the session of the agent that runs this process, "" if no known agent
// does. A client's process above this one counts more than the environment, which a
// command can change; where it is not known, the environment says.
func (a Agents) Caller(env repo.Env) string {
	above := file.Ancestors()
	for _, id := range idsOf(env) {
		if r := a.Load(id); r != nil && r.PID > 0 && slices.Contains(above, r.PID) && file.ProcessThere(r.PID, r.Process) {
			return r.Session
		}
	}
	if sessions := a.above(above, 0); len(sessions) > 0 {
		return sessions[0]
	}
	return a.Said(env)
}

// Above are the sessions of the agents whose clients' processes are above this one,
// the nearest first, without those of the process except.
func (a Agents) Above(except int) []string { return a.above(file.Ancestors(), except) }

func (a Agents) above(pids []int, except int) (sessions []string) {
	entries, err := os.ReadDir(a.records())
	if err != nil || len(pids) == 0 {
		return nil
	}
	type found struct {
		depth   int
		active  time.Time
		session string
	}
	var all []found
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(a.records(), e.Name()))
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
		if err == nil && r != nil && !r.Ended && r.PID == pids[depth] && file.ProcessThere(r.PID, r.Process) {
			all = append(all, found{depth, info.ModTime(), r.Session})
		}
	}
	slices.SortFunc(all, func(x, y found) int {
		if x.depth != y.depth {
			return x.depth - y.depth
		}
		return y.active.Compare(x.active)
	})
	for _, f := range all {
		if !slices.Contains(sessions, f.session) {
			sessions = append(sessions, f.session)
		}
	}
	return sessions
}
