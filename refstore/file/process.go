package file

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ProcessMark tells the process from others that get its pid later: what of it is
// stored beside the pid. It is empty if there is no such process, or no way to
// tell it from others.
func ProcessMark(pid int) string {
	start, _ := startTime(pid)
	return process{pidSpace(), pid, start}.mark()
}

// ProcessGone reports whether the process has certainly ended: its mark was made
// under this boot and in this pid namespace, and the pid is free now or belongs
// to another process.
func ProcessGone(pid int, mark string) bool { return processOf(pid, mark).gone() }

// ProcessThere reports whether the process is certainly there: its mark was made
// under this boot and in this pid namespace, and it runs, or is stopped.
func ProcessThere(pid int, mark string) bool { return processOf(pid, mark).there() }

// process names one process for good: its pid alone may be another's later, or
// another's in some container.
type process struct {
	space string // the boot and pid namespace that the pid counts in; "" if unknown
	pid   int
	start string // the kernel's start time of the process; "" if unknown
}

// mark is what is stored of a process beside its pid.
func (p process) mark() string {
	if p.space == "" || p.start == "" {
		return ""
	}
	return p.space + " " + p.start
}

func processOf(pid int, mark string) process {
	space, start, _ := strings.Cut(mark, " ")
	return process{space, pid, start}
}

func (p process) gone() bool {
	if p.space == "" || p.start == "" || p.space != pidSpace() {
		return false
	}
	now, ended := startTime(p.pid)
	if ended || now != "" {
		return now != p.start
	}
	return syscall.Kill(p.pid, 0) == syscall.ESRCH
}

func (p process) there() bool {
	if p.space == "" || p.start == "" || p.space != pidSpace() {
		return false
	}
	now, _ := startTime(p.pid)
	return now == p.start
}

// pidSpace identifies the running kernel and our pid namespace in it.
func pidSpace() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + "/" + strings.Trim(namespace, "pid:[]")
}

// Ancestors are the pids of the processes above this one, the nearest first, as far
// as we see them: none without /proc, and none outside of our pid namespace.
func Ancestors() (pids []int) {
	for pid := os.Getpid(); len(pids) < maxAncestors; {
		fields := statOf(pid)
		if len(fields) < 2 {
			return pids
		}
		parent, err := strconv.Atoi(fields[1])
		if err != nil || parent <= 1 {
			return pids
		}
		pids, pid = append(pids, parent), parent
	}
	return pids
}

const maxAncestors = 100

// startTime is the process's start in clock ticks since boot, field 22 of
// /proc/<pid>/stat (proc(5)); "" if we see no such process, or no /proc. A zombie
// has ended: it holds nothing any more.
func startTime(pid int) (start string, ended bool) {
	fields := statOf(pid)
	if len(fields) < 20 {
		return "", false
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return "", true
	}
	return fields[19], false
}

// Started is when the process started, since boot; ok is false if we see no such
// process, or it has ended.
func Started(pid int) (since time.Duration, ok bool) {
	start, _ := startTime(pid)
	n, err := strconv.ParseInt(start, 10, 64)
	return time.Duration(n) * (time.Second / ticks), err == nil
}

// ticks is the number of clock ticks in a second, as the kernel tells them (proc(5)).
const ticks = 100

// statOf are the fields of /proc/<pid>/stat from the third on, the state; nil if we
// see no such process.
func statOf(pid int) []string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil
	}
	_, after, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
	return strings.Fields(after)
}
