package early

import (
	"io"
	"os"
	"time"
)

const (
	maxInput = 1 << 20               // bytes of a hook's input: what is longer is not looked at here
	patience = 50 * time.Millisecond // for a client that is slow to write it
)

// taken is what was read of standard input, nil if it was left alone.
var taken *beginning

// beginning is a reader of what was read of standard input, and then of the rest.
type beginning struct {
	done  chan struct{} // closed once text and ended are set
	text  []byte
	ended bool // there is no rest
}

// Stdin is standard input from its beginning.
func Stdin() io.Reader {
	if taken == nil {
		return os.Stdin
	}
	return taken
}

// hookInput is all of standard input. It is not ok if that has not ended soon: what reads
// Stdin then waits for it.
func hookInput() (text []byte, ok bool) {
	taken = &beginning{done: make(chan struct{})}
	go taken.take()
	select {
	case <-taken.done:
		return taken.text, taken.ended
	case <-time.After(patience):
		return nil, false
	}
}

func (b *beginning) take() {
	defer close(b.done)
	text := make([]byte, 0, 4096)
	for len(text) < maxInput {
		if len(text) == cap(text) {
			text = append(make([]byte, 0, 4*cap(text)), text...)
		}
		n, err := os.Stdin.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		if b.text, b.ended = text, err == io.EOF; err != nil {
			return
		}
	}
}

func (b *beginning) Read(p []byte) (int, error) {
	<-b.done
	if len(b.text) == 0 {
		if b.ended {
			return 0, io.EOF
		}
		return os.Stdin.Read(p)
	}
	n := copy(p, b.text)
	b.text = b.text[n:]
	return n, nil
}
