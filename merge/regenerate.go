package merge

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Regenerator makes files anew that a program writes, such as lock files, by commands that the user has
// set. A file that one of its patterns matches is healed by no rule. When no other file is in conflict any
// more, its command runs in a checkout of what is staged, made for that and removed after it, with our
// version of the file in its place. What it leaves there is staged, if nothing else has changed there but
// files that git ignores; if it fails, runs for too long, empties the file or changes more, each of these files stays in
// conflict. The checkout is in the git dir, and git finds no repository from it.
type Regenerator struct {
	Commands []RegenerateCommand // of those that match a file, the last counts
	Limit    time.Duration       // how long each may run, 0 for ever
}

// RegenerateCommand is a command of the shell, run in the folder of each file that Pattern matches: by its
// path from the top if there is a slash in it, else by its name, as [path.Match] has it.
type RegenerateCommand struct{ Pattern, Line string }

// ParseRegenerate reads "PATTERN: COMMAND". ok is false if value is no such thing, or no path can match its
// pattern as it is meant: one with an empty part, ".", ".." or "**".
func ParseRegenerate(value string) (c RegenerateCommand, ok bool) {
	c.Pattern, c.Line, ok = strings.Cut(value, ":")
	c.Pattern, c.Line = strings.TrimSpace(c.Pattern), strings.TrimSpace(c.Line)
	_, err := path.Match(c.Pattern, "")
	matches := err == nil && fs.ValidPath(c.Pattern) && c.Pattern != "." && !strings.Contains("/"+c.Pattern+"/", "/**/")
	return c, ok && matches && c.Line != "" && !strings.Contains(value, "\x00")
}

// Matches reports whether the command is for the file.
func (c RegenerateCommand) Matches(file string) bool {
	if !strings.Contains(c.Pattern, "/") {
		file = path.Base(file)
	}
	yes, _ := path.Match(c.Pattern, file) // ParseRegenerate took no other
	return yes
}

func (g *Regenerator) command(file string) (line string, ok bool) {
	for _, c := range slices.Backward(g.Commands) {
		if c.Matches(file) {
			return c.Line, true
		}
	}
	return "", false
}

// regenerated is named in the place of a rule where a command has made the file.
const regenerated = "regenerated"

// unmadeYet is why a file waits for its command.
const unmadeYet = "its command of swarm.regenerate runs when no other file is in conflict"

// makes reports whether the file is to be made anew by a command.
func (c *Checkout) makes(f unmerged) bool {
	if c.Regenerate == nil || c.Options.Level == heal.Off {
		return false
	}
	ours, theirs := f.stages[1], f.stages[2]
	_, ok := c.Regenerate.command(f.path)
	return ok && ours.regular() && theirs.regular() && ours.mode == theirs.mode
}

// make makes the files anew, writes and stages them, or says in each of healed why not. These are what
// is told of them, in the same order.
func (c *Checkout) make(ctx context.Context, objects *blobs, top string, files []unmerged, healed []*Healed) error {
	texts, err := c.regenerate(ctx, objects, top, files)
	var failed *regenerateError
	if errors.As(err, &failed) {
		for _, h := range healed {
			h.Why, h.Failed = failed.Error(), true
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("make %s anew: %w", files[0].path, err)
	}
	for i, f := range files {
		line, _ := c.Regenerate.command(f.path)
		*healed[i] = Healed{Path: f.path, Result: heal.Result{Text: texts[i]}, Whole: true, By: line}
		if err := c.write(ctx, top, f, healed[i]); err != nil {
			return fmt.Errorf("make %s anew: %w", f.path, err)
		}
	}
	return nil
}

// regenerateError says why a command made nothing that can be used.
type regenerateError struct{ line, why string }

func (e *regenerateError) Error() string {
	return fmt.Sprintf("swarm.regenerate '%s' %s", printable(e.line), printable(e.why))
}

// printable is a line, of which control characters are left out, and no more than a screen's.
func printable(s string) string {
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s[:min(len(s), 300)]), "\ufffd")
}

// regenerate is what the commands make of the files.
func (c *Checkout) regenerate(ctx context.Context, objects *blobs, top string, files []unmerged) ([][]byte, error) {
	for _, f := range files {
		if !c.Scratch && !c.untouched(ctx, objects, top, f) {
			line, _ := c.Regenerate.command(f.path)
			return nil, &regenerateError{line, "is not run: " + f.path + " was " + changedSince}
		}
	}
	gitDir, err := repo.Line(c.Git(ctx, "rev-parse", "--absolute-git-dir"))
	if err != nil {
		return nil, err
	}
	y := &yard{git: c.Git, gitDir: gitDir, dir: filepath.Join(gitDir, "swarm-regenerate")}
	unlock, err := file.LockPath(ctx, y.dir+".lock")
	if err != nil {
		return nil, err
	}
	defer unlock()
	y.remove() // what a killed one left
	defer y.remove()
	if err := y.checkOut(ctx, files); err != nil {
		return nil, err
	}
	if err := y.run(ctx, c.Regenerate, files); err != nil {
		return nil, err
	}
	last, _ := c.Regenerate.command(files[len(files)-1].path)
	if err := y.onlyChanged(ctx, last, files); err != nil {
		return nil, err
	}
	return y.read(ctx, objects, last, files)
}

// untouched reports whether the file in the work tree is as git left it.
func (c *Checkout) untouched(ctx context.Context, objects *blobs, top string, f unmerged) bool {
	versions := make([][]byte, 3)
	for i, s := range f.stages {
		if s.id == "" {
			continue
		}
		texts, err := objects.read(ctx, s.id)
		if err != nil {
			return false
		}
		versions[i] = texts[0]
	}
	return c.asLeft(ctx, top, f, versions)
}
