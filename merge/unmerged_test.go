package merge

import "testing"

// TestConflictStages: what is no conflict of content is told by its stages.
func TestConflictStages(t *testing.T) {
	file, exec, link, sub := "100644", "100755", "120000", "160000"
	for _, c := range []struct{ base, ours, theirs, want string }{
		{file, file, file, ""},
		{file, exec, exec, ""},
		{exec, exec, exec, ""},
		{file, "", "", "renamed or deleted on both sides"},
		{file, file, "", "deleted on one side, or renamed"},
		{file, "", file, "deleted on one side, or renamed"},
		{"", file, "", "deleted on one side, or renamed"},
		{"", "", file, "deleted on one side, or renamed"},
		{"", file, file, "added on both sides"},
		{"", link, link, "added on both sides"},
		{file, file, exec, "file modes differ"},
		{exec, file, exec, "file modes differ"},
		{link, link, link, "a symbolic link"},
		{file, link, file, "a symbolic link"},
		{link, file, file, "a symbolic link"},
		{sub, sub, sub, "a submodule"},
		{file, sub, file, "a submodule"},
	} {
		var f unmerged
		for i, mode := range []string{c.base, c.ours, c.theirs} {
			if mode != "" {
				f.stages[i] = stage{mode, "x"}
			}
		}
		if got := f.beyond(); got != c.want {
			t.Errorf("%q %q %q: %q, want %q", c.base, c.ours, c.theirs, got, c.want)
		}
	}
	for _, line := range []string{"100644 x 0\tf", "100644 x\tf", "100644 x 4\tf", "", "100644 x 12\tf"} {
		if files, err := parseStages([]string{line}); err == nil {
			t.Errorf("%q is read as %+v", line, files)
		}
	}
}
