package gitlock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// noteDir is the folder of the notes. It is there only while there are any.
func noteDir(r *repo.Repo) string { return filepath.Join(r.CommonDir, "swarm", "git") }

// note is the file that says which locks a running git command may hold: lines
// "by PID MARK" of who starts it, "lock PATH" quoted as in Go, and, once it runs,
// "git PID MARK".
type note struct{ f *os.File }

// newNote writes a note. Until the command has started, what a kill leaves of it
// does no harm.
func newNote(r *repo.Repo, locks []string) (*note, error) {
	dir := noteDir(r)
	var f *os.File
	for try := 0; ; try++ {
		err := file.MkdirAll(dir)
		if err == nil {
			f, err = file.CreateTemp(dir, "", 0o666)
		}
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || try == noteTries { // another command has removed the folder
			return nil, err
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "by %d %s\n", os.Getpid(), file.ProcessMark(os.Getpid()))
	for _, path := range locks {
		fmt.Fprintf(&text, "lock %q\n", path)
	}
	n := &note{f}
	if _, err := f.WriteString(text.String()); err != nil {
		n.remove()
		return nil, err
	}
	return n, nil
}

// noteTries is how often the folder of the notes may go while a note is made in it.
const noteTries = 100

// started adds the process of the command. If that fails, the processes that work
// in the repository are still looked at before a lock is cleared.
func (n *note) started(pid int) {
	_, _ = fmt.Fprintf(n.f, "git %d %s\n", pid, file.ProcessMark(pid))
}

// remove removes the note, and the folder with the last.
func (n *note) remove() {
	_ = n.f.Close()
	removeNote(n.f.Name())
}

func removeNote(path string) {
	_ = os.Remove(path)
	_ = os.Remove(filepath.Dir(path)) // which fails while there are others
}

// readNotes are the paths of the notes.
func readNotes(r *repo.Repo) ([]string, error) {
	entries, err := os.ReadDir(noteDir(r))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var paths []string
	for _, e := range entries {
		paths = append(paths, filepath.Join(noteDir(r), e.Name()))
	}
	return paths, err
}

// noted is the content of a note.
type noted struct {
	locks     []string
	processes []process
}

type process struct {
	pid  int
	mark string
}

func parseNote(content string) noted {
	var n noted
	for line := range strings.Lines(content) {
		what, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if what == "lock" {
			if path, err := strconv.Unquote(rest); err == nil {
				n.locks = append(n.locks, path)
			}
			continue
		}
		pid, mark, _ := strings.Cut(rest, " ")
		if id, err := strconv.Atoi(pid); err == nil {
			n.processes = append(n.processes, process{id, mark})
		}
	}
	return n
}

// gone reports whether all its processes certainly are.
func (n noted) gone() bool {
	for _, p := range n.processes {
		if !file.ProcessGone(p.pid, p.mark) {
			return false
		}
	}
	return len(n.processes) > 0
}
