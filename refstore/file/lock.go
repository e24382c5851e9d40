package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ErrLocked says that somebody else holds the lock.
var ErrLocked = errors.New("locked by another process")

// LockPath locks the file, which is made if there is none, and waits for it as
// long as ctx allows. The function returned gives the lock up.
func LockPath(ctx context.Context, path string) (unlock func(), err error) {
	f, err := openLock(path)
	if err != nil {
		return nil, err
	}
	if err := Lock(ctx, f); err != nil {
		return nil, err
	}
	return func() { Unlock(f) }, nil
}

// TryLockPath is LockPath that does not wait: ErrLocked where it would.
func TryLockPath(path string) (unlock func(), err error) {
	f, err := openLock(path)
	if err != nil {
		return nil, err
	}
	if err := TryLock(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { Unlock(f) }, nil
}

func openLock(path string) (*os.File, error) {
	return Open(path, os.O_RDWR|os.O_CREATE, 0o666)
}

// Lock waits in the kernel's queue for the lock on the open file. If ctx ends
// first, it returns ctx.Err(). On any error it closes the file, though not
// always at once: a wait in the kernel can be abandoned but not interrupted.
func Lock(ctx context.Context, f *os.File) error {
	err := TryLock(f)
	if err == nil {
		return nil
	}
	if !errors.Is(err, ErrLocked) {
		_ = f.Close()
		return err
	}
	got := make(chan error, 1)
	go func() { got <- flock(f, syscall.LOCK_EX) }()
	select {
	case err := <-got:
		if err != nil {
			_ = f.Close()
		}
		return err
	case <-ctx.Done():
		go func() { <-got; _ = f.Close() }()
		return ctx.Err()
	}
}

// TryLock locks the open file, or returns ErrLocked. It leaves the file open.
func TryLock(f *os.File) error {
	err := flock(f, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}

// Unlock gives up the lock and closes the file. The lock is free even if a
// process that we started still has the file open.
func Unlock(f *os.File) {
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
	_ = f.Close()
}

// Locked reports whether somebody holds the lock of the file at this moment.
func Locked(path string) bool {
	f, err := Open(path, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(flock(f, syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK) // shared: two that ask do not see each other
}

// flock repeats the system call when a signal interrupts it.
func flock(f *os.File, how int) error {
	for {
		switch err := syscall.Flock(int(f.Fd()), how); {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EINTR):
			return fmt.Errorf("lock %s: %w", f.Name(), err)
		}
	}
}
