package heal

import "testing"

// Lines that both sides brought in at one place.
func TestTogether(t *testing.T) {
	checkRules(t, []ruleCase{
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
			name: "unordered, one side's not sorted", level: Both, rule: "unordered", path: "a.py",
			base: "import a\nimport b\n", ours: "import a\nimport b\nimport z\nimport y\n", theirs: "import a\nimport b\nimport c\n",
			want: "import a\nimport b\nimport z\nimport y\nimport c\n",
		},
		{
			name: "sections", level: Both, rule: "sections", path: "a.md",
			base: "# All\n\n# End\n", ours: "# All\n\n## Push\n\nIt lands work.\n\n### Late\n\nOr waits.\n\n# End\n", theirs: "# All\n\n## Pull\n\nA branch gets what came.\n\n# End\n",
			want: "# All\n\n## Push\n\nIt lands work.\n\n### Late\n\nOr waits.\n\n## Pull\n\nA branch gets what came.\n\n# End\n",
		},
		{
			name: "sections of rst", level: Both, rule: "sections", path: "a.rst",
			base: "All\n===\n\n", ours: "All\n===\n\nPush\n----\n\nIt lands work.\n\n", theirs: "All\n===\n\nPull\n----\n\nA branch gets what came.\n\n",
			want: "All\n===\n\nPush\n----\n\nIt lands work.\n\nPull\n----\n\nA branch gets what came.\n\n",
		},
		{
			name: "sections, of two levels", level: Both, why: Overlap, path: "a.md",
			base: "# All\n\n", ours: "# All\n\n## Push\n\nIt lands work.\n\n", theirs: "# All\n\n### Pull\n\nA branch gets what came.\n\n",
		},
		{
			name: "sections, and one of a higher level", level: Both, why: Overlap, path: "a.md",
			base: "# All\n\n", ours: "# All\n\n## Push\n\nIt lands work.\n\n# Rest\n\nNone.\n\n", theirs: "# All\n\n## Pull\n\nA branch gets what came.\n\n",
		},
		{
			name: "sections, of one heading", level: Both, why: Overlap, path: "a.md",
			base: "# All\n\n", ours: "# All\n\n## Push\n\nIt lands work.\n\n", theirs: "# All\n\n## Push\n\nA branch goes out.\n\n",
		},
		{
			name: "headings of what is below", level: Both, why: Overlap, path: "a.md",
			base: "# All\n\nIt lands work.\n", ours: "# All\n\n## Push\n\nIt lands work.\n", theirs: "# All\n\n## Landing\n\nIt lands work.\n",
		},
		{
			name: "sections, and a comment in code", level: Both, rule: "sections", path: "a.md",
			base: "# All\n\n", ours: "# All\n\n## Push\n\n```\n# first\npush it\n```\n\n", theirs: "# All\n\n## Pull\n\nA branch gets what came.\n\n",
			want: "# All\n\n## Push\n\n```\n# first\npush it\n```\n\n## Pull\n\nA branch gets what came.\n\n",
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
			name: "unordered, ignored files", level: Both, rule: "unordered", path: "x/.gitignore",
			base: "*.o\n", ours: "*.o\n/bin\n", theirs: "*.o\n/dist\n", want: "*.o\n/bin\n/dist\n",
		},
		{
			name: "an ignored file taken back", level: Wide, why: Overlap, path: ".gitignore",
			base: "*.o\n", ours: "*.o\n/bin\n", theirs: "*.o\n!keep.o\n",
		},
	})
}
