package adopt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/orchestrator/setup"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/review"
)

// renameFiles has the files beside the refs name the sessions as they are called now. Done
// again it changes nothing.
func (j Joining) renameFiles(ctx context.Context, a *refstore.Adoption) error {
	if a.Numbers[task.Adopted] > 0 {
		if err := j.keepLogs(a); err != nil {
			return err
		}
	}
	if err := agents.Rename(ctx, j.Repo, a.Renamed, a.Numbers[review.Numbers] > 0); err != nil {
		return err
	}
	if len(a.Renamed) == 0 {
		return nil
	}
	if err := setup.RenamePorts(ctx, j.Repo, a.Renamed); err != nil {
		return err
	}
	if err := j.Bus.RenameKept(a.Renamed); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(a.Renamed)) {
		for _, path := range j.files(id, a.Renamed[id]) {
			if err := os.Rename(path[0], path[1]); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// keepLogs puts the logs of tasks aside, whose numbers are those of the hub's now.
func (j Joining) keepLogs(a *refstore.Adoption) error {
	logs, err := filepath.Glob(filepath.Join(agents.PoolDir(j.Repo), "[0-9]*.log"))
	if err != nil || len(logs) == 0 {
		return err
	}
	dir := filepath.Join(j.Repo.CommonDir, "swarm", "lost")
	if err := file.MkdirAll(dir); err != nil {
		return err
	}
	for _, path := range logs {
		if err := os.Rename(path, filepath.Join(dir, fmt.Sprintf("%d-pool-%s", a.At, filepath.Base(path)))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// files are those whose names have a session's id, with what they are called then.
func (j Joining) files(id, name string) (paths [][2]string) {
	dir := j.Repo.CommonDir
	of := func(path func(id string) string) { paths = append(paths, [2]string{path(id), path(name)}) }
	of(func(id string) string { return launch.PromptFile(dir, id) })
	for _, client := range launch.Makes() {
		of(func(id string) string { return launch.OptionsFile(dir, id, client) })
	}
	for _, ending := range []string{".log", ".run"} {
		of(func(id string) string { return filepath.Join(dir, "swarm", "verify-"+id+ending) })
	}
	of(func(id string) string { return filepath.Join(dir, "swarm", "queued-"+id) })
	return paths
}
