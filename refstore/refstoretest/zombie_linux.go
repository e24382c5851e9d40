package refstoretest

import (
	"os"
	"syscall"
	"testing"
)

// Zombie kills a child process and returns when it has ended; Wait is left to the caller.
func Zombie(t testing.TB, p *os.Process) {
	t.Helper()
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	const byPID, exited, noWait = 1, 4, 0x0100_0000 // waitid(2)
	for {
		_, _, err := syscall.Syscall6(syscall.SYS_WAITID, byPID, uintptr(p.Pid), 0, exited|noWait, 0, 0)
		if err == 0 {
			return
		}
		if err != syscall.EINTR {
			t.Fatalf("waitid: %v", err)
		}
	}
}
