package land

import (
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	maxRecording = 16 << 20 // bytes of a log, and of what is shown while it is written
	maxTail      = 4 << 10  // bytes that are kept of the end
	tailLines    = 20
)

// recording is what a command prints, in a file of bounded size, and shown as it comes.
type recording struct {
	path  string
	file  *os.File
	shown io.Writer // nil for nowhere
	size  int
	tail  []byte
}

func newRecording(path string, shown io.Writer) (*recording, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	f, err := os.Create(path)
	return &recording{path: path, file: f, shown: shown}, err
}

// Write never fails: a full disk is no fault of the command's.
func (r *recording) Write(p []byte) (int, error) {
	if room := maxRecording - r.size; room > 0 {
		part := p[:min(room, len(p))]
		r.size += len(part)
		_, _ = r.file.Write(part)
		if r.shown != nil {
			_, _ = r.shown.Write(part)
		}
		if r.size == maxRecording {
			_, _ = r.file.WriteString("\n(the rest is left out but for its end)\n")
		}
	}
	r.tail = append(r.tail, p[max(0, len(p)-maxTail):]...)
	r.tail = r.tail[max(0, len(r.tail)-maxTail):]
	return len(p), nil
}

// close ends the file and returns the last lines.
func (r *recording) close() string {
	if r.size == maxRecording {
		_, _ = r.file.Write(r.tail)
	}
	_ = r.file.Close()
	text := strings.ToValidUTF8(string(r.tail), "\ufffd")
	lines := strings.SplitAfter(text, "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	}
	return strings.Join(lines[max(0, len(lines)-tailLines):], "")
}
