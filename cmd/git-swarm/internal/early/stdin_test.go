package early

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

func pipe(t *testing.T) (fd int, w *os.File) {
	t.Helper()
	if on := runtime.GOOS + "/" + runtime.GOARCH; runtime.GOOS != "darwin" && on != "linux/amd64" && on != "linux/arm64" {
		t.Skip("no input is looked at early on", on) // see package kernel
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken, ended = nil, false; r.Close(); w.Close() })
	return int(r.Fd()), w
}

// TestStdin: of a hook's input all is taken, or, where it is longer than is read here, its
// beginning, and the rest is left.
func TestStdin(t *testing.T) {
	for _, size := range []int{0, 1, 4095, 4096, 4097, 5000, maxInput - 1, maxInput, maxInput + 1, 3 * maxInput} {
		fd, w := pipe(t)
		text := strings.Repeat("0123456789", size/10+1)[:size]
		go func() {
			_, _ = w.WriteString(text)
			_ = w.Close()
		}()
		got, ok := hookInput(fd, 1e10)
		if whole := size < maxInput; ok != whole || !strings.HasPrefix(text, string(got)) || whole && len(got) != size || !whole && len(got) < maxInput {
			t.Errorf("of %d bytes %d are read, to the end: %v", size, len(got), ok)
		}
		if text, all := Taken(); string(text) != string(got) || all != ok {
			t.Errorf("of %d bytes %d are handed on, all: %v", size, len(text), all)
		}
		taken, ended = nil, false
	}
}

// TestSlowStdin: an input that does not end is not waited for here, and what was read of
// it is handed on.
func TestSlowStdin(t *testing.T) {
	fd, w := pipe(t)
	if _, err := w.WriteString("slow"); err != nil {
		t.Fatal(err)
	}
	if text, ok := hookInput(fd, 1e6); ok {
		t.Errorf("it is taken for the whole: %q", text)
	}
	if text, all := Taken(); string(text) != "slow" || all {
		t.Errorf("%q, all: %v, are handed on", text, all)
	}
}

// TestNoStdin: of what cannot be read nothing is taken.
func TestNoStdin(t *testing.T) {
	pipe(t)
	if text, ok := hookInput(1000, 1e10); ok || len(text) > 0 {
		t.Errorf("%q, %v", text, ok)
	}
}
