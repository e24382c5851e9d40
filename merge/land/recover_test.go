package land

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
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
	tip = a.head()
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
	next = a.head()
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
		"one file begun":  func(f *field, _, _ string) { f.remove("B"); f.write("B", "chan") },
		"new file begun":  func(f *field, _, _ string) { f.mkdir("new"); f.write("new/deep", "") },
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
			if head := a.head(); head != next {
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
	if err != nil || a.head() != next {
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

// TestLandScratchLeft: what a kill leaves of the scratch worktree, in any state, is
// gone with the next push, which works: of this version's, which git does not list,
// and of those before, which stood below worktrees/.
func TestLandScratchLeft(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	n := 0
	for name, leave := range map[string]func(s *scratch, listed string){
		"whole":     func(*scratch, string) {},
		"no files":  func(s *scratch, _ string) { _ = os.RemoveAll(s.dir) },
		"no record": func(s *scratch, _ string) { _ = os.RemoveAll(s.admin) },
		"half a record": func(s *scratch, _ string) {
			_ = os.Remove(filepath.Join(s.admin, "commondir"))
		},
		"listed":      list,
		"half listed": func(s *scratch, listed string) { list(s, listed); _ = os.Remove(filepath.Join(listed, "commondir")) },
		"listed, no files": func(s *scratch, listed string) {
			list(s, listed)
			_ = os.RemoveAll(s.dir)
		},
		"in wait": func(s *scratch, _ string) { _ = os.Rename(s.admin, s.dir+".new") },
		"put off": func(s *scratch, _ string) { _ = os.Rename(s.admin, s.dir+".old") },
		"locked": func(s *scratch, listed string) {
			list(s, listed)
			_ = os.WriteFile(filepath.Join(listed, "locked"), []byte("initializing\n"), 0o666)
		},
	} {
		fields := []*field{a, {a.ground, a.app, "orchestrator", a.env, nil}}
		if !refstoretest.Long() { // five cases by chance, each with one of the two: forty pushes take half a minute
			if n++; n > 5 {
				break
			}
			fields = fields[n%2:][:1]
		}
		for _, f := range fields {
			s, err := newScratch(t.Context(), f.repo(), nil, f.head(), f.head())
			if err != nil {
				t.Fatal(err)
			}
			if list := f.git("worktree", "list"); strings.Contains(list, "swarm-rebase") {
				t.Errorf("git lists it, so its other commands fail when it goes:\n%s", list)
			}
			if out := landGit(t, s.dir, "fsck", "--no-dangling"); out != "" {
				t.Errorf("fsck: %s", out)
			}
			listed := filepath.Join(s.repo.CommonDir, "worktrees", "swarm-rebase")
			if s.repo.GitDir != s.repo.CommonDir {
				listed += "." + filepath.Base(s.repo.GitDir)
			}
			leave(s, listed)
			b.commit("B "+name+f.id, "B", name+f.id+"\n")
			if name != "half listed" { // on which git fails wherever it is
				b.push()
			}
			f.commit(f.id+name, f.id, name+"\n")
			f.push()
			f.fresh()
			if _, err := os.Lstat(listed); err == nil {
				t.Errorf("%s: the record is still listed", name)
			}
		}
	}
	other := filepath.Join(t.TempDir(), "swarm-rebase.A") // that of somebody else
	a.git("worktree", "add", "-q", "--detach", other)
	b.commit("B more", "B", "more\n")
	b.push()
	a.commit("A more", "A", "more\n")
	a.push()
	landGit(t, other, "status")
}

// list puts the record of the scratch worktree where earlier versions had it.
func list(s *scratch, listed string) {
	_ = os.MkdirAll(filepath.Dir(listed), 0o777)
	_ = os.Rename(s.admin, listed)
	for path, text := range map[string]string{
		filepath.Join(listed, "commondir"): "../..",
		filepath.Join(listed, "gitdir"):    filepath.Join(s.dir, ".git"),
		filepath.Join(s.dir, ".git"):       "gitdir: " + listed,
	} {
		_ = os.WriteFile(path, []byte(text+"\n"), 0o666)
	}
}
