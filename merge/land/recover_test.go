package land

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// halfWay has A's branch about to be moved from tip to next, which change, add,
// remove and retype files, and writes the note of it.
func halfWay(t *testing.T) (a *field, tip, next string) {
	a, _ = oneField(t)
	a.write("gone/deep", "x\n")
	a.write("folder/x", "x\n")
	a.write("file", "x\n")
	a.write("run", "x\n")
	a.link("link", "base")
	a.commit("tip", "text.txt", "one\ntwo\n")
	tip = a.git("rev-parse", "HEAD")
	a.git("rm", "-q", "-r", "gone", "folder", "file")
	a.write("file/now", "a folder\n")
	a.write("folder", "now a file\n")
	a.write("B", "changed\n")
	a.write("new/deep", "x\n")
	a.chmod("run", 0o755)
	a.link("link", "text.txt")
	a.git("update-index", "--add", "--cacheinfo", "160000,"+tip+",sub")
	a.git("add", "--ignore-removal", "file", "folder", "B", "new", "run", "link")
	a.git("commit", "-q", "-m", "next")
	next = a.git("rev-parse", "HEAD")
	a.mkdir("sub")
	a.git("reset", "-q", "--hard", tip)
	a.note(tip, next)
	return a, tip, next
}

func (f *field) note(tip, next string) {
	f.Helper()
	if err := os.WriteFile(moveFile(f.repo()), []byte("feat/"+f.id+" "+tip+" "+next+"\n"), 0o666); err != nil {
		f.Fatal(err)
	}
}

// TestLandResume: a move that was killed between any two of its steps is brought
// to its end, with what is not committed kept.
func TestLandResume(t *testing.T) {
	t.Parallel()
	for name, killed := range map[string]func(f *field, tip, next string){
		"noted":           func(*field, string, string) {},
		"files removed":   func(f *field, _, _ string) { f.remove("gone", "folder", "file") },
		"one file":        func(f *field, _, _ string) { f.remove("B"); f.write("B", "changed\n") },
		"one file absent": func(f *field, _, _ string) { f.remove("B") },
		"some files": func(f *field, _, _ string) {
			f.remove("gone", "folder", "file", "link", "B")
			f.write("B", "changed\n")
			f.write("folder", "now a file\n")
			f.write("file/now", "a folder\n")
			f.write("new/deep", "x\n")
			f.chmod("run", 0o755)
			f.link("link", "text.txt")
		},
		"all files, not the index": func(f *field, tip, next string) {
			index := filepath.Join(f.git("rev-parse", "--absolute-git-dir"), "index")
			old, err := os.ReadFile(index)
			if err != nil {
				f.Fatal(err)
			}
			f.git("read-tree", "-m", "-u", tip, next)
			if err := os.WriteFile(index, old, 0o666); err != nil {
				f.Fatal(err)
			}
		},
		"not the branch": func(f *field, tip, next string) { f.git("read-tree", "-m", "-u", tip, next) },
		"not the note": func(f *field, tip, next string) {
			f.git("read-tree", "-m", "-u", tip, next)
			f.git("update-ref", "refs/heads/feat/A", next, tip)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, tip, next := halfWay(t)
			a.write("base", "not committed\n")
			a.write("staged", "staged\n")
			a.git("add", "staged")
			killed(a, tip, next)
			sub := &field{a.ground, filepath.Join(a.dir, "new"), a.id, a.env, nil}
			if _, err := os.Stat(sub.dir); err != nil {
				sub = a
			}
			_, leave, err := begin(t.Context(), sub.repo())
			leave()
			if err != nil {
				t.Fatal(err)
			}
			if head := a.git("rev-parse", "HEAD"); head != next {
				t.Errorf("HEAD is %s", head)
			}
			a.keptWIP()
			a.git("reset", "-q", "--hard")
			a.fresh()
			a.tidy()
		})
	}
}

func (f *field) remove(names ...string) {
	f.Helper()
	for _, name := range names {
		if err := os.RemoveAll(filepath.Join(f.dir, name)); err != nil {
			f.Fatal(err)
		}
	}
}

// TestLandResumeRefused: what the user changed after the kill stays; the move is
// completed when it is out of the way.
func TestLandResumeRefused(t *testing.T) {
	t.Parallel()
	a, _, next := halfWay(t)
	a.remove("gone")
	a.write("B", "the user's\n")
	for _, try := range []func() (*Landed, error){a.tryPush, a.tryPull} {
		_, err := try()
		var inTheWay *InTheWayError
		if !errors.As(err, &inTheWay) || a.read("B") != "the user's\n" {
			t.Errorf("%v", err)
		}
	}
	a.git("stash", "-q")
	_, leave, err := begin(t.Context(), a.repo())
	leave()
	if err != nil || a.git("rev-parse", "HEAD") != next {
		t.Errorf("%v", err)
	}
	if status := a.git("status", "--porcelain"); status != "" {
		t.Errorf("status %q", status)
	}
}

// TestLandResumeElsewhere: a note that is torn, of another branch, or of a branch
// that has moved on, is dropped and nothing else is done.
func TestLandResumeElsewhere(t *testing.T) {
	t.Parallel()
	a, tip, next := halfWay(t)
	for name, there := range map[string]string{
		"empty":        "",
		"torn":         "feat/A " + tip,
		"torn id":      "feat/A " + tip + " " + next[:20],
		"other branch": "main " + tip + " " + next + "\n",
		"moved on":     "feat/A " + next + " " + tip + "\n",
	} {
		if err := os.WriteFile(moveFile(a.repo()), []byte(there), 0o666); err != nil {
			t.Fatal(err)
		}
		before := a.state()
		if err := recoverMove(context.Background(), a.repo()); err != nil || a.state() != before {
			t.Errorf("%s: %v", name, err)
		}
		a.tidy()
	}
}

// TestLandBenchLeft: what a kill leaves of the bench, in any state, is gone with
// the next push, which works.
func TestLandBenchLeft(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	for name, leave := range map[string]func(bn *scratch){
		"whole":          func(*scratch) {},
		"no files":       func(bn *scratch) { _ = os.RemoveAll(bn.dir) },
		"no record":      func(bn *scratch) { _ = os.RemoveAll(bn.admin) },
		"half a record":  func(bn *scratch) { _ = os.Remove(filepath.Join(bn.admin, "commondir")) },
		"only a HEAD":    func(bn *scratch) { _ = os.RemoveAll(bn.admin); _ = os.MkdirAll(filepath.Join(bn.admin, "logs"), 0o777) },
		"record in wait": func(bn *scratch) { _ = os.Rename(bn.admin, bn.dir+".new") },
		"record put off": func(bn *scratch) { _ = os.Rename(bn.admin, bn.dir+".old") },
		"locked": func(bn *scratch) {
			_ = os.WriteFile(filepath.Join(bn.admin, "locked"), []byte("initializing\n"), 0o666)
		},
	} {
		for _, f := range []*field{a, {a.ground, a.app, "orchestrator", a.env, nil}} {
			bn, err := newScratch(t.Context(), f.repo(), f.git("rev-parse", "HEAD"), f.git("rev-parse", "HEAD"))
			if err != nil {
				t.Fatal(err)
			}
			if list := f.git("worktree", "list"); !strings.Contains(list, "swarm-rebase") {
				t.Errorf("git does not know the bench:\n%s", list)
			}
			if out := landGit(t, bn.dir, "fsck", "--no-dangling"); out != "" {
				t.Errorf("fsck: %s", out)
			}
			leave(bn)
			b.commit("B "+name+f.id, "B", name+f.id+"\n")
			if name != "half a record" { // on which git fails wherever it is
				b.push()
			}
			f.commit(f.id+name, f.id, name+"\n")
			f.push()
			f.fresh()
		}
	}
	other := filepath.Join(t.TempDir(), filepath.Base(rebaseScratch(a.repo()).admin))
	a.git("worktree", "add", "-q", "--detach", other)
	if _, err := newScratch(t.Context(), a.repo(), "HEAD", "HEAD"); err == nil || !strings.Contains(err.Error(), "another worktree") {
		t.Errorf("%v", err)
	}
	landGit(t, other, "status")
}
