package refstore

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Watcher waits for refs to move, by file notification. It may report a change
// where there was none, but misses none that happens after Watch returned.
type Watcher struct {
	files *fsnotify.Watcher // nil if the system gives no notifications
	names map[string]bool   // files that matter; nil if all in the folders do
	dirs  map[string]bool   // the folders watched
}

// watchPoll is how often refs are worth a look where there is no notification.
const watchPoll = 100 * time.Millisecond

// Watch begins to watch the refs, and makes the folders that they would be in. It
// does not fail: where the system refuses notifications (its limits can be low), or
// a folder cannot be made, Wait returns every now and then instead.
func (s *Store) Watch(refs ...string) *Watcher {
	w := &Watcher{names: map[string]bool{}, dirs: map[string]bool{}}
	for _, ref := range refs {
		path := filepath.Join(s.repo.CommonDir, filepath.FromSlash(ref))
		w.names[path] = true
		w.dirs[filepath.Dir(path)] = true
	}
	if s.repo.RefFormat != "files" {
		w.names = nil
		w.dirs = map[string]bool{filepath.Join(s.repo.CommonDir, s.repo.RefFormat): true}
	}
	files, err := fsnotify.NewWatcher()
	if err != nil {
		return w
	}
	w.files = files
	for dir := range w.dirs {
		if w.add(dir); w.files == nil {
			break
		}
	}
	return w
}

// giveUp goes over to looking every now and then.
func (w *Watcher) giveUp() {
	_ = w.files.Close()
	w.files = nil
}

// add watches a folder, which is made where there is none yet, or where git
// pack-refs has removed it with the last loose ref in it.
func (w *Watcher) add(dir string) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		w.giveUp()
	} else if err := w.files.Add(dir); err != nil {
		w.giveUp()
	}
}

// Wait returns nil when a ref may have moved since the last Wait, or since Watch.
func (w *Watcher) Wait(ctx context.Context) error {
	if w.files == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(watchPoll):
			return nil
		}
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
				w.add(event.Name)
				return nil
			}
			if w.names == nil || w.names[event.Name] {
				return nil
			}
		case <-w.files.Errors: // an overflow: something may have moved
			return nil
		}
	}
}

// Close ends the watch.
func (w *Watcher) Close() error {
	if w.files == nil {
		return nil
	}
	return w.files.Close()
}
