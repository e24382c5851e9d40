package gc

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// AtWork believes gc.pid as git does.
func TestAtWork(t *testing.T) {
	dir := t.TempDir()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	ended := exec.Command("git", "version")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	gone := ended.Process.Pid
	for content, want := range map[string]bool{
		fmt.Sprintf("%d %s", os.Getpid(), host): true,
		fmt.Sprintf("%d %s", gone, host):        false,
		fmt.Sprintf("%d elsewhere", gone):       true,
		"":                                      true,
		"x":                                     true,
		strings.Repeat("9", 30) + " " + host:    true,
		fmt.Sprintf("%d %s\n", gone, host):      false,
	} {
		if err := os.WriteFile(filepath.Join(dir, "gc.pid"), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if got := AtWork(dir, time.Now()); got != want {
			t.Errorf("%q: %v", content, got)
		}
		if AtWork(dir, time.Now().Add(13*time.Hour)) {
			t.Errorf("%q is believed for too long", content)
		}
	}
	if AtWork(t.TempDir(), time.Now()) {
		t.Error("a gc is at work without a gc.pid")
	}
}
