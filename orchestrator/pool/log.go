package pool

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// mark is a line of a task's log that the pool wrote itself.
type mark struct {
	Pool    string    `json:"git-swarm"` // "begin" or "end"
	Session string    `json:"session"`
	Try     int       `json:"try"`
	At      time.Time `json:"at"`
	Says    string    `json:"says,omitempty"`
}

// openLog opens a task's log to add to it.
func openLog(r *repo.Repo, n int) (*os.File, error) {
	return os.OpenFile(LogPath(r, n), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
}

// add writes a mark on a line of its own, whatever the client left.
func (m mark) add(log *os.File) error {
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = log.Write(append(append([]byte("\n"), line...), '\n'))
	return err
}

// readMark is the mark in a line, if it is one.
func readMark(line []byte) (m mark, ok bool) {
	if !bytes.HasPrefix(line, []byte(`{"git-swarm":`)) {
		return m, false
	}
	return m, json.Unmarshal(line, &m) == nil && m.Pool != ""
}

// maxLine bounds what is read of one line of a log, in bytes.
const maxLine = 4 << 20

// eachLine calls visit with the lines of a task's log from offset on, each without its
// line feed; of a longer one than maxLine with its beginning. A task without a log has none.
func eachLine(path string, offset int64, visit func(line []byte)) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return err
	}
	lines := bufio.NewReaderSize(f, 64<<10)
	var line []byte
	for {
		part, err := lines.ReadSlice('\n')
		if len(line) < maxLine {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == nil || len(line) > 0:
			visit(bytes.TrimRight(line, "\r\n"))
			line = line[:0]
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// ReadLog calls say with what the clients of a task have said, a text at a time, and
// with a line for each beginning and end. It reports whether there is a log.
func ReadLog(r *repo.Repo, n int, say func(text string)) (found bool, err error) {
	path := LogPath(r, n)
	if _, err := os.Stat(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return false, err
	}
	return true, eachLine(path, 0, func(line []byte) {
		if m, ok := readMark(line); ok {
			say(m.String())
			return
		}
		for _, text := range launch.Said(line) {
			say(text)
		}
	})
}

func (m mark) String() string {
	at := m.At.Local().Format("2006-01-02 15:04:05")
	if m.Pool == "begin" {
		return fmt.Sprintf("--- %s: %s begins, try %d", at, m.Session, m.Try)
	}
	return fmt.Sprintf("--- %s: %s %s", at, m.Session, m.Says)
}

// UsageOf is what the clients of a task have used.
func UsageOf(r *repo.Repo, n int) (u launch.Usage, err error) {
	err = eachLine(LogPath(r, n), 0, u.Add)
	return u, err
}

// said is what is known of the last client of a task from its log.
type said struct {
	last    string // the last text that it said
	failure string // what it gave as the reason of its end
}

// lastClient reads the end of a task's log, back to where the last client began.
func lastClient(r *repo.Repo, n int) (s said, err error) {
	const tail = 1 << 20
	path, offset := LogPath(r, n), int64(0)
	if info, err := os.Stat(path); err == nil {
		offset = max(0, info.Size()-tail)
	}
	err = eachLine(path, offset, func(line []byte) {
		if m, ok := readMark(line); ok {
			if m.Pool == "begin" {
				s = said{}
			}
			return
		}
		if texts := launch.Said(line); len(texts) > 0 {
			s.last = texts[len(texts)-1]
		}
		if why := launch.Failure(line); why != "" {
			s.failure = why
		}
	})
	return s, err
}

// firstLine is the first line of a text that has something in it, cut to a length.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(strings.ToValidUTF8(text, "\ufffd")), "\n")
	if runes := []rune(line); len(runes) > 300 {
		return string(runes[:300]) + "…"
	}
	return line
}
