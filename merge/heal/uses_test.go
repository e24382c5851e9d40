package heal

import "testing"

// Both sides use a word alike that the file has often: they do one thing in two ways, and both would do it twice. Each
// stays at every level, with the sides swapped, too.
func TestUseAlikeStays(t *testing.T) {
	for _, c := range []struct{ name, path, word, base, ours, theirs string }{
		{"a method, called before and within", "a.py", "strip", "save(name)\n", "name = name.strip()\nsave(name)\n", "save(name.strip())\n"},
		{"a function, called before and within", "a.py", "encode", "send(data)\n", "data = encode(data)\nsend(data)\n", "send(encode(data))\n"},
		{"a function, called behind and within", "a.py", "decode", "a = get(k)\n", "a = get(k)\na = decode(a)\n", "a = decode(get(k))\n"},
		{"a method, called behind and within", "a.js", "decode", "let a = get(k)\n", "let a = get(k)\na = a.decode()\n", "let a = get(k).decode()\n"},
		{"a number, added before and within", "a.js", "offset", "seek(i)\n", "i += offset\nseek(i)\n", "seek(i + offset)\n"},
		{"a number, added behind and within", "a.js", "offset", "let i = at(k)\n", "let i = at(k)\ni += offset\n", "let i = at(k) + offset\n"},
		{"a factor, behind and within", "a.js", "size", "let i = at(k)\n", "let i = at(k)\ni *= size\n", "let i = at(k) * size\n"},
		{"a result waited for", "a.js", "await", "const y = f(x)\n", "x = await x\nconst y = f(x)\n", "const y = f(await x)\n"},
		{"a negation", "a.py", "not", "x = go(a)\n", "a = not a\nx = go(a)\n", "x = go(not a)\n"},
		{"a default", "a.js", "BASE", "run(o)\n", "o = o || BASE\nrun(o)\n", "run(o || BASE)\n"},
		{"a check", "a.c", "NULL", "run(d);\n", "if (d == NULL) return;\nrun(d);\n", "run(d != NULL && k);\n"},
		{"a counter", "a.c", "n", "push(x);\n", "push(x);\nn++;\n", "n += push(x);\n"},
		{"a key in quotes", "a.py", "timeout", "\"retry\": 3,\n", "\"timeout\": 5,\n\"retry\": 3,\n", "\"retry\": 3, \"timeout\": 9,\n"},
		{"a parameter", "a.ts", "opts", "a: A,\n", "opts: O,\na: A,\n", "a: A, opts?: P,\n"},
		{"a name of two that are assigned", "a.rs", "key", "let v = get(a);\n", "let key = mk();\nlet v = get(a);\n", "let (key, v) = get(a);\n"},
		{"a setting of a chain of calls", "a.rs", "timeout", "  .retry(3)\n", "  .timeout(5)\n  .retry(3)\n", "  .retry(3).timeout(9)\n"},
		{"a setter", "a.java", "setSize", "b.setColor(1);\n", "b.setSize(2);\nb.setColor(1);\n", "b.setColor(1).setSize(3);\n"},
		{"an option", "a.sh", "timeout", "  --retry 3 \\\n", "  --timeout 5 \\\n  --retry 3 \\\n", "  --retry 3 --timeout 9 \\\n"},
		{"a name, imported from two modules", "a.py", "List", "from typing import Any\n", "from t import List\nfrom typing import Any\n", "from typing import Any, List\n"},
	} {
		head, tail := "go("+c.word+")\nrun("+c.word+")\nend("+c.word+")\n\n", "z\n"
		sides{c.name, c.path, head + c.base + tail, head + c.ours + tail, head + c.theirs + tail}.stays(t, Both, Wide)
	}
}

// What both sides use in ways of their own is no sign.
func TestUseAlikeNot(t *testing.T) {
	for _, c := range []struct{ name, path, word, base, ours, theirs, want string }{
		{"an argument of two calls", "a.py", "ctx", "run(x)\n", "open(ctx, 1)\nrun(x)\n", "run(ctx, x)\n", "open(ctx, 1)\nrun(ctx, x)\n"},
		{"a type of two fields", "a.ts", "number", "a: string;\n", "b: number;\na: string;\n", "a: number;\n", "b: number;\na: number;\n"},
		{"a method, called with different things", "a.rs", "root", "tmp: dest.join(a),\n", "src: root.join(b),\ntmp: dest.join(a),\n", "tmp: root.join(a),\n", "src: root.join(b),\ntmp: root.join(a),\n"},
	} {
		head, tail := "go("+c.word+")\nrun("+c.word+")\nend("+c.word+")\n\n", "z\n"
		for _, r := range (sides{c.name, c.path, head + c.base + tail, head + c.ours + tail, head + c.theirs + tail}).merge(Both) {
			if string(r.Text) != head+c.want+tail {
				t.Errorf("%s: %+v\n%s", c.name, r.Regions, r.Text)
			}
		}
	}
}
