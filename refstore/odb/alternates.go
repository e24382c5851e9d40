package odb

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// maxNesting is how many lists of alternates git follows beyond the first.
const maxNesting = 5

// withAlternates is dir and the objects directories that it and its alternates
// borrow from, in git's order, each once. As in git, directories that do not
// exist are left out, and so are lists nested too deep.
func withAlternates(dir string) ([]string, error) {
	dirs := []string{dir}
	err := addAlternates(&dirs, map[string]bool{}, dir, 0)
	return dirs, err
}

func addAlternates(dirs *[]string, seen map[string]bool, dir string, nesting int) error {
	list, err := os.ReadFile(filepath.Join(dir, "info", "alternates"))
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(list) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if nesting == 0 {
		seen[realPath(dir)] = true
	}
	for _, alt := range parseAlternates(string(list)) {
		if !filepath.IsAbs(alt) {
			alt = filepath.Join(dir, alt)
		}
		real := realPath(alt)
		if real == "" || seen[real] {
			continue
		}
		seen[real] = true
		*dirs = append(*dirs, real)
		if nesting == maxNesting {
			continue
		}
		if err := addAlternates(dirs, seen, real, nesting+1); err != nil {
			return err
		}
	}
	return nil
}

// realPath is empty for what does not exist.
func realPath(path string) string {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return ""
	}
	if abs, err := filepath.Abs(real); err == nil {
		return abs
	}
	return real
}

// parseAlternates reads the format: a path a line, C-quoted if it begins with a
// double quote and reads as such, '#' before a comment.
func parseAlternates(list string) []string {
	lines := strings.Split(list, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "#") {
			lines[i] = ""
		} else if unquoted, err := strconv.Unquote(line); err == nil && strings.HasPrefix(line, `"`) {
			lines[i] = unquoted
		}
	}
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" })
}
