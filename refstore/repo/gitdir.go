package repo

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// adopt takes path as the git dir if it is one: a HEAD, and (in the common dir)
// objects and refs. direct says that path has no symbolic links.
func (f *finder) adopt(path string, direct bool) bool {
	if !isHead(path + "/HEAD") {
		return false
	}
	gitDir := path
	if !direct {
		var err error
		if gitDir, err = filepath.EvalSymlinks(path); err != nil {
			return false
		}
	}
	common, separate, err := f.commonDir(gitDir)
	if err != nil {
		return false
	}
	objects := common + "/objects"
	if set, ok := f.env.Lookup("GIT_OBJECT_DIRECTORY"); ok {
		objects = f.from(set)
	}
	if !searchable(objects) || !searchable(common+"/refs") {
		return false
	}
	f.GitDir, f.CommonDir, f.ObjectDir = gitDir, common, filepath.Clean(objects)
	f.format.separate = separate
	return true
}

// commonDir is where the git dir keeps what its worktrees share, and whether
// that was said and not only assumed.
func (f *finder) commonDir(gitDir string) (dir string, separate bool, err error) {
	if path, set := f.env.Lookup("GIT_COMMON_DIR"); set {
		dir, err = resolved(f.from(path))
		return dir, true, err
	}
	content, err := file.Read(gitDir+"/commondir", maxGitFile)
	if errors.Is(err, os.ErrNotExist) {
		return gitDir, false, nil
	}
	if err != nil {
		return "", false, err
	}
	path := strings.TrimRight(string(content), "\r\n")
	if path == "../.." { // git writes no other; gitDir has no links
		return filepath.Dir(filepath.Dir(gitDir)), true, nil
	}
	if !filepath.IsAbs(path) {
		path = gitDir + "/" + path
	}
	dir, err = filepath.EvalSymlinks(path)
	return dir, true, err
}

// maxGitFile is the size from which git takes no file for a .git file.
const maxGitFile = 1 << 20

// followGitFile returns the path that a .git file names.
func followGitFile(path string) (string, error) {
	content, err := file.Read(path, maxGitFile+1)
	if err != nil {
		return "", err
	}
	target, ok := strings.CutPrefix(string(content), "gitdir: ")
	target = strings.TrimRight(target, "\r\n")
	if !ok || target == "" || len(content) > maxGitFile {
		return "", fmt.Errorf("%s is no .git file", path)
	}
	if !filepath.IsAbs(target) {
		target = filepath.Dir(path) + "/" + target
	}
	return target, nil
}

// isHead reports whether path is a HEAD: a link or a reference to something
// below refs/, or an object id.
func isHead(path string) bool {
	if link, err := os.Readlink(path); err == nil {
		return strings.HasPrefix(link, "refs/")
	}
	head, err := file.Read(path, 255)
	if err != nil {
		return false
	}
	if ref, ok := bytes.CutPrefix(head, []byte("ref:")); ok {
		return bytes.HasPrefix(bytes.TrimLeft(ref, " \t\r\n"), []byte("refs/"))
	}
	return isObjectID(head)
}

// isObjectID reports whether text begins with a SHA-1's or longer hexadecimal id.
func isObjectID(text []byte) bool {
	const digits = 40
	if len(text) < digits {
		return false
	}
	for _, c := range text[:digits] {
		if c = toLower(c); (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
