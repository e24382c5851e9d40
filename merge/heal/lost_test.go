package heal

import "testing"

// Conflicts that look as if both edits could be carried out, and in which a heal would lose, double or
// bend one. Each stays at safe, with the sides swapped, too.
func TestStaysAtSafe(t *testing.T) {
	goFile := func(body string) string { return "package p\n\n" + body }
	tests := []sides{
		// A deletion contains no change.
		{"a line taken out, and a mark of it dropped", "pins.txt", "a\nroad ~> 7\nz\n", "a\nz\n", "a\nroad > 7\nz\n"},
		{"a dependency removed, and unpinned", "package.json", "{\n \"a\": \"1\",\n \"tiny\": \"~2.1.0\",\n \"z\": \"1\"\n}\n", "{\n \"a\": \"1\",\n \"z\": \"1\"\n}\n", "{\n \"a\": \"1\",\n \"tiny\": \"2.1.0\",\n \"z\": \"1\"\n}\n"},
		{"commented code removed, and brought back", "a.rs", "fn f() {\n    a();\n    // b();\n    // c();\n    d();\n}\n", "fn f() {\n    a();\n    d();\n}\n", "fn f() {\n    a();\n    b();\n    c();\n    d();\n}\n"},
		{"one commented line removed, and brought back", "a.sh", "a\n# run --all\nz\n", "a\nz\n", "a\nrun --all\nz\n"},
		{"a call removed, and its arguments reordered", "a.py", "def f():\n    show(name, size, owner)\n    end()\n", "def f():\n    end()\n", "def f():\n    show(owner, name, size)\n    end()\n"},
		{"a block removed, and a word dropped within", "a.js", "a()\nif (x) {\n  await go(x)\n  stop(x)\n}\nz()\n", "a()\nz()\n", "a()\nif (x) {\n  go(x)\n  stop(x)\n}\nz()\n"},
		// A new word that the other side has by chance.
		{"a default within a list of choices", "opts.toml", "kind = \"int\"\nfirst = none\n", "kind = \"int\"\nfirst = 2\n", "kind = \"enum\"\nchoices = [1, 2, 3]\n"},
		{"a value within another's arguments", "a.c", "x = old;\ny = z;\n", "x = fresh;\ny = z;\n", "x = pick(fresh, stale);\ny = z;\n"},
		// Two replacements of the same words.
		{"a name, and a longer one", "R.md", "Made by Alpha and friends.\n", "Made by Beta and friends.\n", "Made by Beta-Core and friends.\n"},
		{"a URL, and a deeper one", "a.txt", "see http://old.example/doc for more\n", "see https://new.example for more\n", "see https://new.example/guide for more\n"},
		{"a call, and one with more arguments", "a.go", goFile("var x = old\n"), goFile("var x = make(1)\n"), goFile("var x = make(1, 2)\n")},
		{"two spellings of a new line", "a.go", goFile("func f() {\n\ta()\n}\n"), goFile("func f() {\n\ta()\n\tprintln()\n}\n"), goFile("func f() {\n\ta()\n\tprintln(\"\")\n}\n")},
		{"a new URL, and a longer one", "a.md", "# Links\n\nend\n", "# Links\n\n[kinds]: /pages/#kinds\nend\n", "# Links\n\n[kinds]: https://example.org/pages/#kinds\nend\n"},
		{"an attribute for one type, and a like one with its own", "a.rs", "}\n\nstruct B;\n", "}\n\n#[derive(Clone)]\nstruct B;\n", "}\n\n#[derive(Clone, Eq)]\nenum A {\n    X,\n}\n\nstruct B;\n"},
		{"an argument taken out, and replaced", "a.java", "x = new Clock(0);\n", "x = new Clock();\n", "x = new Clock(100);\n"},
		// Lines made from the line that the other side changed.
		{"an import above one whose path moved", "i.py", "import os\nfrom acme.api.client import retry\n", "import os\nfrom acme.api.client import Client\nfrom acme.api.client import retry\n", "import os\nfrom acme.v2.api.client import retry\n"},
		{"a twin of the changed line", "u.go", "// +build linux,!arm\n\npackage p\n", "// +build linux,!arm,!mips\n\npackage p\n", "//go:build linux && !arm\n// +build linux,!arm\n\npackage p\n"},
		{"a use of a family of names that the other renamed", "m.c", "int f() {\n\tif (buf_oom(&s))\n\t\tstop();\n}\n", "int f() {\n\tif (str_oom(&s))\n\t\tstop();\n}\n", "int f() {\n\tif (more)\n\t\tbuf_puts(&s, more);\n\n\tif (buf_oom(&s))\n\t\tstop();\n}\n"},
		{"a use of a name that has the renamed word in it", "a.py", "if Q.bounded(e):\n    go()\n", "if Q.finite(e):\n    go()\n", "stop(self.is_bounded)\nif Q.bounded(e):\n    go()\n"},
		{"a use of a name that the other qualified", "m.js", "run() {\n  show(user, lang)\n}\n", "run() {\n  show(this.user, lang)\n}\n", "run() {\n  user = find(id)\n  show(user, lang)\n}\n"},
		{"a use of a name that the other took from elsewhere", "m.rs", "fn f() {\n    go(limit, 1);\n}\n", "fn f() {\n    go(conf.limit, 1);\n}\n", "fn f() {\n    limit += 1;\n    go(limit, 1);\n}\n"},
		{"a section above a newer one", "CHANGES", "# Changes\n\n## 1.4.0 (soon)\n- x\n", "# Changes\n\n## 1.5.0 (soon)\n- x\n", "# Changes\n\n## 1.4.1 (soon)\n- y\n\n## 1.4.0 (soon)\n- x\n"},
		// Doubled across the file.
		{"a block brought in at two places", "s.py", "def run():\n    c = get()\n    start()\n    return c\n", "def run():\n    c = get()\n\n    start()\n    for b in binds:\n        if missing(b):\n            raise Gone(b)\n    return c\n", "def run():\n    c = get()\n\n    for b in binds:\n        if missing(b):\n            raise Gone(b)\n\n    start()\n    return c\n"},
		{"the same edit, a blank line apart", "w.go", goFile("func f() {\n\ta()\n\n\tb()\n\tone(x)\n\ttwo(y)\n}\n"), goFile("func f() {\n\ta()\n\tif err != nil {\n\t\tbreak\n\t}\n\n\tb()\n\tone(xx)\n\ttwo(y)\n}\n"), goFile("func f() {\n\ta()\n\n\tif err != nil {\n\t\tbreak\n\t}\n\tb()\n\tone(x)\n\ttwo(yy)\n}\n")},
		{"a method brought in above and below", "m.ts", "class A {\n  a() {}\n\n  one(x)\n  two(y)\n\n  z() {}\n}\n", "class A {\n  b() { return this.c }\n\n  a() {}\n\n  one(xx)\n  two(y)\n\n  z() {}\n}\n", "class A {\n  a() {}\n\n  one(x)\n  two(yy)\n\n  z() {}\n\n  b() { return this.c }\n}\n"},
		{"one parameter, brought in by both", "a.h", "one *alloc(size_t);\none *get(one *, size_t);\nvoid drop(one *);\n", "one *alloc(size_t);\nvoid get(one *, one *, size_t);\nvoid drop(one *);\n", "one *alloc_impl(size_t);\none *get(one *, one *, size_t);\nvoid drop_impl(one *);\n"},
		// The seam of neighbours.
		{"tags on a brace that the other side re-wrapped", "e.js", "test('one', () => {\n  a()\n  b()\n})\n", "test('one', () => {\n  a()\n  b()\n}, { slow: true })\n", "describe('all', () => {\n  test('one', () => {\n    c()\n    d()\n  })\n})\n"},
		{"a brace changed below lines rewritten", "e.tcl", "test {x} {\n step\n}\n", "test {x} {\n step\n} {ok}\n", "group {y} {\n go\n test\n}\n"},
		{"two replacements that both grow at their seam", "a.txt", "k\none old line\ntwo old line\nz\n", "k\none fresh line\nand more of one\ntwo old line\nz\n", "k\none old line\nsome of two first\ntwo new line\nz\n"},
		// Line ends.
		{"one side went to CR LF, the other edits", "a.c", "int a;\nint b;\n", "int a;\r\nint b;\r\n", "int a;\nint bb;\n"},
		{"one side came from CR LF, the other edits", "a.md", "one\r\ntwo\r\n", "one\ntwo\n", "one\r\ntwo and a half\r\n"},
		// Others.
		{"a file that says auto-generated", "api.ts", "// This file is auto-generated! Do not modify.\na\nb\n", "// This file is auto-generated! Do not modify.\nax\nb\n", "// This file is auto-generated! Do not modify.\na\nby\n"},
		{"a file in a folder of generated ones", "src/generated/api.ts", "a\nb\n", "ax\nb\n", "a\nby\n"},
		{"a snapshot", "__snapshots__/a.test.js.snap", "a\nb\n", "ax\nb\n", "a\nby\n"},
		{"a comment without a blank, and the code beside it", "a.py", "#the limit\nlimit(low)\n", "#the upper limit\nlimit(low)\n", "#the limit\nlimit(high)\n"},
		{"a comment of HTML, and the text beside it", "a.html", "<!-- the limit -->\n<p>low</p>\n", "<!-- the upper limit -->\n<p>low</p>\n", "<!-- the limit -->\n<p>high</p>\n"},
		// Parts of one version.
		{"two parts of a version in a tuple", "v.py", "VERSION = (1, 8, 0, 'alpha', 0)\n", "VERSION = (1, 9, 0, 'alpha', 0)\n", "VERSION = (1, 8, 0, 'final', 0)\n"},
		{"a part of a version in a list, and its tag", "v.js", "exports.version = [3, 2, 1, 'rc', 4]\n", "exports.version = [3, 3, 1, 'rc', 4]\n", "exports.version = [3, 2, 1, 'final', 4]\n"},
		// Code that one side uncomments, and the other moves.
		{"an annotation uncommented, and indented", "A.java", "class A {\n//    @Ignore\n    void a() {}\n}\n", "class A {\n    @Ignore\n    void a() {}\n}\n", "class A {\n    //    @Ignore\n    void a() {}\n}\n"},
		{"a line commented out, and indented", "a.py", "def f():\n  a()\n  b()\n", "def f():\n  a()\n#  b()\n", "def f():\n    a()\n    b()\n"},
	}
	for _, c := range tests {
		c.stays(t, Safe)
	}
}

// Lines that both sides brought in at one place, and that are one thing done in two ways, or are not whole in
// themselves. Each stays at both.
func TestStaysAtBoth(t *testing.T) {
	tests := []struct{ name, path, ours, theirs string }{
		{"a call, and the same in a condition", "a.go", "rows.Close()\n", "if err := rows.Close(); err != nil {\n\treturn err\n}\n"},
		{"a field, and the same with a remark", "a.h", "blob_t inner;\n", "blob_t inner;\t/* points here */\n"},
		{"an address, and the same with a second", ".mailmap", "Ann Lee <ann@old.example>\n", "Ann Lee <ann@new.example> Ann Lee <ann@old.example>\n"},
		{"a condition without its end", "a.c", "#if !defined(stop)\n", "go();\n"},
		{"the end of a condition", "a.c", "free(x);\n#endif /* OLD */\n", "go(y);\n"},
		{"two annotations of the line below", "A.java", "@Deprecated\n", "@Inject\n"},
		{"the other case of a condition", "a.c", "#else\nold();\n", "go(y);\n"},
	}
	for _, c := range tests {
		between(c.name, c.path, "k\n", c.ours, c.theirs, "z\n").stays(t, Both)
	}
	whole := "#ifdef A\na();\n#elif B\nb();\n#endif\n"
	if r := Merge([]byte("k\nz\n"), []byte("k\n"+whole+"z\n"), []byte("k\ngo(y);\nz\n"), Options{Path: "a.c", Level: Both}); r.Conflicts != 0 {
		t.Errorf("a whole condition stays: %+v", r.Regions)
	}
}

// An annotation, an attribute or a comment of the line below stays right above it: the other side's lines come first,
// whichever side's they are.
func TestStaysAboveItsLine(t *testing.T) {
	for _, c := range []struct{ path, lead, line string }{
		{"A.java", "@Deprecated\n", "int size = 1;\n"},
		{"a.rs", "#[inline]\n", "let size = 1;\n"},
		{"a.js", "// for tests alone\n", "let size = 1\n"},
		{"a.js", "/* for tests alone,\n   and slow */\n", "let size = 1\n"},
		{"a.lua", "-- for tests alone\n", "local size = 1\n"},
		{"A.java", "@Inject @Named(\"x\")\n", "int size = 1;\n"},
		{"A.java", "@Inject // once\n", "int size = 1;\n"},
		{"a.py", "@app.route(\"/x\")\n", "def size():\n    go(1)\n"},
		{"A.cs", "[Obsolete]\n", "int size = 1;\n"},
		{"a.cpp", "[[nodiscard]]\n", "int size();\n"},
		{"a.cpp", "template <typename T>\n", "int size();\n"},
		{"a.h", "public:\n", "int size;\n"},
	} {
		for _, r := range between(c.path, c.path, "k\n", c.lead, c.line, "z\n").merge(Both) {
			if want := "k\n" + c.line + c.lead + "z\n"; string(r.Text) != want || r.Regions[0].OursFirst {
				t.Errorf("%q: %+v", r.Text, r.Regions)
			}
		}
	}
}

// Lines that end the block, by their indentation, stand below those that go on with it, whichever side's they are.
func TestStaysInItsBlock(t *testing.T) {
	method, class := "    def b(self):\n        go(1)\n", "# all\nclass B:\n    def c(self):\n        stop(2)\n"
	const above = "class A:\n    def a(self):\n        run(3)\n"
	for _, r := range between("", "a.py", above, class, method, "").merge(Both) {
		if want := above + method + class; string(r.Text) != want || r.Conflicts != 0 || r.Regions[0].OursFirst {
			t.Errorf("%q: %+v", r.Text, r.Regions)
		}
	}
	between("", "a.py", above, method+class, "    def d(self):\n        more(4)\nclass C:\n    x = 5\n", "").stays(t, Both)
}

// Lines of a preprocessor are no comments.
func TestComments(t *testing.T) {
	for line, want := range map[string]bool{
		"// x": true, "  # x": true, "#x": true, "<!-- x -->": true, "* x": true, "": true,
		"#include <a.h>": false, "# define A": false, "#ifdef B": false, "#[derive(C)]": false, "x()": false,
	} {
		if got := isComment(line); got != want {
			t.Errorf("%q is a comment: %v", line, got)
		}
	}
}

// A heal stands where nothing of these speaks against it: the checks are not too wide.
func TestStillHeals(t *testing.T) {
	tests := []struct {
		sides
		want string
	}{
		{sides{"lines taken out of those that the other takes out", "a.txt", "k\na\nb\nc\nz\n", "k\nz\n", "k\na\nc\nz\n"}, "k\nz\n"},
		{sides{"an import above a changed line that it has nothing to do with", "a.js", "import b from 'b'\nimport { c, d } from '@x/c'\n", "import b from 'b'\nimport { e } from '@y/e'\nimport { c, d } from '@x/c'\n", "import b from 'b'\nimport { c } from '@x/c'\n"}, "import b from 'b'\nimport { e } from '@y/e'\nimport { c } from '@x/c'\n"},
		{sides{"two numbers of one call", "a.c", "draw(left, 10, 20, label, old, 7);\n", "draw(left, 11, 20, label, old, 7);\n", "draw(left, 10, 20, label, fresh, 7);\n"}, "draw(left, 11, 20, label, fresh, 7);\n"},
		{sides{"code indented, a comment in it changed", "a.py", "if x:\n  # the old way\n  a()\n", "if x:\n  # the new way\n  a()\n", "if x:\n    # the old way\n    a()\n"}, "if x:\n    # the new way\n    a()\n"},
		{sides{"CR LF everywhere", "a.txt", "a\r\nb\r\nc\r\n", "ax\r\nb\r\nc\r\n", "a\r\nby\r\nc\r\n"}, "ax\r\nby\r\nc\r\n"},
	}
	for _, c := range tests {
		c.heals(t, c.want, "")
	}
}
