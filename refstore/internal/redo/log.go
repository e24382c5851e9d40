package redo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Log is the file swarm/redo in the common git dir, locked. It does two jobs:
//
//   - its flock is the queue in which our writers stand: whoever holds it is the
//     only one of ours within a transaction;
//   - its content is the transaction under way. It is written before anything else
//     and emptied at the end, so content that the next holder finds was left by a
//     killed one.
type Log struct{ file *os.File }

func path(commonDir string) string { return filepath.Join(commonDir, "swarm", "redo") }

// Lock waits for the log's lock. The function returned gives it up; the log must
// not be used afterwards. When ctx expires, the error is refs.ErrBusy; when it is
// cancelled, context.Canceled.
func Lock(ctx context.Context, commonDir string) (log *Log, unlock func(), err error) {
	f, err := file.Open(path(commonDir), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = create(path(commonDir), filepath.Join(commonDir, "refs"))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open the redo log: %w", err)
	}
	if err := file.Lock(ctx, f); errors.Is(err, context.DeadlineExceeded) {
		return nil, nil, refs.ErrBusy
	} else if err != nil {
		return nil, nil, err
	}
	return &Log{f}, func() { file.Unlock(f) }, nil
}

// TryLock is Lock that does not wait: file.ErrLocked while its holder is alive.
// It makes no log where there is none.
func TryLock(commonDir string) (log *Log, unlock func(), err error) {
	f, err := file.Open(path(commonDir), os.O_RDWR, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open the redo log: %w", err)
	}
	if err := file.TryLock(f); err != nil {
		f.Close()
		return nil, nil, err
	}
	return &Log{f}, func() { file.Unlock(f) }, nil
}

// Pending reports whether a transaction is under way, or was left by a killed
// writer. It costs one stat.
func Pending(commonDir string) bool {
	info, err := os.Stat(path(commonDir))
	return err == nil && info.Size() > 0
}

// create makes the log and its folder with the permissions of the folders beside
// it: in a shared repository, whoever may write refs must be able to lock the log.
func create(path, beside string) (*os.File, error) {
	info, err := os.Stat(beside)
	if err != nil {
		return nil, err
	}
	if err := file.MkdirAll(filepath.Dir(path)); err != nil {
		return nil, err
	}
	f, err := file.Open(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		return file.Open(path, os.O_RDWR, 0)
	}
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(info.Mode() & 0o666); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// File is the locked file. A process that inherits it holds the lock as well.
func (l *Log) File() *os.File { return l.file }

// Load returns the transaction that a killed writer left, nil if there is none or
// its description was cut short: then it was never acted upon.
func (l *Log) Load(algo object.Algo) (*Record, error) {
	content, err := io.ReadAll(io.NewSectionReader(l.file, 0, 1<<30))
	if err != nil {
		return nil, fmt.Errorf("read the redo log: %w", err)
	}
	r, err := decode(content, algo)
	if err != nil {
		return nil, fmt.Errorf("read the redo log: %w", err)
	}
	return r, nil
}

// Save describes the transaction that is about to be made.
func (l *Log) Save(r *Record) error {
	if _, err := l.file.WriteAt(r.Encode(), 0); err != nil {
		_ = l.Clear()
		return fmt.Errorf("write the redo log: %w", err)
	}
	return nil
}

// Clear says that the transaction is complete, or undone.
func (l *Log) Clear() error {
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("clear the redo log: %w", err)
	}
	return nil
}

func (l *Log) empty() (bool, error) {
	info, err := l.file.Stat()
	return err == nil && info.Size() == 0, err
}

// PutAside keeps a log that cannot be read as the file kept, and clears it.
func (l *Log) PutAside(kept string) error {
	content, err := io.ReadAll(io.NewSectionReader(l.file, 0, 1<<30))
	if err == nil {
		err = os.MkdirAll(filepath.Dir(kept), 0o777)
	}
	if err == nil {
		err = os.WriteFile(kept, content, 0o666)
	}
	if err != nil {
		return fmt.Errorf("keep the redo log: %w", err)
	}
	return l.Clear()
}
