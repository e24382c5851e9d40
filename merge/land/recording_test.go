package land

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// counter counts what is written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// TestRecordingBounds: of a gigabyte no more is kept, in the file, in memory or on the
// terminal, than the bounds, and the end of it is.
func TestRecordingBounds(t *testing.T) {
	t.Parallel()
	var shown counter
	r, err := newRecording(filepath.Join(t.TempDir(), "log"), &shown)
	if err != nil {
		t.Fatal(err)
	}
	piece, most := bytes.Repeat([]byte("a line of the flood\n"), 1<<12), 0
	for written := 0; written < 1<<30; written += len(piece) {
		if n, err := r.Write(piece); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
		most = max(most, cap(r.tail))
	}
	_, _ = r.Write([]byte("the end\n"))
	tail := r.close()
	if most > 4*maxTail || shown != maxRecording {
		t.Errorf("%d bytes of memory, %d shown", most, shown)
	}
	if strings.Count(tail, "\n") != tailLines || !strings.HasSuffix(tail, "flood\nthe end\n") {
		t.Errorf("the end is %q", tail)
	}
	log, err := os.ReadFile(r.path)
	if err != nil || len(log) > maxRecording+2*maxTail || !bytes.HasSuffix(log, []byte("the end\n")) {
		t.Errorf("the log has %d bytes, %v", len(log), err)
	}
}
