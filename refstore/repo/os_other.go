//go:build !unix

package repo

import (
	"os"
	"os/exec"
	"path/filepath"
)

func searchable(path string) bool { _, err := os.Stat(path); return err == nil }

// executableIn is dir/name, with the system's suffix, if that can be run.
func executableIn(dir, name string) string {
	path, err := exec.LookPath(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return path
}

// ownedByUs cannot tell here: git is asked.
func ownedByUs(Env, string) bool { return false }

func deviceOf(string) (uint64, bool) { return 0, true }

func workingDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}
