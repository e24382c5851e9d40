package merge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Checkout runs git commands in one checkout: the user's, or one of ours.
type Checkout func(ctx context.Context, args ...string) *exec.Cmd

// stage is one version of a file in conflict; an empty id: the file is not there.
type stage struct{ mode, id string }

// unmerged is a file in conflict: base, ours, theirs.
type unmerged struct {
	path   string
	stages [3]stage
}

// Healed is what became of one file in conflict.
type Healed struct {
	Path       string
	Result     Result // the regions; meaningless if Why says that Heal was not asked
	Whole      bool   // no conflict remains
	Why        string // why Heal was not asked: a rename, a delete, a mode, a link, …
	Regenerate string // the command that makes a generated file anew, if known
}

// Rules names the rules that healed the file, each once, in order.
func (h *Healed) Rules() []string {
	var rules []string
	seen := map[string]bool{}
	for _, r := range h.Result.Regions {
		if r.Rule != "" && !seen[r.Rule] {
			seen[r.Rule] = true
			rules = append(rules, r.Rule)
		}
	}
	return rules
}

// Reason says in a few words why the file is still in conflict.
func (h *Healed) Reason() string {
	if h.Why != "" {
		return h.Why
	}
	for _, r := range h.Result.Regions {
		if r.Rule == "" {
			return r.Why.String()
		}
	}
	return ""
}

// HealCheckout heals the files in conflict in a checkout, from the stages of its
// index: all of them, or those that want says. A file that is wholly healed is
// written and staged; with partial, others are written with what remains, and
// stay in conflict. Everything else is left exactly as it is.
func HealCheckout(ctx context.Context, git Checkout, opts Options, partial bool, want func(path string) bool) ([]Healed, error) {
	files, err := listUnmerged(ctx, git)
	if err != nil {
		return nil, err
	}
	var all []Healed
	for _, f := range files {
		if want != nil && !want(f.path) {
			continue
		}
		h, err := healFile(ctx, git, f, opts)
		if err != nil {
			return all, fmt.Errorf("heal %s: %w", f.path, err)
		}
		if h.Whole || partial && h.Why == "" && len(h.Rules()) > 0 {
			if err := writeHealed(ctx, git, f, h); err != nil {
				return all, fmt.Errorf("heal %s: %w", f.path, err)
			}
		}
		all = append(all, *h)
	}
	return all, nil
}

func listUnmerged(ctx context.Context, git Checkout) ([]unmerged, error) {
	lines, err := listed(git(ctx, "ls-files", "--unmerged", "--full-name", "-z", ":/"))
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

// healFile asks Heal, if the conflict is one of content alone.
func healFile(ctx context.Context, git Checkout, f unmerged, opts Options) (*Healed, error) {
	h := &Healed{Path: f.path, Why: f.beyond()}
	if h.Why != "" {
		return h, nil
	}
	blobs, err := readBlobs(ctx, git, f.stages[0].id, f.stages[1].id, f.stages[2].id)
	if err != nil {
		return nil, err
	}
	opts.Path = f.path
	h.Result = Heal(blobs[0], blobs[1], blobs[2], opts)
	h.Whole, h.Regenerate = h.Result.Conflicts == 0, h.Result.Regenerate
	return h, nil
}

// beyond says why a conflict is not one of content: "" if it is.
func (f unmerged) beyond() string {
	base, ours, theirs := f.stages[0], f.stages[1], f.stages[2]
	regular := func(s stage) bool { return s.mode == "100644" || s.mode == "100755" }
	switch {
	case ours.id == "" && theirs.id == "":
		return "renamed or deleted on both sides"
	case ours.id == "" || theirs.id == "":
		return "deleted on one side, or renamed"
	case base.id == "":
		return "added on both sides"
	case ours.mode == "160000" || theirs.mode == "160000":
		return "a submodule"
	case !regular(base) || !regular(ours) || !regular(theirs):
		return "a symbolic link"
	case ours.mode != theirs.mode:
		return "file modes differ"
	}
	return ""
}

// maxBlob bounds the versions of a file that are read into memory.
const maxBlob = 64 << 20

// readBlobs reads objects with one git cat-file.
func readBlobs(ctx context.Context, git Checkout, ids ...string) ([][]byte, error) {
	cmd := git(ctx, "cat-file", "--batch")
	cmd.Stdin = strings.NewReader(strings.Join(ids, "\n") + "\n")
	out, err := repo.Output(cmd)
	if err != nil {
		return nil, err
	}
	in := bufio.NewReader(strings.NewReader(out))
	var blobs [][]byte
	for _, id := range ids {
		line, _ := in.ReadString('\n')
		words := strings.Fields(line)
		if len(words) != 3 {
			return nil, fmt.Errorf("object %s is missing", id)
		}
		size, err := strconv.Atoi(words[2])
		if err != nil || size > maxBlob {
			return nil, fmt.Errorf("object %s is too large", id)
		}
		blob := make([]byte, size+1)
		if _, err := io.ReadFull(in, blob); err != nil {
			return nil, fmt.Errorf("object %s: %w", id, err)
		}
		blobs = append(blobs, blob[:size])
	}
	return blobs, nil
}

// writeHealed puts the result in place: as git keeps it in the index, as filters
// and line endings have it in the work tree. The stages of a file that is still
// in conflict stay.
func writeHealed(ctx context.Context, git Checkout, f unmerged, h *Healed) error {
	hash := git(ctx, "hash-object", "-w", "--no-filters", "--stdin")
	hash.Stdin = strings.NewReader(string(h.Result.Text))
	id, err := said(hash)
	if err != nil {
		return err
	}
	var lines strings.Builder
	enter := func(number int, s stage) { fmt.Fprintf(&lines, "%s %s %d\t%s\x00", s.mode, s.id, number, f.path) }
	enter(0, stage{f.stages[1].mode, id})
	if err := updateIndex(ctx, git, lines.String()); err != nil {
		return err
	}
	out := git(ctx, "checkout-index", "--force", "--index", "-z", "--stdin")
	out.Stdin = strings.NewReader(f.path + "\x00")
	if err := atTop(ctx, git, out); err != nil {
		return err
	}
	if _, err := repo.Output(out); err != nil || h.Whole {
		return err
	}
	lines.Reset()
	fmt.Fprintf(&lines, "0 %s 0\t%s\x00", strings.Repeat("0", len(id)), f.path)
	for i, s := range f.stages {
		enter(i+1, s)
	}
	return updateIndex(ctx, git, lines.String())
}

func updateIndex(ctx context.Context, git Checkout, lines string) error {
	cmd := git(ctx, "update-index", "-z", "--index-info")
	cmd.Stdin = strings.NewReader(lines)
	if err := atTop(ctx, git, cmd); err != nil {
		return err
	}
	_, err := repo.Output(cmd)
	return err
}

// atTop lets a command that takes paths relative to where it runs run at the top.
func atTop(ctx context.Context, git Checkout, cmd *exec.Cmd) error {
	top, err := said(git(ctx, "rev-parse", "--show-toplevel"))
	if err == nil && top == "" {
		err = errors.New("no work tree")
	}
	cmd.Dir = top
	return err
}

// Style and marker size as git has them in a repository.
func gitStyle(value string) Style {
	switch value {
	case "diff3":
		return StyleDiff3
	case "zdiff3":
		return StyleZDiff3
	}
	return StyleMerge
}

// OptionsFor are the options for a repository: merge.conflictStyle, and the level
// that the user chose.
func OptionsFor(r *repo.Repo, level Level) (Options, error) {
	config, err := r.Config()
	if err != nil {
		return Options{}, err
	}
	style, _ := config.Get("merge.conflictstyle")
	return Options{Level: level, Style: gitStyle(style), Labels: Labels{Ours: "ours", Base: "base", Theirs: "theirs"}}, nil
}

// ParseLevel reads safe, wide or off.
func ParseLevel(text string) (Level, bool) {
	levels := map[string]Level{"safe": Safe, "wide": Wide, "off": Off}
	level, ok := levels[strings.ToLower(text)]
	return level, ok
}
