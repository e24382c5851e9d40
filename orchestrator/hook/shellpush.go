package hook

import (
	"path/filepath"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// rawPush is a git push in a shell's text.
type rawPush struct {
	dir    string
	branch string   // checked out before it in the same text, "" if none was
	made   bool     // that branch is new; else the name may also be a file's
	remote string   // as it was given, "" if it was not
	specs  []string // after the remote; what a shell would expand counts as HEAD
	all    bool     // pushes every branch
	tags   bool     // and nothing else, if there are no specs
}

// pushesIn finds the git pushes in a text for a shell that works in dir, wherever
// they are: in lists, loops and substitutions, after env, timeout and the like,
// within sh -c. Text that is no shell command has none.
func pushesIn(text, dir string) []rawPush {
	s := &shell{dir: dir}
	s.read(text, 0)
	return s.pushes
}

// shell follows how a text changes the folder and the branch that a push would
// work in. It assumes that every command is run, and succeeds.
type shell struct {
	dir    string
	branch string
	made   bool
	pushes []rawPush
}

// maxNesting is how deep sh -c within sh -c is followed.
const maxNesting = 4

func (s *shell) read(text string, depth int) {
	file, err := syntax.NewParser().Parse(strings.NewReader(text), "")
	if err != nil || depth > maxNesting {
		return
	}
	type saved struct {
		node syntax.Node
		was  shell
	}
	var stack []saved
	syntax.Walk(file, func(n syntax.Node) bool {
		if n == nil {
			last := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if ownShell(last.node) {
				s.dir, s.branch, s.made = last.was.dir, last.was.branch, last.was.made
			}
			return true
		}
		stack = append(stack, saved{n, *s})
		if call, ok := n.(*syntax.CallExpr); ok {
			s.call(literals(call.Args), depth)
		}
		return true
	})
}

// ownShell reports whether the node runs in a shell of its own, so that its cd and
// git switch have no effect outside.
func ownShell(n syntax.Node) bool {
	switch n := n.(type) {
	case *syntax.Subshell, *syntax.CmdSubst, *syntax.ProcSubst:
		return true
	case *syntax.BinaryCmd:
		return n.Op == syntax.Pipe || n.Op == syntax.PipeAll
	case *syntax.Stmt:
		return n.Background
	}
	return false
}

// unknown stands for what a shell would expand.
const unknown = "\x00"

// literals are words as a command gets them, with unknown for each expansion.
func literals(words []*syntax.Word) []string {
	all := make([]string, len(words))
	for i, w := range words {
		var b strings.Builder
		for _, part := range w.Parts {
			writeLiteral(&b, part, false)
		}
		all[i] = b.String()
	}
	return all
}

func writeLiteral(b *strings.Builder, part syntax.WordPart, quoted bool) {
	switch part := part.(type) {
	case *syntax.Lit:
		for i := 0; i < len(part.Value); i++ {
			if c := part.Value[i]; c == '\\' && i+1 < len(part.Value) && (!quoted || strings.IndexByte("$`\"\\\n", part.Value[i+1]) >= 0) {
				i++
			}
			b.WriteByte(part.Value[i])
		}
	case *syntax.SglQuoted:
		b.WriteString(part.Value)
	case *syntax.DblQuoted:
		for _, p := range part.Parts {
			writeLiteral(b, p, true)
		}
	default:
		b.WriteString(unknown)
	}
}

// wrappers run the command that follows their options.
var wrappers = []string{"builtin", "chronic", "command", "doas", "env", "exec", "ionice", "nice", "nohup", "setsid", "stdbuf", "sudo", "time", "timeout"}

func (s *shell) call(words []string, depth int) {
	for len(words) > 0 && slices.Contains(wrappers, filepath.Base(words[0])) {
		words = behindOptions(words[1:])
	}
	if len(words) == 0 {
		return
	}
	switch args := words[1:]; filepath.Base(words[0]) {
	case "sh", "bash", "dash", "zsh", "ksh":
		for i, word := range args {
			if strings.HasPrefix(word, "-") && !strings.HasPrefix(word, "--") && strings.HasSuffix(word, "c") && i+1 < len(args) {
				s.inner(args[i+1], depth)
				return
			}
		}
	case "eval":
		s.read(strings.Join(args, " "), depth+1)
	case "cd", "pushd":
		if len(args) == 1 && !strings.Contains(args[0], unknown) {
			s.dir = below(s.dir, args[0])
		}
	case "git":
		s.git(args)
	}
}

// inner is sh -c: of what is done there, only the pushes matter outside.
func (s *shell) inner(text string, depth int) {
	inner := *s
	inner.read(text, depth+1)
	s.pushes = inner.pushes
}

// behindOptions skips a wrapper's options with their values, its settings of
// variables, and its numbers.
func behindOptions(words []string) []string {
	option := false
	for i, word := range words {
		switch {
		case strings.HasPrefix(word, "-"):
			option = true
		case strings.Contains(word, "=") || word != "" && word[0] >= '0' && word[0] <= '9':
			option = false
		case option && filepath.Base(word) != "git" && !slices.Contains([]string{"sh", "bash"}, filepath.Base(word)):
			option = false // its value
		default:
			return words[i:]
		}
	}
	return nil
}

// below is path as seen from dir.
func below(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// git reads the arguments of git.
func (s *shell) git(args []string) {
	dir := s.dir
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		takes := slices.Contains([]string{"-C", "-c", "--git-dir", "--work-tree", "--namespace"}, args[0]) && len(args) > 1
		if takes && args[0] == "-C" {
			dir = below(dir, args[1])
		}
		args = args[1:]
		if takes {
			args = args[1:]
		}
	}
	if len(args) == 0 {
		return
	}
	switch args[0] {
	case "push":
		p := rawPush{dir: dir, branch: s.branch, made: s.made}
		if p.parse(args[1:]) {
			s.pushes = append(s.pushes, p)
		}
	case "switch", "checkout":
		if branch, made := branchOf(args[1:]); branch != "" && dir == s.dir {
			s.branch, s.made = branch, made
		}
	}
}

// branchOf is the branch that git switch or git checkout is told to go to, or to
// make; in git checkout it may also be a file's name.
func branchOf(args []string) (name string, made bool) {
	for i, word := range args {
		switch {
		case slices.Contains([]string{"-b", "-B", "-c", "-C", "--create", "--force-create", "--orphan"}, word) && i+1 < len(args):
			return args[i+1], true
		case word == "--":
			return "", false
		}
	}
	plain := slices.DeleteFunc(slices.Clone(args), func(w string) bool { return strings.HasPrefix(w, "-") })
	if len(plain) != 1 {
		return "", false
	}
	return plain[0], false
}

// parse reads the arguments of git push, and reports whether it would push.
func (p *rawPush) parse(args []string) bool {
	var rest []string
	for i := 0; i < len(args); i++ {
		switch word := args[i]; {
		case slices.Contains([]string{"-n", "--dry-run", "-h", "--help"}, word):
			return false
		case word == "--all" || word == "--mirror" || word == "--branches":
			p.all = true
		case word == "--tags":
			p.tags = true
		case word == "--repo" && i+1 < len(args):
			i++
			p.remote = args[i]
		case strings.HasPrefix(word, "--repo="):
			p.remote = word[len("--repo="):]
		case word == "-o" || word == "--push-option" || word == "--receive-pack" || word == "--exec":
			i++
		case !strings.HasPrefix(word, "-"):
			rest = append(rest, word)
		}
	}
	if len(rest) > 0 {
		p.remote, p.specs = rest[0], rest[1:]
	}
	for i, spec := range p.specs {
		if strings.Contains(spec, unknown) {
			p.specs[i] = "HEAD"
		}
	}
	if strings.Contains(p.remote, unknown) {
		p.remote = ""
	}
	return true
}
