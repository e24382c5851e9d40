package review

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSameDiff: a diff is the same however ids are abbreviated and it ends, and no
// other line of it may differ.
func TestSameDiff(t *testing.T) {
	const diff = "diff --git a/x b/x\nindex 0123456..789abcd 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
	for _, c := range []struct {
		given string
		want  bool
	}{
		{diff, true},
		{diff[:len(diff)-1], true},
		{"diff --git a/x b/x\nindex 01234567..789abcde 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", true},
		{"diff --git a/x b/x\nindex 0123456..789abcd 100755\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", false},
		{"diff --git a/x b/x\nindex 0123456..789abcd 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+c\n", false},
		{"diff --git a/y b/y\nindex 0123456..789abcd 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", false},
		{diff + "+more\n", false},
		{"", false},
	} {
		if got := SameDiff(c.given, diff); got != c.want {
			t.Errorf("%q: %v", c.given, got)
		}
	}
}

// TestDiffShowsText: the reviewer sees the text of a file whatever attributes, drivers
// or a NUL byte make git take it for, and of a binary file its ids and sizes.
func TestDiffShowsText(t *testing.T) {
	binary := strings.Repeat("\x00\x01\x02\xff", 100)
	for _, c := range []struct {
		attributes    string
		path          string
		before, after string
		want          string // with OLD and NEW for the ids; "" for the text
	}{
		{"* -diff", "x", "a\n", "b\n", ""},
		{"* binary", "x", "a\n", "b\n", ""},
		{"* diff=hide", "x", "a\n", "b\n", ""},
		{"* -text", "x", "a\r\n", "b\r\n", ""},
		{"* -diff", "x", "", "b\n", ""},
		{"* -diff", "x", "a\n", "", ""},
		{"* -diff", "in a folder/blank \"and\" qu\tote \u00e4", "a\n", "b\n", ""},
		{"* -diff", "*", "a\n", "b\n", ""},
		{"* -diff", ":(glob)x", "a\n", "b\n", ""},
		{"", "nul", "allow(none) # a comment\n", "allow(all) # a comment\x00\n", ""},
		{"", "bin", binary, binary + "\x00", "Binary files a/bin and b/bin differ (400 bytes, now 401 bytes)"},
		{"* diff", "utf16", "a\x00\n\x00", "b\x00\n\x00", ""}, // text by its attribute
		{"", "utf16", "a\x00\n\x00", "b\x00\n\x00", "Binary files a/utf16 and b/utf16 differ (4 bytes, now 4 bytes)"},
		{"", "bin", "", binary, "Binary files /dev/null and b/bin differ (400 bytes)"},
		{"", "bin", binary, "", "Binary files a/bin and /dev/null differ (400 bytes)"},
		{"", "bin", binary, "@link", "Binary files a/bin and /dev/null differ (400 bytes)"},
		{"", "bin", binary, "text\n", "Binary files a/bin and b/bin differ (400 bytes, now 5 bytes)"},
	} {
		t.Run(fmt.Sprintf("%s/%q", c.attributes, c.path), func(t *testing.T) {
			t.Parallel()
			s := newSwarm(t)
			s.Git("config", "diff.hide.binary", "true")
			s.Git("config", "diff.hide.textconv", "touch ran; true")
			s.Git("config", "diff.hide.command", "touch ran; true")
			put := func(content string) {
				path := filepath.Join(s.Dir, c.path)
				_ = os.Remove(path)
				switch content {
				case "":
				case "@link":
					s.link(c.path, "elsewhere")
				default:
					s.Write(c.path, content)
				}
				s.Commit("file", "--allow-empty")
			}
			s.Write(".gitattributes", c.attributes+"\n")
			s.Write("zz", "last\n")
			put(c.before)
			base := s.rev("HEAD")
			s.Write("zz", "changed\n")
			put(c.after)
			got, err := Diff(bg, s.bus.Store().Repo(), base, s.rev("HEAD"))
			s.Must(err)
			var wants []string
			if c.want != "" {
				wants = append(wants, "\n"+c.want+"\n")
			} else {
				for sign, content := range map[string]string{"-": c.before, "+": c.after} {
					if content != "" {
						wants = append(wants, "\n"+sign+strings.SplitAfter(content, "\n")[0])
					}
				}
			}
			if c.after == "@link" {
				wants = append(wants, "\n+elsewhere\n")
			}
			for _, want := range append(wants, "\n-last\n+changed\n") {
				if !strings.Contains(got, want) {
					t.Errorf("%q is not in\n%s", want, got)
				}
			}
			if n := strings.Count(got, "diff --git "); n != 2 && c.after != "@link" || n > 3 {
				t.Errorf("%d files in\n%s", n, got)
			}
			if !SameDiff(s.Git("diff-tree", "-r", "-p", "--no-textconv", "--no-ext-diff", string(base), "HEAD"), got) && c.want != "" {
				t.Errorf("git's own is not the same as\n%s", got)
			}
			if _, err := os.Stat(filepath.Join(s.Dir, "ran")); err == nil {
				t.Error("a driver was run")
			}
		})
	}
}
