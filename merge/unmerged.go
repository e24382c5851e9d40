package merge

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// stage is one version of a file in conflict; an empty id: the file is not there.
type stage struct{ mode, id string }

func (s stage) regular() bool { return s.mode == "100644" || s.mode == "100755" }

// unmerged is a file in conflict: base, ours, theirs.
type unmerged struct {
	path       string
	stages     [3]stage
	driver     string // the attribute merge, "" for git's own text merge
	markerSize int    // the attribute conflict-marker-size, 0 if it is not set
}

func listUnmerged(ctx context.Context, git Git) ([]unmerged, error) {
	lines, err := repo.Fields(git(ctx, "ls-files", "--unmerged", "--full-name", "-z", ":/"))
	if err != nil {
		return nil, err
	}
	return parseStages(lines)
}

// parseStages reads lines "MODE ID STAGE<tab>PATH", sorted by path.
func parseStages(lines []string) ([]unmerged, error) {
	var files []unmerged
	for _, line := range lines {
		head, path, _ := strings.Cut(line, "\t")
		words := strings.Fields(head)
		if len(words) != 3 || len(words[2]) != 1 || words[2] < "1" || words[2] > "3" {
			return nil, fmt.Errorf("git answered %.80q", line)
		}
		if len(files) == 0 || files[len(files)-1].path != path {
			files = append(files, unmerged{path: path})
		}
		files[len(files)-1].stages[words[2][0]-'1'] = stage{words[0], words[1]}
	}
	return files, nil
}

func (f unmerged) options(opts heal.Options) heal.Options {
	opts.Path, opts.Format.MarkerSize = f.path, f.markerSize
	return opts
}

// beyond says why a conflict is not one of content: "" if it is.
func (f unmerged) beyond() string {
	base, ours, theirs := f.stages[0], f.stages[1], f.stages[2]
	switch {
	case ours.id == "" && theirs.id == "":
		return "renamed or deleted on both sides"
	case ours.id == "" || theirs.id == "":
		return "deleted on one side, or renamed"
	case base.id == "":
		return "added on both sides"
	case ours.mode == "160000" || theirs.mode == "160000":
		return "a submodule"
	case !base.regular() || !ours.regular() || !theirs.regular():
		return "a symbolic link"
	case ours.mode != theirs.mode:
		return "file modes differ"
	case f.driver != "":
		return f.driver
	}
	return ""
}

// attributes are what .gitattributes says of merging files. Of each file git is asked
// once.
type attributes struct {
	git   Git
	known map[string]attribute // by path
}

// attribute is what it says of one file, as in unmerged.
type attribute struct {
	driver     string
	markerSize int
}

// read sets what is said of the files.
func (a *attributes) read(ctx context.Context, files []unmerged) error {
	var unknown []string
	for _, f := range files {
		if _, ok := a.known[f.path]; !ok {
			unknown = append(unknown, f.path)
		}
	}
	if err := a.ask(ctx, unknown); err != nil {
		return err
	}
	for i, f := range files {
		of := a.known[f.path]
		files[i].driver, files[i].markerSize = of.driver, of.markerSize
	}
	return nil
}

func (a *attributes) ask(ctx context.Context, files []string) error {
	if len(files) == 0 {
		return nil
	}
	up, err := repo.Line(a.git(ctx, "rev-parse", "--show-cdup"))
	if err != nil {
		return err
	}
	cmd := a.git(ctx, "check-attr", "-z", "--stdin", "merge", "conflict-marker-size")
	var paths strings.Builder
	for _, f := range files {
		paths.WriteString(up + f + "\x00")
	}
	cmd.Stdin = strings.NewReader(paths.String())
	fields, err := repo.Fields(cmd) // path, attribute, value, for each
	if err != nil {
		return err
	}
	if len(fields) != 6*len(files) {
		return fmt.Errorf("git check-attr answered %d fields for %d files", len(fields), len(files))
	}
	if a.known == nil {
		a.known = map[string]attribute{}
	}
	for i, f := range files {
		var of attribute
		switch value := fields[6*i+2]; value {
		case "unspecified", "set", "text", Driver:
		case "unset", "binary":
			of.driver = "not to be merged as text (.gitattributes)"
		default:
			of.driver = "merge=" + value + " (.gitattributes)"
		}
		of.markerSize, _ = strconv.Atoi(fields[6*i+5])
		a.known[f] = of
	}
	return nil
}
