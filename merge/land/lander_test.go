package land

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestLandFastForward: what is only ahead lands as it is.
func TestLandFastForward(t *testing.T) {
	t.Parallel()
	a, _ := oneField(t)
	a.commit("one", "new", "1\n")
	tip := a.head()
	landed := a.push()
	if landed.Rebased || landed.Commits != 1 || landed.After != tip || landed.Target.String() != "origin/main" {
		t.Errorf("%+v", landed)
	}
	if again := a.push(); again.Commits != 0 || again.Rebased {
		t.Errorf("again: %+v", again)
	}
	a.linear("one")
}

// TestLandRebases: what stands beside the target is put on top of it, and the
// branch follows with one entry in its reflog.
func TestLandRebases(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	a.commit("by A", "A", "changed\n")
	b.commit("by B", "B", "changed\n")
	b.commit("more by B", "base", strings.Replace(b.read("base"), "9", "nine", 1))
	a.push()
	landed := b.push()
	if !landed.Rebased || landed.Commits != 2 {
		t.Errorf("%+v", landed)
	}
	b.linear("by A", "by B", "more by B")
	if status := b.git("status", "--porcelain"); status != "" {
		t.Errorf("status %q", status)
	}
	if b.read("A") != "changed\n" || b.git("log", "-g", "-1", "--format=%gs", "feat/B") != "git swarm: rebase" {
		t.Errorf("A holds %q, the reflog %q", b.read("A"), b.git("log", "-g", "-1", "--format=%gs", "feat/B"))
	}
}

// TestLandBehindFollows: a branch with nothing of its own lands nothing and is
// brought up to the target.
func TestLandBehindFollows(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	a.commit("by A", "A", "changed\n")
	a.push()
	if landed := b.push(); landed.Commits != 0 || landed.Rebased || landed.Stayed != nil {
		t.Errorf("%+v", landed)
	}
	if b.read("A") != "changed\n" {
		t.Errorf("A holds %q", b.read("A"))
	}
}

// TestLandNewBranch: a target that is not there yet is made.
func TestLandNewBranch(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	b.claim("A")
	a.commit("by A", "A", "changed\n")
	landed, err := a.lander().Push(t.Context(), repo.Target{Remote: "origin", Branch: "topic/new"}, lock.Wait{})
	if err != nil || landed.Before != "" || landed.After != a.head() {
		t.Fatalf("%+v (%v)", landed, err)
	}
	if got := a.hubLog("topic/new"); !slices.Equal(got, []string{"by A", "start"}) {
		t.Errorf("%q", got)
	}
	a.tidy()
}

// TestLandRaced: plain git moves the target between the fetch and the push. It
// is fetched again, and nothing of either is lost.
func TestLandRaced(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	a.commit("by A", "A", "changed\n")
	b.commit("by git", "B", "changed\n")
	a.meanwhile(fmt.Sprintf("test -e raced || { touch raced; git -C %s push -q --no-verify origin HEAD:main; }", b.dir))
	if landed := a.push(); !landed.Rebased {
		t.Errorf("%+v", landed)
	}
	a.linear("by A", "by git")
}

// TestLandRacedBySelf: the very commit is there already when it is pushed, as
// after a kill whose git push went on. It counts as landed.
func TestLandRacedBySelf(t *testing.T) {
	t.Parallel()
	a, _ := oneField(t)
	a.commit("by A", "A", "changed\n")
	a.meanwhile("git push -q --no-verify origin HEAD:main")
	if landed := a.push(); landed.Rebased {
		t.Errorf("%+v", landed)
	}
	a.linear("by A")
}

// TestLandRacedAlways: a target that moves each time is given up in the end, as
// a rejection that leaves all as it was.
func TestLandRacedAlways(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	a.commit("by A", "A", "changed\n")
	a.meanwhile(fmt.Sprintf("cd %s && git commit -q --allow-empty -m again && git push -q --no-verify origin HEAD:main", b.dir))
	landed, err := a.tryPush()
	var rejected *RejectedError
	if !errors.As(err, &rejected) || !strings.Contains(rejected.Why, "moved each time") {
		t.Errorf("%+v %v", landed, err)
	}
	a.tidy()
	if got := a.hubLog("main"); slices.Contains(got, "by A") || len(got) != 1+landTries {
		t.Errorf("on main: %q", got)
	}
}

// TestLandBranchLocked: a lock that is left on the branch, or on HEAD, keeps neither the
// push from landing nor the branch from following later; the lock is named as the cause.
func TestLandBranchLocked(t *testing.T) {
	t.Parallel()
	for _, of := range []string{"HEAD", "refs/heads/feat/A"} {
		t.Run(filepath.Base(of), func(t *testing.T) {
			t.Parallel()
			a, b := oneField(t)
			b.commit("by B", "B", "changed\n")
			b.push()
			a.commit("by A", "A", "changed\n")
			lock := a.git("rev-parse", "--path-format=absolute", "--git-path", of) + ".lock"
			a.meanwhile("touch '" + lock + "'")
			landed, err := a.tryPush()
			var locked *gitlock.LockedError
			if err != nil || !errors.As(landed.Stayed, &locked) || errors.Is(landed.Stayed, ErrOvertaken) || filepath.Base(locked.Path) != filepath.Base(lock) {
				t.Fatalf("%+v (%v)", landed, err)
			}
			if status := a.git("status", "--porcelain"); status != "" {
				t.Errorf("status %q", status)
			}
			if err := os.Remove(lock); err != nil {
				t.Fatal(err)
			}
			if _, err := a.tryPull(); err != nil || a.head() != landed.After {
				t.Errorf("the branch did not follow: %v", err)
			}
		})
	}
}

// TestLandLeft: the user amends, or goes elsewhere, while the push is under way. The
// push lands what it began with, and touches neither branch nor files.
func TestLandLeft(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"amend":  "git commit -q --amend -m other",
		"switch": "git switch -q -c elsewhere",
		"detach": "git switch -q --detach",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := oneField(t)
			b.commit("by B", "B", "changed\n")
			b.push()
			a.commit("by A", "A", "changed\n")
			a.write("base", "not committed\n")
			a.meanwhile(script)
			landed, err := a.tryPush()
			if err != nil || landed.Stayed == nil {
				t.Errorf("%+v (%v)", landed, err)
			}
			a.tidy()
			a.linear("by A", "by B")
			if status := a.git("status", "--porcelain"); status != " M base" || a.read("B") != "of B\n" {
				t.Errorf("status %q, B holds %q", status, a.read("B"))
			}
		})
	}
}

// TestLandMeanwhile: what the user commits while the push is under way is rebased onto
// what has landed.
func TestLandMeanwhile(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	b.commit("by B", "B", "changed\n")
	b.push()
	a.commit("by A", "A", "changed\n")
	a.write("base", "not committed\n")
	a.meanwhile("git commit -q --allow-empty -m meanwhile")
	landed, err := a.tryPush()
	if err != nil || landed.Stayed != nil {
		t.Fatalf("%+v (%v)", landed, err)
	}
	a.tidy()
	a.linear("by A", "by B")
	if ahead := a.git("log", "--format=%s", landed.After+".."); ahead != "meanwhile" || a.git("status", "--porcelain") != " M base" || a.read("B") != "changed\n" {
		t.Errorf("above what landed stands %q; status %q", ahead, a.git("status", "--porcelain"))
	}
}

// TestLandConfigured: settings of the user's that change what rebase, push and
// fetch do by themselves do not change what a push does: all of them together,
// and those that hide others alone.
func TestLandConfigured(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]string{
		"together": {
			"rebase.autoSquash=true", "rebase.updateRefs=true", "rebase.autoStash=true", "rebase.forkPoint=true", "rebase.rebaseMerges=true",
			"rebase.missingCommitsCheck=error", "rebase.instructionFormat=(%an) %s", "sequence.editor=false", "core.editor=false",
			"push.default=nothing", "push.followTags=true", "remote.origin.push=refs/heads/feat/*:refs/heads/stray/*",
			"fetch.prune=true", "fetch.output=compact", "pull.rebase=false", "commit.template=nothing", "core.hooksPath=nowhere",
			"diff.relative=true", "diff.noprefix=true", "diff.renames=copies", "core.quotePath=false", "color.ui=always", "log.showSignature=true",
			"merge.conflictStyle=diff3", "rerere.enabled=true", "rerere.autoUpdate=true", "branch.autoSetupMerge=always", "core.untrackedCache=true",
			"core.splitIndex=true", "feature.manyFiles=true", "core.commentChar=;", "status.showUntrackedFiles=no", "core.autocrlf=input", "log.follow=true",
		},
		"backend":   {"rebase.backend=apply"},
		"refspec":   {"remote.origin.fetch=+refs/swarm/*:refs/swarm/*"},
		"recursive": {"push.recurseSubmodules=check", "submodule.recurse=true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := oneField(t)
			b.commit("by B", "B", "changed\n")
			b.push()
			a.commit("by A", "A", "changed\n")
			a.commit("fixup! by A", "A", "fixed\n")
			a.git("tag", "-a", "-m", "light", "v1")
			a.git("branch", "beside")
			a.git("config", "branch.feat/A.remote", "origin")
			a.write("base", "not committed\n")
			beside := a.git("rev-parse", "beside")
			for _, setting := range settings {
				key, value, _ := strings.Cut(setting, "=")
				a.git("config", "--add", key, value)
			}
			a.push()
			a.linear("by B", "by A", "fixup! by A")
			if a.git("rev-parse", "beside") != beside || a.read("base") != "not committed\n" || a.git("stash", "list") != "" {
				t.Error("a branch beside, or what is not committed, was touched")
			}
			if refs := landGit(t, a.hub, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/swarm"); refs != "refs/heads/main" {
				t.Errorf("the remote has %q", refs)
			}
		})
	}
}

// TestLandBesideGC: a rebase that fails because git gc takes away the folder in which
// it writes an object is made again, a few times.
func TestLandBesideGC(t *testing.T) {
	t.Parallel()
	for failures, lands := range map[int]bool{prunedTries: true, prunedTries + 1: false} {
		a, b := oneField(t)
		b.commit("by B", "B", "changed\n")
		b.push()
		a.commit("by A", "A", "changed\n")
		a.git("config", "commit.cleanup", "whitespace") // nothing is replayed
		bin := t.TempDir()
		git, err := exec.LookPath("git")
		if err != nil {
			t.Fatal(err)
		}
		script := fmt.Sprintf("#!/bin/sh\ncase \"$*\" in *' rebase '*)\necho >>'%[1]s/tries'\nif [ $(wc -l <'%[1]s/tries') -le %[2]d ]; then\n"+
			"echo 'error: unable to create temporary file: No such file or directory' >&2\nexit 1\nfi;;\nesac\nexec '%[3]s' \"$@\"\n", bin, failures, git)
		if err := os.WriteFile(filepath.Join(bin, "git"), []byte(script), 0o777); err != nil {
			t.Fatal(err)
		}
		a.env = repo.Env(a.env).With("PATH=" + bin + ":" + os.Getenv("PATH"))
		if _, err := a.tryPush(); (err == nil) != lands || err != nil && !repo.Pruned(err) {
			t.Errorf("after %d failures: %v", failures, err)
		}
	}
}
