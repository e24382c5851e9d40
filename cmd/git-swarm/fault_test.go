package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// TestFaults lets system calls of commands fail, and of the git commands that they
// start, as on a broken or full disk. Exit code 0 means that it is so; another one
// that it is not, or the line says that it is; and the next command works. With
// SWARM_RACE=long each of the first 30 calls of each kind fails in turn.
func TestFaults(t *testing.T) {
	f := newFaultField(t)
	nth := []int{2}
	if refstoretest.Long() {
		nth = nil
		for n := range 30 {
			nth = append(nth, n+1)
		}
	}
	tries, injected, refused := 0, 0, 0
	for _, v := range faultVerbs {
		for i, call := range []string{"write", "openat", "rename,renameat,renameat2", "fsync,fdatasync", "link,linkat", "unlink,unlinkat", "mkdir,mkdirat", "ftruncate"} {
			for _, n := range nth {
				tries++
				hit, code := f.try(v, call, []string{"EIO", "ENOSPC"}[(i+n)%2], n)
				if hit {
					injected++
				}
				if code != 0 {
					refused++
				}
			}
		}
	}
	t.Logf("%d runs, %d of them with a fault, %d of them refused", tries, injected, refused)
	if injected < tries/4 {
		t.Errorf("only %d of %d runs met a fault", injected, tries)
	}
}

// faultVerb is a command, and how plain git tells whether it has happened.
type faultVerb struct {
	args     []string
	prepare  []string // a shell command before it
	happened func(f *faultField) bool
}

var faultVerbs = []faultVerb{
	{[]string{"push"}, nil, func(f *faultField) bool {
		return strings.Contains(f.git("-C", "../hub.git", "log", "--format=%s", "main"), "by A")
	}},
	{[]string{"heal"}, []string{"merge", "-q", "other"}, func(f *faultField) bool { return f.git("ls-files", "-u") == "" }},
	{[]string{"message", "B", "the text"}, nil, func(f *faultField) bool {
		return strings.Contains(f.git("log", "--format=%B", "--glob=refs/swarm/inbox/*"), "the text")
	}},
	{[]string{"claim", "src/x"}, nil, func(f *faultField) bool {
		return f.git("for-each-ref", "refs/swarm/claims") != "" && strings.Contains(f.git("ls-tree", "-r", "--name-only", "refs/swarm/claims"), "src/x")
	}},
	{[]string{"init", "--sessions", "E:more"}, nil, func(f *faultField) bool {
		return strings.Contains(f.git("ls-tree", "--name-only", "refs/swarm/sessions"), "E")
	}},
}

// faultField is a repository with a remote that is copied for each run.
type faultField struct {
	*testing.T
	strace        string
	template, dir string // app is below each
}

func newFaultField(t *testing.T) *faultField {
	strace := refstoretest.Strace(t)
	top := t.TempDir()
	home := filepath.Join(top, "home")
	f := &faultField{T: t, strace: strace, template: filepath.Join(top, "template")}
	f.dir = f.template
	if err := errors.Join(os.MkdirAll(home, 0o777), os.MkdirAll(f.dir, 0o777), os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(refstoretest.Config), 0o666)); err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{"HOME": home, "XDG_CONFIG_HOME": home, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": filepath.Join(home, ".gitconfig"), "LC_ALL": "C", "GIT_SWARM_SESSION": "A"} {
		t.Setenv(key, value)
	}
	script := `git init -q --bare -b main hub.git; git init -q -b main app; cd app
printf '1\n2\n3\n4\n5\n' >list; git add .; git commit -qm start; git remote add origin ../hub.git; git push -q origin main
git-swarm init --sessions "A:a B:b"
git checkout -q -b other; printf '1\n2 other\n3\n4\n5\n' >list; git commit -qam other; git checkout -q main
printf 'b\n' >b; git add .; git commit -qm "by B"; git push -q origin main; git reset -q --hard HEAD~1
printf '1\n2\n3 ours\n4\n5\n' >list; git commit -qam "by A"`
	cmd := exec.Command("sh", "-ec", script)
	cmd.Dir = f.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return f
}

// git is what a git command prints; one that fails ends the test.
func (f *faultField) git(args ...string) string {
	f.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = filepath.Join(f.dir, "app")
	out, err := cmd.Output()
	if err != nil {
		f.Fatalf("git %q: %v", args, err)
	}
	return string(out)
}

// saysSo is what a line says of a command that was refused and has happened, or of
// which that cannot be told.
var saysSo = regexp.MustCompile(`landed|completes this one|is done|may `)

// toPipe is a failed call that wrote what a command prints.
var toPipe = regexp.MustCompile(`write\([12],.*\(INJECTED\)`)

// try runs the command in a copy of the repository while the nth call of each of its
// processes fails, and reports whether one did, and the exit code.
func (f *faultField) try(v faultVerb, call, fault string, n int) (hit bool, code int) {
	f.Helper()
	f.dir = f.TempDir()
	if out, err := exec.Command("cp", "-a", f.template+"/.", f.dir).CombinedOutput(); err != nil {
		f.Fatalf("%v %s", err, out)
	}
	defer os.RemoveAll(f.dir)
	app := filepath.Join(f.dir, "app")
	if v.prepare != nil {
		cmd := exec.Command("git", v.prepare...) // it stops at a conflict
		cmd.Dir = app
		_ = cmd.Run()
	}
	trace := filepath.Join(f.dir, "trace")
	args := append([]string{"-f", "-qq", "-o", trace, "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:error=%s:when=%d", call, fault, n), "git-swarm"}, v.args...)
	cmd := exec.Command(f.strace, args...)
	cmd.Dir = app
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	code = cmd.ProcessState.ExitCode()
	if err != nil && cmd.ProcessState == nil {
		f.Fatal(err)
	}
	traced, err := os.ReadFile(trace)
	if err != nil {
		f.Fatal(err)
	}
	hit = bytes.Contains(traced, []byte("(INJECTED)"))
	what := fmt.Sprintf("git swarm %s with %s at %s %d: exit code %d\n%s%s", strings.Join(v.args, " "), fault, call, n, code, &stdout, &stderr)
	happened := v.happened(f)
	switch {
	case toPipe.Match(traced): // git takes no notice of those, and no disk fails so
	case code == 0 && !happened:
		f.Errorf("it has not happened: %s", what)
	case code != 0 && happened && !saysSo.Match(stderr.Bytes()) && stderr.Len() > 0:
		f.Errorf("it has happened, and nothing says so: %s", what)
	}
	f.goesOn(what)
	return hit, code
}

// goesOn checks that the next commands work, and that all is sound.
func (f *faultField) goesOn(what string) {
	f.Helper()
	for _, args := range [][]string{
		{"git-swarm", "message", "A", "after"},
		{"git-swarm", "claim", "src/y"},
		{"git-swarm", "sync", "--session", "B"},
		{"git-swarm", "fsck"},
		{"git", "fsck", "--no-dangling"},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = filepath.Join(f.dir, "app")
		if out, err := cmd.CombinedOutput(); err != nil {
			f.Errorf("afterwards %q: %v\n%safter %s", args, err, out, what)
			return
		}
	}
}
