package refstore

import "testing"

// TestFile: a file at the top of any commit is read, whatever its mode and the folders
// beside it; what is missing or damaged is an error, and not the same as no file.
func TestFile(t *testing.T) {
	r := plain(t)
	blob := r.Feed("x\n", "hash-object", "-w", "--stdin")
	folder := r.mktree("100644 blob " + blob + "\tx")
	gone := "1234567890123456789012345678901234567890"
	tree := r.Feed("100755 blob "+blob+"\trun\n040000 tree "+folder+"\tfolder\n100644 blob "+gone+"\tgone\n160000 commit "+gone+"\tmodule\n", "mktree", "--missing")
	commit := r.Feed("made by git", "commit-tree", tree)
	s := r.open(Options{})
	for name, want := range map[string]string{"run": "x\n", "folder": "", "none": ""} {
		content, found, err := s.File(bg, commit, name)
		if string(content) != want || found != (want != "") || err != nil {
			t.Errorf("%s: %q, %v, %v", name, content, found, err)
		}
	}
	for _, at := range [][2]string{{commit, "gone"}, {commit, "module"}, {gone, "run"}, {blob, "run"}} {
		if content, found, err := s.File(bg, at[0], at[1]); err == nil || found {
			t.Errorf("%s at %s: %q, %v", at[1], at[0], content, found)
		}
	}
}
