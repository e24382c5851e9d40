package agents

import (
	"os"
	"path/filepath"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// The files of a session's folder in PoolDir that others than the pool read.
const (
	PoolOwner  = "owner"  // locked by the supervisor that looks after the session
	PoolWorker = "worker" // locked as long as the process that runs its client is there
	PoolWaits  = "waits"  // there while the session waits for an answer, without a client
)

// PoolDir is the folder in which the pool has one for each session that it has begun and
// not ended.
func PoolDir(r *repo.Repo) string { return filepath.Join(In(r).dir, "pool") }

// pooled reports whether the pool has begun the session and not ended it: its clients
// come and go.
func (a Agents) pooled(session string) bool {
	_, err := os.Stat(filepath.Join(a.dir, "pool", session))
	return err == nil
}

// poolKeeps reports whether the pool certainly goes on with the session: a client is at
// work, a supervisor looks after it, or somebody is to answer it.
func (a Agents) poolKeeps(session string) bool {
	dir := filepath.Join(a.dir, "pool", session)
	if _, err := os.Stat(filepath.Join(dir, PoolWaits)); err == nil {
		return true
	}
	return file.Locked(filepath.Join(dir, PoolWorker)) || file.Locked(filepath.Join(dir, PoolOwner))
}
