package early

import (
	"io"
	"os"
	"strings"
	"testing"
)

// asStdin makes a pipe standard input, and returns where to write to it.
func asStdin(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	was := os.Stdin
	os.Stdin = r
	t.Cleanup(func() { os.Stdin, taken = was, nil; r.Close(); w.Close() })
	return w
}

// TestStdin: a hook's input is handed on whole, whether it was read to its end, or is
// longer than is read here.
func TestStdin(t *testing.T) {
	for _, size := range []int{0, 1, 4096, 5000, maxInput - 1, maxInput, maxInput + 1, 3 * maxInput} {
		w := asStdin(t)
		text := strings.Repeat("0123456789", size/10+1)[:size]
		go func() {
			_, _ = w.WriteString(text)
			_ = w.Close()
		}()
		taken = &beginning{done: make(chan struct{})}
		taken.take()
		if whole := size < maxInput; taken.ended != whole || whole && string(taken.text) != text {
			t.Errorf("of %d bytes %d are read, to the end: %v", size, len(taken.text), taken.ended)
		}
		got, err := io.ReadAll(Stdin())
		if err != nil || string(got) != text {
			t.Errorf("of %d bytes %d are handed on, %v", size, len(got), err)
		}
	}
}

// TestSlowStdin: an input that does not end is not waited for here, and handed on whole
// once it has.
func TestSlowStdin(t *testing.T) {
	w := asStdin(t)
	if _, err := w.WriteString("slow"); err != nil {
		t.Fatal(err)
	}
	if text, ok := hookInput(); ok {
		t.Errorf("it is taken for the whole: %q", text)
	}
	if _, err := w.WriteString("ly"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(Stdin()); err != nil || string(got) != "slowly" {
		t.Errorf("%q, %v are handed on", got, err)
	}
}
