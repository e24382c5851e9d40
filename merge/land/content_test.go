package land

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLandContent: whatever a branch holds lands as git rebase would have it, and
// the worktree is as a fresh checkout of it.
func TestLandContent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ours, theirs func(f *field) // theirs lands first
		lands        []string       // subjects of ours that do
	}{
		"merge commits": {func(f *field) {
			f.git("checkout", "-q", "-b", "side")
			f.commit("on the side", "side", "x\n")
			f.git("checkout", "-q", "feat/A")
			f.commit("mine", "mine", "x\n")
			f.git("merge", "-q", "--no-ff", "-m", "merge", "side")
		}, changeB, []string{"on the side", "mine"}},
		"became empty": {func(f *field) {
			f.commit("same", "B", "changed\n")
			f.commit("mine", "mine", "x\n")
		}, changeB, []string{"mine"}},
		"picked before": {func(f *field) {
			f.git("cherry-pick", "feat/B")
			f.commit("mine", "mine", "x\n")
		}, changeB, []string{"mine"}},
		"nothing left":     {func(f *field) { f.git("cherry-pick", "feat/B") }, changeB, nil},
		"empty on purpose": {func(f *field) { f.git("commit", "-q", "--allow-empty", "-m", "void") }, changeB, []string{"void"}},
		"modes": {func(f *field) {
			f.chmod("base", 0o755)
			f.commit("mine", "run", "#!/bin/sh\n")
			f.chmod("run", 0o755)
			f.git("commit", "-q", "-a", "--amend", "--no-edit")
		}, func(f *field) { f.chmod("B", 0o755); f.git("commit", "-q", "-a", "-m", "by B") }, []string{"mine"}},
		"symbolic links": {
			func(f *field) { f.link("mine", "base"); f.commit("mine", "x", "x\n") },
			func(f *field) { f.link("theirs", "nowhere/at all"); f.link("B", "base"); f.commit("by B", "y", "y\n") },
			[]string{"mine"},
		},
		"submodule": {func(f *field) {
			f.git("update-index", "--add", "--cacheinfo", "160000,"+f.head()+",sub")
			f.git("commit", "-q", "-m", "mine")
			f.mkdir("sub")
		}, changeB, []string{"mine"}},
		"their submodule": {func(f *field) { f.commit("mine", "mine", "x\n") }, func(f *field) {
			f.git("update-index", "--add", "--cacheinfo", "160000,"+f.head()+",sub")
			f.git("commit", "-q", "-m", "by B")
			f.mkdir("sub")
		}, []string{"mine"}},
		"renames": {
			func(f *field) { f.git("mv", "base", "moved"); f.git("commit", "-q", "-m", "mine") },
			func(f *field) { f.commit("by B", "base", strings.Replace(f.read("base"), "5", "five", 1)) },
			[]string{"mine"},
		},
		"names": {func(f *field) {
			f.write(" lead", "x")
			f.write("two\nlines", "x")
			f.write("quo\"te\\", "x")
			f.write("ünï/日本", "x")
			f.write("caf\xe9", "x")
			f.commit("mine", "-n", "x\n")
		}, func(f *field) { f.write("tab\tbed", "x"); f.commit("by B", ":(top)x", "x\n") }, []string{"mine"}},
		"folder for file": {
			func(f *field) { f.commit("mine", "mine", "x\n") },
			func(f *field) { f.git("rm", "-q", "B"); f.commit("by B", "B/x/y", "x\n") },
			[]string{"mine"},
		},
		"many": {func(f *field) {
			for _, n := range []string{"1", "2", "3", "4", "5"} {
				f.commit(n, "mine", n+"\n")
			}
		}, changeB, []string{"1", "2", "3", "4", "5"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := oneField(t)
			c.theirs(b)
			c.ours(a)
			b.push()
			if landed := a.push(); landed.Stayed != nil {
				t.Errorf("%+v", landed)
			}
			a.linear(append(c.lands, "by B")...)
			a.fresh()
			b.pull()
			b.fresh()
		})
	}
}

func changeB(f *field) { f.Helper(); f.commit("by B", "B", "changed\n") }

func (f *field) chmod(name string, mode os.FileMode) {
	f.Helper()
	if err := os.Chmod(filepath.Join(f.dir, name), mode); err != nil {
		f.Fatal(err)
	}
}

func (f *field) link(name, to string) {
	f.Helper()
	path := filepath.Join(f.dir, name)
	_ = os.Remove(path)
	if err := os.Symlink(to, path); err != nil {
		f.Fatal(err)
	}
}

func (f *field) mkdir(name string) {
	f.Helper()
	if err := os.MkdirAll(filepath.Join(f.dir, name), 0o777); err != nil {
		f.Fatal(err)
	}
}

// fresh checks that the worktree is as git would check its commit out anew, the
// index read from the files and not from its memory of them.
func (f *field) fresh() {
	f.Helper()
	f.git("update-index", "-q", "--really-refresh")
	if status := f.git("status", "--porcelain", "--ignored"); status != "" {
		f.Errorf("status %q", status)
	}
	anew := &field{f.ground, filepath.Join(f.TempDir(), "anew"), f.id, f.env, nil}
	landGit(f, f.app, "worktree", "add", "-q", "--detach", anew.dir, f.head())
	ours, theirs := f.files(), anew.files()
	landGit(f, f.app, "worktree", "remove", "--force", anew.dir)
	if ours != theirs {
		f.Errorf("the worktree has\n%sand a fresh one\n%s", ours, theirs)
	}
}

// TestLandLineEnds: files are written as .gitattributes says.
func TestLandLineEnds(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	b.write("both.txt", "1\r\n2\r\n3\r\n4\r\n5\r\n")
	b.commit("attributes", ".gitattributes", "*.txt eol=crlf\n")
	b.push()
	a.pull()
	b.commit("by B", "both.txt", "one\r\n2\r\n3\r\n4\r\n5\r\n")
	b.push()
	a.write("mine.txt", "x\r\n")
	a.commit("by A", "both.txt", "1\r\n2\r\n3\r\n4\r\nfive\r\n")
	a.push()
	if got := a.read("both.txt"); got != "one\r\n2\r\n3\r\n4\r\nfive\r\n" {
		t.Errorf("%q", got)
	}
	a.fresh()
	a.linear("attributes", "by A", "by B")
}

// TestLandSparse: a user's sparse checkout stays as sparse as it is.
func TestLandSparse(t *testing.T) {
	t.Parallel()
	for _, cone := range []string{"--cone", "--no-cone"} {
		t.Run(cone, func(t *testing.T) {
			t.Parallel()
			a, b := oneField(t)
			b.write("out/x", "1\n")
			b.commit("by B", "in/x", "1\n")
			b.push()
			a.pull()
			a.git("sparse-checkout", "set", cone, "in")
			b.write("out/x", "2\n")
			b.write("out/y", "2\n")
			b.commit("more by B", "in/x", "2\n")
			b.push()
			a.write("in/mine", "x\n")
			a.git("add", "in/mine")
			a.git("commit", "-q", "-m", "by A")
			a.push()
			a.linear("by A", "by B", "more by B")
			if a.read("in/x") != "2\n" || a.git("status", "--porcelain") != "" {
				t.Errorf("status %q", a.git("status", "--porcelain"))
			}
			if _, err := os.Lstat(filepath.Join(a.dir, "out")); err == nil {
				t.Error("what was left out is there")
			}
			if got := a.git("sparse-checkout", "list"); !strings.Contains(got, "in") {
				t.Errorf("sparse: %q", got)
			}
		})
	}
}

// TestLandHooks: of the user's hooks pre-rebase and pre-push run, once each and in the
// session's own worktree, wherever they are configured to be. No other runs, also not
// in the scratch worktree.
func TestLandHooks(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"default", "absolute", "tracked"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			a, b := oneField(t)
			log := filepath.Join(t.TempDir(), "ran")
			hooks := filepath.Join(a.app, ".git", "hooks")
			switch path {
			case "absolute":
				hooks = filepath.Join(t.TempDir(), "hooks")
				a.git("config", "core.hooksPath", hooks)
			case "tracked":
				hooks = filepath.Join(a.dir, "tools", "hooks")
				a.git("config", "core.hooksPath", "tools/hooks")
			}
			changeB(b)
			b.git("push", "-q", "origin", "HEAD:main")
			a.write("tools/prep.sh", "read -r line\necho \"$@ $line\" >> "+log+"\n")
			a.commit("by A", "A", "changed\n")
			for _, name := range []string{"pre-rebase", "pre-push", "prepare-commit-msg", "commit-msg", "post-checkout", "post-commit", "post-rewrite", "pre-commit"} {
				a.hook(filepath.Dir(hooks), name, "echo "+name+" $(pwd) >> "+log+"; exec sh ./tools/prep.sh \"$@\"")
			}
			tip, base := a.head(), landGit(t, a.hub, "rev-parse", "main")
			a.push()
			ran, err := os.ReadFile(log)
			want := fmt.Sprintf("pre-rebase %[1]s\norigin/main \npre-push %[1]s\norigin %[2]s refs/heads/feat/A %[3]s refs/heads/main %[4]s\n", a.dir, a.hub, tip, base)
			if got := string(ran); err != nil || !strings.HasPrefix(got, want) || strings.Contains(got, "swarm-rebase") || strings.Contains(got, "commit") {
				t.Errorf("ran %q (%v), want %q", ran, err, want)
			}
			a.linear("by A", "by B")
		})
	}
}
