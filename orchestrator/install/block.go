package install

import (
	_ "embed"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

//go:embed protocol.md
var protocol string

// Protocol is the text of the block: the rules for every session, with the branch
// that its work lands on, "" without a remote.
func Protocol(target string) (string, error) {
	t, err := template.New("protocol").Parse(protocol)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, target)
	return b.String(), err
}

// The marks of our block in a file of instructions for agents. What is between
// them is ours, everything else is not touched.
const (
	blockBegin = "<!-- git swarm: begin (kept up to date by git swarm start) -->"
	blockEnd   = "<!-- git swarm: end -->"
)

// ErrMarks says that a file holds one of our marks without the other.
var ErrMarks = errors.New("the marks of git swarm's block are not in order")

// instructionFiles are those that agents read, in the order in which ours is
// sought. Claude Code reads AGENTS.md only where there is no CLAUDE.md.
var instructionFiles = []string{"CLAUDE.md", "AGENTS.md"}

// WriteProtocol puts the rules of the swarm, with the branch that work lands on,
// into CLAUDE.md of the work tree, or
// into AGENTS.md if that is there alone, and returns the file's name: a block
// between marks, replaced where it is, else added at the end. Run again it
// changes nothing. A symbolic link stays one.
func WriteProtocol(workTree, target string) (name string, err error) {
	name, err = protocolFile(workTree)
	if err != nil {
		return "", err
	}
	return name, writeProtocolTo(workTree, name, target)
}

// writeProtocolTo is WriteProtocol for that file.
func writeProtocolTo(workTree, name, target string) error {
	text, err := Protocol(target)
	if err != nil {
		return err
	}
	file, err := openInstructions(workTree, name)
	if err != nil {
		return &SettingsError{name, err}
	}
	next, err := withBlock(file.text, text)
	if err == nil {
		err = file.write(next)
	}
	if err != nil {
		return &SettingsError{name, err}
	}
	return nil
}

// removeProtocol takes the block out of that file, with the blank line above it, and
// removes a file that holds nothing else.
func removeProtocol(workTree, name string) error {
	file, err := openInstructions(workTree, name)
	if err != nil {
		return &SettingsError{name, err}
	}
	before, rest, ok := strings.Cut(file.text, blockBegin)
	_, after, ok2 := strings.Cut(rest, blockEnd)
	if !ok || !ok2 {
		return nil
	}
	after = strings.TrimPrefix(strings.TrimPrefix(after, "\r"), "\n")
	if after == "" {
		before = strings.TrimSuffix(strings.TrimSuffix(before, "\n"), "\r")
	}
	if before+after == "" {
		return os.Remove(file.path)
	}
	return file.write(before + after)
}

// inWorkTree refuses what a link that came with the repository could lead to.
func inWorkTree(workTree, path string) error {
	top, err := filepath.EvalSymlinks(workTree)
	if err != nil {
		return err
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(top, filepath.Join(folder, filepath.Base(path)))
	isGit := func(part string) bool { return strings.EqualFold(part, ".git") }
	if err != nil || !filepath.IsLocal(rel) || slices.ContainsFunc(strings.Split(filepath.ToSlash(rel), "/"), isGit) {
		return errors.New("it is a link that leads out of the work tree")
	}
	return nil
}

// protocolFile is the one that holds our block, else the first there is, else the
// first.
func protocolFile(workTree string) (string, error) {
	var there, marked []string
	for _, name := range instructionFiles {
		file, err := openInstructions(workTree, name)
		if err == nil && !file.there {
			continue
		}
		there = append(there, name)
		if err == nil && strings.Contains(file.text, blockBegin) {
			marked = append(marked, name)
		}
	}
	return slices.Concat(marked, there, instructionFiles)[0], nil
}

// withBlock is content with the block in it, once, and with content's line ends.
func withBlock(content, text string) (string, error) {
	newline := "\n"
	if first, _, ok := strings.Cut(content, "\n"); ok && strings.HasSuffix(first, "\r") {
		newline = "\r\n"
	}
	block := strings.ReplaceAll(blockBegin+"\n"+strings.TrimSpace(text)+"\n"+blockEnd+"\n", "\n", newline)
	begins, ends := strings.Count(content, blockBegin), strings.Count(content, blockEnd)
	if begins == 0 && ends == 0 {
		switch {
		case content == "":
		case strings.HasSuffix(content, "\n"):
			content += newline
		default:
			content += newline + newline
		}
		return content + block, nil
	}
	before, rest, _ := strings.Cut(content, blockBegin)
	_, after, ok := strings.Cut(rest, blockEnd)
	if begins != 1 || ends != 1 || !ok {
		return "", ErrMarks
	}
	return before + strings.TrimSuffix(block, newline) + after, nil
}
