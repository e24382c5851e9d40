package heal

import "testing"

// Words that one side adds to a line and that have to do with what the other side changed in it, or of which it cannot
// be told where they belong. Each stays at safe and at both, with the sides swapped, too.
func TestAddedStays(t *testing.T) {
	for _, c := range []sides{
		{"an argument of a call of which the function was replaced", "a.py", "warn('no name in %r' % name)\n", "warn(where, 'no name in %r' % name)\n", "fail('no name in %r' % name)\n"},
		{"an argument of a method of which the object was replaced", "a.py", "env.warn('no name in %r' % name)\n", "env.warn(doc=1, msg='no name in %r' % name)\n", "app.warn('no name in %r' % name)\n"},
		{"an argument where some became a list", "a.py", "run(alpha, beta, gamma, delta)\n", "run(alpha, beta, gamma, also, delta)\n", "run([alpha, beta, gamma], delta)\n"},
		{"a name imported from a package that was replaced", "a.scala", "import log.one.{A, B, C, D}\n", "import log.one.{A, B, C, D, E}\n", "import log.two.{A, B, C, D}\n"},
		{"a use of a name that the other qualified", "a.c", "choose(audio, one, two, three);\n", "choose(audio, one, two, three, audio);\n", "choose(opts.audio, one, two, three);\n"},
		{"a name of a family in which the other renamed one", "a.c", "run(buf_oom, one, two, three);\n", "run(buf_oom, one, two, three, buf_puts);\n", "run(str_oom, one, two, three);\n"},
		{"a condition more", "a.js", "go(alpha == 1, one, two, beta == 2)\n", "go(alpha == 1, one, two, beta == 2 && ready)\n", "go(gamma == 1, one, two, beta == 2)\n"},
		{"a line commented out", "a.js", "run(alpha, one, two, beta)\n", "// run(alpha, one, two, beta)\n", "run(alpha, one, two, gamma)\n"},
		{"a remark on a line that changed", "a.js", "run(alpha, one, two, beta)\n", "run(alpha, one, two, beta) // as it was\n", "run(gamma, one, two, beta)\n"},
		{"two arguments near each other", "a.go", "git(t, dir, \"init\")\n", "git(t, dir, \"init\", \"--first\")\n", "git(t, dir, \"-b\", \"init\")\n"},
	} {
		c.stays(t, Safe, Both)
	}
}

// Words that one side adds to a line that the other side changed elsewhere.
func TestAdded(t *testing.T) {
	for _, c := range []struct {
		sides
		want string
	}{
		{sides{"an argument", "a.rs", "    let client = http_client(args.insecure, engine, stack);\n", "    let client = http_client(args.insecure, mode, engine, stack);\n", "    let client = http_client(args.insecure, engine, stack)?;\n"}, "    let client = http_client(args.insecure, mode, engine, stack)?;\n"},
		{sides{"a pointer, where a type changed", "a.go", "func collect(opts Options, repo *Repo, warnf func(args ...interface{})) error {\n", "func collect(opts *Options, repo *Repo, warnf func(args ...interface{})) error {\n", "func collect(opts Options, repo *Repo, warnf func(args ...any)) error {\n"}, "func collect(opts *Options, repo *Repo, warnf func(args ...any)) error {\n"},
		{sides{"two names of one list", "a.rs", "use crate::util::{self, Config, ToUrl};\n", "use crate::util::{self, Config, ToUrl, Platform};\n", "use crate::util::{self, validate, Config, ToUrl};\n"}, "use crate::util::{self, validate, Config, ToUrl, Platform};\n"},
		{sides{"an argument on a line of its own", "a.rs", "    let paths = completer.complete(context, partial);\n", "    let paths =\n        completer.complete(context, partial, &matcher);\n", "    let found = completer.complete(context, partial);\n"}, "    let found =\n        completer.complete(context, partial, &matcher);\n"},
	} {
		c.heals(t, c.want, "added")
	}
}
