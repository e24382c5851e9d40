package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestManual compares the manual page beside main.go with what the command
// table gives.
func TestManual(t *testing.T) {
	want, err := exec.Command("git-swarm", "help", "--man").Output()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("git-swarm.1")
	if err != nil || string(got) != string(want) {
		t.Errorf("git-swarm.1 is not up to date (%v): go run ./cmd/git-swarm help --man > cmd/git-swarm/git-swarm.1", err)
	}
}

// TestManualRenders has groff look for mistakes in the page.
func TestManualRenders(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed")
	}
	out, err := exec.Command(groff, "-man", "-ww", "-z", "git-swarm.1").CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("groff: %v\n%s", err, out)
	}
}

// TestHelp asks for the help of each command that the help lists, and looks for
// it in the manual page.
func TestHelp(t *testing.T) {
	list, err := exec.Command("git-swarm", "help").Output()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("git-swarm.1")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(list)) {
		rest, ok := strings.CutPrefix(line, "   ")
		if !ok {
			continue
		}
		name, short, _ := strings.Cut(rest, "  ")
		help, err := exec.Command("git-swarm", append([]string{"help"}, strings.Fields(name)...)...).Output()
		if err != nil || !strings.HasPrefix(string(help), "usage: git swarm "+name) {
			t.Errorf("help %s: %v\n%s", name, err, help)
		}
		if !strings.Contains(string(page), "\n.SS "+strings.ReplaceAll(name, "-", `\-`)) {
			t.Errorf("the manual page lacks %s", name)
		}
		if short = strings.TrimSpace(short); short == "" || strings.HasSuffix(short, ".") {
			t.Errorf("%s is described as %q", name, short)
		}
		found++
	}
	if found < 20 {
		t.Errorf("only %d commands listed", found)
	}
}
