package merge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/merge/command"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

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
