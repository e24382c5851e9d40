package repo

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// LooseRef is the id in the file of a branch or remote-tracking ref, given its full name;
// "" where that file says nothing: the ref may be packed, symbolic, kept otherwise, or not
// be there.
func (r *Repo) LooseRef(ref string) string {
	if ok, _ := r.ReadInProcess(); !ok || r.RefFormat != "files" || !filepath.IsLocal(ref) ||
		!strings.HasPrefix(ref, "refs/heads/") && !strings.HasPrefix(ref, "refs/remotes/") {
		return ""
	}
	content, err := os.ReadFile(filepath.Join(r.CommonDir, filepath.FromSlash(ref)))
	id := strings.TrimSuffix(string(content), "\n")
	if err != nil || !object.SHA1.Valid(object.Hash(id)) {
		return ""
	}
	return id
}
