package repo

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Head is the full name of the branch that is checked out, which need not have a
// commit yet; "" if HEAD is detached.
func (r *Repo) Head(ctx context.Context) (string, error) {
	path := filepath.Join(r.GitDir, "HEAD")
	if r.RefFormat != "files" {
		out, err := Output(r.GitParsed(ctx, "symbolic-ref", "--quiet", "HEAD"))
		var no *GitError
		if errors.As(err, &no) && no.ExitCode == 1 {
			err = nil
		}
		return strings.TrimSuffix(out, "\n"), err
	}
	if link, err := os.Readlink(path); err == nil {
		return link, nil
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	ref, _ := strings.CutPrefix(string(content), "ref:")
	if ref == string(content) {
		return "", err
	}
	return strings.TrimSpace(ref), err
}

// ValidBranch reports whether git would take the name for a branch, as git
// check-ref-format --branch does.
func ValidBranch(name string) bool {
	if name == "" || name == "HEAD" || name[0] == '-' || strings.HasSuffix(name, ".") ||
		strings.Contains(name, "..") || strings.Contains(name, "@{") || strings.ContainsAny(name, " ~^:?*[\\\x7f") ||
		strings.ContainsFunc(name, func(c rune) bool { return c < ' ' }) {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return true
}
