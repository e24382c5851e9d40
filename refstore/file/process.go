package file

import (
	"errors"
	"hash/fnv"
	"io/fs"
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

// ProcessGone reports whether the process has certainly ended: the pid is free now or
// another process's, in the pid namespace of its mark; or nothing of that namespace is
// left on this machine, since it has been started anew or the container has ended. From
// within a container neither is seen.
func ProcessGone(pid int, mark string) bool { return processOf(pid, mark).gone() }

// ProcessThere reports whether the process is certainly there: its mark was made
// under this boot and in this pid namespace, and it runs, or is stopped.
func ProcessThere(pid int, mark string) bool { return processOf(pid, mark).there() }

// process names one process for good: its pid alone may be another's later, or
// another's in some container.
type process struct {
	space string // the boot, pid namespace and machine that the pid counts in; "" if unknown
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
	if p.space == "" || p.start == "" {
		return false
	}
	here := pidSpace()
	if !sameSpace(p.space, here) {
		return spaceGone(p.space, here)
	}
	now, ended := startTime(p.pid)
	if ended || now != "" {
		return now != p.start
	}
	return syscall.Kill(p.pid, 0) == syscall.ESRCH
}

func (p process) there() bool {
	if p.space == "" || p.start == "" || !sameSpace(p.space, pidSpace()) {
		return false
	}
	now, _ := startTime(p.pid)
	return now == p.start
}

// pidSpace identifies the running kernel and our pid namespace in it, and the machine
// where that is known: "BOOT/NAMESPACE" or "BOOT/NAMESPACE/MACHINE".
func pidSpace() string {
	boot, err := Read("/proc/sys/kernel/random/boot_id", 64)
	if err != nil {
		return ""
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	space := strings.TrimSpace(string(boot)) + "/" + strings.Trim(namespace, "pid:[]")
	if id, err := Read("/etc/machine-id", 64); err == nil && len(id) > 1 {
		name, _ := os.Hostname()
		h := fnv.New64a() // the id itself is to stay on the machine
		h.Write(append(id, name...))
		space += "/" + strconv.FormatUint(h.Sum64(), 36)
	}
	return space
}

// firstNamespace is the pid namespace of the machine itself, in which all processes are
// seen (PROC_PID_INIT_INO in Linux).
const firstNamespace = "4026531836"

func splitSpace(space string) (boot, namespace, machine string) {
	boot, rest, _ := strings.Cut(space, "/")
	namespace, machine, _ = strings.Cut(rest, "/")
	return boot, namespace, machine
}

// sameSpace reports whether pids count the same in both. Versions up to 0.1 did not name
// the machine.
func sameSpace(a, b string) bool {
	bootA, namespaceA, _ := splitSpace(a)
	bootB, namespaceB, _ := splitSpace(b)
	return bootA == bootB && namespaceA == namespaceB
}

// spaceGone reports whether no process of the space is left, as far as that is seen from
// here, another space.
func spaceGone(space, here string) bool {
	boot, namespace, machine := splitSpace(space)
	hereBoot, hereNamespace, hereMachine := splitSpace(here)
	if hereNamespace != firstNamespace {
		return false
	}
	if boot != hereBoot {
		return namespace == firstNamespace && machine != "" && machine == hereMachine
	}
	entries, err := os.ReadDir("/proc")
	if err != nil || namespace == "" {
		return false
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err != nil || pid == 1 { // the first process is in the first namespace
			continue
		}
		is, err := os.Readlink("/proc/" + e.Name() + "/ns/pid")
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ESRCH) || strings.Trim(is, "pid:[]") == namespace {
			return false
		}
	}
	return true
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
	stat, err := Read("/proc/"+strconv.Itoa(pid)+"/stat", 4096)
	if err != nil {
		return nil
	}
	_, after, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
	return strings.Fields(after)
}
