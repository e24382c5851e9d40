package lock

import (
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
)

// stored returns path as the table spells it. With FoldCase, that is the spelling
// under which its folders, or itself, are claimed already; else it is path.
func (c *Claims) stored(table *refstore.Table, path string) (string, error) {
	if !c.FoldCase {
		return path, nil
	}
	parts := strings.Split(path, "/")
	for i := range parts {
		names, err := table.Names(strings.Join(parts[:i], "/"))
		if err != nil {
			return "", err
		}
		if slices.Contains(names, parts[i]) {
			continue // both spellings may be there, from before FoldCase
		}
		for _, name := range names {
			if strings.EqualFold(name, parts[i]) {
				parts[i] = name
				break
			}
		}
	}
	return strings.Join(parts, "/"), nil
}

// storedAll returns the paths as the table spells them, each once.
func (c *Claims) storedAll(table *refstore.Table, paths []string) ([]string, error) {
	var all []string
	seen := map[string]bool{}
	for _, path := range paths {
		path, err := c.stored(table, path)
		if err != nil {
			return nil, err
		}
		if !seen[path] {
			all = append(all, path)
		}
		seen[path] = true
	}
	return all, nil
}
