package index

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// touched is what Touched gives for the index as it is.
func (p place) touched() ([]Change, error) {
	p.TB.Helper()
	path := filepath.Join(p.Dir, ".git", "index")
	info, err := os.Stat(path)
	if err != nil {
		p.TB.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		p.TB.Fatal(err)
	}
	return Touched(content, object.SHA1, p.Dir, info.ModTime())
}

func (p place) sh(script string) {
	p.TB.Helper()
	cmd := exec.Command("sh", "-ec", script)
	cmd.Dir = p.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		p.TB.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// TestTouched: whatever happens to a file, Touched names those that git status does, and
// beside them only ones that were written.
func TestTouched(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("it is certain of no file there")
	}
	const files = "a a-b d/e d/f d/g/h l p x"
	for _, c := range []struct{ name, then, more string }{
		{name: "nothing", then: ":"},
		{name: "other content", then: "echo other >a"},
		{name: "as much content", then: "printf B >a"},
		{name: "as much content and the same time", then: "printf B >a; touch -d '1 hour ago' a", more: "a"},
		{name: "the time of another", then: "printf B >a; touch -r x a", more: "a"},
		{name: "written, the same", then: "printf a >a", more: "a"},
		{name: "replaced, the same", then: "cp a c; rm a; mv c a", more: "a"},
		{name: "touched", then: "touch x", more: "x"},
		{name: "deleted", then: "rm d/e a"},
		{name: "a folder deleted", then: "rm -r d"},
		{name: "a file in place of a folder", then: "rm -r d; : >d"},
		{name: "a link in place of a file", then: "rm a; ln -s x a"},
		{name: "a file in place of a link", then: "rm l; printf x >l"},
		{name: "another link", then: "ln -sf a l"},
		{name: "a pipe in place of a file", then: "rm a; mkfifo a"},
		{name: "a link in place of a folder", then: "mv d m; ln -s m d"},
		{name: "a link in place of a folder within", then: "mv d/g m; ln -s ../m d/g"},
		{name: "executable", then: "chmod +x a"},
		{name: "no longer executable", then: "chmod -x p"},
		{name: "executable for others alone", then: "chmod o+x a", more: "a"},
		{name: "beside the files", then: "echo new >new; echo new >d/new"},
		{name: "renamed", then: "mv a c; mv d/e e"},
		{name: "a folder where a file was, and the file again", then: "rm a; mkdir a; : >a/b; rm -r a; printf a >a", more: "a"},
		{name: "staged", then: "echo other >a; touch -d '1 minute' a; git add a", more: "a"}, // later than the index is written

		{name: "a repository in place of a folder", then: "mv d/g m; git init -q d/g; git -C d/g commit -q --allow-empty -m x; cp m/h d/g", more: "d/g/h"},
		{name: "a repository in a folder", then: "git init -q d/g; git -C d/g commit -q --allow-empty -m x; echo other >d/g/h"},
		{name: "a clean filter, as many bytes", then: "git config filter.up.clean 'tr A-Z a-z'; echo 'a filter=up' >.git/info/attributes; printf B >a"},
		{name: "a clean filter that gives the same", then: "git config filter.up.clean 'tr A-Z a-z'; echo 'a filter=up' >.git/info/attributes; printf A >a", more: "a"},
		{name: "a clean filter with another opinion of an empty file", then: `git config filter.x.clean 'echo one'; echo 'a filter=x' >.git/info/attributes; : >a; touch -d '1 hour ago' a; git commit -qam x
touch -d '1 minute' .git/index; git config filter.x.clean 'echo two'`},
		{name: "a filter that is new", then: "git config filter.no.clean 'echo no'; echo '* filter=no' >.git/info/attributes"},
		{name: "other line ends", then: "git config core.autocrlf true; printf 'a\\r\\n' >a"},
		{name: "line ends that git keeps the same", then: "printf 'a\\nb\\n' >a; touch -d '1 hour ago' a; git commit -qam lines; git config core.autocrlf input; printf 'a\\r\\nb\\r\\n' >a", more: "a"},
		{name: "assumed to be unchanged", then: "git update-index --assume-unchanged a; echo other >a", more: "a"},
		{name: "the file monitor says nothing", then: `printf '#!/bin/sh\nprintf "x\\000"\n' >.git/quiet; chmod +x .git/quiet
git config core.fsmonitor "$PWD/.git/quiet"; git update-index --fsmonitor; git status >/dev/null; echo other >a`, more: "a"},
		{name: "modes are not kept", then: "git config core.fileMode false; chmod +x a; chmod -x p; echo other >x", more: "a p"},
		{name: "links are files", then: "git config core.symlinks false; rm l; printf x >l", more: "l"},
		{name: "links are files, and another", then: "git config core.symlinks false; rm l; printf a >l"},
		{name: "case is ignored", then: "git config core.ignoreCase true; mv a A; echo other >x"},
		{name: "the time of the inode is not trusted", then: "git config core.trustctime false; ln a n; printf B >x", more: "a"},
		{name: "little is compared", then: "git config core.checkStat minimal; cp -p a n; mv n a; echo other >x", more: "a"},
		{name: "the untracked cache", then: "git config core.untrackedCache true; git update-index --untracked-cache; git status >/dev/null; echo other >a"},
		{name: "a work tree that is older", then: "touch -d '2 hours ago' a; printf B >x; touch -d '2 hours ago' x", more: "a x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlace(t)
			p.sh(`mkdir -p d/g; for f in a a-b d/e d/f d/g/h p x; do printf a >$f; done; ln -s x l; chmod +x p
touch -h -d '1 hour ago' ` + files + `; git add .; git commit -qm start`)
			p.sh(c.then)
			got, err := p.touched()
			if err != nil {
				t.Fatal(err)
			}
			var want []Change
			for entry := range strings.SplitSeq(p.Git("status", "--porcelain", "-z", "--no-renames", "--untracked-files=no"), "\x00") {
				if len(entry) > 3 && entry[1] != ' ' {
					want = append(want, Change{entry[3:], entry[1] == 'D'})
				}
			}
			for _, change := range want {
				if !slices.Contains(got, change) {
					t.Errorf("%v is not among %v", change, got)
				}
			}
			for _, change := range got {
				if !slices.Contains(want, change) && (change.Deleted || !slices.Contains(strings.Fields(c.more), change.Path)) {
					t.Errorf("%v is, which git does not name", change)
				}
			}
			if len(c.more) > 0 && len(got) == 0 {
				t.Error("it sees nothing")
			}
		})
	}
}

// TestTouchedRacy: of a file that was changed in the second in which the index was
// written, or later, only git can tell whether it has what the index says.
func TestTouchedRacy(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.sh("printf a >a; printf b >b; touch -d '1 hour ago' b; git add .")
	index := filepath.Join(p.Dir, ".git", "index")
	info, err := os.Stat(filepath.Join(p.Dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(index, time.Time{}, info.ModTime().Truncate(time.Second)); err != nil {
		t.Fatal(err)
	}
	if got, err := p.touched(); err != nil || !slices.Contains(got, Change{Path: "a"}) {
		t.Errorf("%v, %v", got, err)
	}
	p.sh("touch -d 1960-01-01 b; git add b") // after the index was written, as git reckons
	if got, err := p.touched(); err != nil || !slices.Contains(got, Change{Path: "b"}) {
		t.Errorf("%v, %v", got, err)
	}
}

// TestTouchedUnread: where git does not look at files as Touched does, that is said.
func TestTouchedUnread(t *testing.T) {
	t.Parallel()
	for _, then := range []string{
		"git add -N new", "git update-index --skip-worktree a", "git update-index --index-version 4",
		"git update-index --split-index", "git sparse-checkout set --cone --sparse-index none", "git sparse-checkout set --no-cone /new",
		"rm a; mkdir a; : >a/b", "rm a; git init -q a; git -C a commit -q --allow-empty -m x",
		"git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub",
		"git checkout -q -b o; printf o >a; git commit -qam o; git checkout -q -b p HEAD~; printf p >a; git commit -qam p; git merge -q o >/dev/null || :",
	} {
		p := newPlace(t)
		p.sh("printf a >a; printf b >new; git add a; git commit -qm start")
		p.sh(then)
		if got, err := p.touched(); !errors.Is(err, ErrUnread) {
			t.Errorf("after %s: %v, %v", then, got, err)
		}
	}
}
