package refs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// ReflogLine is what follows the two ids in a reflog.
func ReflogLine(name, email string, at time.Time) string {
	return fmt.Sprintf("%s <%s> %d %s\tgit swarm", name, email, at.Unix(), at.Format("-0700"))
}

// logUpdate follows git's rule for the refs that are ours to write: a reflog that
// exists is continued, and one for a note is begun where git would begin it
// (should_autocreate_reflog in refs.c). refs/swarm has none: its refs are logs.
func (f *Files) logUpdate(u Update) error {
	path := filepath.Join(f.Dir, "logs", filepath.FromSlash(u.Ref))
	flags := os.O_WRONLY | os.O_APPEND
	begin := f.LogNotes && strings.HasPrefix(u.Ref, "refs/notes/")
	if begin {
		flags |= os.O_CREATE
	}
	file, err := os.OpenFile(path, flags, 0o666)
	if begin && errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(path), 0o777); err == nil {
			file, err = os.OpenFile(path, flags, 0o666)
		}
	}
	if err != nil && !begin { // there is none
		return nil
	}
	if err != nil {
		return err
	}
	prev := u.Prev
	if prev == "" {
		prev = object.Hash(strings.Repeat("0", len(u.Next)))
	}
	_, err = fmt.Fprintf(file, "%s %s %s\n", prev, u.Next, u.Reflog)
	return errors.Join(err, file.Close())
}
