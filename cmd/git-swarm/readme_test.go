package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestREADME runs every command that the README shows with its output, in a
// fresh repository, and compares what it says.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	bin := filepath.Join(home, "bin")
	build(t, bin)
	app := filepath.Join(home, "app")
	env := append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+home, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=You", "GIT_AUTHOR_EMAIL=you@example.com", "GIT_COMMITTER_NAME=You", "GIT_COMMITTER_EMAIL=you@example.com")
	shell := func(dir, line string) string {
		cmd := exec.Command("sh", "-c", line)
		cmd.Dir, cmd.Env = dir, env
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	setup := `git init -q --bare -b main hub.git && git clone -q hub.git app 2>/dev/null && cd app && mkdir src && touch src/auth.py && git add . &&
git commit -qm start && git push -q origin HEAD:main`
	if out := shell(home, setup); out != "" {
		t.Fatal(out)
	}
	commands := 0
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(string(readme), -1) {
		var want, got strings.Builder
		for line := range strings.Lines(block[1]) {
			want.WriteString(line)
			session, command, ok := strings.Cut(line, "$ ")
			if !ok || len(session) > 1 {
				continue
			}
			dir := app
			if session != "" {
				dir = filepath.Join(home, "app.worktrees", session)
			}
			got.WriteString(line + shell(dir, command))
			commands++
		}
		if a, b := ageless(want.String()), ageless(got.String()); a != b {
			t.Errorf("the README says\n%s\nbut it is\n%s", a, b)
		}
	}
	if commands < 10 {
		t.Errorf("only %d commands found", commands)
	}
}

// ageless takes out how long ago things were.
func ageless(s string) string {
	return regexp.MustCompile(`for \d+ s, seen (just now|\d+ s ago)`).ReplaceAllString(s, "for AGE")
}

// build makes the command in dir, as go install would.
func build(t testing.TB, dir string) {
	t.Helper()
	cmd := exec.Command("go", "build", "-o", dir+"/", ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
}
