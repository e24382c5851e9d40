package heal

import "testing"

// What one side adds hangs on a word that the other replaced. Each stays at safe and at both, with the sides swapped, too.
func TestAttachedStays(t *testing.T) {
	for _, c := range []sides{
		{"a question mark at a call of another function", "a.rs", "let x = load(a, b, c);\n", "let x = load(a, b, c)?;\n", "let x = load_or_default(a, b, c);\n"},
		{"a question mark at each of two calls", "a.rs", "let x = load(a, b, c).parse();\n", "let x = load(a, b, c).parse()?;\n", "let x = load(a, b, c)?.parse();\n"},
		{"the first of what another function gives", "a.go", "package p\n\nfunc f() {\n\tx := load(a, b, c)\n}\n", "package p\n\nfunc f() {\n\tx := load(a, b, c)[0]\n}\n", "package p\n\nfunc f() {\n\tx := first(a, b, c)\n}\n"},
		{"waiting for another call", "a.js", "const x = load(a, b, c).then(first);\n", "const x = await load(a, b, c).then(first);\n", "const x = load(a, b, c).map(first);\n"},
		{"a second result, of another function", "a.go", "package p\n\nfunc f() {\n\tx := load(a, b, c)\n}\n", "package p\n\nfunc f() {\n\tx, err := load(a, b, c)\n}\n", "package p\n\nfunc f() {\n\tx := fetch(a, b, c)\n}\n"},
		{"a second value beside that of another function", "a.go", "package p\n\nfunc f() {\n\treturn load(a, b, c)\n}\n", "package p\n\nfunc f() {\n\treturn load(a, b, c), nil\n}\n", "package p\n\nfunc f() {\n\treturn fetch(a, b, c)\n}\n"},
		{"one name more from another value", "a.rs", "let (a, b, c) = load(x, y);\n", "let (a, b, c, d) = load(x, y);\n", "let (a, b, c) = fetch(x, y);\n"},
		{"one name more from another module", "a.py", "from one.two import alpha, beta, gamma\n", "from one.two import alpha, beta, gamma, delta\n", "from uno.two import alpha, beta, gamma\n"},
		{"one name more from another package", "a.js", "import { a, b, c } from 'one';\n", "import { a, b, c, d } from 'one';\n", "import { a, b, c } from 'two';\n"},
		{"an option of another command", "a.sh", "curl one two three url\n", "curl one two three url -L\n", "wget one two three url\n"},
		{"an option of another command, in a list", "a.py", "run([\"git\", \"push\", \"origin\", \"main\"])\n", "run([\"git\", \"push\", \"origin\", \"main\", \"--force\"])\n", "run([\"git\", \"fetch\", \"origin\", \"main\"])\n"},
		{"one option in two spellings", "a.sh", "curl -s one two three url\n", "curl -s -L one two three url\n", "curl -s one two three url --location\n"},
		{"a value of another key", "a.css", ".a { margin: 1px 2px; color: red; }\n", ".a { margin: 1px 2px 3px; color: red; }\n", ".a { padding: 1px 2px; color: red; }\n"},
		{"a column of another table", "a.sql", "INSERT INTO users (id, name, mail) VALUES (1, 2, 3);\n", "INSERT INTO users (id, name, mail, age) VALUES (1, 2, 3, 9);\n", "INSERT INTO people (id, name, mail) VALUES (1, 2, 3);\n"},
		{"an attribute of another element", "a.jsx", "<Foo a=\"one\" b=\"two\" c=\"three\" />\n", "<Foo a=\"one\" b=\"two\" c=\"three\" d=\"four\" />\n", "<Bar a=\"one\" b=\"two\" c=\"three\" />\n"},
		{"a section of another page", "a.md", "See [the guide](docs/guide/of/it.md) for it.\n", "See [the guide](docs/guide/of/it.md#install) for it.\n", "See [the guide](docs/manual/of/it.md) for it.\n"},
		{"one thing in two parts of an address", "a.js", "get(\"https://host/api/users/list?q=1\", cb);\n", "get(\"https://host/api/v2/users/list?q=1\", cb);\n", "get(\"https://host/api/users/list?q=1&v=2\", cb);\n"},
		{"a member of another object", "a.js", "const x = app.config.server.port;\n", "const x = app.config.server.port.value;\n", "const x = env.config.server.port;\n"},
		{"a branch of another choice in a pattern", "a.js", "const re = /^(one|two|three)$/;\n", "const re = /^(one|two|three|four)$/;\n", "const re = /^(uno|two|three)$/;\n"},
		{"a group before those that are counted", "a.js", "x = s.replace(/(a) (b) (c)/, \"$1 $2\");\n", "x = s.replace(/(z) (a) (b) (c)/, \"$1 $2\");\n", "x = s.replace(/(a) (b) (c)/, \"$1 $3\");\n"},
		{"a parameter of a function given to another", "a.js", "list.map((x) => f(x, one, two));\n", "list.map((x, i) => f(x, one, two));\n", "list.reduce((x) => f(x, one, two));\n"},
		{"a parameter of a block given to another", "a.rb", "list.each_with(one, two) do |x|\n", "list.each_with(one, two) do |x, y|\n", "list.each(one, two) do |x|\n"},
		{"a block given to another", "a.rb", "list.map(one, two, three)\n", "list.map(one, two, three) { |x| x }\n", "list.each(one, two, three)\n"},
		{"a parameter that must be given behind one that need not", "a.ts", "function f(a: string, b: number, c: Foo) {\n", "function f(a: string, b: number, c: Foo, d: Baz) {\n", "function f(a: string, b: number = 1, c: Foo) {\n"},
		{"a conversion before another operator", "a.c", "x = run(a, b, c) * d;\n", "x = (int) run(a, b, c) * d;\n", "x = run(a, b, c) / d;\n"},
		{"an operand beside another operator", "a.c", "flags = ONE | TWO | THREE;\n", "flags = ONE | TWO | THREE | FOUR;\n", "flags = ONE & TWO | THREE;\n"},
		{"a bound of a range that moved", "requirements.txt", "django>=3.2,!=3.3\n", "django>=3.2,!=3.3,<4\n", "django>=4.0,!=3.3\n"},
		{"a condition in capitals", "a.sql", "SELECT name FROM users WHERE age IN (SELECT n FROM old);\n", "SELECT name FROM users WHERE age NOT IN (SELECT n FROM old);\n", "SELECT name FROM users WHERE age IN (SELECT n FROM young);\n"},
		{"a remark on what the other denies", "a.md", "There is a limit for each file of the group.\n", "There is a limit for each file of the group (10 lines).\n", "There is no limit for each file of the group.\n"},
	} {
		c.stays(t, Safe, Both)
	}
}

// What two replacements say together is what neither side wrote.
func TestRelatedStays(t *testing.T) {
	for _, c := range []sides{
		{"a name and its version", "package.json", "{\"alpha\": \"^1.0.0\"}\n", "{\"beta\": \"^1.0.0\"}\n", "{\"alpha\": \"^2.0.0\"}\n"},
		{"a package and its version", "requirements.txt", "django==3.2\n", "djangolang==3.2\n", "django==4.0\n"},
		{"a comparison and its version", "requirements.txt", "django>=3.2\n", "django==3.2\n", "django>=4.0\n"},
		{"an owner and a version", "a.yml", "- uses: actions/checkout@v2\n", "- uses: acme/checkout@v2\n", "- uses: actions/checkout@v3\n"},
		{"a number and its unit", "a.go", "package p\n\nvar d = 10 * time.Second\n", "package p\n\nvar d = 20 * time.Second\n", "package p\n\nvar d = 10 * time.Minute\n"},
		{"a module and a name from it", "a.py", "from alpha import beta\n", "from gamma import beta\n", "from alpha import delta\n"},
		{"a default and a module", "a.js", "import alpha from 'beta'\n", "import gamma from 'beta'\n", "import alpha from 'delta'\n"},
		{"a mark of a format and its argument", "a.c", "printf(\"%d\", a)\n", "printf(\"%s\", a)\n", "printf(\"%d\", b)\n"},
		{"what is given and what is expected", "a_test.py", "assert f(one) == two\n", "assert f(three) == two\n", "assert f(one) == four\n"},
		{"two parts of a release", "pom.xml", "<v>Hopper-BUILD</v>\n", "<v>Ingalls-BUILD</v>\n", "<v>Hopper-SR6</v>\n"},
		{"an object and its member", "a.c", "x = alpha->beta;\n", "x = gamma->beta;\n", "x = alpha->delta;\n"},
		{"a host and a path", "a.md", "https://host/path\n", "https://host2/path\n", "https://host/road\n"},
	} {
		c.stays(t, Safe, Both)
	}
}

// What is no sign: both sides edit in one list, or in a line that has to do with no other.
func TestAttachedNot(t *testing.T) {
	for _, c := range []struct {
		sides
		want string
	}{
		{sides{"an entry of a list of which another was replaced", "a.json", "[\"a\", \"b\", \"c\", \"d\"]\n", "[\"a\", \"b\", \"c\", \"d\", \"e\"]\n", "[\"z\", \"b\", \"c\", \"d\"]\n"}, "[\"z\", \"b\", \"c\", \"d\", \"e\"]\n"},
		{sides{"two names of one import", "a.js", "import { a, b, c, d } from './block'\n", "import { a, b, d } from './block'\n", "import { a, e, b, c, d } from './block'\n"}, "import { a, e, b, d } from './block'\n"},
		{sides{"waiting for a call with another argument", "a.js", "const x = load(a, b, c);\n", "const x = await load(a, b, c);\n", "const x = load(a, b, d);\n"}, "const x = await load(a, b, d);\n"},
		{sides{"an option, and an argument of another call", "T.java", "assertThat(command.get()).contains(\"up\", \"--wait\", \"one\");\n", "assertThat(command.get()).contains(\"up\", \"--wait\", \"one\", \"--dry-run\");\n", "assertThat(command.get(COMPOSE)).contains(\"up\", \"--wait\", \"one\");\n"}, "assertThat(command.get(COMPOSE)).contains(\"up\", \"--wait\", \"one\", \"--dry-run\");\n"},
		{sides{"an argument of which the call was kept, a mark and its argument", "a.go", "package p\n\nfunc f() {\n\tlog.Printf(\"user %s has item %s here\", user, item)\n}\n", "package p\n\nfunc f() {\n\tlog.Printf(\"user %s has item %s here for %d\", user, item, n)\n}\n", "package p\n\nfunc f() {\n\tlog.Printf(\"account %s has item %s here\", user, item)\n}\n"}, "package p\n\nfunc f() {\n\tlog.Printf(\"account %s has item %s here for %d\", user, item, n)\n}\n"},
	} {
		c.heals(t, c.want, "")
	}
}
