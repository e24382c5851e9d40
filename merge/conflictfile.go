package merge

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// maxBlob bounds the versions of a file that are read into memory.
const maxBlob = 64 << 20

var errTooLarge = errors.New("object is too large")

// readBlobs reads objects, by one git each, so that none is read that is too large.
func readBlobs(ctx context.Context, git Checkout, ids ...string) ([][]byte, error) {
	check := git(ctx, "cat-file", "--batch-check=%(objectsize)")
	check.Stdin = strings.NewReader(strings.Join(ids, "\n") + "\n")
	sizes, err := repo.Output(check)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(sizes) {
		size, err := strconv.Atoi(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, fmt.Errorf("object %s", strings.TrimSuffix(line, "\n")) // "ID missing"
		}
		if size > maxBlob {
			return nil, errTooLarge
		}
	}
	cmd := git(ctx, "cat-file", "--batch=%(objectsize)")
	cmd.Stdin = strings.NewReader(strings.Join(ids, "\n") + "\n")
	out, err := repo.Output(cmd)
	if err != nil {
		return nil, err
	}
	in := bufio.NewReader(strings.NewReader(out))
	var blobs [][]byte
	for _, id := range ids {
		line, _ := in.ReadString('\n')
		size, err := strconv.Atoi(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, fmt.Errorf("object %s is missing", id)
		}
		blob := make([]byte, size+1)
		if _, err := io.ReadFull(in, blob); err != nil {
			return nil, fmt.Errorf("object %s: %w", id, err)
		}
		blobs = append(blobs, blob[:size])
	}
	return blobs, nil
}

// asLeft reports whether the file in the work tree is as git left it when it
// stopped, or as a heal did: nobody's work is lost if it is written over.
func (w *healer) asLeft(ctx context.Context, f unmerged, versions [][]byte) bool {
	path := filepath.Join(w.top, filepath.FromSlash(f.path))
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	now, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	left, err := repo.Output(w.git(ctx, "cat-file", "--filters", "AUTO_MERGE:"+f.path)) // git's own note, but for stash
	if err == nil && left == string(now) {
		return true
	}
	for _, level := range []Level{Off, Safe, Wide} {
		for _, style := range []Style{StyleMerge, StyleDiff3, StyleZDiff3} {
			opts := f.options(Options{Level: level, Style: style})
			if r := Heal(versions[0], versions[1], versions[2], opts); slices.Equal(unlabelled(now, f.markerSize), unlabelled(r.Text, f.markerSize)) {
				return true
			}
		}
	}
	return false
}

// unlabelled are the lines of a file, whatever ends them, without what follows
// the markers.
func unlabelled(text []byte, size int) []string {
	if size <= 0 {
		size = defaultMarkerSize
	}
	marker := regexp.MustCompile(fmt.Sprintf(`^(<{%d}|\|{%[1]d}|>{%[1]d})( .*)?$`, size))
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = marker.ReplaceAllString(line, "$1")
	}
	return lines
}

// write puts the result in place: as filters and line endings have it in the
// work tree, and as git keeps it in the index if it is whole.
func (w *healer) write(ctx context.Context, f unmerged, h *Healed) error {
	hash := w.git(ctx, "hash-object", "-w", "--no-filters", "--stdin")
	hash.Stdin = bytes.NewReader(h.Result.Text)
	id, err := said(hash)
	if err != nil {
		return err
	}
	text, err := repo.Output(w.git(ctx, "cat-file", "--filters", "--path="+f.path, id))
	if err != nil {
		return err
	}
	mode, path := f.stages[1].mode, filepath.Join(w.top, filepath.FromSlash(f.path))
	if w.own { // it is sparse, and the folder may be gone
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
	}
	if err := replaceFile(path, text, mode == "100755"); err != nil || !h.Whole {
		return err
	}
	enter := w.git(ctx, "update-index", "-z", "--index-info")
	enter.Stdin = strings.NewReader(mode + " " + id + " 0\t" + f.path + "\x00")
	_, err = repo.Output(enter)
	return err
}

// replaceFile gives a file another content, at once, and keeps who may read and
// write it.
func replaceFile(path, text string, executable bool) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm() &^ 0o111
	}
	if executable {
		mode |= mode & 0o444 >> 2
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".git-swarm-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.WriteString(text)
	if err = errors.Join(err, temp.Chmod(mode), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
