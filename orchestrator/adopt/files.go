package adopt

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/orchestrator/setup"
	"github.com/git-swarm/git-swarm/refstore"
)

// renameFiles has the files beside the refs name the sessions as they are called now. Done
// again it changes nothing.
func (j Joining) renameFiles(ctx context.Context, a *refstore.Adoption) error {
	if len(a.Renamed) == 0 {
		return nil
	}
	if err := agents.Rename(ctx, j.Repo, a.Renamed); err != nil {
		return err
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
