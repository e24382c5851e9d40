package file

import (
	"errors"
	"os"
	"strconv"
	"syscall"
	"time"
)

// ErrStillThere says that a process did not end, even when it was killed.
var ErrStillThere = errors.New("the process does not end")

// ProcessEnds waits until the process is gone, and no longer than wait: then the error is
// ErrStillThere.
func ProcessEnds(pid int, mark string, wait time.Duration) error {
	return endsWithin(wait, func() bool { return ProcessThere(pid, mark) })
}

func endsWithin(wait time.Duration, there func() bool) error {
	for end := time.Now().Add(wait); there(); time.Sleep(10 * time.Millisecond) { // nothing tells of the end of another's child
		if time.Now().After(end) {
			return ErrStillThere
		}
	}
	return nil
}

// EndProcess ends the process: it gets SIGTERM, and is killed if it is there after wait. A
// later process of the same pid gets no signal. When it returns nil, the process is gone.
func EndProcess(pid int, mark string, wait time.Duration) error {
	return end(pid, wait, func() bool { return ProcessThere(pid, mark) })
}

// EndGroup is EndProcess for a process and the group that it leads. If the process is
// gone already, nothing gets a signal.
func EndGroup(pid int, mark string, wait time.Duration) error {
	if !ProcessThere(pid, mark) {
		return nil
	}
	return end(-pid, wait, func() bool { return ProcessThere(pid, mark) || groupThere(pid) })
}

// EndRest is EndGroup for a group whose leader the caller has just waited for: it ends
// what that has left running.
func EndRest(leader int, wait time.Duration) error {
	return end(-leader, wait, func() bool { return groupThere(leader) })
}

// end ends what kill(2) means by to.
func end(to int, wait time.Duration, there func() bool) error {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if !there() {
			return nil
		}
		if err := syscall.Kill(to, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
		_ = syscall.Kill(to, syscall.SIGCONT) // a stopped process takes no SIGTERM
		if endsWithin(wait, there) == nil {
			return nil
		}
	}
	return ErrStillThere
}

// groupThere reports whether a process of the group is there; no zombie, which has ended.
func groupThere(pid int) bool {
	if errors.Is(syscall.Kill(-pid, 0), syscall.ESRCH) {
		return false
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return true
	}
	for _, e := range entries {
		member, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if fields := statOf(member); len(fields) > 2 && fields[2] == strconv.Itoa(pid) && fields[0] != "Z" && fields[0] != "X" {
			return true
		}
	}
	return false
}
