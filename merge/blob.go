package merge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
)

// maxBlob bounds the versions of a file that are read into memory.
const maxBlob = 64 << 20

var errTooLarge = errors.New("object is too large")

// blobs reads objects by one git, which is started when it is first needed, and asked
// until close. Calls must not overlap.
type blobs struct {
	git     Git
	cmd     *exec.Cmd // nil until it is started
	in      io.WriteCloser
	answers *bufio.Reader
}

// read is what the objects hold. If one of them is too large, none is read.
func (b *blobs) read(ctx context.Context, ids ...string) ([][]byte, error) {
	if err := b.start(ctx); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if size, err := b.ask("info", id); err != nil {
			return nil, err
		} else if size > maxBlob {
			return nil, errTooLarge
		}
	}
	contents := make([][]byte, len(ids))
	for i, id := range ids {
		size, err := b.ask("contents", id)
		if err != nil {
			return nil, err
		}
		content := make([]byte, size+1) // with the line break behind it
		if _, err := io.ReadFull(b.answers, content); err != nil {
			return nil, fmt.Errorf("object %s: %w", id, err)
		}
		contents[i] = content[:size]
	}
	return contents, nil
}

func (b *blobs) start(ctx context.Context) error {
	if b.cmd != nil {
		return nil
	}
	cmd := b.git(ctx, "cat-file", "--batch-command")
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	b.cmd, b.in, b.answers = cmd, in, bufio.NewReader(out)
	return nil
}

// ask gives the size in the first line of the answer, "ID blob SIZE".
func (b *blobs) ask(command, id string) (size int, err error) {
	if _, err := io.WriteString(b.in, command+" "+id+"\n"); err != nil {
		return 0, fmt.Errorf("object %s: %w", id, err)
	}
	line, err := b.answers.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("object %s: %w", id, err)
	}
	words := strings.Fields(line)
	if len(words) != 3 {
		return 0, fmt.Errorf("object %s", strings.TrimSpace(line)) // "ID missing"
	}
	return strconv.Atoi(words[2])
}

// close ends the git that was started.
func (b *blobs) close() {
	if b.cmd == nil {
		return
	}
	_ = b.in.Close()
	_ = b.cmd.Wait()
	b.cmd = nil
}
