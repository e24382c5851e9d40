package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestReplace(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	path := filepath.Join(t.TempDir(), "f")
	check := func(content string, mode fs.FileMode) {
		t.Helper()
		got, err := os.ReadFile(path)
		if err != nil || string(got) != content {
			t.Errorf("the file holds %q, %v", got, err)
		}
		if info, err := os.Lstat(path); err != nil || info.Mode() != mode {
			t.Errorf("the mode is %v, %v, want %v", info.Mode(), err, mode)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
			t.Errorf("%v is left", left)
		}
	}
	if err := Replace(path, []byte("one"), 0o666); err != nil {
		t.Fatal(err)
	}
	check("one", 0o640)
	if err := ReplaceMode(path, []byte("two"), 0o606); err != nil {
		t.Fatal(err)
	}
	check("two", 0o606)
	target := filepath.Join(t.TempDir(), "target")
	if err := errors.Join(os.Remove(path), os.Symlink(target, path), Replace(path, []byte("three"), 0o777)); err != nil {
		t.Fatal(err)
	}
	check("three", 0o750)
	if _, err := os.Lstat(target); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the link was followed: %v", err)
	}
}

// Whoever reads meanwhile sees one whole content or the other.
func TestReplaceIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	contents := []string{strings.Repeat("a", 1<<16), strings.Repeat("b", 1<<17)}
	if err := Replace(path, []byte(contents[0]), 0o666); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		for i := range 200 {
			if err := Replace(path, []byte(contents[i%2]), 0o666); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		got, err := Read(path, 1<<20)
		if err != nil || (string(got) != contents[0] && string(got) != contents[1]) {
			t.Fatalf("read %d bytes, %v", len(got), err)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
	}
}

// A write that fails leaves the old content and nothing else.
func TestReplaceFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.MkdirAll(filepath.Join(path, "below"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, []byte("x"), 0o666); err == nil {
		t.Error("a folder was replaced")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v is left, %v", entries, err)
	}
}
