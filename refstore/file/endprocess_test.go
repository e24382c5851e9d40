package file

import (
	"bufio"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestEndGroup: with the leader of a group all of it ends, also what takes no SIGTERM. A
// group whose leader is another process by now is left alone.
func TestEndGroup(t *testing.T) {
	needsProc(t)
	cmd := exec.Command("sh", "-c", "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & wait")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	said, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(said))
	if err != nil {
		t.Fatal(err)
	}
	mark := ProcessMark(child)
	leader := cmd.Process.Pid
	if err := EndGroup(leader, ProcessMark(leader)+"1", time.Second); err != nil || !ProcessThere(child, mark) {
		t.Fatalf("another leader's group: %v, %v", err, ProcessThere(child, mark))
	}
	if err := EndGroup(leader, ProcessMark(leader), 200*time.Millisecond); err != nil || ProcessThere(child, mark) {
		t.Errorf("%v, the child is there: %v", err, ProcessThere(child, mark))
	}
	_ = cmd.Wait()
}
