package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// TestPager shows a guide on a terminal: in GIT_PAGER, else core.pager, else
// PAGER, else less, as git does.
func TestPager(t *testing.T) {
	for name, test := range map[string]struct {
		env    []string
		config string // core.pager
		want   string
	}{
		"GIT_PAGER comes first":         {[]string{"GIT_PAGER=sed s/^/G:/", "PAGER=sed s/^/P:/"}, "sed s/^/C:/", "\nG:# Healing"},
		"then core.pager":               {[]string{"PAGER=sed s/^/P:/"}, "sed s/^/C:$LESS/", "\nC:FRX# Healing"},
		"then PAGER":                    {[]string{"PAGER=sed s/^/P:$LV/"}, "", "\nP:-c# Healing"},
		"LESS that is set stays":        {[]string{"PAGER=sed s/^/P:$LESS/", "LESS=R"}, "", "\nP:R# Healing"},
		"an empty one is none":          {[]string{"GIT_PAGER=", "PAGER=sed s/^/P:/"}, "", "\n# Healing"},
		"cat is none":                   {[]string{"GIT_PAGER=cat"}, "", "\n# Healing"},
		"within a pager there is none":  {[]string{"GIT_PAGER=sed s/^/G:/", "GIT_PAGER_IN_USE=true"}, "", "\n# Healing"},
		"one that is missing is passed": {[]string{"GIT_PAGER=no-such-pager"}, "", "\n# Healing"},
		"one that reads little":         {[]string{"GIT_PAGER=head -n 1"}, "", "\n# Healing"},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			if test.config != "" {
				if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte("[core]\n\tpager = "+test.config+"\n"), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("git-swarm", "help", "healing")
			cmd.Dir = home
			cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_NOSYSTEM=1", "TERM=xterm", goRace()}, test.env...)
			if out := onTerminal(t, cmd); !strings.Contains("\n"+out, test.want) {
				t.Errorf("%q is not in\n%.200s", test.want, out)
			}
		})
	}
}

// onTerminal runs cmd with a terminal for its output and returns what came there.
func onTerminal(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	screen, ends, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = ends, ends, ends
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ends.Close()
	out, _ := io.ReadAll(screen) // which ends with an error once nobody has the other end
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return strings.ReplaceAll(string(out), "\r\n", "\n")
}
