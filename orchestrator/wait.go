package orchestrator

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// waitPath is the file of the agent's waiter: its pid. Whoever takes the file
// away ends the waiter.
func waitPath(commonDir, key string) string { return filepath.Join(agentsDir(commonDir), key+".wait") }

// stopWaiting ends the waiter: the session is at work again.
func (h *Hook) stopWaiting() {
	if h.key() != "" && h.Input.Subagent == "" {
		_ = os.Remove(waitPath(h.Repo.CommonDir, h.key()))
	}
}

// MayWait reports whether a waiter is of use: an interactive session can be
// woken; a run that ends with its answer would be kept from ending.
func MayWait(env repo.Env, linger bool) bool {
	return env.Get("CLAUDE_CODE_ENTRYPOINT") == "cli" || linger
}

const (
	// waitSettle is how long a waiter lets the hooks of the same stop go first:
	// they may tell what has come, and then there is nothing to wake for.
	waitSettle = 1500 * time.Millisecond
	// waitTick is how often a waiter sees whether it is still wanted.
	waitTick = 5 * time.Second
)

// wait returns when a message has come for the session, which is then said, or
// when the waiter is no longer wanted: the session is at work again, has another
// waiter, or its process is gone.
func (h *Hook) wait(ctx context.Context, id string) error {
	if !MayWait(h.Env, h.Linger) || h.key() == "" {
		return nil
	}
	id, err := h.Bus.Resolve(ctx, id)
	if err != nil {
		return err
	}
	if !h.beginWait() {
		return nil
	}
	defer h.endWait()
	inbox := bus.InboxRef(id)
	if h.Repo.RefFormat == "files" {
		if err := os.MkdirAll(filepath.Join(h.Repo.CommonDir, filepath.Dir(inbox)), 0o777); err != nil {
			return err
		}
	}
	watch := h.Bus.Store().Watch(inbox)
	defer watch.Close()
	if !pause(ctx, waitSettle) {
		return nil
	}
	for h.wanted() {
		woken, err := h.wake(ctx, id)
		if woken || err != nil {
			return err
		}
		tick, cancel := context.WithTimeout(ctx, waitTick)
		err = watch.Wait(tick)
		cancel()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
	return nil
}

// wake says what has come, if a message is among it.
func (h *Hook) wake(ctx context.Context, id string) (woken bool, err error) {
	err = h.Bus.Sync(ctx, id, func(n *bus.News) error {
		if len(n.Messages) == 0 || !h.wanted() {
			return errLater
		}
		woken = true
		return h.Say(Answer{Wake: n})
	})
	if errors.Is(err, errLater) {
		err = nil
	}
	return woken, err
}

// beginWait makes this process the session's waiter, unless there is one.
func (h *Hook) beginWait() bool {
	path := waitPath(h.Repo.CommonDir, h.key())
	for range 3 {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			_, err = file.WriteString(waiter(os.Getpid()))
			return errors.Join(err, file.Close()) == nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			continue // it was just taken away
		}
		pid, mark, _ := strings.Cut(strings.TrimSpace(string(content)), " ")
		n, err := strconv.Atoi(pid)
		if err == nil && !lock.ProcessGone(n, mark) {
			return false
		}
		_ = os.Remove(path)
	}
	return false
}

func waiter(pid int) string { return strconv.Itoa(pid) + " " + lock.ProcessMark(pid) + "\n" }

// wanted reports whether this is still the session's waiter, and there is a
// session.
func (h *Hook) wanted() bool {
	content, err := os.ReadFile(waitPath(h.Repo.CommonDir, h.key()))
	pid, _, _ := strings.Cut(string(content), " ")
	if err != nil || pid != strconv.Itoa(os.Getpid()) {
		return false
	}
	if h.Input.PID > 0 && errors.Is(syscall.Kill(h.Input.PID, 0), syscall.ESRCH) {
		return false
	}
	return h.record == nil || !h.record.over()
}

func (h *Hook) endWait() {
	path := waitPath(h.Repo.CommonDir, h.key())
	content, err := os.ReadFile(path)
	if pid, _, _ := strings.Cut(string(content), " "); err == nil && pid == strconv.Itoa(os.Getpid()) {
		_ = os.Remove(path)
	}
}

// pause reports whether ctx lasted as long.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
