package setup

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// RecordName is the file of a worktree's git dir that holds its Record.
const RecordName = "swarm-setup"

// State is how far the set-up of a worktree got.
type State string

// The states of a set-up.
const (
	Begun  State = "begun" // or cut short
	Failed State = "failed"
	Done   State = "done"
)

// NewRecord is the record of a worktree that is about to be made.
const NewRecord = string(Begun) + "\n"

// Record is what is known of a worktree that git swarm made.
type Record struct {
	State   State
	Command string            // the SHA-256 of the swarm.setup that ran last, "" for none
	Copied  map[string]string // the files that were copied, by path, and the SHA-256 of their content
}

// ReadRecord reads the record in a worktree's git dir. Where there is none, git swarm
// has not made the worktree, or a version did that kept none: the error is fs.ErrNotExist.
func ReadRecord(gitDir string) (Record, error) {
	content, err := file.Read(filepath.Join(gitDir, RecordName), maxRecord)
	if err != nil {
		return Record{}, err
	}
	r := Record{State: Begun, Copied: map[string]string{}}
	for i, line := range strings.Split(string(content), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case i == 0:
			r.State = State(line)
		case word == "command":
			r.Command = rest
		case word == "copied":
			sum, quoted, _ := strings.Cut(rest, " ")
			if path, err := strconv.Unquote(quoted); err == nil {
				r.Copied[path] = sum
			}
		}
	}
	return r, nil
}

const maxRecord = 4 << 20

// write replaces the record, whole or not at all.
func (r Record) write(gitDir string) error {
	var text strings.Builder
	text.WriteString(string(r.State) + "\n")
	if r.Command != "" {
		text.WriteString("command " + r.Command + "\n")
	}
	for _, path := range slices.Sorted(maps.Keys(r.Copied)) {
		text.WriteString("copied " + r.Copied[path] + " " + strconv.Quote(path) + "\n")
	}
	return file.Replace(filepath.Join(gitDir, RecordName), []byte(text.String()), 0o666)
}

// Unchanged reports whether the file at path below the work tree is one that was
// copied, with the content that it had then.
func (r Record) Unchanged(workTree, path string) bool {
	sum, ok := r.Copied[path]
	if !ok {
		return false
	}
	content, err := os.ReadFile(filepath.Join(workTree, filepath.FromSlash(path)))
	return err == nil && hash(content) == sum
}

// Made reports whether the git dir is of a worktree that git swarm made.
func Made(gitDir string) bool {
	_, err := os.Lstat(filepath.Join(gitDir, RecordName))
	return !errors.Is(err, fs.ErrNotExist)
}

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
