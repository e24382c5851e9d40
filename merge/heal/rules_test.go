package heal

import "testing"

// Each rule with what it heals, and beside it what looks alike and must be left. The want of a
// conflict that stays is the reason.
func TestRules(t *testing.T) {
	tests := []struct {
		name, path         string
		base, ours, theirs string
		level              Level
		rule               string
		want               string // the healed file
		why                Reason // or the reason
	}{
		{
			name: "spacing, but for a blank at the end", rule: "spacing",
			base: "a\nold name\nz\n", ours: "a\nnew name \nz\n", theirs: "a\nnew name\nz\n", want: "a\nnew name\nz\n",
		},
		{
			name: "spacing means something in Python", path: "a.py", level: Wide, why: Overlap,
			base: "if a:\n    f()\n", ours: "if a:\n        g()\n", theirs: "if a:\n  g()\n",
		},
		{
			name: "spacing means something in a string", level: Wide, why: Overlap,
			base: "x = \"a\"\n", ours: "x = \"b  c\"\n", theirs: "x = \"b c\"\n",
		},
		{
			name: "neighbours, both replaced", rule: "neighbours",
			base: "a\nb\n", ours: "a1x\nb\n", theirs: "a\nb2y\n", want: "a1x\nb2y\n",
		},
		{
			name: "neighbours, one deleted", rule: "neighbours",
			base: "k\na\nb\nz\n", ours: "k\nb\nz\n", theirs: "k\na\nbee\nz\n", want: "k\nbee\nz\n",
		},
		{
			name: "a deleted line that the other changed", level: Wide, why: Overlap,
			base: "k\nalpha beta\nz\n", ours: "k\nz\n", theirs: "k\nalpha gamma\nz\n",
		},
		{
			name: "neighbours, but one uses what the other renamed", why: Stale,
			base: "open(file)\nclose(x)\n", ours: "open(path)\nclose(x)\n", theirs: "open(file)\nclose(file)\n",
		},
		{
			name: "neighbours, but both bring in a word", why: Alike,
			base: "open(x)\nclose(y)\n", ours: "open(x, retry)\nclose(y)\n", theirs: "open(x)\nclose(retry)\n",
		},
		{
			name: "neighbours, but one changes the comment on what the other changes", why: Remark,
			base: "// the limit\nlimit(low)\n", ours: "// the upper limit\nlimit(low)\n", theirs: "// the limit\nlimit(high)\n",
		},
		{
			name: "neighbours, two comments", rule: "neighbours",
			base: "// one\n// two\n", ours: "// first\n// two\n", theirs: "// one\n// second\n", want: "// first\n// second\n",
		},
		{
			name: "bumps, each of a version of its own", rule: "bumps",
			base: "a = 1.0\nb = 2.0\n", ours: "a = 1.1\nb = 2.0\n", theirs: "a = 1.0\nb = 2.1\n", want: "a = 1.1\nb = 2.1\n",
		},
		{
			name: "bumps, but of packages that may go together", path: "Cargo.toml", why: Versions,
			base: "a = \"1.0\"\nb = \"2.0\"\n", ours: "a = \"1.1\"\nb = \"2.0\"\n", theirs: "a = \"1.0\"\nb = \"2.1\"\n",
		},
		{
			name: "bumps, but one side went through the list", why: Versions,
			base: "a = 1.0\nb = 1.0\nc = 1.0\nd = 1.0\ne = 1.0\n", ours: "a = 1.1\nb = 1.1\nc = 1.1\nd = 1.1\ne = 1.0\n",
			theirs: "a = 1.0\nb = 1.0\nc = 1.0\nd = 1.0\ne = 1.2\n",
		},
		{
			name: "touching, versions in TOML", level: Wide, path: "Cargo.toml", rule: "touching",
			base: "a = \"1.0\"\nb = \"2.0\"\n", ours: "a = \"1.1\"\nb = \"2.0\"\n", theirs: "a = \"1.0\"\nb = \"2.1\"\n",
			want: "a = \"1.1\"\nb = \"2.1\"\n",
		},
		{
			name: "one version, bumped twice", level: Wide, why: Overlap,
			base: "v 1.2.3\n", ours: "v 1.2.4\n", theirs: "v 1.3.0\n",
		},
		{
			name: "one date, changed twice", level: Wide, why: Overlap,
			base: "on 2024-01-02\n", ours: "on 2024-01-03\n", theirs: "on 2024-02-02\n",
		},
		{
			name: "words", rule: "words",
			base: "call(alpha, one, two, beta)\n", ours: "call(ALPHA, one, two, beta)\n", theirs: "call(alpha, one, two, BETA)\n",
			want: "call(ALPHA, one, two, BETA)\n",
		},
		{
			name: "near", level: Both, rule: "near",
			base: "f(alpha|beta)\n", ours: "f(gamma|beta)\n", theirs: "f(alpha|delta)\n", want: "f(gamma|delta)\n",
		},
		{
			name: "words too near", level: Wide, why: Overlap,
			base: "x = alpha + beta\n", ours: "x = gamma + beta\n", theirs: "x = alpha - beta\n",
		},
		{
			name: "added", rule: "added",
			base: "f(alpha, one, two, beta)\n", ours: "f(alpha, one, two, beta, more)\n", theirs: "f(ALPHA, one, two, beta)\n",
			want: "f(ALPHA, one, two, beta, more)\n",
		},
		{
			name: "lines that are added below words that changed are for wide", why: Overlap,
			base: "f(alpha, one, two, beta)\n", ours: "f(alpha, one, two, beta)\ng()\n", theirs: "f(ALPHA, one, two,\n  beta)\n",
		},
		{
			name: "additions", level: Wide, rule: "additions",
			base: "f(alpha, one, two, beta)\n", ours: "f(alpha, one, two, beta)\ng()\n", theirs: "f(ALPHA, one, two,\n  beta)\n",
			want: "f(ALPHA, one, two,\n  beta)\ng()\n",
		},
		{
			name: "placed, beside a line in which words at the seam changed", level: Wide, rule: "placed",
			base: "k\nf(one, two, three, four)\nz\n", ours: "k\nf(one, two, three, four)\ng()\nz\n", theirs: "k\nh[p-q-r-s-t-u-v, three, four)\nz\n",
			want: "k\nh[p-q-r-s-t-u-v, three, four)\ng()\nz\n",
		},
		{
			name: "words of which one side made more than the other are for wide", why: Overlap,
			base: "return nil\n", ours: "return fmt.Errorf(\"no %s\", name)\n", theirs: "return fmt.Errorf(\"no\")\n",
		},
		{
			name: "covered, one side made more of the same words", level: Wide, rule: "covered",
			base: "return nil\n", ours: "return errors.New(\"no\") // yet\n", theirs: "return errors.New(\"no\")\n",
			want: "return errors.New(\"no\") // yet\n",
		},
		{
			name: "contained, the same lines and one more", rule: "contained",
			base: "a\nz\n", ours: "a\nb()\nz\n", theirs: "a\nb()\nc()\nz\n", want: "a\nb()\nc()\nz\n",
		},
		{
			name: "contained, the same line in the place of one, and a line more", rule: "contained",
			base: "k\n- master\nz\n", ours: "k\n- main\n- next\nz\n", theirs: "k\n- main\nz\n", want: "k\n- main\n- next\nz\n",
		},
		{
			name: "contained, but in another order", level: Wide, why: Unproven,
			base: "assert(x == y)\n", ours: "equal(x, y)\n", theirs: "equal(y, x)\n",
		},
		{
			name: "contained, one side deletes more", rule: "contained",
			base: "k\na b c d\nz\n", ours: "k\na d\nz\n", theirs: "k\na c d\nz\n", want: "k\na d\nz\n",
		},
		{
			name: "covered, one side deletes more of many lines", level: Wide, rule: "covered",
			base: "k\na\nb\nc\nd\ne\nz\n", ours: "k\nz\n", theirs: "k\na\ne\nz\n", want: "k\nz\n",
		},
		{
			name: "many lines with numbers, one side brings in more", why: Overlap,
			base: "k\nz\n", ours: "k\na 1\nb 2\nc 3\nd 4\ne 5\nz\n", theirs: "k\na 1\nb 2\nd 4\nz\n",
		},
		{
			name: "above", rule: "above",
			base: "k\n\treturn old\nz\n", ours: "k\n\tcheck()\n\treturn old\nz\n", theirs: "k\n\treturn fresh\nz\n",
			want: "k\n\tcheck()\n\treturn fresh\nz\n",
		},
		{
			name: "below is for wide", why: Overlap,
			base: "k\n\tx := old(1)\nz\n", ours: "k\n\tx := old(1)\n\tcheck()\nz\n", theirs: "k\n\tx := fresh(1)\nz\n",
		},
		{
			name: "beside", level: Wide, rule: "beside",
			base: "k\ndraw(left, top, red, 10)\nz\n", ours: "k\ndraw(left, top, red, 10)\ndraw(left, bottom, red, 30)\nz\n",
			theirs: "k\ndraw(left, top, red, 20)\nz\n", want: "k\ndraw(left, top, red, 20)\ndraw(left, bottom, red, 30)\nz\n",
		},
		{
			name: "respaced, a line comes in above one that the other indented", rule: "respaced",
			base: "k\n\treturn old\nz\n", ours: "k\n\tcheck()\n\treturn old\nz\n", theirs: "k\n\t\treturn old\nz\n",
			want: "k\n\t\tcheck()\n\t\treturn old\nz\n",
		},
		{
			name: "respaced, words change in lines that the other broke", rule: "respaced",
			base: "k\nf(a, b)\nz\n", ours: "k\nf(\n\ta,\n\tb,\n)\nz\n", theirs: "k\nf(a, bee)\nz\n", why: Overlap,
		},
		{
			name: "respaced, words change in lines that the other joined", rule: "respaced",
			base: "k\nf(a,\n  b)\nz\n", ours: "k\nf(a, b)\nz\n", theirs: "k\nf(a,\n  bee)\nz\n", want: "k\nf(a, bee)\nz\n",
		},
		{
			name: "both indent, each its way", level: Wide, path: "a.py", why: Overlap,
			base: "k\nf(a)\ng(b)\nz\n", ours: "k\n  f(a)\n  g(b)\nz\n", theirs: "k\n    f(a)\n    g(b)\nz\n",
		},
		{
			name: "a line comes in to the left of those that the other indented", level: Wide, why: Overlap,
			base: "k\n\treturn old\nz\n", ours: "k\n\treturn old\nlabel:\nz\n", theirs: "k\n\t\treturn old\nz\n",
		},
		{
			name: "words, in a line that one side indented", rule: "words",
			base: "k\ncall(alpha, one, two, beta)\nz\n", ours: "k\n\tcall(ALPHA, one, two, beta)\nz\n", theirs: "k\ncall(alpha, one, two, BETA)\nz\n",
			want: "k\n\tcall(ALPHA, one, two, BETA)\nz\n",
		},
		{
			name: "implied, the same words and more at several places", rule: "implied",
			base: "k\nset(name, \"a\")\nz\n", ours: "k\nx = set(ctx, name, \"a\", b)\nz\n", theirs: "k\nset(ctx, name, \"a\")\nz\n",
			want: "k\nx = set(ctx, name, \"a\", b)\nz\n",
		},
		{
			name: "one edit in one place may hold the other by chance", why: Overlap,
			base: "k\nz\n", ours: "k\na 1\nb 2\nc 3\nd 4\ne 5\nz\n", theirs: "k\nb 2\ne 5\nz\n",
		},
		{
			name: "above a line that the other rewrote", level: Wide, why: Overlap,
			base: "k\nalpha beta\nz\n", ours: "k\nnew()\nalpha beta\nz\n", theirs: "k\nquite another thing\nz\n",
		},
		{
			name: "additions, below a line that lost its end", level: Wide, rule: "additions",
			base: "k\n\tx := old(1)\n", ours: "k\n\tx := old(1)\n\tcheck()\n", theirs: "k\n\tx := fresh(1)",
			want: "k\n\tx := fresh(1)\n\tcheck()\n",
		},
		{
			name: "unordered, imports", level: Both, rule: "unordered", path: "a.py",
			base: "import a\n", ours: "import a\nimport b\n", theirs: "import a\nimport c\n", want: "import a\nimport b\nimport c\n",
		},
		{
			name: "two statements at one place are not for safe", why: Overlap,
			base: "a()\n", ours: "a()\nb()\n", theirs: "a()\nc()\n",
		},
		{
			name: "apart", level: Both, rule: "apart",
			base: "a()\n", ours: "a()\nb()\n", theirs: "a()\nc()\n", want: "a()\nb()\nc()\n",
		},
		{
			name: "apart, but one thing in two ways", level: Both, why: Overlap,
			base: "a()\n", ours: "a()\nlog(the, old, name)\n", theirs: "a()\nlog(the, old, path)\n",
		},
		{
			name: "apart, but both declare a name", level: Both, why: Overlap,
			base: "a()\n", ours: "a()\nlimit = low + 1\n", theirs: "a()\nlimit = high\n",
		},
		{
			name: "apart, but a brace is left open", level: Both, why: Overlap,
			base: "a()\n", ours: "a()\nif x {\n", theirs: "a()\nb()\n",
		},
		{
			name: "unordered, sorted", level: Both, rule: "unordered", path: "a.py",
			base: "import a\nimport b\nimport z\n", ours: "import a\nimport b\nimport y\nimport z\n", theirs: "import a\nimport b\nimport c\nimport z\n",
			want: "import a\nimport b\nimport c\nimport y\nimport z\n",
		},
		{
			name: "entries", level: Both, rule: "entries",
			base: "{\nalpha,\n}\n", ours: "{\nalpha,\ngamma: 1,\n}\n", theirs: "{\nalpha,\nbeta: 2,\n}\n", want: "{\nalpha,\ngamma: 1,\nbeta: 2,\n}\n",
		},
		{
			name: "entries, one key twice", level: Both, why: Overlap,
			base: "{\nalpha,\n}\n", ours: "{\nalpha,\nbeta: 1,\n}\n", theirs: "{\nalpha,\nbeta: 2,\n}\n",
		},
		{
			name: "entries of several lines", level: Both, rule: "entries",
			base: "{\nalpha: {\n one: 1,\n},\n}\n", ours: "{\nalpha: {\n one: 1,\n},\nbeta: {\n two: 2,\n},\n}\n", theirs: "{\nalpha: {\n one: 1,\n},\ngamma: {\n three: 3,\n},\n}\n",
			want: "{\nalpha: {\n one: 1,\n},\nbeta: {\n two: 2,\n},\ngamma: {\n three: 3,\n},\n}\n",
		},
		{
			name: "entries after the last, which gets its comma", level: Both, rule: "entries", path: "a.json",
			base: "{\n  \"a\": 1\n}\n", ours: "{\n  \"a\": 1,\n  \"b\": true\n}\n", theirs: "{\n  \"a\": 1,\n  \"c\": [\n    null\n  ]\n}\n",
			want: "{\n  \"a\": 1,\n  \"b\": true,\n  \"c\": [\n    null\n  ]\n}\n",
		},
		{
			name: "entries after the last, each with a key", level: Both, rule: "entries", path: "a.js",
			base: "x = {\n  'a-1': 1\n}\n", ours: "x = {\n  'a-1': 1,\n  beta: true\n}\n", theirs: "x = {\n  'a-1': 1,\n  gamma: [\n    null\n  ]\n}\n",
			want: "x = {\n  'a-1': 1,\n  beta: true,\n  gamma: [\n    null\n  ]\n}\n",
		},
		{
			name: "values after the last of a list", level: Both, why: Overlap, path: "a.json",
			base: "[\n  \"a\"\n]\n", ours: "[\n  \"a\",\n  \"beta\"\n]\n", theirs: "[\n  \"a\",\n  \"gamma\"\n]\n",
		},
		{
			name: "arguments after the last of a call that begins further above", level: Both, why: Overlap, path: "a.js",
			base:   "f(\n  a1,\n  a2,\n  a3,\n  a4,\n  a5,\n  k\n)\n",
			ours:   "f(\n  a1,\n  a2,\n  a3,\n  a4,\n  a5,\n  k,\n  alpha\n)\n",
			theirs: "f(\n  a1,\n  a2,\n  a3,\n  a4,\n  a5,\n  k,\n  beta\n)\n",
		},
		{
			name: "functions after the last argument of a call", level: Both, why: Overlap, path: "a.js",
			base: "run(\n  k\n)\n", ours: "run(\n  k,\n  x => f(x)\n)\n", theirs: "run(\n  k,\n  y => g(y, 1)\n)\n",
		},
		{
			name: "statements after a line that both changed are no entries", level: Both, why: Overlap,
			base: "{\n  a\n}\n", ours: "{\n  a;\n  b\n}\n", theirs: "{\n  a;\n  c\n}\n",
		},
		{
			name: "tests with a name of their own, and others within", level: Both, rule: "tests", path: "a.test.js",
			base: "x()\n", ours: "x()\ntest('one', () => {\n  let n = one(1)\n})\n", theirs: "x()\ntest('two', () => {\n  let n = two(2)\n})\n",
			want: "x()\ntest('one', () => {\n  let n = one(1)\n})\ntest('two', () => {\n  let n = two(2)\n})\n",
		},
		{
			name: "tests of one name", level: Both, why: Overlap, path: "a.test.js",
			base: "x()\n", ours: "x()\ntest('one', () => {\n  a()\n})\n", theirs: "x()\ntest('one', async () => {\n  b()\n})\n",
		},
		{
			name: "apart, but the same call with another text", level: Both, why: Overlap,
			base: "a()\n", ours: "a()\nt.Skip(\"the network is away\")\n", theirs: "a()\nt.Skip(\"bug 12\")\n",
		},
		{
			name: "apart, at the end of a file without a line end", level: Both, rule: "apart",
			base: "a\n", ours: "a\nbeta one", theirs: "a\ngamma two\n", want: "a\nbeta one\ngamma two\n",
		},
		{
			name: "items", level: Both, rule: "items", path: "CHANGES.md",
			base: "# New\n\n", ours: "# New\n\n- faster starts\n", theirs: "# New\n\n- a quiet mode\n", want: "# New\n\n- faster starts\n- a quiet mode\n",
		},
		{
			name: "cases", level: Both, rule: "cases", path: "a.c",
			base: "switch (x) {\ncase 1: return a();\n}\n", ours: "switch (x) {\ncase 1: return a();\ncase 2: return b();\n}\n", theirs: "switch (x) {\ncase 1: return a();\ncase 3: return c();\n}\n",
			want: "switch (x) {\ncase 1: return a();\ncase 2: return b();\ncase 3: return c();\n}\n",
		},
		{
			name: "cases, but of which one goes on in the next", level: Both, why: Overlap, path: "a.c",
			base: "switch (x) {\ncase 1: a();\n}\n", ours: "switch (x) {\ncase 1: a();\ncase 2: b();\n}\n", theirs: "switch (x) {\ncase 1: a();\ncase 3: c();\n}\n",
		},
		{
			name: "tests", level: Both, rule: "tests", path: "a_test.py",
			base: "x = 1\n", ours: "x = 1\ndef test_b():\n    b()\n", theirs: "x = 1\ndef test_c():\n    c()\n", want: "x = 1\ndef test_b():\n    b()\ndef test_c():\n    c()\n",
		},
		{
			name: "defined, tests that share lines", level: Both, rule: "defined", path: "a_test.go",
			base: "package p\n\nfunc TestA(t *testing.T) { one() }\n", ours: "package p\n\nfunc TestA(t *testing.T) { one() }\n\nfunc TestB(t *testing.T) {\n\tdir := t.TempDir()\n\ttwo(dir)\n}\n", theirs: "package p\n\nfunc TestA(t *testing.T) { one() }\n\nfunc TestC(t *testing.T) {\n\tdir := t.TempDir()\n\tthree(dir, 7)\n}\n",
			want: "package p\n\nfunc TestA(t *testing.T) { one() }\n\nfunc TestB(t *testing.T) {\n\tdir := t.TempDir()\n\ttwo(dir)\n}\n\nfunc TestC(t *testing.T) {\n\tdir := t.TempDir()\n\tthree(dir, 7)\n}\n",
		},
		{
			name: "defined, annotated, and a class of one side's", level: Both, rule: "defined", path: "ATests.java",
			base: "class A {\n}\n", ours: "class A {\n\t@Test\n\tvoid b() {\n\t\tsetUp(this);\n\t}\n\n\tstatic class K {\n\t}\n}\n", theirs: "class A {\n\t@Test\n\tvoid c() {\n\t\tsetUp(this);\n\t\tgo();\n\t}\n}\n",
			want: "class A {\n\t@Test\n\tvoid b() {\n\t\tsetUp(this);\n\t}\n\n\tstatic class K {\n\t}\n\t@Test\n\tvoid c() {\n\t\tsetUp(this);\n\t\tgo();\n\t}\n}\n",
		},
		{
			name: "defined, but one test under two names", level: Wide, why: Overlap, path: "a_test.py",
			base: "x = 1\n", ours: "x = 1\ndef test_b():\n    b = make(1)\n    assert b.run() == 2\n", theirs: "x = 1\ndef test_run():\n    b = make(1)\n    assert b.run() == 2\n",
		},
		{
			name: "defined, but of one name", level: Wide, why: Overlap, path: "a_test.py",
			base: "x = 1\n", ours: "x = 1\ndef test_b():\n    b = make(1)\n    assert b.run() == 2\n", theirs: "x = 1\ndef test_b():\n    b = make(1)\n    stop(b, 7, 8)\n",
		},
		{
			name: "defined, but a statement beside the test", level: Wide, why: Overlap, path: "a_test.py",
			base: "x = 1\n", ours: "x = 1\ny = 2\ndef test_b():\n    b = make(1)\n    assert b.run() == 2\n", theirs: "x = 1\ndef test_c():\n    b = make(1)\n    stop(b, 7, 8)\n",
		},
		{
			name: "defined, but no tests", level: Wide, why: Overlap, path: "a.py",
			base: "x = 1\n", ours: "x = 1\ndef start():\n    b = make(1)\n    return b.run()\n", theirs: "x = 1\ndef stop():\n    b = make(1)\n    drop(b, 7, 8)\n",
		},
		{
			name: "defined, but one of them brought in elsewhere by the other side, too", level: Wide, why: Overlap, path: "a_test.py",
			base: "x = 1\nalpha\nbeta\ngamma\ny = 2\n", ours: "x = 1\ndef test_b(tmp):\n    b = make(1)\n    assert b.run() == 2\nalpha\nbeta\ngamma\ny = 2\n", theirs: "x = 1\ndef test_c():\n    b = make(1)\n    stop(b, 7, 8)\nalpha\nbeta\ngamma\ny = 2\ndef test_b():\n    b = make(3)\n    other(b)\n",
		},
		{
			name: "defined, but of a test a line was brought in elsewhere by the other side, too", level: Wide, why: Doubled, path: "a.test.js",
			base: "x()\nalpha\nbeta\ngamma\ny()\n", ours: "x()\nit('does b', () => {\n  b = make(1)\n  run(b)\n})\nalpha\nbeta\ngamma\ny()\n", theirs: "x()\nit('does c', () => {\n  b = make(1)\n  stop(b, 7, 8)\n})\nalpha\nbeta\ngamma\ny()\nit('does b', () => {\n  b = make(1)\n  run(b)\n})\n",
		},
		{
			name: "defined, branches that share lines", level: Both, rule: "defined", path: "a.c",
			base: "switch (x) {\n}\n", ours: "switch (x) {\ncase A:\n\tget(out, 1);\n\tbreak;\n}\n", theirs: "switch (x) {\ncase B:\n\tget(out, 1);\n\tset(y);\n\tbreak;\n}\n",
			want: "switch (x) {\ncase A:\n\tget(out, 1);\n\tbreak;\ncase B:\n\tget(out, 1);\n\tset(y);\n\tbreak;\n}\n",
		},
		{
			name: "defined, branches with arrows", level: Both, rule: "defined", path: "a.rs",
			base: "match x {\n}\n", ours: "match x {\n    K::A { span } => {\n        now = get(span)?;\n    }\n}\n", theirs: "match x {\n    K::B { span } => {\n        now = get(span)?;\n    }\n}\n",
			want: "match x {\n    K::A { span } => {\n        now = get(span)?;\n    }\n    K::B { span } => {\n        now = get(span)?;\n    }\n}\n",
		},
		{
			name: "defined, but branches of which one goes on in the next", level: Wide, why: Overlap, path: "a.c",
			base: "switch (x) {\n}\n", ours: "switch (x) {\ncase A:\n\tget(out, 1);\n}\n", theirs: "switch (x) {\ncase B:\n\tget(out, 1);\n\tset(y);\n\tbreak;\n}\n",
		},
		{
			name: "defined, but branches with one label", level: Wide, why: Overlap, path: "a.rs",
			base: "match x {\n}\n", ours: "match x {\n    A | B => {\n        get(span)?;\n    }\n}\n", theirs: "match x {\n    B => {\n        get(span)?;\n        set(y);\n    }\n}\n",
		},
		{
			name: "apart, calls about keys of their own", level: Both, rule: "apart", path: "a.js",
			base: "a()\n", ours: "a()\nconf.preset(\"margin\", 7, left)\n", theirs: "a()\nconf.preset(\"color\", red)\n", want: "a()\nconf.preset(\"margin\", 7, left)\nconf.preset(\"color\", red)\n",
		},
		{
			name: "apart, but calls about one key", level: Wide, why: Overlap, path: "a.js",
			base: "a()\n", ours: "a()\nconf.preset(\"color\", 7, left)\n", theirs: "a()\nconf.preset(\"color\", red)\n",
		},
		{
			name: "apart, but one is the last of a list", level: Wide, why: Overlap, path: "a.c",
			base: "x = {\n};\n", ours: "x = {\nSUITE(alpha)\n};\n", theirs: "x = {\nSUITE(beta),\n};\n",
		},
		{
			name: "unordered, at the top of a block", level: Both, rule: "unordered", path: "a.go",
			base: "package p\n\nimport (\n\t\"b\"\n)\n\nvar _ = b.X\n", ours: "package p\n\nimport (\n\t\"a\"\n\t\"b\"\n)\n\nvar _ = b.X\n", theirs: "package p\n\nimport (\n\t\"aa\"\n\t\"b\"\n)\n\nvar _ = b.X\n",
			want: "package p\n\nimport (\n\t\"a\"\n\t\"aa\"\n\t\"b\"\n)\n\nvar _ = b.X\n",
		},
		{
			name: "unordered, imports of names", level: Both, rule: "unordered", path: "a.ts",
			base: "a()\n", ours: "import { b } from './b'\na()\n", theirs: "import { c } from './c'\na()\n", want: "import { b } from './b'\nimport { c } from './c'\na()\n",
		},
		{
			name: "unordered, but imports from one module", level: Wide, why: Overlap, path: "a.ts",
			base: "a()\n", ours: "import { b } from './b'\na()\n", theirs: "import { c } from './b'\na()\n",
		},
		{
			name: "items, alike and each about an issue of its own", level: Both, rule: "items", path: "CHANGES.md",
			base: "# New\n\n", ours: "# New\n\n- faster starts of all, see #12\n", theirs: "# New\n\n- faster starts of it all, see #13\n", want: "# New\n\n- faster starts of all, see #12\n- faster starts of it all, see #13\n",
		},
		{
			name: "items, alike and about one issue", level: Both, why: Overlap, path: "CHANGES.md",
			base: "# New\n\n", ours: "# New\n\n- faster starts of all, see #12\n", theirs: "# New\n\n- faster starts of it all, see #12\n",
		},
		{
			name: "records, appended", rule: "records", path: "log.jsonl",
			base: "{\"id\":1}\n", ours: "{\"id\":1}\n{\"id\":2}\n", theirs: "{\"id\":1}\n{\"id\":3}\n", want: "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n",
		},
		{
			name: "records with one id", why: Doubled, path: "log.jsonl",
			base: "{\"id\":1}\n", ours: "{\"id\":1}\n{\"id\":2,\"a\":1}\n", theirs: "{\"id\":1}\n{\"id\":2,\"b\":1}\n",
		},
		{
			name: "a record that is no JSON", why: Records, path: "log.jsonl",
			base: "{\"id\":1}\n", ours: "{\"id\":1}\n{\"id\":2\n", theirs: "{\"id\":1}\n{\"id\":3}\n",
		},
		{
			name: "records within the file", why: Records, path: "log.jsonl",
			base: "{\"id\":1}\n{\"id\":9}\n", ours: "{\"id\":1}\n{\"id\":2}\n{\"id\":9}\n", theirs: "{\"id\":1}\n{\"id\":3}\n{\"id\":9}\n",
		},
		{
			name: "cleared, below what went", rule: "cleared", path: "a.rs",
			base: "mod a;\nmod old;\nmod z;\n", ours: "mod a;\nmod z;\n", theirs: "mod a;\nmod old;\nmod parser;\nmod z;\n", want: "mod a;\nmod parser;\nmod z;\n",
		},
		{
			name: "cleared, above what went", rule: "cleared", path: "a.py",
			base: "a()\nreport(x)\n", ours: "a()\nif b:\n    c()\nreport(x)\n", theirs: "a()\n", want: "a()\nif b:\n    c()\n",
		},
		{
			name: "an insertion that uses what went for good", level: Both, why: Overlap, path: "a.js",
			base: "a()\nopen(file)\nz()\n", ours: "a()\nz()\n", theirs: "a()\nopen(file)\nif (ready) keep(file)\nz()\n",
		},
		{
			name: "an insertion that uses a variable that went, and that another function has", level: Both, why: Overlap, path: "a.js",
			base: "a()\nlet n = size()\nz()\n}\n//\n//\n//\n//\nf(n)\n", ours: "a()\nz()\n}\n//\n//\n//\n//\nf(n)\n", theirs: "a()\nlet n = size()\ncheck(n)\nz()\n}\n//\n//\n//\n//\nf(n)\n",
		},
		{
			name: "an insertion that looks like the line that went", level: Both, why: Overlap, path: "a.py",
			base: "a()\nlog(mode, name, size)\nz(mode, name, size, log)\n", ours: "a()\nz(mode, name, size, log)\n", theirs: "a()\nlog(mode, name, size)\nlog(mode, name, owner, size)\nz(mode, name, size, log)\n",
		},
		{
			name: "an insertion into a block that went", level: Both, why: Overlap, path: "a.py",
			base: "a()\nif x:\n    b()\nz()\n", ours: "a()\nz()\n", theirs: "a()\nif x:\n    b()\n    more()\nz()\n",
		},
		{
			name: "an insertion below a block that is unwrapped", level: Both, why: Overlap, path: "a.js",
			base: "a()\nif (x) {\nb()\n}\nz()\n", ours: "a()\nb()\n}\nz()\n", theirs: "a()\nq()\nif (x) {\nb()\n}\nz()\n",
		},
		{
			name: "a comment on a line that went", level: Both, why: Overlap, path: "a.go",
			base: "package a\n\nvar x = f()\n", ours: "package a\n\n", theirs: "package a\n\n// Keep this.\nvar x = f()\n",
		},
		{
			name: "renamed throughout, and words beside it changed", rule: "renamed", path: "a.js",
			base: "old(a)\n//\n//\n//\n//\nx = old(b)\n", ours: "fresh(a)\n//\n//\n//\n//\nx = fresh(b)\n", theirs: "old(a)\n//\n//\n//\n//\nx = old(b, c)\n",
			want: "fresh(a)\n//\n//\n//\n//\nx = fresh(b, c)\n",
		},
		{
			name: "renamed throughout, and used anew in the line below", rule: "renamed", path: "a.js",
			base: "old = f()\n//\n//\n//\n//\nshow(old)\n", ours: "fresh = f()\n//\n//\n//\n//\nshow(fresh)\n", theirs: "old = f()\n//\n//\n//\n//\nshow(old)\nkeep(old)\n",
			want: "fresh = f()\n//\n//\n//\n//\nshow(fresh)\nkeep(fresh)\n",
		},
		{
			name: "each side renamed another name", rule: "renamed", path: "a.js",
			base: "a()\n//\n//\nb()\n//\n//\ng(a, b)\n", ours: "left()\n//\n//\nb()\n//\n//\ng(left, b)\n", theirs: "a()\n//\n//\nright()\n//\n//\ng(a, right)\n",
			want: "left()\n//\n//\nright()\n//\n//\ng(left, right)\n",
		},
		{
			name: "a name replaced in one place of two", why: Overlap, path: "a.js",
			base: "old(a)\n//\n//\n//\n//\nx = old(b)\n", ours: "old(a)\n//\n//\n//\n//\nx = fresh(b)\n", theirs: "old(a)\n//\n//\n//\n//\nx = old(b, c)\n",
		},
		{
			name: "renamed to a name that was there", why: Overlap, path: "a.js",
			base: "old(fresh)\n//\n//\n//\n//\nx = old(b)\n", ours: "fresh(fresh)\n//\n//\n//\n//\nx = fresh(b)\n", theirs: "old(fresh)\n//\n//\n//\n//\nx = old(b, c)\n",
		},
		{
			name: "renamed, and replaced in one place by the other side", why: Overlap, path: "a.js",
			base: "old(a)\n//\n//\n//\n//\nx = old(b)\n", ours: "fresh(a)\n//\n//\n//\n//\nx = fresh(b)\n", theirs: "old(a)\n//\n//\n//\n//\nx = other(b, c)\n",
		},
		{
			name: "a line with a renamed name taken out", level: Both, why: Overlap, path: "a.js",
			base: "old(a)\n//\n//\n//\n//\nx = old(b)\n", ours: "fresh(a)\n//\n//\n//\n//\nx = fresh(b)\n", theirs: "old(a)\n//\n//\n//\n//\n",
		},
		{
			name: "renamed, and the old name used anew where lines merge by themselves", why: Stale, path: "a.js",
			base: "old(a)\n//\n//\n//\n//\nx = old(b)\n", ours: "fresh(a)\n//\n//\n//\n//\nx = fresh(b)\n", theirs: "old(a)\n//\n//\nold(d)\n//\n//\nx = old(b, c)\n",
		},
		{
			name: "renamed, and used anew as a member of something", level: Both, why: Stale, path: "a.js",
			base: "old = f()\n//\n//\n//\n//\nshow(old)\n", ours: "fresh = f()\n//\n//\n//\n//\nshow(fresh)\n", theirs: "old = f()\n//\n//\n//\n//\nshow(old)\nkeep(book.old)\n",
		},
		{
			name: "renamed, and made a member of something in one place", why: Overlap, path: "a.js",
			base: "open(db);\nclose(db);\n", ours: "open(store);\nclose(store);\n", theirs: "open(x.db, 1);\nclose(db);\n",
		},
		{
			name: "renamed, and one of its family brought in beside it", level: Both, why: Overlap, path: "a.c",
			base: "buf_init(s)\n//\n//\n//\n//\nbuf_init(t)\n", ours: "str_init(s)\n//\n//\n//\n//\nstr_init(t)\n", theirs: "buf_init(s)\n//\n//\n//\n//\nbuf_puts(t)\nbuf_init(t)\n",
		},
		{
			name: "a type of the language replaced, and its value compared below", why: Overlap, path: "A.java",
			base: "f(short level) {\n//\n//\n//\n//\ng(short level) {\n", ours: "f(Level level) {\n//\n//\n//\n//\ng(Level level) {\n", theirs: "f(short level) {\n//\n//\n//\n//\ng(short level) {\nif (level == 0) stop()\n",
		},
		{
			name: "placed, below a line changed in place", level: Both, rule: "placed", path: "a.py",
			base: "limit = 10\n", ours: "limit = 20\n", theirs: "limit = 10\nretry()\n", want: "limit = 20\nretry()\n",
		},
		{
			name: "placed, above a line of which the other made two", level: Both, rule: "placed", path: "a.js",
			base: "start(a)\n", ours: "start(b)\nwait(c)\n", theirs: "log.open()\nstart(a)\n", want: "log.open()\nstart(b)\nwait(c)\n",
		},
		{
			name: "an entry more of a list in which all were wrapped", level: Both, why: Overlap, path: "a.go",
			base: "{b2.Parse},\n{s3.Parse},\n", ours: "{wrap(b2.Parse)},\n{wrap(s3.Parse)},\n", theirs: "{b2.Parse},\n{s3.Parse},\n{smb.Config},\n",
		},
		{
			name: "a field more, where all others became private", level: Both, why: Overlap, path: "a.py",
			base: "self.a = a\nself.b = b\n", ours: "self._a = a\nself._b = b\n", theirs: "self.a = a\nself.b = b\nself.place = where\n",
		},
		{
			name: "a use of a name of which the type changed", level: Both, why: Overlap, path: "A.java",
			base: "State build(short level) {\n", ours: "State build(Level level) {\n", theirs: "State build(short level) {\nmock.when(level == 0)\n",
		},
		{
			name: "a use of a name that has the renamed word in it", level: Both, why: Overlap, path: "a.py",
			base: "if Q.bounded(e):\n", ours: "if Q.finite(e):\n", theirs: "stop(self.is_bounded)\nif Q.bounded(e):\n",
		},
		{
			name: "a package beside one of which the version changed", level: Both, why: Overlap, path: "Cargo.toml",
			base: "date = \"0.2\"\n", ours: "date = \"0.3\"\n", theirs: "date = \"0.2\"\nspec = { path = \"../spec\" }\n",
		},
		{
			name: "unordered, ignored files", level: Both, rule: "unordered", path: "x/.gitignore",
			base: "*.o\n", ours: "*.o\n/bin\n", theirs: "*.o\n/dist\n", want: "*.o\n/bin\n/dist\n",
		},
		{
			name: "an ignored file taken back", level: Wide, why: Overlap, path: ".gitignore",
			base: "*.o\n", ours: "*.o\n/bin\n", theirs: "*.o\n!keep.o\n",
		},
		{
			name: "both define a name", level: Wide, why: Doubled, path: "a.rs",
			base: "p one\nq two\n", ours: "fn f() { 1 }\nq two\n", theirs: "p one\nfn f() { 2 }\n",
		},
		{
			name: "a key twice in YAML", level: Wide, why: Broken, path: "a.yml",
			base: "a: 1\nb: 2\n", ours: "c: 1\nb: 2\n", theirs: "a: 1\nc: 2\n",
		},
		{
			name: "a function twice in Go", level: Wide, why: Doubled, path: "a.go",
			base: "package a\n\nfunc f() {}\nfunc g() {}\n",
			ours: "package a\n\nfunc h() {}\nfunc g() {}\n", theirs: "package a\n\nfunc f() {}\nfunc h() { }\n",
		},
		{
			name: "no base", level: Wide, why: NoBase,
			base: "", ours: "a\n", theirs: "a\nb\n",
		},
		{
			name: "lock file", level: Wide, why: Generated, path: "web/yarn.lock",
			base: "a\nb\n", ours: "a1x\nb\n", theirs: "a\nb2y\n",
		},
		{
			name: "generated file", level: Wide, why: Generated, path: "a.pb.go",
			base:   "// Code generated by x. DO NOT EDIT.\na\nb\n",
			ours:   "// Code generated by x. DO NOT EDIT.\nax\nb\n",
			theirs: "// Code generated by x. DO NOT EDIT.\na\nby\n",
		},
		{
			name: "records", level: Wide, why: Records, path: "log.jsonl",
			base: "a\nb\n", ours: "a1x\nb\n", theirs: "a\nb2y\n",
		},
		{
			name: "off", level: Off, why: RulesOff,
			base: "a\nb\n", ours: "a1x\nb\n", theirs: "a\nb2y\n",
		},
		{
			name: "binary", level: Wide, why: Binary,
			base: "a\x00\nb\n", ours: "a\x00x\nb\n", theirs: "a\x00\nby\n",
		},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			r := Merge([]byte(c.base), []byte(c.ours), []byte(c.theirs), Options{Path: c.path, Level: c.level, Format: format})
			if len(r.Regions) != 1 {
				t.Fatalf("%d regions, want 1: %q", len(r.Regions), r.Text)
			}
			g := r.Regions[0]
			if g.Why != c.why {
				t.Fatalf("%v by %q: %q, want %v", g.Why, g.Rule, r.Text, c.why)
			}
			if c.why == NotRefused && (g.Rule != c.rule || string(r.Text) != c.want || r.Conflicts != 0) {
				t.Errorf("%q by %q, want %q by %q", r.Text, g.Rule, c.want, c.rule)
			}
			if c.why != NotRefused && c.why != Binary {
				if want := lineMerge(c.base, c.ours, c.theirs, format); string(r.Text) != want {
					t.Errorf("left %q, git leaves %q", r.Text, want)
				}
			}
		})
	}
}
