package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func (f *killField) tryInit(i int) {
	id := fmt.Sprintf("N%d", i)
	args := []string{"init", "--sessions", id + ":n" + strconv.Itoa(i), "--worktrees"}
	f.kills("app", args...)
	f.git(f.app, "fetch", "-q")
	f.must("app", args...)
	if got := f.git(f.tree(id), "ls-files"); strings.Count(got, "\n")+1 < f.files {
		f.Errorf("the index has only %q", got)
	}
	f.clean(id)
	f.git(f.app, "worktree", "remove", f.tree(id))
}

// tryRetire: what the session had not landed is kept, once, and nothing else of it is left.
func (f *killField) tryRetire(i int) {
	if f.spans["retire"] == 0 {
		f.must("app", "init", "--sessions", "R:r", "--worktrees")
		f.must("app", "retire", "R")
	}
	id := fmt.Sprintf("R%d", i)
	branch := "r" + strconv.Itoa(i)
	f.must("app", "init", "--sessions", id+":"+branch, "--worktrees")
	f.must("app.worktrees/"+id, "claim", "retired/"+id)
	f.write("app.worktrees/"+id+"/committed", id+"\n")
	f.git(f.tree(id), "add", ".")
	f.git(f.tree(id), "commit", "-qnm", id)
	f.write("app.worktrees/"+id+"/untracked", id+"\n")
	done := f.kills("app", "retire", "--force", id)
	if out, err := f.ends("app", "retire", "--force", id); done && err == nil || err != nil && !strings.Contains(string(out), whenOver["retire"]) {
		f.Errorf("git swarm retire: %v: %s", err, out)
	}
	kept := f.git(f.app, "for-each-ref", "--format=%(refname)", "refs/swarm-lost/"+id, "refs/swarm-lost/"+id+".*")
	if kept != "refs/swarm-lost/"+id {
		f.Errorf("kept at %q", kept)
		return
	}
	if got := f.git(f.app, "show", kept+":committed", kept+":untracked"); got != id+"\n"+id {
		f.Errorf("the files were kept as %q", got)
	}
	left, _ := filepath.Glob(filepath.Join(f.top, "app.worktrees", "*"+id+"*"))
	hidden, _ := filepath.Glob(filepath.Join(f.top, "app.worktrees", ".*"+id+"*"))
	records, _ := filepath.Glob(filepath.Join(f.app, ".git", "worktrees", id+"*"))
	ports, _ := os.ReadFile(filepath.Join(f.app, ".git", "swarm", "ports"))
	if all := slices.Concat(left, hidden, records); len(all) > 0 || strings.Contains(string(ports), " "+id+"\n") {
		f.Errorf("of %s there are left %q, ports %q", id, all, ports)
	}
	if got := f.git(f.app, "for-each-ref", "refs/heads/feat/"+branch); got != "" {
		f.Errorf("the branch is there: %s", got)
	}
	if strings.Contains(f.must("app", "claims"), id) || strings.Contains(f.must("app", "status"), id) {
		f.Errorf("%s still holds something, or is there", id)
	}
}

// tryPush: another has landed meanwhile, so that each push rebases.
func (f *killField) tryPush(i int) {
	name := fmt.Sprintf("A p%d", i)
	f.land(i)
	path := fmt.Sprintf("a%d.slow", i%3)
	f.write("app.worktrees/A/"+path, name+"\n")
	f.git(f.tree("A"), "add", path)
	f.git(f.tree("A"), "commit", "-qnm", name)
	f.kills("app.worktrees/A", "push")
	if f.how.name != "alone" { // here the remote is killed, too: its lock is its own matter
		for _, lock := range []string{"refs/heads/main.lock", "reftable/tables.list.lock"} {
			_ = os.Remove(filepath.Join(f.top, "hub.git", lock))
		}
	}
	f.must("app.worktrees/A", "push")
	landed := strings.Split(f.git(filepath.Join(f.top, "hub.git"), "log", "-200", "--format=%H%n%s", "main"), "\n")
	if n := len(landed) - len(slices.DeleteFunc(slices.Clone(landed), func(line string) bool { return line == name })); n != 1 {
		f.Errorf("landed %d times: %q", n, landed)
	}
	if head := f.clean("A"); head != landed[0] {
		f.Errorf("the branch is at %s, the target at %s", head, landed[0])
	}
}

// land has another's commit on the remote's branch.
func (f *killField) land(i int) {
	cmd := exec.Command("git", "fast-import", "--quiet", "--date-format=now")
	cmd.Dir = filepath.Join(f.top, "hub.git")
	cmd.Stdin = strings.NewReader(fmt.Sprintf("commit refs/heads/main\ncommitter B <b@example.com> now\ndata <<E\nB p%d\nE\nfrom refs/heads/main^0\nM 100644 inline b%d\ndata <<E\n%d\nE\n", i, i%7, i))
	if out, err := cmd.CombinedOutput(); err != nil {
		f.Errorf("git fast-import: %v: %s", err, out)
	}
}

func (f *killField) tryCommit(i int) {
	name := fmt.Sprintf("c%d", i)
	path := fmt.Sprintf("c%d", i%5)
	f.write("app.worktrees/A/"+path, name+"\n")
	f.git(f.tree("A"), "add", path)
	before := f.git(f.tree("A"), "rev-parse", "HEAD")
	done := f.kills("app.worktrees/A", "commit", name)
	out, err := f.ends("app.worktrees/A", "commit", name)
	if done && err == nil || err != nil && !strings.Contains(string(out), whenOver["commit"]) {
		f.Errorf("git swarm commit, acknowledged before %v: %v: %s", done, err, out)
	}
	if got := f.git(f.tree("A"), "log", "--format=%s", before+".."); got != "[Session A] "+name {
		f.Errorf("committed %q", got)
	}
	f.must("app.worktrees/A", "claim", "c") // any command that writes clears what is left
	f.clean("A")
}

// healing is a merge that heal resolves, and the tree that it is to make of it.
type healing struct{ ours, theirs, want string }

func (f *killField) tryHeal(int) {
	h := f.tree("H")
	if f.healing.want == "" {
		f.prepareHealing()
	}
	f.stopMerge()
	f.kills("app.worktrees/H", "heal")
	f.must("app.worktrees/H", "heal")
	f.git(h, "add", "-A")
	if got := f.git(h, "write-tree"); got != f.healing.want {
		f.Errorf("healed to another tree than without a kill: %s", f.git(h, "diff", f.healing.want, got))
	}
	f.git(h, "reset", "-q", "--hard")
}

func (f *killField) prepareHealing() {
	h := f.tree("H")
	commit := func(lines ...string) (id string) {
		for _, name := range []string{"h1.slow", "h2.slow", "h3"} {
			f.write("app.worktrees/H/"+name, strings.Join(lines, "\n")+"\n")
		}
		f.git(h, "add", ".")
		f.git(h, "commit", "-qnm", "h")
		return f.git(h, "rev-parse", "HEAD")
	}
	f.git(h, "checkout", "-q", "--detach")
	base := commit("1", "2", "3", "4", "5")
	f.healing.ours = commit("one", "2", "3", "4", "5")
	f.git(h, "checkout", "-q", base)
	f.healing.theirs = commit("1", "two", "3", "4", "5")
	f.git(h, "tag", "ours", f.healing.ours) // git's maintenance leaves them
	f.git(h, "tag", "theirs", f.healing.theirs)
	f.stopMerge()
	f.must("app.worktrees/H", "heal")
	f.healing.want = f.git(h, "write-tree")
}

// stopMerge begins the merge that heal is to resolve.
func (f *killField) stopMerge() {
	f.git(f.tree("H"), "reset", "-q", "--hard", f.healing.ours)
	cmd := exec.Command("git", "merge", "-q", f.healing.theirs)
	cmd.Dir = f.tree("H")
	f.beside.Lock()
	err := cmd.Run()
	f.beside.Unlock()
	if err == nil {
		f.Fatal("the merge did not stop")
	}
}

func (f *killField) tryClaim(i int) {
	path := fmt.Sprintf("claimed/%d", i)
	done := f.kills("app.worktrees/A", "claim", path)
	if done && !strings.Contains(f.must("app.worktrees/A", "claims"), path) {
		f.Errorf("the acknowledged claim on %s is not there", path)
	}
	f.must("app.worktrees/A", "claim", path)
	f.must("app.worktrees/A", "unclaim", path)
}

func (f *killField) tryMessage(i int) {
	for n := range f.inRow {
		body := fmt.Sprintf("message-%d-%d-end", i, n)
		f.sent[body] = f.kill("app.worktrees/A", "message", "B", body)
	}
	f.must("app.worktrees/A", "message", "B", "next")
}
