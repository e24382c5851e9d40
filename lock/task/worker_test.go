package task

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// work takes tasks of the repository at args[0] as session args[1], and finishes them,
// gives them back, fails, or dies with them, until all have landed. In args[2] is a
// folder with the pid of each session.
func work(_ string, args []string) error {
	b, _, err := open(args[0], refstore.Options{Timeout: 30 * time.Minute})
	if err != nil {
		return err
	}
	by, pids := args[1], args[2]
	if err := os.WriteFile(filepath.Join(pids, by), []byte(strconv.Itoa(os.Getpid())), 0o666); err != nil {
		return err
	}
	b.Claims.Ended = func(session string, _ time.Time) bool { return hasEnded(filepath.Join(pids, session)) }
	for {
		start := time.Now()
		g, err := b.Take(bg, by, 0, "")
		if none, ok := errors.AsType[*NoneReadyError](err); ok {
			refstoretest.Acknowledge("none", start)
			if !none.Waits {
				return nil
			}
			_, err = b.TakeWait(bg, by, "nobody", time.Second, func() error { return nil })
			if errors.As(err, new(*NoneReadyError)) {
				continue
			}
			if err == nil {
				err = giveBack(b, by)
			}
			if err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		refstoretest.Acknowledge(fmt.Sprintf("take:%d:%d", g.Task.Number, g.Task.Epoch), start)
		if err := finishOrNot(b, by, g.Task.Number); err != nil {
			return err
		}
	}
}

// giveBack gives back what TakeWait took: the caller acknowledges takes of its own.
func giveBack(b *Backlog, by string) error {
	_, err := b.Give(bg, by, 0, "")
	return err
}

func finishOrNot(b *Backlog, by string, n int) (err error) {
	start := time.Now()
	switch rand.N(40) {
	case 0:
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case 1, 2, 3:
		_, err = b.Give(bg, by, n, "")
	case 4:
		if _, err = b.Fail(bg, by, n, "in vain"); err == nil {
			_, err = b.Reopen(bg, bus.Orchestrator, n)
		}
	default:
		if _, _, err = b.Done(bg, by, n, false); err == nil {
			refstoretest.Acknowledge(fmt.Sprintf("done:%d", n), start)
		}
	}
	return err
}

// hasEnded reports whether the process whose pid is in the file is gone.
func hasEnded(file string) bool {
	content, err := os.ReadFile(file)
	pid, bad := strconv.Atoi(string(content))
	return err == nil && bad == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
