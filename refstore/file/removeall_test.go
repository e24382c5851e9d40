package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestRemoveAll: folders that are closed, one in the other, are removed, and what is not there is no error.
func TestRemoveAll(t *testing.T) {
	t.Parallel()
	top := filepath.Join(t.TempDir(), "top")
	if err := os.MkdirAll(filepath.Join(top, "a", "b"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(top, "a", "b", "file"), nil, 0o444); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"a/b", "a", ""} {
		if err := os.Chmod(filepath.Join(top, dir), 0); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := RemoveAll(top); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(top); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
