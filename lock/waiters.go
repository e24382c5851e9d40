package lock

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// waitPrefix begins the names of the files that waiters for the push lock hold
// locked, in the folder swarm of the common git dir. They are for showing only:
// the lock knows nothing of its waiters, and the kernel forgets them when they end.
const waitPrefix = "waiting-"

// announce lets others see that session id waits, until the function returned is
// called or the process ends. What goes wrong with it does not matter.
func announce(b *bus.Bus, id string) func() {
	path := filepath.Join(b.Store().Repo().CommonDir, "swarm", waitPrefix+id)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return func() {}
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		_ = f.Close()
		return func() {}
	}
	return func() {
		_ = os.Remove(path)
		_ = f.Close()
	}
}

// Waiters lists the sessions that wait for the push lock on this machine.
func (p *Push) Waiters() []string {
	paths, _ := filepath.Glob(filepath.Join(p.bus.Store().Repo().CommonDir, "swarm", waitPrefix+"*"))
	var ids []string
	for _, path := range paths {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK) {
			ids = append(ids, strings.TrimPrefix(filepath.Base(path), waitPrefix))
		}
		_ = f.Close()
	}
	slices.Sort(ids)
	return ids
}
