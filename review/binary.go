package review

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// fileDiff is the part of a diff that is about one file.
type fileDiff struct {
	text   string // with the header
	path   string
	ids    []object.Hash // of the blobs before and after, where there is one
	binary bool          // git shows none of it
}

// splitDiff splits a diff of git's into its files. Lines of a file's content begin
// with a character of their own, so none of them can be taken for a header.
func splitDiff(diff string) []fileDiff {
	var files []fileDiff
	inHeader := false
	for line := range strings.Lines(diff) {
		if names, ok := strings.CutPrefix(line, "diff --git "); ok {
			files, inHeader = append(files, fileDiff{path: diffedPath(strings.TrimSuffix(names, "\n"))}), true
		}
		if len(files) == 0 {
			continue
		}
		f := &files[len(files)-1]
		f.text += line
		inHeader = inHeader && !strings.HasPrefix(line, "@@")
		if ids, ok := strings.CutPrefix(line, "index "); ok && inHeader {
			ids, _, _ = strings.Cut(strings.TrimSuffix(ids, "\n"), " ")
			before, after, _ := strings.Cut(ids, "..")
			f.ids = []object.Hash{object.Hash(before), object.Hash(after)}
			f.ids = slices.DeleteFunc(f.ids, func(id object.Hash) bool { return strings.Trim(string(id), "0") == "" })
		}
		f.binary = f.binary || inHeader && strings.HasPrefix(line, "Binary files ")
	}
	return files
}

// diffedPath is the path in "a/PATH b/PATH". Without renames both are the same.
func diffedPath(names string) string {
	name := names[:len(names)/2]
	if unquoted, err := strconv.Unquote(name); err == nil {
		name = unquoted
	}
	return strings.TrimPrefix(name, "a/")
}

// showBinaries replaces what git says of binary files in a diff. .gitattributes, and
// a single NUL byte, make git take any file for binary, which would hide its text from
// the reviewers: what is text nevertheless is shown as such. Of the others the sizes
// are said.
func showBinaries(ctx context.Context, git *repo.Repo, base, tip object.Hash, diff string) (string, error) {
	files := splitDiff(diff)
	var ids []object.Hash
	for _, f := range files {
		if f.binary {
			ids = append(ids, f.ids...)
		}
	}
	sizes, err := blobSizes(ctx, git, ids)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, f := range files {
		if f.binary {
			if err := f.showBinary(ctx, git, base, tip, sizes); err != nil {
				return "", err
			}
		}
		b.WriteString(f.text)
	}
	return b.String(), nil
}

// showBinary gives a file that git takes for binary its text, or its sizes.
func (f *fileDiff) showBinary(ctx context.Context, git *repo.Repo, base, tip object.Hash, sizes map[object.Hash]int) error {
	isText := true
	for _, id := range f.ids {
		if size, known := sizes[id]; !known || size > maxText {
			isText = false
			continue
		}
		content, err := repo.Output(git.GitParsed(ctx, "cat-file", "blob", string(id)))
		if err != nil {
			return err
		}
		isText = isText && looksLikeText(content)
	}
	if isText {
		cmd := diffTree(ctx, git, base, tip, "--text")
		cmd.Args = append(cmd.Args, "--", ":(top,literal)"+f.path)
		out, err := repo.Output(cmd)
		if err != nil {
			return err
		}
		for _, again := range splitDiff(out) {
			if again.path == f.path && slices.Equal(again.ids, f.ids) && !again.binary {
				f.text = again.text
				return nil
			}
		}
	}
	var said []string
	for _, id := range f.ids {
		if size, known := sizes[id]; known {
			said = append(said, fmt.Sprintf("%d bytes", size))
		}
	}
	f.text = fmt.Sprintf("%s (%s)\n", strings.TrimSuffix(f.text, "\n"), strings.Join(said, ", now "))
	return nil
}

// maxText is how many bytes of a file that git takes for binary are looked at.
const maxText = 16 << 20

// looksLikeText reports whether nine of ten bytes are text in UTF-8.
func looksLikeText(content string) bool {
	odd := 0
	for i, r := range content {
		invalid := r == utf8.RuneError && !strings.HasPrefix(content[i:], "\ufffd")
		if invalid || r == 0x7f || r < ' ' && !strings.ContainsRune("\t\n\r\f\b\x1b", r) {
			odd++
		}
	}
	return odd*10 <= len(content)
}

// blobSizes are the sizes of the blobs that are in the repository, in bytes.
func blobSizes(ctx context.Context, git *repo.Repo, ids []object.Hash) (map[object.Hash]int, error) {
	var asked strings.Builder
	for _, id := range ids {
		asked.WriteString(string(id) + "\n")
	}
	cmd := git.GitParsed(ctx, "cat-file", "--batch-check=%(objectname) %(objectsize)")
	cmd.Stdin = strings.NewReader(asked.String())
	out, err := repo.Output(cmd)
	sizes := map[object.Hash]int{}
	for line := range strings.Lines(out) {
		id, size, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if n, err := strconv.Atoi(size); err == nil {
			sizes[object.Hash(id)] = n
		}
	}
	return sizes, err
}
