package merge

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/git-swarm/git-swarm/merge/command"
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
	s = strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s[:min(len(s), 300)]), "\ufffd")
	return s
}

// regenerate is what the commands make of the files.
func (c *Checkout) regenerate(ctx context.Context, objects *blobs, top string, files []unmerged) ([][]byte, error) {
	for _, f := range files {
		if !c.Scratch && !c.untouched(ctx, objects, top, f) {
			return nil, &regenerateError{f.path, "is not run: the file was changed in the work tree since git stopped"}
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

// yard is the checkout in which commands run, with an index of its own.
type yard struct {
	git         Git
	gitDir, dir string
}

func (y *yard) remove() {
	_ = file.RemoveAll(y.dir)
	_ = os.Remove(y.dir + ".index")
	_ = os.Remove(y.dir + ".index.lock")
}

// in is a git command in the yard.
func (y *yard) in(ctx context.Context, args ...string) *exec.Cmd {
	cmd := y.git(ctx, slices.Concat([]string{
		"-C", y.dir, "--git-dir=" + y.gitDir, "--work-tree=" + y.dir, "-c", "core.sparseCheckout=false",
		"-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", "-c", "core.splitIndex=false",
	}, args)...)
	cmd.Env = append(slices.Clone(cmd.Env), "GIT_INDEX_FILE="+y.dir+".index")
	return cmd
}

// checkOut checks out what is staged, and of the files our version.
func (y *yard) checkOut(ctx context.Context, files []unmerged) error {
	if err := os.MkdirAll(y.dir, 0o777); err != nil {
		return err
	}
	staged, err := repo.Output(y.git(ctx, "ls-files", "--stage", "--full-name", "-z", ":/"))
	if err != nil {
		return err
	}
	var index strings.Builder
	for entry := range strings.SplitSeq(staged, "\x00") {
		if head, _, _ := strings.Cut(entry, "\t"); strings.HasSuffix(head, " 0") {
			index.WriteString(entry + "\x00")
		}
	}
	for _, f := range files {
		index.WriteString(f.stages[1].mode + " " + f.stages[1].id + " 0\t" + f.path + "\x00")
	}
	enter := y.in(ctx, "update-index", "-z", "--index-info")
	enter.Stdin = strings.NewReader(index.String())
	if _, err := repo.Output(enter); err != nil {
		return err
	}
	tree, err := repo.Line(y.in(ctx, "write-tree"))
	if err != nil {
		return err
	}
	if err := os.Remove(y.dir + ".index"); err != nil {
		return err
	}
	_, err = repo.Output(y.in(ctx, "read-tree", "-m", "-u", tree))
	return err
}

// run runs each file's command in its folder; for several files there only once.
func (y *yard) run(ctx context.Context, g *Regenerator, files []unmerged) error {
	type job struct{ folder, line string }
	ran := map[job]bool{}
	env := append(slices.Clone(y.git(ctx).Env), "GIT_CEILING_DIRECTORIES="+y.gitDir)
	for _, f := range files {
		line, _ := g.command(f.path)
		j := job{path.Dir(f.path), line}
		if ran[j] {
			continue
		}
		ran[j] = true
		var said lastLine
		err := command.Run(ctx, line, filepath.Join(y.dir, filepath.FromSlash(j.folder)), env, g.Limit, &said)
		var exit *exec.ExitError
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, command.ErrTimeout):
			return &regenerateError{line, fmt.Sprintf("was ended after %s", g.Limit)}
		case errors.As(err, &exit) && exit.ExitCode() < 0:
			return &regenerateError{line, "was ended by a " + exit.Error() + said.after(": ")}
		case errors.As(err, &exit):
			return &regenerateError{line, fmt.Sprintf("ended with %d%s", exit.ExitCode(), said.after(": "))}
		case err != nil:
			return err
		}
	}
	return nil
}

// lastLine keeps the end of what a command prints.
type lastLine struct{ tail []byte }

func (l *lastLine) Write(p []byte) (int, error) {
	const most = 1 << 10
	l.tail = append(l.tail, p[max(0, len(p)-most):]...)
	l.tail = l.tail[max(0, len(l.tail)-most):]
	return len(p), nil
}

// after is the last line that says something, behind what is given; "" if there is none.
func (l *lastLine) after(mark string) string {
	text := strings.TrimSpace(string(l.tail))
	line := strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
	if line == "" {
		return ""
	}
	return mark + line
}

// onlyChanged refuses changes of other files than those that the commands are for, and new files that git
// does not ignore.
func (y *yard) onlyChanged(ctx context.Context, line string, files []unmerged) error {
	_, _ = repo.Output(y.in(ctx, "update-index", "-q", "--refresh")) // it fails where a file has changed
	changed, err := repo.Fields(y.in(ctx, "diff-files", "--name-only", "-z"))
	if err != nil {
		return err
	}
	others, err := repo.Fields(y.in(ctx, "ls-files", "--others", "--exclude-standard", "-z"))
	if err != nil {
		return err
	}
	for _, name := range slices.Concat(changed, others) {
		if !slices.ContainsFunc(files, func(f unmerged) bool { return f.path == name }) {
			return &regenerateError{line, "changed " + name + ", too"}
		}
	}
	return nil
}

// read is what stands in the files, as git keeps it.
func (y *yard) read(ctx context.Context, objects *blobs, line string, files []unmerged) ([][]byte, error) {
	var names strings.Builder
	for _, f := range files {
		info, err := os.Lstat(filepath.Join(y.dir, filepath.FromSlash(f.path)))
		if err != nil || !info.Mode().IsRegular() {
			return nil, &regenerateError{line, "left no file " + f.path}
		}
		names.WriteString(f.path + "\x00")
	}
	enter := y.in(ctx, "update-index", "-z", "--stdin")
	enter.Stdin = strings.NewReader(names.String())
	if _, err := repo.Output(enter); err != nil {
		return nil, err
	}
	var texts [][]byte
	for _, f := range files {
		id, err := stagedID(ctx, y.in, f.path)
		if err != nil {
			return nil, err
		}
		text, err := objects.read(ctx, id)
		switch {
		case errors.Is(err, errTooLarge):
			return nil, &regenerateError{line, "made " + f.path + " too large"}
		case err != nil:
			return nil, err
		case hasMarkers(text[0]):
			return nil, &regenerateError{line, "left conflict markers in " + f.path}
		case len(text[0]) == 0:
			sides, err := objects.read(ctx, f.stages[1].id, f.stages[2].id)
			if err != nil {
				return nil, err
			}
			if len(sides[0]) > 0 && len(sides[1]) > 0 { // its program failed in a pipe, which the shell does not see
				return nil, &regenerateError{line, "left " + f.path + " empty"}
			}
		}
		texts = append(texts, text[0])
	}
	return texts, nil
}
