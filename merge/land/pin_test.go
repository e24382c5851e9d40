package land

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// tidyAway is a shell command that has git remove all objects of app that no ref has.
func (g *ground) tidyAway() string { return g.outside("gc -q --prune=now") }

// outside is a shell command that runs git in app, also from within a hook.
func (g *ground) outside(args string) string {
	return "(unset GIT_DIR GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_INDEX_FILE; cd '" + g.app + "' && '" + gitPath(g) + "' " + args + ")"
}

func gitPath(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// wrapGit has the field's git run a script after each command, whose exit code is $code.
func (f *field) wrapGit(script string) {
	f.Helper()
	bin := f.TempDir()
	text := fmt.Sprintf("#!/bin/sh\n'%s' \"$@\"\ncode=$?\n%s\nexit $code\n", gitPath(f), strings.ReplaceAll(script, "$bin", bin))
	syscall.ForkLock.RLock() // what is started meanwhile would have it open, and it could not be run
	err := os.WriteFile(filepath.Join(bin, "git"), []byte(text), 0o777)
	syscall.ForkLock.RUnlock()
	if err != nil {
		f.Fatal(err)
	}
	f.env = repo.Env(f.env).With("PATH=" + bin + ":" + os.Getenv("PATH"))
}

// pruneOnce has git prune run after each command of the field's once there is the pin: as
// git gc prunes, without its packing.
func (f *field) pruneOnce(pinned string) {
	f.Helper()
	f.wrapGit(`test ! -e '` + filepath.Join(f.app, ".git", pinned) + `' || ` + f.outside("prune --expire=now"))
}

func (f *field) unpinned() {
	f.Helper()
	if pins := f.git("for-each-ref", "refs/swarm-pins/*.landing"); pins != "" {
		f.Errorf("kept: %s", pins)
	}
	f.git("fsck", "--no-dangling")
}

// untracked is a field behind whose back another has pushed, without a tracking ref.
func untracked(t *testing.T) *field {
	t.Helper()
	a, b := oneField(t)
	b.commit("by B", "B", "changed\n")
	b.push()
	a.git("config", "--unset-all", "remote.origin.fetch")
	a.git("update-ref", "-d", "refs/remotes/origin/main")
	return a
}

// TestLandKeepsRebase: git gc --prune=now at any step of a push takes nothing that the
// push needs, although no tracking ref has what landed. In the end no pin is left.
func TestLandKeepsRebase(t *testing.T) {
	t.Parallel()
	for point, prepare := range map[string]func(a *field){
		"after the first rebase": func(a *field) {
			a.wrapGit(`case "$*" in *' rebase --quiet '*) test -e $bin/done || { touch $bin/done; ` + a.tidyAway() + `; };; esac`)
		},
		"after each command": func(a *field) { a.pruneOnce(landingPin("A")) },
		"at the gate":        func(a *field) { a.meanwhile(a.tidyAway()) },
		"at the remote":      func(a *field) { a.hook(a.hub, "pre-receive", a.tidyAway()) },
		"landed":             func(a *field) { a.hook(a.hub, "post-receive", a.tidyAway()) },
		"answer lost":        func(a *field) { a.hook(a.hub, "post-receive", a.tidyAway()+"; kill -9 $PPID") },
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			a := untracked(t)
			a.commit("by A", "A", "changed\n")
			prepare(a)
			l := a.lander()
			l.Verify = a.tidyAway()
			landed, err := l.Push(t.Context(), repo.Target{Remote: "origin", Branch: "main"}, lock.Wait{Timeout: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			if landed.Stayed != nil || a.head() != landed.After || !landed.Rebased {
				t.Errorf("%+v", landed)
			}
			a.linear("by A", "by B")
			a.unpinned()
		})
	}
}

// TestPullKeeps: git gc --prune=now at any step of a pull takes nothing that the pull
// needs, although no tracking ref has what was fetched. In the end no pin is left.
func TestPullKeeps(t *testing.T) {
	t.Parallel()
	once := func(a *field, command, script string) {
		a.wrapGit(`case "$*" in *` + command + `*) test -e $bin/done || { touch $bin/done; ` + script + `; };; esac`)
	}
	for point, prepare := range map[string]func(a *field){
		"fetched":                func(a *field) { once(a, "' FETCH_HEAD^{commit}'", a.tidyAway()) },
		"after the rebase":       func(a *field) { once(a, "' rebase --quiet '", a.tidyAway()) },
		"before it moves":        func(a *field) { once(a, "' read-tree -m '", a.tidyAway()) },
		"killed before it moves": func(a *field) { once(a, "' read-tree -m '", "kill -9 $PPID; "+a.tidyAway()) },
		"after each command":     func(a *field) { a.pruneOnce(pulledPin("A")) },
	} {
		for _, ahead := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, rebased %v", point, ahead), func(t *testing.T) {
				t.Parallel()
				a := untracked(t)
				subjects := []string{"by B"}
				if ahead {
					a.commit("by A", "A", "changed\n")
					subjects = append(subjects, "by A")
				}
				prepare(a)
				pull := a.landing("pull", a.dir)
				pull.Env = append(pull.Env, a.env...)
				if err := pull.Run(); err != nil && !refstoretest.WasKilled(err) {
					t.Fatal(err)
				}
				if landed := a.pull(); a.head() != landed.After {
					t.Errorf("%+v", landed)
				}
				a.unpinned()
				if ahead {
					a.push()
				}
				a.linear(subjects...)
			})
		}
	}
}

// TestLandKeepsStayed: what has landed of a branch that could not follow is kept until
// it does.
func TestLandKeepsStayed(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	b.commit("by B", "B", "changed\n")
	b.push()
	a.commit("by A", "A", "changed\n")
	a.hook(a.hub, "post-receive", "echo in the way >'"+filepath.Join(a.dir, "B")+"'")
	landed := a.push()
	if landed.Stayed == nil {
		t.Fatal("the branch followed")
	}
	a.git("update-ref", "-d", "refs/remotes/origin/main")
	a.git("gc", "-q", "--prune=now")
	a.git("cat-file", "-e", landed.After)
	a.git("checkout", "-q", "--", "B")
	a.hook(a.hub, "post-receive", "")
	a.push()
	a.linear("by A", "by B")
	a.unpinned()
}

// TestLandUnpins: a push that is refused, or gives up, keeps nothing.
func TestLandUnpins(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	b.commit("by B", "B", "changed\n")
	b.push()
	a.commit("by A", "A", "changed\n")
	l := a.lander()
	l.Verify = "false"
	if _, err := l.Push(context.Background(), a.target(), lock.Wait{Timeout: time.Minute}); err == nil {
		t.Error("it landed")
	}
	a.unpinned()
	a.hook(a.hub, "pre-receive", "exit 1")
	if _, err := a.tryPush(); err == nil {
		t.Error("it landed")
	}
	a.unpinned()
}
