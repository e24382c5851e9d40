package repo_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestGit: git runs where we looked, in the environment we were given.
func TestGit(t *testing.T) {
	p := newPlace(t)
	p.repo("r")
	p.mkdir("r/sub")
	r := p.discover("r/sub")
	if out, err := repo.Output(r.Git(ctx, "rev-parse", "--show-prefix")); out != "sub/\n" || err != nil {
		t.Errorf("prefix is %q, %v", out, err)
	}
	p.env = p.env.With("GIT_DIR=../.git", "LANGUAGE=de")
	if out, err := repo.Output(p.discover("r/sub").Git(ctx, "rev-parse", "--git-dir")); out != "../.git\n" || err != nil {
		t.Errorf("git dir is %q, %v", out, err)
	}
	cmd := r.GitParsed(ctx, "-c", "alias.env=!env", "env")
	out, err := repo.Output(cmd)
	if err != nil || !strings.Contains(out, "LC_ALL=C\n") || !strings.Contains(out, "GIT_TERMINAL_PROMPT=0\n") || strings.Contains(out, "LANGUAGE=") {
		t.Errorf("environment is %q, %v", out, err)
	}
}

// TestGitError: a failure carries the arguments, the exit code and git's line.
func TestGitError(t *testing.T) {
	p := newPlace(t)
	p.repo("r")
	r := p.discover("r")
	_, err := repo.Output(r.GitParsed(ctx, "-c", "a.b=c", "rev-parse", "--verify", "no-such"))
	var said *repo.GitError
	if !errors.As(err, &said) || said.ExitCode != 128 || err.Error() != "git rev-parse: Needed a single revision" {
		t.Errorf("%v", err)
	}
	_, err = repo.Output(r.GitParsed(ctx, "diff", "--no-index", "--quiet", "/dev/null", p.path("home/.gitconfig")))
	if !errors.As(err, &said) || said.ExitCode != 1 || err.Error() != "git diff: exit code 1" {
		t.Errorf("%v", err)
	}
	r, err = repo.Discover(p.env.With("PATH=relative:/nowhere"), p.path("r"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := repo.Output(r.Git(ctx, "version")); !errors.Is(err, repo.ErrNoGit) {
		t.Errorf("no git: %v", err)
	}
}

// TestGitCancelled: a git whose context ends is gone soon, and so is its lock.
func TestGitCancelled(t *testing.T) {
	p := newPlace(t)
	p.repo("r")
	ctx, cancel := context.WithCancel(ctx)
	cmd := p.discover("r").GitParsed(ctx, "update-ref", "--stdin")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	head := p.git("r", "rev-parse", "HEAD")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stdin.Write([]byte("start\nupdate refs/heads/x " + head + "\nprepare\n"))
	lock := p.path("r/.git/refs/heads/x.lock")
	replies := bufio.NewScanner(stdout)
	for replies.Scan() && replies.Text() != "prepare: ok" {
	}
	if _, err := os.Stat(lock); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := cmd.Wait(); err == nil {
		t.Error("git ended well")
	}
	if _, err := os.Stat(lock); err == nil {
		t.Error("the lock is still there")
	}
}

// TestVersion: every form that git's version comes in is read; an old one is refused.
func TestVersion(t *testing.T) {
	for text, want := range map[string]string{
		"git version 2.39.5\n":                "2.39.5",
		"git version 2.39.5 (Apple Git-154)":  "2.39.5",
		"git version 2.50.GIT":                "2.50.0",
		"git version 2.54.0-rc2":              "2.54.0",
		"git version 2.54.0.rc2.12.gdeadbeef": "2.54.0",
		"git version 2.45.1.windows.1":        "2.45.1",
		"git version 3.0":                     "3.0.0",
		"git version 2":                       "",
		"git version x":                       "",
		"hello":                               "",
		"":                                    "",
	} {
		v, err := repo.ParseGitVersion(text)
		if want == "" && err == nil || want != "" && (err != nil || v.String() != want) {
			t.Errorf("%q is %v, %v", text, v, err)
		}
	}
	p := newPlace(t)
	p.repo("r")
	v, err := repo.GitVersion(ctx, p.env)
	if want := "git version " + v.String(); err != nil || !strings.HasPrefix(p.git("", "version"), want) {
		t.Errorf("version is %v, %v", v, err)
	}
	p.write("bin/git", "#!/bin/sh\necho git version 2.11.0\n")
	os.Chmod(p.path("bin/git"), 0o755)
	env(p, "PATH="+p.path("bin"))
	_, err = repo.GitVersion(ctx, p.env)
	if !errors.Is(err, repo.ErrGitTooOld) || !strings.Contains(err.Error(), "2.11.0") || !strings.Contains(err.Error(), repo.MinVersion.String()) {
		t.Errorf("old git: %v", err)
	}
}
