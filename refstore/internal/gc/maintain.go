package gc

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/odb"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Maintenance keeps the number of loose objects down where they are written in
// process; git's own commands see to it themselves. It reports no errors: what
// fails here fails again in the user's next git gc, which says so.
type Maintenance struct {
	Repo    *repo.Repo
	Objects *odb.DB
}

// checkEvery is how many entries of a chain pass between two counts of the loose
// objects.
const checkEvery = 256

// Due reports whether a chain that grew from one number to another is to be
// followed by TidyUp.
func Due(from, to int) bool { return from/checkEvery != to/checkEvery }

// manyLoose is git's own threshold: gc.auto's 6,700 objects are taken to be
// reached with 27 files in objects/17.
const manyLoose = 27

// TidyUp starts git maintenance in the background if there are many loose objects.
func (m Maintenance) TidyUp() {
	if n, err := m.Objects.CountLoose17(); err != nil || n <= manyLoose {
		return
	}
	gitlock.Start(m.Repo, m.Repo.Git(context.Background(), "maintenance", "run", "--auto", "--quiet"), gitlock.Maintenance(m.Repo))
}

// retiredPeriod is how long a replaced cursor is left alone: no reader is that
// slow.
const retiredPeriod = 10 * time.Minute

// Retire deletes the commits of cursors that were replaced: a day of twenty
// sessions makes tens of thousands, and git gc keeps unreachable objects loose
// for two weeks and then complains of them. They are put on the list
// swarm/retired and deleted when they are ten minutes old, in one go every ten
// minutes. If the list is lost, git deletes them. So it does with those that a
// commit-graph lists, as scheduled maintenance has made it: git fsck would miss them.
func (m Maintenance) Retire(ids []object.Hash, at time.Time) {
	path := filepath.Join(m.Repo.CommonDir, "swarm", "retired")
	list, err := file.Open(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return
	}
	defer list.Close()
	for _, id := range ids {
		fmt.Fprintf(list, "%d %s\n", at.Unix(), id)
	}
	head := make([]byte, 16)
	n, _ := list.ReadAt(head, 0)
	oldest, _, _ := strings.Cut(string(head[:n]), " ")
	since, err := strconv.ParseInt(oldest, 10, 64)
	if (err == nil && at.Sub(time.Unix(since, 0)) < 2*retiredPeriod) || AtWork(m.Repo.CommonDir, time.Now()) {
		return
	}
	m.sweep(list, at)
}

// sweep deletes what has been on the list for long enough and no ref points at.
func (m Maintenance) sweep(list *os.File, at time.Time) {
	content, err := os.ReadFile(list.Name())
	if err != nil {
		return
	}
	tips, err := repo.Output(m.Repo.GitParsed(context.Background(), "for-each-ref", "--format=%(objectname)"))
	if err != nil {
		return
	}
	inUse := map[string]bool{} // by a tag, say, or as a hub's copy of the cursor
	for line := range strings.Lines(tips) {
		inUse[strings.TrimSuffix(line, "\n")] = true
	}
	graph := openCommitGraph(m.Repo.ObjectDir, m.Repo.Algo)
	defer graph.close()
	var tooNew strings.Builder
	for line := range strings.Lines(string(content)) {
		when, id, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		seconds, err := strconv.ParseInt(when, 10, 64)
		switch {
		case err != nil || !m.Repo.Algo.Valid(object.Hash(id)): // torn
		case at.Sub(time.Unix(seconds, 0)) < retiredPeriod:
			tooNew.WriteString(line)
		case inUse[id] || graph.mayList(object.Hash(id)): // left to git
		default:
			_ = m.Objects.RemoveLoose(object.Hash(id))
		}
	}
	if list.Truncate(0) == nil {
		_, _ = list.WriteString(tooNew.String())
	}
}
