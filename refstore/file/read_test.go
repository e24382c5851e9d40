package file

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestRead: of a file of whatever size all is read, or as much as was asked for, and no
// more room is made than that; also of a file that says nothing of its size.
func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, size := range []int{0, 1, 1023, 1024, 1025, 2048, 4097, 100_000} {
		content := bytes.Repeat([]byte("0123456789"), size/10+1)[:size]
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		for _, limit := range []int{0, 1, 1000, 1024, 1025, 2000, size, size + 1, 1 << 20} {
			got, err := Read(path, limit)
			if err != nil || !bytes.Equal(got, content[:min(size, limit)]) {
				t.Errorf("%d bytes, at most %d: %d, %v", size, limit, len(got), err)
			}
			if most := max(2*min(size, limit), 1024); cap(got) > most {
				t.Errorf("%d bytes, at most %d: room for %d", size, limit, cap(got))
			}
		}
	}
	if want, err := os.ReadFile("/proc/self/mountinfo"); err == nil {
		if got, err := Read("/proc/self/mountinfo", 1<<20); err != nil || !bytes.Equal(got, want) {
			t.Errorf("of %d bytes %d, %v", len(want), len(got), err)
		}
	}
	if _, err := Read(path+"-not", 1); !os.IsNotExist(err) {
		t.Error(err)
	}
}
