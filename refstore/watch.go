package refstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Watcher waits for refs to move. It may report a change where there was none,
// but misses none that happens after Watch returned.
type Watcher struct {
	repo  *repo.Repo
	refs  []string
	files *fsnotify.Watcher // nil if the system gives no notifications
	paths map[string]bool   // the files that matter; nil if all in the folders do
	dirs  map[string]bool   // the folders watched
	last  string            // without notifications: what the refs held
	stop  func()            // with a hub: ends the asking
}

// pollPeriod is how often the refs are read where there are no notifications.
const pollPeriod = 100 * time.Millisecond

// Watch begins to watch the refs. It makes the folders of refs that do not exist
// yet, or that git has packed, for only what exists can be watched. It does not
// fail: where the system refuses notifications (its limits can be low, the
// repository read-only), Wait reads the refs every now and then instead. With a hub
// what is new there comes every Options.HubInterval, until Close.
func (s *Store) Watch(names ...string) *Watcher {
	w := &Watcher{repo: s.repo, refs: names, dirs: map[string]bool{}, stop: s.keepRefreshing()}
	if s.repo.RefFormat == "files" {
		w.paths = map[string]bool{}
		for _, ref := range names {
			path := filepath.Join(s.repo.CommonDir, filepath.FromSlash(ref))
			w.paths[path] = true
			w.dirs[filepath.Dir(path)] = true
		}
	} else {
		w.dirs[filepath.Join(s.repo.CommonDir, s.repo.RefFormat)] = true
	}
	files, err := fsnotify.NewWatcher()
	if err != nil {
		w.last = w.read()
		return w
	}
	w.files = files
	for dir := range w.dirs {
		if err := w.add(dir); err != nil {
			w.giveUp()
			break
		}
	}
	return w
}

// add watches a folder, and makes it if there is none. git removes folders that
// have become empty, perhaps at this very moment.
func (w *Watcher) add(dir string) (err error) {
	for range 10 {
		if err = file.MkdirAll(dir); err == nil {
			err = w.files.Add(dir)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return err
}

// giveUp goes over to reading the refs every now and then.
func (w *Watcher) giveUp() {
	_ = w.files.Close()
	w.files = nil
	w.last = w.read()
}

// read is what the refs hold, or why they cannot be read, and when their files
// changed: a ref that moved and moved back has been different meanwhile. In a
// reftable that is the list of its tables: each change adds one, under a new name.
func (w *Watcher) read() string {
	if w.repo.RefFormat != "files" {
		list, err := file.Read(filepath.Join(w.repo.CommonDir, w.repo.RefFormat, "tables.list"), math.MaxInt32)
		return fmt.Sprintf("%s %v", list, err)
	}
	files := &refs.Files{Dir: w.repo.CommonDir, Algo: w.repo.Algo}
	var b strings.Builder
	for _, ref := range append([]string{"packed-refs"}, w.refs...) {
		if info, err := os.Lstat(filepath.Join(w.repo.CommonDir, filepath.FromSlash(ref))); err == nil {
			fmt.Fprint(&b, info.ModTime().UnixNano(), " ")
		}
	}
	for _, ref := range w.refs {
		tip, err := files.Tip(ref)
		fmt.Fprintln(&b, tip, err)
	}
	return b.String()
}

// Wait returns nil when a ref may have moved since the last Wait, or since Watch.
func (w *Watcher) Wait(ctx context.Context) error {
	if w.files == nil {
		return w.poll(ctx)
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case event, ok := <-w.files.Events:
			if !ok {
				return nil
			}
			if w.dirs[event.Name] && event.Has(fsnotify.Remove|fsnotify.Rename) {
				// git pack-refs took the folder with the last loose ref in it.
				if err := w.add(event.Name); err != nil {
					w.giveUp()
				}
				return nil
			}
			if w.paths == nil || w.paths[event.Name] {
				return nil
			}
		case <-w.files.Errors: // too many at once: some were lost
			return nil
		}
	}
}

// poll returns when the refs have changed.
func (w *Watcher) poll(ctx context.Context) error {
	ticker := time.NewTicker(pollPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		if now := w.read(); now != w.last {
			w.last = now
			return nil
		}
	}
}

// Close ends the watch.
func (w *Watcher) Close() error {
	w.stop()
	if w.files == nil {
		return nil
	}
	return w.files.Close()
}
