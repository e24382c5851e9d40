package setup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// TestRecord: a record is read as it was written, whatever a file is called; what was
// made without one was not made by git swarm; a new one says that set-up has begun.
func TestRecord(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadRecord(dir); !errors.Is(err, fs.ErrNotExist) || Made(dir) {
		t.Errorf("without a record: %v, made %v", err, Made(dir))
	}
	if err := os.WriteFile(filepath.Join(dir, RecordName), []byte(NewRecord), 0o666); err != nil {
		t.Fatal(err)
	}
	if r, err := ReadRecord(dir); err != nil || r.State != Begun || r.Command != "" || len(r.Copied) != 0 || !Made(dir) {
		t.Errorf("a new record is %+v, %v", r, err)
	}
	want := Record{State: Failed, Command: hash([]byte("make")), Copied: map[string]string{
		".env": hash([]byte("a")), "with blank": hash(nil), "line\nbreak": hash(nil), `quote"\`: hash(nil), "no\xffUTF-8": hash(nil),
	}}
	if err := want.write(dir); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadRecord(dir); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v was read as %+v, %v", want, got, err)
	}
}

// TestUnchanged: only a file that was copied, with the content that it had then.
func TestUnchanged(t *testing.T) {
	top := t.TempDir()
	r := Record{Copied: map[string]string{"kept": hash([]byte("a")), "edited": hash([]byte("a")), "gone": hash([]byte("a"))}}
	for name, content := range map[string]string{"kept": "a", "edited": "b", "own": "a"} {
		if err := os.WriteFile(filepath.Join(top, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]bool{"kept": true, "edited": false, "gone": false, "own": false} {
		if got := r.Unchanged(top, name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
