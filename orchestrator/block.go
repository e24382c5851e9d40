package orchestrator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The marks of our block in a file of instructions for agents. What is between
// them is ours, everything else is not touched.
const (
	blockBegin = "<!-- git swarm: begin (kept up to date by git swarm start) -->"
	blockEnd   = "<!-- git swarm: end -->"
)

// ErrMarks says that a file holds one of our marks without the other.
var ErrMarks = errors.New("the marks of git swarm's block are not in order")

// WriteProtocol puts the rules of the swarm into CLAUDE.md of the work tree, or
// into AGENTS.md if that is there alone, and returns the file's name: a block
// between marks, replaced if it is there, else added at the end. Run again it
// changes nothing.
func WriteProtocol(workTree string) (name string, err error) {
	name = "CLAUDE.md"
	if _, err := os.Stat(filepath.Join(workTree, name)); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(workTree, "AGENTS.md")); err == nil {
			name = "AGENTS.md"
		}
	}
	text, err := Protocol()
	if err != nil {
		return "", err
	}
	path := filepath.Join(workTree, name)
	mode := fs.FileMode(0o666)
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	next, err := withBlock(string(old), text)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	if next == string(old) {
		return name, nil
	}
	return name, replaceFile(path, next, mode)
}

// withBlock is content with the block in it, once.
func withBlock(content, text string) (string, error) {
	block := blockBegin + "\n" + strings.TrimSpace(text) + "\n" + blockEnd + "\n"
	begins, ends := strings.Count(content, blockBegin), strings.Count(content, blockEnd)
	if begins == 0 && ends == 0 {
		switch {
		case content == "":
		case strings.HasSuffix(content, "\n"):
			content += "\n"
		default:
			content += "\n\n"
		}
		return content + block, nil
	}
	before, rest, _ := strings.Cut(content, blockBegin)
	_, after, ok := strings.Cut(rest, blockEnd)
	if begins != 1 || ends != 1 || !ok {
		return "", ErrMarks
	}
	return before + block + strings.TrimPrefix(after, "\n"), nil
}
