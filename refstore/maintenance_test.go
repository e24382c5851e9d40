package refstore

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestMaintenanceDue: maintenance is due where git packs, and is not where git only looks.
func TestMaintenanceDue(t *testing.T) {
	t.Parallel()
	for what, row := range map[string]struct {
		settings []string
		loose    int // objects of which gc counts the number
		packs    int
		due      bool
		looks    bool // git only looks, but that cannot be told
	}{
		"nothing":       {},
		"as many loose": {settings: []string{"gc.auto=512"}, loose: 2},
		"more loose":    {settings: []string{"gc.auto=512"}, loose: 3, due: true},
		"rounded up":    {settings: []string{"gc.auto=257"}, loose: 2},
		"off":           {settings: []string{"gc.auto=0", "gc.autoPackLimit=1"}, loose: 3, packs: 2},
		"as many packs": {settings: []string{"gc.autoPackLimit=2"}, packs: 2},
		"more packs":    {settings: []string{"gc.autoPackLimit=2"}, packs: 3, due: true},
		"any packs":     {settings: []string{"gc.autoPackLimit=0"}, packs: 3},
		"other tasks":   {settings: []string{"maintenance.incremental-repack.enabled=true"}, due: true, looks: true},
		"strategy":      {settings: []string{"maintenance.strategy=incremental"}, due: true, looks: true},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := refstoretest.NewRepo(t)
			r.Git("config", "gc.autoDetach", "false")
			r.Git("config", "maintenance.auto", "true") // in tests it is not
			for i := range row.packs {
				r.Commit(fmt.Sprint("packed ", i), "--allow-empty")
				r.Git("repack", "-q")
			}
			r.Commit("loose", "--allow-empty")
			for i, found := 0, 0; found < row.loose; i++ {
				text := fmt.Sprint(i)
				if strings.HasPrefix(string(object.SHA1.Sum(object.Blob, []byte(text))), "17") {
					r.Feed(text, "hash-object", "-w", "--stdin")
					found++
				}
			}
			for _, setting := range row.settings {
				key, value, _ := strings.Cut(setting, "=")
				r.Git("config", key, value)
			}
			due := func() bool {
				there, err := repo.Discover(os.Environ(), r.Dir)
				if err != nil {
					t.Fatal(err)
				}
				s := Open(there, Options{})
				defer s.Close()
				return s.MaintenanceDue()
			}
			if got := due(); got != row.due {
				t.Errorf("due: %v", got)
			}
			before := r.Git("count-objects", "-v")
			r.Git("-c", "maintenance.strategy=gc", "maintenance", "run", "--auto", "--quiet") // the default up to git 2.53
			if packed := r.Git("count-objects", "-v") != before; packed != (row.due && !row.looks) {
				t.Errorf("git packed: %v", packed)
			}
			if r.Git("config", "maintenance.auto", "false"); due() {
				t.Error("due, though it is switched off")
			}
		})
	}
}
