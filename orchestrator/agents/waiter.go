package agents

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
)

const waiterEnding = ".wait"

// waiter is the file of the process that waits for news while the agent is idle:
// its pid and its mark. Removing the file ends the waiter.
func (a Agents) waiter(id string) string {
	return filepath.Join(a.records(), fileName(id)+waiterEnding)
}

// StopWaiting ends the agent's waiter: the agent is at work again.
func (a Agents) StopWaiting(id string) {
	if id != "" {
		_ = os.Remove(a.waiter(id))
	}
}

// BeginWaiting makes this process the agent's waiter, and reports whether it is:
// there may be one already.
func (a Agents) BeginWaiting(id string) bool {
	for range 3 {
		f, err := os.OpenFile(a.waiter(id), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			_, err = f.WriteString(strconv.Itoa(os.Getpid()) + " " + file.ProcessMark(os.Getpid()) + "\n")
			return errors.Join(err, f.Close()) == nil
		}
		content, err := os.ReadFile(a.waiter(id))
		if err != nil {
			continue // it was just taken away
		}
		pid, mark, _ := strings.Cut(strings.TrimSpace(string(content)), " ")
		n, err := strconv.Atoi(pid)
		if err == nil && !file.ProcessGone(n, mark) {
			return false
		}
		_ = os.Remove(a.waiter(id))
	}
	return false
}

// Waiting reports whether this process is still the agent's waiter.
func (a Agents) Waiting(id string) bool {
	content, err := os.ReadFile(a.waiter(id))
	pid, _, _ := strings.Cut(string(content), " ")
	return err == nil && pid == strconv.Itoa(os.Getpid())
}

// EndWaiting removes the waiter's file, if it is this process's.
func (a Agents) EndWaiting(id string) {
	if a.Waiting(id) {
		_ = os.Remove(a.waiter(id))
	}
}
