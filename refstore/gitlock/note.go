package gitlock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// noteDir is the folder of the notes. It is there only while there are any.
func noteDir(r *repo.Repo) string { return filepath.Join(r.CommonDir, "swarm", "git") }

// note is the file that says which locks a running git command may hold: lines
// "by PID MARK" of who starts it, "lock PATH" quoted as in Go, once it runs "git PID
// MARK", and "ended" if a signal has ended it while who started it lives on.
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

// giveTo lets the command carry the note's name.
func (n *note) giveTo(cmd *exec.Cmd) {
	cmd.Env = append(slices.Clip(cmd.Environ()), noteVar+"="+filepath.Base(n.f.Name()))
}

// started adds the process of the command. If that fails, the processes that work
// in the repository are still looked at before a lock is cleared.
func (n *note) started(pid int) {
	_, _ = fmt.Fprintf(n.f, "git %d %s\n", pid, file.ProcessMark(pid))
}

// end removes the note of a command that has ended. One that a signal has ended may
// have left its locks: git makes the file a moment before it sees to its removal. They
// are cleared, and while another may have made one of them, the note stays.
func (n *note) end(r *repo.Repo, state *os.ProcessState) {
	if state == nil || !state.Sys().(syscall.WaitStatus).Signaled() {
		n.remove()
		return
	}
	_, err := fmt.Fprintln(n.f, "ended")
	if errors.Join(err, n.f.Close()) != nil {
		return // once we are gone it is read as that of a killed command
	}
	_, _ = Clear(r) // what it could not do now, another will
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
	ended     bool
}

type process struct {
	pid  int
	mark string
}

func parseNote(content string) noted {
	var n noted
	for line := range strings.Lines(content) {
		what, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		pid, mark, _ := strings.Cut(rest, " ")
		switch {
		case what == "lock":
			if path, err := strconv.Unquote(rest); err == nil {
				n.locks = append(n.locks, path)
			}
		case what == "ended":
			n.ended = true
		case what == "git" && mark == "": // it had ended before it was noted
		default:
			if id, err := strconv.Atoi(pid); err == nil {
				n.processes = append(n.processes, process{id, mark})
			}
		}
	}
	return n
}

// gone reports whether all its processes certainly are. Where we were killed before we
// noted the command's, it is known by the name of the note in its environment.
func (n noted) gone(path string) bool {
	if n.ended {
		return true
	}
	for _, p := range n.processes {
		if !file.ProcessGone(p.pid, p.mark) {
			return false
		}
	}
	return len(n.processes) > 1 || len(n.processes) == 1 && !carried(filepath.Base(path))
}

// noteVar is the environment variable by which a command carries the name of its note.
const noteVar = "GIT_SWARM_NOTE"

// carried reports whether a git command carries the name.
func carried(name string) bool {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || !isGit(pid) {
			continue
		}
		env, err := file.Read("/proc/"+e.Name()+"/environ", 1<<20)
		if err == nil && strings.Contains("\x00"+string(env)+"\x00", "\x00"+noteVar+"="+name+"\x00") && !slices.Contains(harmless, verbOf(pid)) {
			return true
		}
	}
	return false
}
