package launch

import "slices"

// begin are the arguments that every start of Claude Code has: the name, and what is
// resumed.
func (c Client) begin() []string {
	args := []string{"--name", c.Session}
	switch c.Resume {
	case "":
		return args
	case Newest:
		return append(args, "--continue")
	}
	return append(args, "--resume", c.Resume)
}

// gitRules allow what of git a session needs. What only reads, such as git diff, the
// client allows by itself, without the options that write files.
var gitRules = []string{"Bash(git add *)", "Bash(git rm *)", "Bash(git mv *)", "Bash(git status *)"}

// unattended are the arguments where nobody watches: it edits files, and runs what it
// is allowed. The second option takes all that follows, up to the next one.
func (c Client) unattended() []string {
	return slices.Concat([]string{"--permission-mode", "acceptEdits", "--allowedTools"}, c.Allow, gitRules)
}

// claudeOnTerminal are the arguments on a terminal, without the prompt. The user's own
// come last, where they count, and may take any number of values: hence the "--".
func (c Client) claudeOnTerminal() []string {
	args := c.begin()
	if len(c.Allow) > 0 {
		args = append(append(args, "--allowedTools"), c.Allow...)
	}
	args = append(args, c.Options...)
	if len(args) > len(c.begin()) {
		args = append(args, "--")
	}
	return args
}
