package heal

import "testing"

// Lines that both sides brought in below and above lines on which it depends whether they can stand one after the
// other. Each stays at both, with the sides swapped, too.
func TestStaysInItsPlace(t *testing.T) {
	for _, c := range []struct{ name, path, above, ours, theirs, below string }{
		// One definition under one name, however its head is written, or wherever the other side brought it in.
		{"a function, and one that is async", "a_test.py", "x = 1\n\n", "async def test_b():\n    b = make(1)\n    assert b.run() == 2\n\n", "def test_b():\n    b = make(1)\n    stop(b, 7, 8)\n    more(b)\n\n", "y = 2\n"},
		{"a function, and one that is exported", "test/help.js", "x()\n\n", "export function mk(a) {\n  const b = go(a)\n  return b\n}\n\n", "function mk(a, k) {\n  const b = go(a)\n  return b.with(k, 8, 9)\n}\n\n", "y()\n"},
		{"a method, and one that is public", "ATest.java", "class A {\n", "  @Test\n  public void b() {\n    setUp(this);\n    x(1);\n  }\n\n", "  @Test\n  void b() {\n    setUp(this);\n    yy(2, 3);\n  }\n\n", "}\n"},
		{"a function, and one that is pub", "tests/a.rs", "use x;\n\n", "pub fn mk(a: u8) -> B {\n    let b = go(a);\n    b\n}\n\n", "fn mk(a: u8, c: u8) -> B {\n    let b = go(a);\n    b.with(c, 7)\n}\n\n", "fn z() {}\n"},
		{"a function, and one that is static", "tests/a.c", "int x;\n\n", "static int helper(int a)\n{\n\tprep(a);\n\treturn a;\n}\n\n", "int helper(int a, int b)\n{\n\tprep(a);\n\treturn more(a, b);\n}\n\n", "int y;\n"},
		{"a title in other quotes", "a.test.js", "x()\n\n", "it('does', () => {\n  const b = go(a)\n  expect(b).toBe(1)\n})\n\n", "it(\"does\", () => {\n  const b = go(a)\n  more(b, 7, 8, 9)\n})\n\n", "y()\n"},
		{"it, and test, with one title", "a.test.js", "x()\n\n", "it('does', () => {\n  const b = go(a)\n  expect(b).toBe(1)\n})\n\n", "test('does', () => {\n  const b = go(a)\n  more(b, 7, 8, 9)\n})\n\n", "y()\n"},
		{"a test, and the same alone", "a.test.js", "x()\n\n", "it('does', () => {\n  const b = go(a)\n  expect(b).toBe(1)\n})\n\n", "it.only('does', () => {\n  const b = go(a)\n  more(b, 7, 8, 9)\n})\n\n", "y()\n"},
		{"one name for two types", "ATest.java", "class A {\n", "  static int mk(int x) {\n    go(x);\n    return 1;\n  }\n\n", "  int mk(String x) {\n    go(x);\n    return stop(7, 8);\n  }\n\n", "}\n"},
		// One thing under two names.
		{"a helper", "tests/util.py", "x = 1\n\n", "def make_client(app, user):\n    c = Client(app)\n    c.login(user)\n    return c\n\n", "def client_for(app, user):\n    client = Client(app)\n    client.login(user)\n    return c\n\n", "y = 2\n"},
		// Arguments of a call, which mean what their places say.
		{"two functions given to a call", "a.js", "run(\n  k,\n", "  x => f(x),\n", "  y => g(y, 1),\n", "  z\n)\n"},
		{"two arguments", "a.scala", "      Batch.of(\n        offset,\n", "        offset, // twice\n", "        records.sum,\n", "        last)\n"},
		// Statements are no definitions.
		{"two files opened in a test", "a_test.py", "def test_a():\n    x = 1\n", "    with open(a) as f:\n        check(f)\n", "    with patch(b) as f:\n        check(f)\n        more(f, 8)\n", "    end(x)\n"},
		{"two calls deferred", "a_test.go", "package p\n\nfunc TestA(t *testing.T) {\n\ta := one()\n", "\tdefer stop(func() {\n\t\tcheck(a)\n\t})\n", "\tdefer clean(func() {\n\t\tcheck(a)\n\t\tmore(a, 7)\n\t})\n", "\tend(a)\n}\n"},
		// A comment or an annotation and what it is of stay together.
		{"a test above an annotated one, and one annotation more", "a_test.py", "x = 1\n\n@pytest.mark.slow\n", "def test_b():\n    b = make(1)\n    assert b.run() == 2\n\n@pytest.mark.slow\n", "@pytest.mark.skip\n", "def test_a():\n    a()\n"},
		{"the same, with a remark", "ATest.java", "class A {\n  @Test\n", "  void b() {\n    go();\n  }\n\n  @Test\n", "  @Ignore(\"x\") // why\n", "  void a() {\n  }\n}\n"},
		{"a function above a described one, and a title", "a.js", "x()\n\n/**\n", " * About b.\n */\nfunction b() {\n  go()\n}\n\n/**\n", " * Short title.\n *\n", " * About a.\n */\nfunction a() {}\n"},
		{"a comment continued, and a line below it", "a.js", "x()\n// sizes of\n", "// all things\n", "let q = 7\n", "let size = 1\n"},
		// Branches of a switch of which one may stand for the other's value, or runs into the other.
		{"a wildcard, and a value", "a.rs", "match x {\n    K::Z => z(),\n", "    _ => {\n        now = get(span)?;\n    }\n", "    K::B { span } => {\n        now = get(span)?;\n    }\n", "}\n"},
		{"a wildcard on a line, and a value", "a.rs", "match x {\n    K::Z => z(),\n", "    _ => none(),\n", "    K::B => get(span),\n", "}\n"},
		{"a kind, and one of that kind", "a.rs", "match x {\n    None => z(),\n", "    Some(_) => {\n        now = get(span)?;\n    }\n", "    Some(3) => {\n        now = get(span)?;\n        x();\n    }\n", "}\n"},
		{"two conditions on one name", "a.rs", "match x {\n    None => z(),\n", "    n if n > 3 => {\n        now = get(span)?;\n    }\n", "    n if n > 5 => {\n        now = get(span)?;\n        x();\n    }\n", "}\n"},
		{"two patterns of a macro", "a.rs", "macro_rules! m {\n    () => {};\n", "    ($e:expr) => {\n        go($e);\n        x();\n    };\n", "    ($i:ident) => {\n        go($e);\n        yy();\n    };\n", "}\n"},
		{"a wildcard of Python", "a.py", "match x:\n    case 1:\n        z()\n", "    case _:\n        now = get(span)\n", "    case 3:\n        now = get(span)\n        more()\n", "y = 1\n"},
		{"two conditions", "a.go", "package p\n\nfunc f() {\n\tswitch {\n", "\tcase x > 3:\n\t\tnow = get(span)\n", "\tcase x > 5:\n\t\tnow = get(span)\n\t\tmore()\n", "\t}\n}\n"},
		{"two conditions with nothing in common", "a.go", "package p\n\nfunc f() {\n\tswitch {\n", "\tcase x > 3:\n\t\talpha()\n", "\tcase y > 5:\n\t\tbeta()\n", "\t}\n}\n"},
		{"an exception, and one more exact", "a.scala", "x match {\n  case Z => z()\n", "  case e: Exception =>\n    log(e)\n    one()\n", "  case e: IOException =>\n    log(e)\n    two(3)\n", "}\n"},
		{"a name for all, and a value", "a.swift", "switch x {\n", "case let n:\n    get(n)\n    one()\n", "case .b:\n    get(n)\n    two(3)\n", "}\n"},
		{"one value in other quotes", "a.js", "switch (x) {\n", "  case 'a':\n    get(out, 1)\n    break\n", "  case \"a\":\n    get(out, 1)\n    more(y)\n    break\n", "}\n"},
		{"below a label without a branch", "a.c", "switch (x) {\ncase Z:\n", "case A:\n\tget(out, 1);\n\tbreak;\n", "case B:\n\tget(out, 1);\n\tset(y);\n\tbreak;\n", "case Y:\n\ty();\n}\n"},
		{"below a branch that goes on", "a.c", "switch (x) {\ncase Z:\n\tz();\n\t/* fall through */\n", "case A:\n\tget(out, 1);\n\tbreak;\n", "case B:\n\tget(out, 1);\n\tset(y);\n\tbreak;\n", "case Y:\n\ty();\n}\n"},
		{"the same, with nothing in common", "a.c", "switch (x) {\ncase Z:\n\tz();\n\t/* fall through */\n", "case A:\n\tone();\n\tbreak;\n", "case B:\n\tset(y);\n\tbreak;\n", "case Y:\n\ty();\n}\n"},
		{"a branch that goes on in the next", "a.c", "switch (x) {\ncase Z:\n\tz();\n\tbreak;\n", "case A:\n\tone();\n", "case B:\n\tset(y);\n\tbreak;\n", "case Y:\n\ty();\n}\n"},
		{"a label of the next branch", "a.c", "switch (x) {\ncase Z:\n\tz();\n\tbreak;\n", "case A:\n", "case B:\n\tset(y);\n\tbreak;\n", "case Y:\n\ty();\n}\n"},
		{"a branch left on a condition", "a.c", "switch (x) {\n", "case A:\n\tget(out, 1);\n\tif (q)\n\t\tbreak;\n", "case B:\n\tget(out, 1);\n\tset(y);\n\tbreak;\n", "}\n"},
		{"a label on the next line, twice", "a.go", "package p\n\nfunc f() {\n\tswitch x {\n\tcase 1:\n\t\tz()\n", "\tcase 3,\n\t\t4:\n\t\tnow = get(span)\n", "\tcase 5,\n\t\t4:\n\t\tnow = get(span)\n\t\tmore()\n", "\tcase 7:\n\t}\n}\n"},
		{"the same, below a branch", "a.go", "package p\n\nfunc f() {\n\tswitch x {\n\tcase 1:\n\t\tz()\n", "\tcase 2:\n\t\tuse(q)\n\tcase 3,\n\t\t4:\n\t\tnow = get(span)\n", "\tcase 5,\n\t\t4:\n\t\tnow = get(span)\n\t\tmore()\n", "\tcase 7:\n\t}\n}\n"},
		{"the same, below a branch of each side", "a.go", "package p\n\nfunc f() {\n\tswitch x {\n\tcase 1:\n\t\tz()\n", "\tcase 2:\n\t\tuse(q)\n\tcase 3,\n\t\t4:\n\t\talpha(out, 1)\n", "\tcase 6:\n\t\tdrop(r)\n\tcase 5,\n\t\t4:\n\t\tset(y)\n", "\tcase 7:\n\t}\n}\n"},
		{"a branch that falls through", "a.go", "package p\n\nfunc f() {\n\tswitch x {\n", "\tcase 3:\n\t\tnow = get(span)\n\t\tfallthrough\n", "\tcase 5:\n\t\tnow = get(span)\n\t\tmore()\n", "\tcase 7:\n\t}\n}\n"},
		// A setting given two values.
		{"a level by two names", "a.js", "a()\n", "conf.setLevel(DEBUG)\n", "conf.setLevel(warnings)\n", "z()\n"},
		{"a name by two texts", "a.js", "a()\n", "conf.setName('foo')\n", "conf.setName('barbaz')\n", "z()\n"},
		{"a level, and more", "a.js", "a()\n", "log.setLevel(Level.DEBUG, true)\n", "log.setLevel(Level.INFO, false)\n", "z()\n"},
		{"a limit, with issues of their own", "a.js", "a()\n", "limit(3) // see #12\n", "limit(5) // see #13\n", "z()\n"},
		// A part of the statement above, and lines behind which nothing runs.
		{"two clauses of a condition", "a.py", "if x:\n    a()\n", "elif y:\n    bb(1)\n", "else:\n    cc()\n", "z()\n"},
		{"two returns", "a.js", "function f() {\n", "  return make(alpha, 1)\n", "  return build(beta)\n", "}\n"},
		{"two returns of what a function makes", "a.js", "function f() {\n", "  return list.map(x => one(x))\n", "  return rows.filter(y => two(y, 1))\n", "}\n"},
		{"two returns in Python", "a.py", "def f():\n    x()\n", "    return make(alpha, 1)\n", "    return build(beta)\n", "y = 1\n"},
		// One name imported from two places.
		{"a name of two modules", "a.ts", "a()\n", "import { b } from './b'\n", "import { b } from './c'\n", "z()\n"},
		{"the whole of two modules", "a.ts", "a()\n", "import b from './b'\n", "import b from './c'\n", "z()\n"},
		{"a name, and another name for it", "a.ts", "a()\n", "import { x as b } from './b'\n", "import b, { q } from './c'\n", "z()\n"},
		{"one class of two packages", "A.java", "package a;\n", "import java.awt.List;\n", "import java.util.List;\n", "class A {}\n"},
		{"one function of two modules", "a.py", "import os\n", "from a import get\n", "from b import get\n", "x = 1\n"},
		{"one package of two paths", "a.go", "package p\n\nimport (\n\t\"fmt\"\n", "\t\"text/template\"\n", "\t\"html/template\"\n", ")\n\nvar _ = fmt.Sprint\n"},
		// Two forms of one number.
		{"an issue, and its address", "CHANGES.md", "# New\n\n", "- faster starts of all, see issues/12\n", "- faster starts of it all, see #12\n", "\n# Old\n"},
		// The last of a list, and parts of what goes on.
		{"the last texts of a list", "a.py", "x = [\n    \"zz\",\n", "    \"alpha\"\n", "    \"beta\"\n", "]\n"},
		{"the last arguments", "a.py", "x = f(\n", "    \"alpha\"\n", "    \"beta\"\n", ")\n"},
		{"the last names of a list", "a.js", "x = [\n  zz,\n", "  alpha\n", "  beta\n", "]\n"},
		{"the last of a list, and one before, with remarks", "a.c", "x = {\n  zz(1),\n", "  alpha(2) // one\n", "  beta(3), // two\n", "};\n"},
		{"the last keys of an object", "a.js", "x = {\n  zz: 1,\n", "  alpha: 2\n", "  beta: 3\n", "}\n"},
		{"the only keys of an object", "a.js", "x = {\n", "  alpha: 2\n", "  beta: 3\n", "}\n"},
		{"the only keys of an object in a call", "a.js", "f(x, {\n", "  'alpha': 2\n", "  'beta': 3\n", "})\n"},
		{"the only keys of what is returned", "a.py", "def f():\n    return {\n", "        'alpha': 2\n", "        'beta': 3\n", "    }\n"},
		{"the last of an enumeration", "a.rs", "enum A {\n    Z,\n", "    Alpha\n", "    Beta\n", "}\n"},
		{"the last of some values", "a.sql", "INSERT INTO t VALUES\n(1),\n", "(2, 'x')\n", "(3, 'y')\n", ";\n"},
		{"the last call of a chain", "a.js", "foo\n  .a()\n", "  .b(1)\n", "  .c(2);\n", "z()\n"},
		{"the last arguments of a command", "a.sh", "run \\\n  --a \\\n", "  --b 1\n", "  --c 2\n", "z\n"},
		{"the last argument of a command, and one before", "a.sh", "run \\\n  --a \\\n", "  --b 1 \\\n", "  --c 2\n", "\nz\n"},
		{"the last of some conditions, and one before", "a.js", "x = a ||\n", "  b(1) ||\n", "  c(2)\n", "z()\n"},
		// One key, however it is written, one name of a row, and the next number, given twice.
		{"a key in quotes", "a.js", "x = {\n", "  \"a1\": 1,\n", "  a1: 2,\n", "}\n"},
		{"a key, and its value by the same name", "a.js", "x = {\n", "  name,\n", "  name: 'x',\n", "}\n"},
		{"a method, and a value", "a.js", "x = {\n", "  name() { return 1 },\n", "  name: 'x',\n", "}\n"},
		{"an async method, and a value", "a.js", "x = {\n", "  async name() { return 1 },\n", "  name: 'x',\n", "}\n"},
		{"a getter, and a value", "a.js", "x = {\n", "  get name() { return 1 },\n", "  name: 'x',\n", "}\n"},
		{"a symbol", "a.rb", "x = {\n", "  :color => \"red\",\n", "  :color => \"blue, dark\",\n", "}\n"},
		{"a symbol, and a key", "a.rb", "x = {\n", "  :color => \"red\",\n", "  color: \"blue, dark\",\n", "}\n"},
		{"a key in other quotes", "a.py", "x = {\n", "    'a1': 1,\n", "    \"a1\": 2,\n", "}\n"},
		{"one name of two tests in a table", "a_test.go", "package p\n\nvar x = []t{\n", "\t{name: \"empty\", in: \"\", want: 1},\n", "\t{name: \"empty\", in: \"q\", want: 2},\n", "}\n"},
		{"the same, by position", "a_test.go", "package p\n\nvar x = []t{\n", "\t{\"empty\", \"\", 1},\n", "\t{\"empty\", \"q\", 2},\n", "}\n"},
		{"one value of two choices", "a.py", "x = (\n", "    (\"a1\", \"Alpha\"),\n", "    (\"a1\", \"Beta\"),\n", ")\n"},
		{"a number of an enumeration", "a.ts", "enum A {\n  Z = 1,\n", "  Alpha = 2,\n", "  Beta = 2,\n", "}\n"},
		{"a number of a macro", "a.h", "#define Z 1\n", "#define ALPHA 2\n", "#define BETA 2\n", "int x;\n"},
		{"a number of a field", "a.proto", "message A {\n  int z = 1;\n", "  string alpha = 2;\n", "  bool beta = 2;\n", "}\n"},
		{"a number of a list", "a.md", "# A\n\n1. zero\n", "2. one thing\n", "2. another matter\n", "\n# B\n"},
	} {
		between(c.name, c.path, c.above, c.ours, c.theirs, c.below).stays(t, Both)
	}
}
