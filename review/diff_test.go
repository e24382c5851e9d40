package review

import "testing"

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
