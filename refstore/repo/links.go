package repo

import "path/filepath"

// ResolveLinks resolves the symbolic links in the part of path that exists.
func ResolveLinks(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	dir := filepath.Dir(path)
	if dir == path {
		return path
	}
	return filepath.Join(ResolveLinks(dir), filepath.Base(path))
}
