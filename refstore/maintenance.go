package refstore

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// MaintenanceDue reports whether git maintenance run --auto may have something to do, by
// git's own rule for git gc --auto. It is false where maintenance.auto is, and else true
// where anything of maintenance is configured.
// That rule is git's default up to 2.53; from 2.54 on git packs earlier, in smaller steps,
// which where this is false is left to the git commands that start it themselves.
func (s *Store) MaintenanceDue() bool {
	c, err := s.repo.Config()
	if err != nil || s.objects == nil {
		return true
	}
	if auto, err := c.Bool("maintenance.auto", true); err == nil && !auto {
		return false
	}
	others := slices.DeleteFunc(c.Keys("maintenance"), func(key string) bool { return key == "maintenance.auto" })
	if len(others) > 0 || len(c.Subsections("maintenance", "enabled", "schedule", "auto")) > 0 {
		return true
	}
	most, err := c.Int("gc.auto", 6700)
	if err != nil {
		return true
	}
	if most <= 0 { // then the number of packs does not count, either
		return false
	}
	loose, err := s.objects.CountLoose17()
	if err != nil || int64(loose) > (most+255)/256 {
		return true
	}
	mostPacks, err := c.Int("gc.autoPackLimit", 50)
	return err != nil || mostPacks > 0 && int64(s.packs()) > mostPacks
}

// packs is how many packs there are.
func (s *Store) packs() (n int) {
	entries, _ := os.ReadDir(filepath.Join(s.repo.ObjectDir, "pack")) // none there is none
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".pack") {
			n++
		}
	}
	return n
}
