package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shells say how each shell is asked for its candidates behind "git swarm"; the
// words come as $1, $2, …, the last of them unfinished.
var shells = []struct{ name, script string }{
	{"bash", `. ./completion
COMP_WORDS=(git -C . swarm "$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_git_swarm; printf '%s\n' "${COMPREPLY[@]}"`},
	{"zsh", `compdef() { :; }; _files() { :; }; compadd() { shift; print -l -- "$@"; }
. ./completion
words=(git swarm "$@"); CURRENT=${#words}
_git-swarm`},
	{"fish", `source completion
complete -C "git swarm $argv" | string split -f1 \t`},
}

// TestCompletion asks each shell that is installed.
func TestCompletion(t *testing.T) {
	cases := []struct {
		words []string
		want  []string // among the candidates
		not   []string // none of them
	}{
		{[]string{"cl"}, []string{"claim", "claims"}, []string{"unclaim", "sync"}},
		{[]string{"context", ""}, []string{"add", "show"}, []string{"context"}},
		{[]string{"message", ""}, []string{"A", "Beta", "all", "orchestrator"}, []string{"message"}},
		{[]string{"message", "B"}, []string{"Beta"}, []string{"A"}},
		{[]string{"update", "A", "--status", ""}, []string{"running", "blocked", "done"}, []string{"A"}},
		{[]string{"context", "add", "--category", "d"}, []string{"decision", "discovery"}, []string{"warning"}},
		{[]string{"claim", "--"}, []string{"--reason", "--takeover", "--wait", "--json", "--session"}, []string{"--all"}},
		{[]string{"unclaim", ""}, []string{"src/x.py"}, []string{"other"}},
		{[]string{"completion", ""}, []string{"bash", "zsh", "fish"}, nil},
		{[]string{""}, []string{"sync", "review", "context", "orchestrate"}, []string{"hook", "merge-driver", "__complete"}},
		{[]string{"--s"}, []string{"--session"}, []string{"sync"}},
		{[]string{"--session", ""}, []string{"A", "Beta"}, []string{"sync"}},
		{[]string{"--session", "A", "unc"}, []string{"unclaim"}, nil},
		{[]string{"sync", "--session", "B"}, []string{"Beta"}, []string{"A"}},
		{[]string{"claim", "--takeover", ""}, []string{"other"}, []string{"src/x.py"}},
		{[]string{"claims", ""}, []string{"other", "src/x.py"}, nil},
		{[]string{"review", "show", ""}, []string{"1"}, []string{"2"}},
		{[]string{"review", "request", "--to", "Be"}, []string{"Beta"}, nil},
		{[]string{"review", "request", "--to", "A,Be"}, []string{"A,Beta"}, nil},
		{[]string{"push", "--to", ""}, []string{"main", "next/x"}, []string{"HEAD", "A"}},
		{[]string{"init", "--agents", "codex,"}, []string{"codex,gemini"}, nil},
		{[]string{"merge-ok", ""}, []string{"A", "Beta"}, nil},
		{[]string{"help", "he"}, []string{"heal", "healing", "help"}, nil},
	}
	for _, shell := range shells {
		t.Run(shell.name, func(t *testing.T) {
			path, err := exec.LookPath(shell.name)
			if err != nil {
				t.Skipf("%s is not installed", shell.name)
			}
			dir := completionRepo(t, shell.name)
			for _, c := range cases {
				name := shell.name // $0, but for fish, where it keeps the words from being its own options
				if name == "fish" {
					name = "--"
				}
				args := append([]string{"-c", shell.script, name}, c.words...)
				got := strings.Fields(output(t, dir, path, args...))
				for _, w := range c.want {
					if !slices.Contains(got, w) {
						t.Errorf("%q: no %s among %q", c.words, w, got)
					}
				}
				for _, w := range c.not {
					if slices.Contains(got, w) {
						t.Errorf("%q: %s among %q", c.words, w, got)
					}
				}
			}
		})
	}
}

// completionRepo is a repository with two sessions and a claim, and the shell's
// script in the file completion.
func completionRepo(t *testing.T, shell string) string {
	t.Helper()
	dir := t.TempDir()
	output(t, dir, "git", "init", "-q", "-b", "work")
	output(t, dir, "git", "commit", "-q", "--allow-empty", "-m", "start")
	for _, branch := range []string{"main", "next/x", "HEAD"} {
		output(t, dir, "git", "update-ref", "refs/remotes/origin/"+branch, "HEAD")
	}
	output(t, dir, "git", "swarm", "init", "--sessions", "A:front Beta:back")
	output(t, dir, "git", "swarm", "claim", "--session", "A", "src/x.py")
	output(t, dir, "git", "swarm", "claim", "--session", "Beta", "other")
	output(t, dir, "sh", "-c", "echo x >file && git add file && git commit -qm file && git swarm review request --session A --to Beta HEAD~1..HEAD")
	if err := os.WriteFile(filepath.Join(dir, "completion"), []byte(output(t, dir, "git", "swarm", "completion", shell)), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// output runs a program as session A of a user without configuration.
func output(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_SWARM_SESSION=A",
		"GIT_AUTHOR_NAME=T", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=T", "GIT_COMMITTER_EMAIL=t@example.com")
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out)
}
