package orchestrator

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// prePush denies a plain git push of the branch that git swarm push lands on. It
// is a courtesy, with the right command in it: what a shell makes of a line is
// not for certain, and the pre-push hook of init --git-hooks is what refuses.
func (h *Hook) prePush(ctx context.Context) error {
	for _, p := range pushesIn(h.Input.Command, h.Input.Dir) {
		r, err := repo.Discover(h.Env, p.dir)
		if err != nil || r.CommonDir != h.Repo.CommonDir {
			continue
		}
		ref, err := review.FindTarget(ctx, r, "HEAD", h.Remote, h.Target)
		if err != nil { // nothing says where work lands, so this may be it
			ref = "refs/heads/" + currentBranch(ctx, r)
		}
		target := strings.TrimPrefix(ref, "refs/heads/")
		if name, ok := strings.CutPrefix(ref, "refs/remotes/"); ok {
			_, target, _ = strings.Cut(name, "/")
		}
		if target == "HEAD" {
			target = h.defaultBranch(ctx, r, ref)
		}
		if target != "" && p.reaches(ctx, r, target) {
			return h.Say(Answer{Push: target})
		}
	}
	return nil
}

// defaultBranch is what a remote's HEAD stands for.
func (h *Hook) defaultBranch(ctx context.Context, r *repo.Repo, ref string) string {
	out, err := repo.Output(r.GitParsed(ctx, "symbolic-ref", "--quiet", ref))
	if err != nil {
		return ""
	}
	name := strings.TrimPrefix(strings.TrimSpace(out), "refs/remotes/")
	_, branch, _ := strings.Cut(name, "/")
	return branch
}

// rawPush is a git push on a command line.
type rawPush struct {
	dir   string
	all   bool     // pushes every branch
	specs []string // behind the remote's name
	tags  bool     // and nothing else, if there are no specs
}

// reaches reports whether the push would move that branch.
func (p rawPush) reaches(ctx context.Context, r *repo.Repo, branch string) bool {
	if p.all {
		return true
	}
	if len(p.specs) == 0 {
		if p.tags {
			return false
		}
		here := currentBranch(ctx, r)
		if here == branch {
			return true
		}
		config, err := r.Config()
		if err != nil {
			return false
		}
		mode, _ := config.Get("push.default")
		up, _ := config.Get("branch." + here + ".merge")
		return (mode == "upstream" || mode == "tracking") && up == "refs/heads/"+branch
	}
	return slices.ContainsFunc(p.specs, func(spec string) bool {
		from, to, ok := strings.Cut(strings.TrimPrefix(spec, "+"), ":")
		if !ok {
			to = from
		}
		if to == "HEAD" || to == "@" {
			to = currentBranch(ctx, r)
		}
		return strings.TrimPrefix(to, "refs/heads/") == branch
	})
}

// pushesIn finds the pushes on a command line that is begun in dir.
func pushesIn(line, dir string) []rawPush {
	var all []rawPush
	for _, words := range shellCommands(line) {
		for len(words) > 0 && strings.Contains(words[0], "=") { // VAR=value
			words = words[1:]
		}
		if len(words) == 2 && words[0] == "cd" {
			dir = within(dir, words[1])
		}
		if len(words) > 0 && filepath.Base(words[0]) == "git" {
			if p, ok := parsePush(words[1:], dir); ok {
				all = append(all, p)
			}
		}
	}
	return all
}

func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// parsePush reads the arguments of git.
func parsePush(args []string, dir string) (p rawPush, ok bool) {
	p.dir = dir
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		takes := slices.Contains([]string{"-C", "-c", "--git-dir", "--work-tree", "--namespace"}, args[0]) && len(args) > 1
		if takes && args[0] == "-C" {
			p.dir = within(p.dir, args[1])
		}
		args = args[1:]
		if takes {
			args = args[1:]
		}
	}
	if len(args) == 0 || args[0] != "push" {
		return p, false
	}
	var rest []string
	for i := 1; i < len(args); i++ {
		switch word := args[i]; {
		case word == "--all" || word == "--mirror" || word == "--branches":
			p.all = true
		case word == "--tags":
			p.tags = true
		case word == "-n" || word == "--dry-run":
			return p, false
		case word == "-o" || word == "--push-option" || word == "--receive-pack" || word == "--exec" || word == "--repo":
			i++
		case !strings.HasPrefix(word, "-"):
			rest = append(rest, word)
		}
	}
	if len(rest) > 1 {
		p.specs = rest[1:]
	}
	return p, true
}

// shellCommands parts a line into simple commands and those into words. It knows
// quotes and backslashes; what a shell would expand stays as it is.
func shellCommands(line string) [][]string {
	var all [][]string
	var words []string
	var word strings.Builder
	open := false // a word has begun, be it empty
	endWord := func() {
		if open {
			words = append(words, word.String())
		}
		word.Reset()
		open = false
	}
	endCommand := func() {
		endWord()
		if len(words) > 0 {
			all = append(all, words)
		}
		words = nil
	}
	var quote byte
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\' && quote != '\'' && i+1 < len(line):
			i++
			if line[i] != '\n' {
				word.WriteByte(line[i])
				open = true
			}
		case quote != 0:
			word.WriteByte(c)
		case c == '\'' || c == '"':
			quote, open = c, true
		case c == ' ' || c == '\t':
			endWord()
		case strings.IndexByte(";&|\n()", c) >= 0:
			endCommand()
		default:
			word.WriteByte(c)
			open = true
		}
	}
	endCommand()
	return all
}
