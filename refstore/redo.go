package refstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// redoLog is the file swarm/redo in the common git dir. It does two jobs:
//
//   - its flock is the queue in which our writers stand: whoever holds it is the
//     only one of ours within a transaction, and the kernel passes it on, also
//     when the holder is killed;
//   - its content is the transaction under way: refs with old and new value, and
//     the objects. It is written before anything else and emptied at the end, so
//     content found by the next holder is what a killed one left.
//
// Refs stay safe without it (each swap locks and compares them as git does); it
// is there so that writers need not try again, and to clear up after the dead.
type redoLog struct {
	file *os.File
}

// redo is the content of the log.
type redo struct {
	updates []update
	objects []object.Object
}

func redoPath(commonDir string) string { return filepath.Join(commonDir, "swarm", "redo") }

// lockRedo waits for the log's lock. The release function gives it up; the log
// must not be used afterwards. When ctx expires that is ErrBusy; when it is
// cancelled, context.Canceled.
func lockRedo(ctx context.Context, commonDir string) (log *redoLog, release func(), err error) {
	path := redoPath(commonDir)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = createRedo(path, filepath.Join(commonDir, "refs"))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open the redo log: %w", err)
	}
	if err := file.Lock(ctx, f); errors.Is(err, context.DeadlineExceeded) {
		return nil, nil, ErrBusy
	} else if err != nil {
		return nil, nil, err
	}
	return &redoLog{f}, func() { file.Unlock(f) }, nil
}

// createRedo makes the log and its folder, as open to others as the folder beside
// it is: in a repository that is shared, whoever may write refs stands in the queue.
func createRedo(path, beside string) (*os.File, error) {
	info, err := os.Stat(beside)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Dir(path), 0o777); err == nil {
		err = os.Chmod(filepath.Dir(path), info.Mode()&(fs.ModePerm|fs.ModeSetgid))
		if err != nil {
			return nil, err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) { // another was faster
		return os.OpenFile(path, os.O_RDWR, 0)
	}
	if err != nil {
		return nil, err
	}
	if err := file.Chmod(info.Mode() & 0o666); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

const redoMagic = "git swarm redo 1 "

// load returns what a killed transaction left, nil if nothing. A log that is
// torn was never acted upon.
func (l *redoLog) load(algo object.Algo) (*redo, error) {
	content, err := io.ReadAll(io.NewSectionReader(l.file, 0, 1<<30))
	if err != nil {
		return nil, fmt.Errorf("read the redo log: %w", err)
	}
	header, payload, ok := bytes.Cut(content, []byte("\n"))
	if !ok || string(header) != redoHeader(payload) {
		return nil, nil
	}
	r, err := decodeRedo(payload, algo)
	if err != nil {
		return nil, fmt.Errorf("read the redo log: %w", err)
	}
	return r, nil
}

func redoHeader(payload []byte) string {
	return fmt.Sprintf("%s%d %08x", redoMagic, len(payload), crc32.ChecksumIEEE(payload))
}

func (l *redoLog) save(r *redo) error {
	payload := r.encode()
	content := append([]byte(redoHeader(payload)+"\n"), payload...)
	if _, err := l.file.WriteAt(content, 0); err != nil {
		_ = l.clear()
		return fmt.Errorf("write the redo log: %w", err)
	}
	return nil
}

func (l *redoLog) clear() error {
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("clear the redo log: %w", err)
	}
	return nil
}

func (l *redoLog) empty() (bool, error) {
	info, err := l.file.Stat()
	return err == nil && info.Size() == 0, err
}

// encode: a line "update REF PREV NEXT" for each ref, "-" for a PREV that must
// not exist; then "object KIND SIZE", the content and a line feed for each
// object.
func (r *redo) encode() []byte {
	var b bytes.Buffer
	for _, u := range r.updates {
		prev := u.prev
		if prev == "" {
			prev = "-"
		}
		fmt.Fprintf(&b, "update %s %s %s\n", u.ref, prev, u.next)
	}
	for _, o := range r.objects {
		fmt.Fprintf(&b, "object %s %d\n", o.Kind, len(o.Content))
		b.Write(o.Content)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func decodeRedo(payload []byte, algo object.Algo) (*redo, error) {
	r := &redo{}
	for len(payload) > 0 {
		line, rest, ok := bytes.Cut(payload, []byte("\n"))
		if !ok {
			return nil, fmt.Errorf("unterminated line %.80q", line)
		}
		words := strings.Split(string(line), " ")
		switch {
		case len(words) == 4 && words[0] == "update":
			u := update{ref: words[1], prev: object.Hash(words[2]), next: object.Hash(words[3])}
			if CheckRef(u.ref) != nil || !algo.Valid(u.next) || (u.prev != "-" && !algo.Valid(u.prev)) {
				return nil, fmt.Errorf("malformed line %.80q", line)
			}
			if u.prev == "-" {
				u.prev = ""
			}
			r.updates = append(r.updates, u)
		case len(words) == 3 && words[0] == "object":
			size, err := strconv.Atoi(words[2])
			if err != nil || size < 0 || words[2] != strconv.Itoa(size) || size >= len(rest) || rest[size] != '\n' {
				return nil, fmt.Errorf("malformed line %.80q", line)
			}
			r.objects = append(r.objects, algo.NewObject(object.Kind(words[1]), bytes.Clone(rest[:size])))
			rest = rest[size+1:]
		default:
			return nil, fmt.Errorf("malformed line %.80q", line)
		}
		payload = rest
	}
	return r, nil
}
