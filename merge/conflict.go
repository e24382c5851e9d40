package merge

import (
	"context"
	"errors"
	"fmt"
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
	path       string
	stages     [3]stage
	driver     string // the attribute merge, "" for git's own text merge
	markerSize int    // the attribute conflict-marker-size, 0 if it is not set
}

// Healed is what became of one file in conflict.
type Healed struct {
	Path       string
	Result     Result // the regions; meaningless if Why says that Heal was not asked
	Whole      bool   // no conflict remains
	Why        string // why Heal was not asked: a rename, a delete, a mode, a link, …
	Regenerate string // the command that makes a generated file anew, if known
}

// Driver is what the merge driver is called in git's configuration.
const Driver = "git-swarm"

// lineMerge is named in the place of a rule where git's own line merge, with
// another diff than git used, finds no conflict.
const lineMerge = "lines"

// Rules names the rules that healed the file, each once, in order.
func (h *Healed) Rules() []string {
	if h.Whole && len(h.Result.Regions) == 0 {
		return []string{lineMerge}
	}
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
// stay in conflict. Everything else is left exactly as it is: also a file that
// somebody has changed since git stopped, and one to which .gitattributes gives
// a merge driver, or none.
//
// Each file is replaced whole and staged after that. Killed in between, the next
// call stages it.
func HealCheckout(ctx context.Context, git Checkout, opts Options, partial bool, want func(path string) bool) ([]Healed, error) {
	w := &healer{git: git, opts: opts, partial: partial}
	return w.heal(ctx, want)
}

// healer heals the files in conflict in one checkout.
type healer struct {
	git     Checkout
	opts    Options
	partial bool
	own     bool // the checkout is ours: nobody else writes there
	top     string
}

func (w *healer) heal(ctx context.Context, want func(path string) bool) ([]Healed, error) {
	files, err := listUnmerged(ctx, w.git)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	if w.top, err = said(w.git(ctx, "rev-parse", "--show-toplevel")); err != nil {
		return nil, err
	}
	if err := readAttributes(ctx, w.git, files); err != nil {
		return nil, err
	}
	var all []Healed
	for _, f := range files {
		if want != nil && !want(f.path) {
			continue
		}
		h, err := w.file(ctx, f)
		if err != nil {
			return all, fmt.Errorf("heal %s: %w", f.path, err)
		}
		all = append(all, *h)
	}
	// git merge --abort does not look into files that the index does not know.
	_, _ = repo.Output(w.git(ctx, "update-index", "-q", "--unmerged", "--refresh")) // it complains of what is changed
	return all, nil
}

func (w *healer) file(ctx context.Context, f unmerged) (*Healed, error) {
	h, versions, err := healFile(ctx, w.git, f, w.opts)
	if err != nil || h.Why != "" || !h.Whole && (!w.partial || len(h.Rules()) == 0) {
		return h, err
	}
	if !w.own && !w.asLeft(ctx, f, versions) {
		h.Whole, h.Why = false, "changed in the work tree since git stopped"
		return h, nil
	}
	return h, w.write(ctx, f, h)
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

// healFile asks Heal, if the conflict is one of content alone, and returns the
// three versions.
func healFile(ctx context.Context, git Checkout, f unmerged, opts Options) (*Healed, [][]byte, error) {
	h := &Healed{Path: f.path, Why: f.beyond()}
	if opts.Level == Off {
		h.Why = RulesOff.String()
	}
	if h.Why != "" {
		return h, nil, nil
	}
	blobs, err := readBlobs(ctx, git, f.stages[0].id, f.stages[1].id, f.stages[2].id)
	if errors.Is(err, errTooLarge) {
		h.Why = TooLarge.String()
		return h, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	h.Result = Heal(blobs[0], blobs[1], blobs[2], f.options(opts))
	h.Whole, h.Regenerate = h.Result.Conflicts == 0, h.Result.Regenerate
	return h, blobs, nil
}

func (f unmerged) options(opts Options) Options {
	opts.Path, opts.MarkerSize = f.path, f.markerSize
	return opts
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
	case f.driver != "":
		return f.driver
	}
	return ""
}

// readAttributes asks what .gitattributes says of merging the files.
func readAttributes(ctx context.Context, git Checkout, files []unmerged) error {
	up, err := said(git(ctx, "rev-parse", "--show-cdup"))
	if err != nil {
		return err
	}
	cmd := git(ctx, "check-attr", "-z", "--stdin", "merge", "conflict-marker-size")
	var paths strings.Builder
	for _, f := range files {
		paths.WriteString(up + f.path + "\x00")
	}
	cmd.Stdin = strings.NewReader(paths.String())
	fields, err := listed(cmd) // path, attribute, value, for each
	if err != nil {
		return err
	}
	if len(fields) != 6*len(files) {
		return fmt.Errorf("git check-attr answered %d fields for %d files", len(fields), len(files))
	}
	for i := range files {
		switch value := fields[6*i+2]; value {
		case "unspecified", "set", "text", Driver:
		case "unset", "binary":
			files[i].driver = "not to be merged as text (.gitattributes)"
		default:
			files[i].driver = "merge=" + value + " (.gitattributes)"
		}
		files[i].markerSize, _ = strconv.Atoi(fields[6*i+5])
	}
	return nil
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
