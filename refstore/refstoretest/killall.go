package refstoretest

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
)

// KillAll kills a process and all below it, as the end of a container does. Where
// there is no /proc it kills the process alone.
func KillAll(pid int) {
	_ = syscall.Kill(pid, syscall.SIGSTOP) // it starts no others meanwhile
	var below []int
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, _ := os.ReadFile("/proc/" + e.Name() + "/stat")
		if fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]); len(fields) > 1 && string(fields[1]) == strconv.Itoa(pid) {
			below = append(below, child)
		}
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	for _, child := range below {
		KillAll(child)
	}
	for !dead(pid) { // on a busy machine a killed process lives on for a moment
		time.Sleep(time.Millisecond)
	}
}

// dead reports whether the process has ended, though its parent may not know yet.
func dead(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	return err != nil || len(fields) > 0 && (fields[0][0] == 'Z' || fields[0][0] == 'X')
}
