package refstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// keep makes sure that the objects of a transaction, whose refs have moved,
// survive a git gc --prune=now that looked at the refs before they moved and
// will delete what it did not find reachable.
//
//   - No gc at work now: one that starts later sees our refs, and one that has
//     ended has deleted what it will. What it took is written again.
//   - A gc at work that may prune: the objects are put in a pack. gc deletes loose objects, and
//     of the packs only those that it listed at its start.
//
// The pack is made after the refs moved, so a gc that lists it also sees them.
func (s *Store) keep(ctx context.Context, objects []object.Object) error {
	for range 5 {
		if gcAtWork(s.repo.CommonDir, time.Now()) && !s.gcSparesYoung() {
			if err := s.pack(ctx, objects); err == nil {
				return nil
			}
		} else if all, err := s.writer.has(ctx, objects); err != nil || all {
			return err
		}
		if err := s.writer.write(ctx, objects); err != nil {
			return err
		}
	}
	return errors.New("git gc takes away new objects as fast as they are written")
}

func (s *Store) pack(ctx context.Context, objects []object.Object) error {
	var ids strings.Builder
	for _, o := range objects {
		ids.WriteString(string(o.ID) + "\n")
	}
	cmd := s.repo.GitParsed(ctx, "pack-objects", "-q", filepath.Join(s.repo.ObjectDir, "pack", "pack"))
	cmd.Stdin = strings.NewReader(ids.String())
	_, err := repo.Output(cmd)
	return err
}

// gcSparesYoung reports whether the gc at work certainly leaves alone what was
// just written: nothing in its arguments, its environment or the configuration
// says when to prune, so that git's two weeks hold. That is so of every gc that
// is set off by itself, and saves a process and a tiny pack for each change that
// is made while it runs.
func (s *Store) gcSparesYoung() bool {
	config, err := s.repo.Config()
	if err != nil {
		return false
	}
	if _, set := config.Get("gc.pruneexpire"); set {
		return false
	}
	content, err := os.ReadFile(filepath.Join(s.repo.CommonDir, "gc.pid"))
	if err != nil {
		return false
	}
	pid, _, _ := strings.Cut(string(content), " ")
	for _, file := range []string{"cmdline", "environ"} { // without /proc nothing is certain
		said, err := os.ReadFile(filepath.Join("/proc", pid, file))
		if err != nil || len(said) == 0 || strings.Contains(strings.ToLower(string(said)), "prune") {
			return false
		}
	}
	return true
}

// gcAtWork reads gc.pid as git does (lock_repo_for_gc in builtin/gc.c): "pid
// host", believed for twelve hours, and on this host while the process is there.
func gcAtWork(commonDir string, now time.Time) bool {
	path := filepath.Join(commonDir, "gc.pid")
	info, err := os.Stat(path)
	if err != nil || now.Sub(info.ModTime()) > 12*time.Hour {
		return false
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	word, host, _ := strings.Cut(strings.TrimSpace(string(content)), " ")
	pid, err := strconv.Atoi(word)
	if err != nil || pid <= 0 {
		return true // being written
	}
	if here, err := os.Hostname(); err != nil || host != here {
		return true
	}
	return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// growEvery is how many entries of a chain pass between two looks at how many
// loose objects there are.
const growEvery = 256

// looseMany is what git takes for gc.auto's 6,700: that many files in objects/17.
const looseMany = 27

// grow runs after a transaction: it puts aside the cursors that were replaced,
// and every growEvery entries lets git tidy up if it is time. What goes wrong
// here goes wrong again in git's own next gc, and is told there.
func (s *Store) grow(tx *Tx) {
	f, ok := s.writer.(*files)
	if !ok {
		return // git's commands have seen to it
	}
	due := false
	for _, c := range tx.order {
		due = due || c.last != nil && c.last.Number/growEvery != c.was/growEvery
	}
	if len(tx.retired) > 0 {
		s.retire(f, tx.retired, tx.at)
	}
	if !due {
		return
	}
	if n, err := f.objects.CountLoose17(); err != nil || n <= looseMany {
		return
	}
	cmd := s.repo.Git(context.Background(), "maintenance", "run", "--auto", "--quiet")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if cmd.Start() == nil {
		go func() { _ = cmd.Wait() }() // a process that lives on would keep its remains
	}
}

// retiredPeriod is how long a replaced cursor is left alone: no reader is that
// slow.
const retiredPeriod = 10 * time.Minute

// retire deletes the commits of cursors that were replaced: a day of twenty
// sessions makes tens of thousands, and git gc keeps unreachable objects loose
// for two weeks and then complains of them. They are put on the list
// swarm/retired and deleted when they are ten minutes old, in one go every ten
// minutes; a list that is lost costs nothing but their deletion by git.
func (s *Store) retire(f *files, ids []object.Hash, at time.Time) {
	path := filepath.Join(s.repo.CommonDir, "swarm", "retired")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return
	}
	defer file.Close()
	for _, id := range ids {
		fmt.Fprintf(file, "%d %s\n", at.Unix(), id)
	}
	head := make([]byte, 16)
	n, _ := file.ReadAt(head, 0)
	oldest, _, _ := strings.Cut(string(head[:n]), " ")
	since, err := strconv.ParseInt(oldest, 10, 64)
	if (err == nil && at.Sub(time.Unix(since, 0)) < 2*retiredPeriod) || gcAtWork(s.repo.CommonDir, time.Now()) {
		return
	}
	s.sweep(f, file, at)
}

// sweep deletes what has been on the list for long enough.
func (s *Store) sweep(f *files, list *os.File, at time.Time) {
	content, err := os.ReadFile(list.Name())
	if err != nil {
		return
	}
	tips, err := repo.Output(s.repo.GitParsed(context.Background(), "for-each-ref", "--format=%(objectname)"))
	if err != nil {
		return
	}
	inUse := map[string]bool{} // by a tag, say, or as a hub's copy of the cursor
	for line := range strings.Lines(tips) {
		inUse[strings.TrimSuffix(line, "\n")] = true
	}
	var young strings.Builder
	for line := range strings.Lines(string(content)) {
		when, id, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		seconds, err := strconv.ParseInt(when, 10, 64)
		switch {
		case err != nil || !s.repo.Algo.Valid(object.Hash(id)): // torn
		case at.Sub(time.Unix(seconds, 0)) < retiredPeriod:
			young.WriteString(line)
		case inUse[id]: // git's to delete, when it is not
		default:
			_ = f.objects.RemoveLoose(object.Hash(id))
		}
	}
	if list.Truncate(0) == nil {
		_, _ = list.WriteString(young.String())
	}
}
