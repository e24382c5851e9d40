package refs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/odb"
)

// Files is the backend that works in process, as git's files backend does it
// (lockfile.c, refs/files-backend.c):
//
//  1. the new value is written to a file of its own, which is then linked to
//     <ref>.lock: the lock is never there without its content, so that a lock left
//     by a killed writer of ours is recognised by it;
//  2. under all the locks each ref is read, loose first and then packed-refs
//     afresh, and compared;
//  3. each lock is renamed onto its ref.
//
// packed-refs.lock is not needed: git pack-refs takes the same <ref>.lock before
// it deletes a loose ref, and we never delete refs.
type Files struct {
	Dir       string // the common git dir
	Algo      object.Algo
	Objects   *odb.DB
	Fsync     bool         // core.fsync holds "reference"
	LogNotes  bool         // core.logAllRefUpdates
	Failpoint func(string) // called with the name of each point that a swap reaches

	looking sync.Mutex
	packed  *packedRefs // as it was at the last look, nil for none
}

func (f *Files) View(context.Context) (View, error) { return f, nil }

func (f *Files) Read(ctx context.Context, id object.Hash) (object.Object, error) {
	return f.Objects.Read(ctx, id)
}

func (f *Files) Write(_ context.Context, objects []object.Object) error {
	for _, o := range objects {
		if err := f.Objects.Write(o); err != nil {
			return err
		}
	}
	return nil
}

func (f *Files) Has(_ context.Context, objects []object.Object) (bool, error) {
	for _, o := range objects {
		if !f.Objects.Has(o.ID) {
			return false, nil
		}
	}
	return true, nil
}

func (f *Files) Close() error {
	f.looking.Lock()
	f.forget()
	f.looking.Unlock()
	return f.Objects.Close()
}

func (f *Files) path(ref string) string { return filepath.Join(f.Dir, filepath.FromSlash(ref)) }

// Swap follows the three steps above. Locks are taken in the order of names, so
// that two swaps cannot wait for each other.
func (f *Files) Swap(_ context.Context, _ *os.File, updates []Update) (err error) {
	sorted := slices.SortedFunc(slices.Values(updates), func(a, b Update) int { return strings.Compare(a.Ref, b.Ref) })
	var held []Update
	defer func() {
		for _, u := range held {
			_ = os.Remove(f.path(u.Ref) + ".lock")
		}
	}()
	for _, u := range sorted {
		if err := f.lock(u); err != nil {
			return err
		}
		held = append(held, u)
		f.Failpoint("locked")
	}
	for _, u := range sorted {
		if err := f.compare(u); err != nil {
			return err
		}
	}
	for i, u := range updates {
		if err := f.rename(u); err != nil {
			if i > 0 {
				return fmt.Errorf("%w: %w", ErrUnfinished, err)
			}
			return err
		}
		held = slices.DeleteFunc(held, func(h Update) bool { return h.Ref == u.Ref })
		f.Failpoint("renamed")
	}
	return nil
}

// lockTries bounds the wait for a lock of git's, which is held for a millisecond
// or two; our own writers queue behind us meanwhile.
const lockTries = 8

// lock creates <ref>.lock with the new value in it.
func (f *Files) lock(u Update) error {
	path := f.path(u.Ref)
	temp := filepath.Join(f.Dir, "swarm", fmt.Sprintf("tmp-%d-%08x", os.Getpid(), rand.Uint32()))
	if err := f.writeTemp(temp, u.Next); err != nil {
		return fmt.Errorf("lock %s: %w", u.Ref, err)
	}
	defer os.Remove(temp)
	for try := range lockTries {
		err := os.Link(temp, path+".lock")
		switch {
		case err == nil:
			return nil
		case errors.Is(err, fs.ErrNotExist): // git removes folders that have become empty, also while we make one below
			err := os.MkdirAll(filepath.Dir(path), 0o777)
			if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("lock %s: %w", u.Ref, err)
			}
		case errors.Is(err, fs.ErrExist):
			time.Sleep(time.Duration(try+1) * (500*time.Microsecond + rand.N(500*time.Microsecond)))
		case errors.Is(err, syscall.ENOTDIR):
			return &DamagedError{Ref: u.Ref, Err: errors.New("there is a ref above it")}
		default:
			return fmt.Errorf("lock %s: %w", u.Ref, err)
		}
	}
	return &LockedError{Path: path + ".lock"}
}

func (f *Files) writeTemp(temp string, id object.Hash) error {
	out, err := file.Open(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = out.WriteString(string(id) + "\n")
	if err == nil && f.Fsync {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		_ = os.Remove(temp)
	}
	return err
}

// compare checks, under the lock, that the ref holds what the caller read.
func (f *Files) compare(u Update) error {
	tip, err := f.Tip(u.Ref)
	if err != nil {
		return err
	}
	if tip != u.Prev {
		return fmt.Errorf("%s: %w", u.Ref, ErrChanged)
	}
	if u.Prev != "" {
		return nil
	}
	// Obstacles must be found before the first ref moves: then the others must follow.
	removeEmptyDirs(f.path(u.Ref))
	if info, err := os.Lstat(f.path(u.Ref)); err == nil && info.IsDir() {
		return &DamagedError{Ref: u.Ref, Err: errors.New("there are refs below it")}
	}
	by, err := f.blocked(u.Ref)
	if err == nil && by != "" {
		err = &DamagedError{Ref: u.Ref, Err: fmt.Errorf("'%s' exists", by)}
	}
	return err
}

func (f *Files) rename(u Update) error {
	path := f.path(u.Ref)
	if err := f.logUpdate(u); err != nil {
		return fmt.Errorf("reflog of %s: %w", u.Ref, err)
	}
	err := os.Rename(path+".lock", path)
	if errors.Is(err, fs.ErrExist) { // made since we compared: folders of a lock, say
		removeEmptyDirs(path)
		err = os.Rename(path+".lock", path)
	}
	if err != nil {
		return fmt.Errorf("move %s: %w", u.Ref, err)
	}
	return nil
}

// removeEmptyDirs removes path and the folders below it as far as they hold no
// file, as git does when a ref takes the place of a folder.
func removeEmptyDirs(path string) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.IsDir() {
			removeEmptyDirs(filepath.Join(path, e.Name()))
		}
	}
	_ = os.Remove(path)
}

func (f *Files) Unlock(updates []Update) error { return clearLocks(f.Dir, updates) }

// clearLocks recognises our locks by their content: the id of a commit that only
// the killed transaction made, and that nobody else can know.
func clearLocks(commonDir string, updates []Update) error {
	for _, u := range updates {
		lock := filepath.Join(commonDir, filepath.FromSlash(u.Ref)) + ".lock"
		content, err := os.ReadFile(lock)
		if err != nil || string(content) != string(u.Next)+"\n" {
			continue
		}
		if err := os.Remove(lock); err != nil {
			return fmt.Errorf("clear a lock that was left behind: %w", err)
		}
	}
	files, _ := os.ReadDir(filepath.Join(commonDir, "swarm"))
	for _, file := range files {
		if strings.HasPrefix(file.Name(), "tmp-") {
			_ = os.Remove(filepath.Join(commonDir, "swarm", file.Name()))
		}
	}
	return nil
}

// PutAside makes way for a ref whose file holds no object id, and keeps that
// file as swarm/broken-<name> in the common git dir.
func (f *Files) PutAside(ref string) error {
	if _, err := f.loose(ref); err == nil {
		return nil // it has been mended
	}
	kept := filepath.Join(f.Dir, "swarm", "broken-"+strings.ReplaceAll(ref, "/", "-"))
	if err := os.Rename(f.path(ref), kept); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("put %s aside: %w", ref, err)
	}
	return nil
}
