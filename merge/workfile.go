package merge

import (
	"bytes"
	"cmp"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// asLeft reports whether the file in the work tree is as git left it when it
// stopped, or as a heal did: nobody's work is lost if it is written over.
func (c *Checkout) asLeft(ctx context.Context, top string, f unmerged, versions [][]byte) bool {
	path := filepath.Join(top, filepath.FromSlash(f.path))
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	now, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	left, err := repo.Output(c.Git(ctx, "cat-file", "--filters", "AUTO_MERGE:"+f.path)) // git's own note, but for stash
	if err == nil && left == string(now) {
		return true
	}
	if c.asHealed(ctx, f, versions, string(now)) {
		return true
	}
	for _, level := range []heal.Level{heal.Off, heal.Safe, heal.Both, heal.Wide} {
		for _, style := range []linemerge.Style{linemerge.StyleMerge, linemerge.StyleDiff3, linemerge.StyleZDiff3} {
			opts := f.options(heal.Options{Level: level, Format: linemerge.Format{Style: style}})
			if r := heal.Merge(versions[0], versions[1], versions[2], opts); linemerge.SameButLabels(now, r.Text, f.markerSize) {
				return true
			}
		}
	}
	return false
}

// asHealed reports whether text is what a heal that was killed before it staged the
// file has written.
func (c *Checkout) asHealed(ctx context.Context, f unmerged, versions [][]byte, text string) bool {
	for _, level := range []heal.Level{heal.Safe, heal.Wide} {
		r := heal.Merge(versions[0], versions[1], versions[2], f.options(heal.Options{Level: level}))
		if r.Conflicts > 0 {
			continue
		}
		if _, healed, err := c.render(ctx, f.path, r.Text); err == nil && healed == text {
			return true
		}
	}
	return false
}

// render is the text as filters and line endings have it in the work tree, and the
// blob that git keeps of it.
func (c *Checkout) render(ctx context.Context, path string, text []byte) (id, rendered string, err error) {
	hash := c.Git(ctx, "hash-object", "-w", "--no-filters", "--stdin")
	hash.Stdin = bytes.NewReader(text)
	if id, err = repo.Line(hash); err != nil {
		return "", "", err
	}
	rendered, err = repo.Output(c.Git(ctx, "cat-file", "--filters", "--path="+path, id))
	return id, rendered, err
}

// write puts the result in place: as filters and line endings have it in the
// work tree, and as git keeps it in the index if it is whole.
func (c *Checkout) write(ctx context.Context, top string, f unmerged, h *Healed) error {
	id, text, err := c.render(ctx, f.path, h.Result.Text)
	if err != nil {
		return err
	}
	mode, path := f.stages[1].mode, filepath.Join(top, filepath.FromSlash(f.path))
	if c.Scratch { // it is sparse, and the folder may be gone
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
	}
	if err := replaceFile(cmp.Or(c.Temp, filepath.Dir(path)), path, text, mode == "100755"); err != nil || !h.Whole {
		return err
	}
	return c.inIndex(ctx, func() *exec.Cmd {
		enter := c.Git(ctx, "update-index", "-z", "--index-info")
		enter.Stdin = strings.NewReader(mode + " " + id + " 0\t" + f.path + "\x00")
		return enter
	})
}

// replaceFile gives a file another content, at once, and keeps who may read and
// write it.
func replaceFile(temp, path, text string, executable bool) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm() &^ 0o111
	}
	if executable {
		mode |= mode & 0o444 >> 2
	}
	return file.ReplaceVia(temp, path, []byte(text), mode)
}
