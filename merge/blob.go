package merge

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
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
	said    bytes.Buffer // its standard error
}

// read is what the objects hold. If one of them is too large, none is read. Where git
// fails, as it does at a damaged object, the error is a [repo.GitError], and the next call
// starts another.
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
			return nil, b.failed(id, err)
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
	b.said.Reset()
	cmd.Stderr = &b.said
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
		return 0, b.failed(id, err)
	}
	line, err := b.answers.ReadString('\n')
	if err != nil {
		return 0, b.failed(id, err)
	}
	words := strings.Fields(line)
	if len(words) != 3 {
		return 0, fmt.Errorf("object %s", strings.TrimSpace(line)) // "ID missing"
	}
	return strconv.Atoi(words[2])
}

// failed is why git did not answer.
func (b *blobs) failed(id string, err error) error {
	cmd := b.cmd
	var exit *exec.ExitError
	if errors.As(b.end(), &exit) {
		return &repo.GitError{Args: cmd.Args[1:], ExitCode: exit.ExitCode(), Stderr: b.said.String()}
	}
	return fmt.Errorf("object %s: %w", id, err)
}

// close ends the git that was started, if any: what it was asked it has answered.
func (b *blobs) close() {
	if b.cmd != nil {
		_ = b.end()
	}
}

func (b *blobs) end() error {
	_ = b.in.Close()
	err := b.cmd.Wait()
	b.cmd = nil
	return err
}
