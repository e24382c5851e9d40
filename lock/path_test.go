package lock

import (
	"fmt"
	"path"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCleanPath(t *testing.T) {
	for in, want := range map[string]string{
		"a": "a", "a/b": "a/b", "a//b": "a/b", "./a": "a", "a/": "a", "a/./b/.": "a/b", "a/../b": "b", "a/b/../../c": "c",
		"...": "...", "..a": "..a", ".gitignore": ".gitignore", ".gitx/y": ".gitx/y", "git": "git", "a.git": "a.git", "x.git/y": "x.git/y",
		"git~2": "git~2", " a ": " a ", "a\nb": "a\nb", "-a": "-a", ":a": ":a", "a\\b": "a\\b", "日本": "日本", ".git-a": ".git-a", ".gi/t": ".gi/t",
		"CON": "CON", ".GITMODULES": ".GITMODULES", "a*?[": "a*?[", strings.Repeat("x", 255): strings.Repeat("x", 255),
	} {
		if got, err := CleanPath(in); err != nil || got != want {
			t.Errorf("CleanPath(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

var badPaths = []string{
	"", ".", "./", "..", "../a", "a/../..", "a/../../b", "a/..", "/", "/a", "//a", "a\x00b", "\xff", "a/\xff", "\xed\xa0\x80",
	".git", ".GIT", ".gIt/config", "a/.git", "a/.git/hooks", "a/b/.Git/c", ".git/", "./.git", ".git/..", "git~1", "GIT~1/x",
	".git ", ".git.", ".git. .", ".git::$INDEX_ALLOCATION", ".git:x/y", "git~1:x", ".g\u200cit", "\ufeff.git", ".git\u202e/a", ".g\u206aIT",
	`.git\config`, `a\.git`, `a\.git\b`, `a\git~1`, `x\.GIT.`, `x\.git:y`,
	strings.Repeat("x", 256), "a/" + strings.Repeat("x", 256) + "/b", strings.Repeat("ab/", 1400),
}

func TestCleanPathRefuses(t *testing.T) {
	for _, in := range badPaths {
		got, err := CleanPath(in)
		isInput(t, fmt.Sprintf("CleanPath(%.60q) = %.60q", in, got), err)
	}
}

// What CleanPath leaves can be claimed, and git takes the tree that it stands in.
func TestGitTakesClaims(t *testing.T) {
	s := newSwarm(t, "A")
	inputs := []string{
		"a/../b", ".gitmodules", ".gitattributes", ".gitignore", ".gitx", "git~2", "a\nb/c\td", "-x", ":x", "\\", `a\b`, `\.git-x`, "a\u200c", "…", "CON", "a:b", "x ", "x.",
		strings.Repeat("d/", 300) + "f", strings.Repeat("x", 255), "HEAD", "refs", "\x01\x7f",
	}
	var paths []string
	for _, in := range inputs {
		p, err := CleanPath(in)
		s.Must(err)
		paths = append(paths, p)
	}
	s.grant("A", paths...)
	if got := strings.Count(s.Git("ls-tree", "-r", "-z", "--name-only", ClaimsRef), "\x00"); got != len(paths) {
		t.Errorf("git sees %d of %d paths", got, len(paths))
	}
	s.Must(s.Release(bg, "A", paths[:3]))
	faults, _, err := Fsck(bg, s.bus)
	if len(faults) > 0 || err != nil {
		t.Errorf("fsck: %v, %v", faults, err)
	}
	// git warns that a claim at .gitmodules configures no submodules, and is content.
	for line := range strings.Lines(s.Git("fsck", "--strict", "--no-dangling", "--no-progress")) {
		if !strings.HasPrefix(line, "notice: ") && !strings.Contains(line, "gitmodulesParse") {
			t.Errorf("git fsck: %s", line)
		}
	}
}

// A cleaned path is clean, and inside the work tree.
func FuzzCleanPath(f *testing.F) {
	for _, in := range append([]string{"a/b", "a/../b", "./a//b/"}, badPaths...) {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := CleanPath(in)
		if err != nil {
			isInput(t, "a bad path", err)
			return
		}
		if again, err := CleanPath(got); err != nil || again != got {
			t.Fatalf("%q is cleaned to %q, and that to %q, %v", in, got, again, err)
		}
		if path.Clean(in) != got || !utf8.ValidString(got) || strings.Contains(got, "\x00") || path.IsAbs(got) || got == "." || strings.HasPrefix(got+"/", "../") {
			t.Fatalf("%q is cleaned to %q", in, got)
		}
		for part := range strings.FieldsFuncSeq(strings.ToLower(got), func(r rune) bool { return r == '/' || r == '\\' }) {
			if part == ".git" || part == "git~1" {
				t.Fatalf("%q is cleaned to %q", in, got)
			}
		}
	})
}

// git reads some files wherever they are in a tree of any ref, and hosts refuse what
// they find there: whatever can be claimed can be pushed to one that looks closely.
func TestClaimsPassFsck(t *testing.T) {
	s := newSwarm(t, "A")
	n := 0
	for _, name := range []string{".gitmodules", ".gitattributes", ".GitModules", "gitmod~1", "gi7eb4~1", "gitatt~1", ".gitignore", ".mailmap", ".gitmodules .", ".git\u200cmodules"} {
		for _, path := range []string{name, "sub/" + name, name + "/x", "a/" + name + "/b"} {
			for _, reason := range []string{"", "plain", "it's # ; = [x]", "two\nlines\t", `a "b`, `a\b`, "\x01", strings.Repeat("ü", 900), "\u2028\u0085"} {
				if _, err := s.Grant(bg, "A", Request{Paths: []string{path}, Reason: reason}); err == nil {
					n++
				} else {
					isInput(t, path, err)
				}
				if _, err := s.ReleaseAll(bg, "A"); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if n < 10*2*5 {
		t.Errorf("only %d of them were granted", n)
	}
	s.Git("init", "-q", "--bare", "strict.git")
	s.Git("-C", "strict.git", "config", "receive.fsckObjects", "true")
	s.Git("-C", "strict.git", "config", "receive.fsck.gitmodulesParse", "error")
	s.Git("push", "-q", "strict.git", "refs/swarm/*:refs/swarm/*")
}
