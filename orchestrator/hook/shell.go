package hook

import (
	"path/filepath"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// gitCommand is a command of git's in a shell's text.
type gitCommand struct {
	dir  string   // where it works
	args []string // behind git's own options; unknown stands for what a shell would expand
}

// gitCommandsIn finds the commands of git's in a text for a shell that works in dir,
// wherever they are: in lists, loops and substitutions, after env, timeout and the like,
// within sh -c. Text that is no shell command has none. What a shell would make of a
// text can only be guessed: it finds what is written in it, and not what a script, an
// alias or a variable hides.
func gitCommandsIn(text, dir string) []gitCommand {
	s := &shell{dir: dir}
	s.read(text, 0)
	return s.found
}

// shell follows how a text changes the folder that its commands work in. It assumes
// that every command is run, and succeeds.
type shell struct {
	dir   string
	found []gitCommand
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
		dir  string
	}
	var stack []saved
	syntax.Walk(file, func(n syntax.Node) bool {
		if n == nil {
			last := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if ownShell(last.node) {
				s.dir = last.dir
			}
			return true
		}
		stack = append(stack, saved{n, s.dir})
		if call, ok := n.(*syntax.CallExpr); ok {
			s.call(literals(call.Args), depth)
		}
		return true
	})
}

// ownShell reports whether the node runs in a shell of its own, so that its cd has no
// effect outside.
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
var wrappers = []string{"builtin", "chronic", "command", "doas", "env", "exec", "ionice", "nice", "nohup", "setsid", "stdbuf", "sudo", "time", "timeout", "xargs"}

func (s *shell) call(words []string, depth int) {
	for len(words) > 0 && slices.Contains(wrappers, filepath.Base(words[0])) {
		words = behindOptions(words[1:])
	}
	if len(words) == 0 {
		return
	}
	args := words[1:]
	switch name := filepath.Base(words[0]); name {
	case "sh", "bash", "dash", "zsh", "ksh":
		for i, word := range args {
			if strings.HasPrefix(word, "-") && !strings.HasPrefix(word, "--") && strings.HasSuffix(word, "c") && i+1 < len(args) {
				inner := shell{dir: s.dir} // its cd has no effect outside
				inner.read(args[i+1], depth+1)
				s.found = append(s.found, inner.found...)
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
	default:
		if command, ok := strings.CutPrefix(name, "git-"); ok {
			s.git(append([]string{command}, args...))
		}
	}
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
		takes := slices.Contains([]string{"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--config-env"}, args[0]) && len(args) > 1
		if takes && args[0] == "-C" {
			dir = below(dir, args[1])
		}
		args = args[1:]
		if takes {
			args = args[1:]
		}
	}
	if len(args) > 0 {
		s.found = append(s.found, gitCommand{dir, args})
	}
}
