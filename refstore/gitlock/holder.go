package gitlock

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Holder is a git command that may hold a lock.
type Holder struct {
	PID  int
	Verb string // of git, "" if it cannot be told
}

func (h Holder) String() string {
	return strings.TrimSpace("git "+h.Verb) + " (process " + strconv.Itoa(h.PID) + ")"
}

// tidying are commands that work for long beside others, and take locks below objects
// and their own, but none of a ref, an index or the configuration: what they have done
// to refs, commands that they start do (pack-refs, reflog).
var tidying = []string{"gc", "maintenance", "repack", "pack-objects", "prune", "prune-packed", "multi-pack-index", "commit-graph", "index-pack", "unpack-objects", "rev-list", "fsck", "upload-pack"}

// holdersOf are the Holders that may have taken this lock.
func holdersOf(r *repo.Repo, lock string, written time.Time) []Holder {
	all := Holders(r, written)
	if slices.Contains(Maintenance(r), lock) || within([]string{filepath.Join(r.CommonDir, "objects"), r.ObjectDir}, lock) || strings.HasPrefix(filepath.Base(lock), "gc.") {
		return all
	}
	return slices.DeleteFunc(all, func(h Holder) bool { return slices.Contains(tidying, h.Verb) })
}

// Holders are the git commands that work in the repository, or may do so, and were
// already there when a lock was last written. Those that have started us are not
// among them. It is empty where there is no /proc.
func Holders(r *repo.Repo, written time.Time) []Holder {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	uptime, ok := uptime()
	if !ok {
		return nil
	}
	boot := time.Now().Add(-uptime)
	above := append(file.Ancestors(), os.Getpid())
	var dirs []string
	var found []Holder
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || slices.Contains(above, pid) {
			continue
		}
		if !isGit(pid) {
			continue
		}
		start, ok := file.Started(pid)
		if !ok || boot.Add(start).After(written.Add(clockSlack)) {
			continue
		}
		if dirs == nil {
			dirs = workDirs(r)
		}
		cwd, err := os.Readlink("/proc/" + e.Name() + "/cwd")
		if err == nil && !within(dirs, cwd) || os.IsNotExist(err) {
			continue
		}
		if verb := verbOf(pid); !slices.Contains(harmless, verb) {
			found = append(found, Holder{pid, verb})
		}
	}
	return found
}

// clockSlack is how far the clock of file times and that of process starts may
// differ.
const clockSlack = time.Second

// harmless are commands that live long and take no locks: git swarm, and what it is
// that git runs it by, answers for its own.
var harmless = []string{"swarm", "cat-file", "fsmonitor--daemon", "credential-cache--daemon", "daemon", "credential-cache"}

// isGit reports whether the process is a git command.
func isGit(pid int) bool {
	name, err := file.Read("/proc/"+strconv.Itoa(pid)+"/comm", 64)
	if err != nil {
		return false
	}
	text := strings.TrimSpace(string(name))
	return text == "git" || strings.HasPrefix(text, "git-") && !strings.HasPrefix(text, "git-swarm")
}

// verbOf is the subcommand that a git process runs.
func verbOf(pid int) string {
	line, err := file.Read("/proc/"+strconv.Itoa(pid)+"/cmdline", 64<<10)
	if err != nil {
		return ""
	}
	words := strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")
	if verb, ok := strings.CutPrefix(filepath.Base(words[0]), "git-"); ok {
		return verb
	}
	return repo.GitVerb(words[1:])
}

func uptime() (time.Duration, bool) {
	text, err := file.Read("/proc/uptime", 64)
	if err != nil {
		return 0, false
	}
	seconds, _, _ := strings.Cut(string(text), " ")
	d, err := time.ParseDuration(seconds + "s")
	return d, err == nil
}

// workDirs are the folders in which a command of the repository has its working
// directory.
func workDirs(r *repo.Repo) []string {
	dirs := []string{r.CommonDir, r.GitDir}
	if r.WorkTree != "" {
		dirs = append(dirs, r.WorkTree)
	}
	if filepath.Base(r.CommonDir) == ".git" {
		dirs = append(dirs, filepath.Dir(r.CommonDir))
	}
	linked := filepath.Join(r.CommonDir, "worktrees")
	entries, _ := os.ReadDir(linked) // without any there is no such folder
	for _, e := range entries {
		back, err := file.Read(filepath.Join(linked, e.Name(), "gitdir"), 4096)
		if path := strings.TrimSpace(string(back)); err == nil && path != "" {
			if !filepath.IsAbs(path) {
				path = filepath.Join(linked, e.Name(), path)
			}
			dirs = append(dirs, repo.ResolveLinks(filepath.Dir(path)))
		}
	}
	return dirs
}

func within(dirs []string, path string) bool {
	for _, dir := range dirs {
		if path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/") {
			return true
		}
	}
	return false
}
