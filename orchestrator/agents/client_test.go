package agents

import (
	"bufio"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestEnd: a client that takes no notice of SIGTERM is killed, a stopped one too, and
// a later process of its pid gets no signal.
func TestEnd(t *testing.T) {
	t.Parallel()
	if processMark(os.Getpid()) == "" {
		t.Skip("no /proc here: processes cannot be told apart")
	}
	for _, script := range []string{"trap '' TERM; echo; while :; do sleep 1; done", "echo; kill -STOP $$"} {
		cmd := exec.Command("sh", "-c", script)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		c := Client{PID: cmd.Process.Pid, Ours: true, mark: processMark(cmd.Process.Pid)}
		later := c
		later.mark += "1"
		if err := later.End(time.Second); err != nil || !c.Here() {
			t.Fatalf("another process of that pid: %v, %v", err, c.Here())
		}
		if err := c.End(200 * time.Millisecond); err != nil || c.Here() {
			t.Errorf("%s: %v, %v", script, err, c.Here())
		}
		_ = cmd.Wait()
	}
}
