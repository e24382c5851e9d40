package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/creack/pty"
)

// TestSetupOffers answers the question that setup asks on a terminal while man
// finds no page: yes writes the pages, anything else nothing.
func TestSetupOffers(t *testing.T) {
	if _, err := exec.LookPath("man"); err != nil {
		t.Skip("man is not installed")
	}
	for answer, want := range map[string]bool{"y": true, "": false, "no": false} {
		home := t.TempDir()
		bin := filepath.Join(home, "opt/bin")
		if err := os.MkdirAll(bin, 0o777); err != nil {
			t.Fatal(err)
		}
		self, err := exec.LookPath("git-swarm")
		if err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("cp", self, bin).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		cmd := exec.Command(filepath.Join(bin, "git-swarm"), "setup")
		cmd.Dir, cmd.Env = home, []string{"HOME=" + home, "PATH=" + bin + ":" + os.Getenv("PATH"), "TERM=xterm", goRace()}
		screen, ends, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer screen.Close()
		cmd.Stdin, cmd.Stdout, cmd.Stderr = ends, ends, ends
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = cmd.Process.Kill() }()
		r := &recorder{from: screen}
		go r.run()
		r.until(t, "opt/share/man and beside it)? [y/N] ")
		if _, err := screen.WriteString(answer + "\n"); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // with 1: there is no repository
		_, err = os.Stat(filepath.Join(home, "opt/share/man/man7/git-swarm-healing.7"))
		if wrote := err == nil; wrote != want {
			t.Errorf("after %q the pages are written: %v", answer, wrote)
		}
		if want {
			r.until(t, "written ", "fpath=(")
		}
		_ = ends.Close()
	}
}
