package merge

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Checked is how the resolution of one file compares with both sides' edits.
type Checked struct {
	Path     string
	Open     bool   // conflict markers still stand in it
	Why      string // it cannot be compared: deleted, a link, too large, …; "" if it was
	Findings []heal.Finding
}

// Holds reports whether the edits of both sides are in the file, and nothing else.
func (c *Checked) Holds() bool { return !c.Open && c.Why == "" && len(c.Findings) == 0 }

// Check compares the resolutions of the files in conflict for which want returns true, or of all if it
// is nil. Of a file that is still unmerged the resolution is what stands in the work tree, of one that
// was staged what is staged: the index keeps its conflict until the next checkout, merge or reset. It
// changes nothing, but may add objects.
func Check(ctx context.Context, git Git, want func(path string) bool) ([]Checked, error) {
	open, err := listUnmerged(ctx, git)
	if err != nil {
		return nil, err
	}
	lines, err := repo.Fields(git(ctx, "ls-files", "--resolve-undo", "--full-name", "-z", ":/"))
	if err != nil {
		return nil, err
	}
	staged, err := parseStages(lines)
	if err != nil {
		return nil, err
	}
	objects := &blobs{git: git}
	defer objects.close()
	var all []Checked
	for i, f := range append(open, staged...) {
		if want != nil && !want(f.path) {
			continue
		}
		resolution := stagedID
		if i < len(open) {
			resolution = worktreeID
		}
		c, err := check(ctx, objects, f, resolution)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// CheckCommits compares the resolutions that a commit has of the conflicts between two others. It
// changes nothing but that it may add objects.
func CheckCommits(ctx context.Context, r *repo.Repo, ours, theirs, resolved string) ([]Checked, error) {
	files, err := conflicts(ctx, r, ours, theirs)
	if err != nil {
		return nil, err
	}
	objects := &blobs{git: r.GitParsed}
	defer objects.close()
	var all []Checked
	for _, f := range files {
		c, err := check(ctx, objects, f, func(ctx context.Context, git Git, path string) (string, error) {
			fields, err := repo.Fields(git(ctx, "ls-tree", "-z", "--full-tree", "--format=%(objectname)", resolved, "--", path))
			if err != nil || len(fields) == 0 {
				return "", err
			}
			return fields[0], nil
		})
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// check compares one file; resolution says which blob it was resolved to, "" for none.
func check(ctx context.Context, objects *blobs, f unmerged, resolution func(context.Context, Git, string) (string, error)) (Checked, error) {
	c := Checked{Path: f.path, Why: f.beyond()}
	if c.Why != "" {
		return c, nil
	}
	id, err := resolution(ctx, objects.git, f.path)
	if err != nil {
		return c, err
	}
	if id == "" {
		c.Why = "deleted"
		return c, nil
	}
	return compare(ctx, objects, c, f.stages[0].id, f.stages[1].id, f.stages[2].id, id)
}

func compare(ctx context.Context, objects *blobs, c Checked, ids ...string) (Checked, error) {
	texts, err := objects.read(ctx, ids...)
	if errors.Is(err, errTooLarge) {
		c.Why = heal.TooLarge.String()
		return c, nil
	}
	if err != nil {
		return c, err
	}
	return CheckTexts(c.Path, [4][]byte(texts)), nil
}

// CheckTexts compares one file: base, ours, theirs and the resolution.
func CheckTexts(path string, texts [4][]byte) Checked {
	c := Checked{Path: path}
	for _, t := range texts {
		if heal.IsBinary(t) {
			c.Why = heal.Binary.String()
			return c
		}
	}
	if c.Open = hasMarkers(texts[3]) && !hasMarkers(texts[1]) && !hasMarkers(texts[2]); !c.Open { // a text about git may have them
		c.Findings = heal.Check(texts[0], texts[1], texts[2], texts[3])
	}
	return c
}

// hasMarkers reports whether git's three marker lines follow each other in the text.
func hasMarkers(text []byte) bool {
	next := 0
	markers := []string{"<<<<<<<", "=======", ">>>>>>>"}
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte(markers[next])) {
			if next++; next == len(markers) {
				return true
			}
		}
	}
	return false
}

// stagedID is the blob of a file in the index, "" if it is not there.
func stagedID(ctx context.Context, git Git, path string) (string, error) {
	fields, err := repo.Fields(git(ctx, "ls-files", "--stage", "--full-name", "-z", "--", ":(top,literal)"+path))
	if err != nil || len(fields) == 0 {
		return "", err
	}
	words := strings.Fields(fields[0])
	if len(words) < 2 {
		return "", errors.New("git answered " + fields[0])
	}
	return words[1], nil
}

// worktreeID is the blob that git would stage of a file in the work tree, "" if it is not there.
func worktreeID(ctx context.Context, git Git, path string) (string, error) {
	up, err := repo.Line(git(ctx, "rev-parse", "--show-cdup"))
	if err != nil {
		return "", err
	}
	there, err := repo.Fields(git(ctx, "ls-files", "--deleted", "-z", "--", ":(top,literal)"+path))
	if err != nil || len(there) > 0 {
		return "", err
	}
	return repo.Line(git(ctx, "hash-object", "-w", "--", up+path))
}
