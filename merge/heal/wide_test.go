package heal

import "testing"

// Conflicts that the rules of wide would heal, and lose or bend an edit, or do one thing in two ways. Each
// stays at wide, with the sides swapped, too.
func TestStaysAtWide(t *testing.T) {
	for _, c := range []sides{
		// A line next to one in which the other side changed a family of names.
		{"a line beside one whose names begin anew", "m.c", "\tif (buf_oom(&s))\n\t\treturn -1;\n", "\tif (str_oom(&s))\n\t\treturn -1;\n", "\tif (cap->deep)\n\t\tbuf_puts(&s, DEEP);\n\n\tif (buf_oom(&s))\n\t\treturn -1;\n"},
		{"lines beside one whose names end anew", "T.java", "put(Config.TASK_INTERVAL_PROP,\n    one());\n", "put(Config.TASK_INTERVAL_CONFIG,\n    one());\n", "put(Config.COPY_THREADS_PROP,\n    config.copyThreads());\nput(Config.TASK_INTERVAL_PROP,\n    one());\n"},
		{"lines beside one in which a part of their names changed", "m.py", "        if Q.bounded(expr) in facts:\n            return True\n", "        if Q.finite(expr) in facts:\n            return True\n", "        if expr.is_bounded is not None:\n            return expr.is_bounded\n        if Q.bounded(expr) in facts:\n            return True\n"},
		// The two halves of one name.
		{"both halves of a qualified name", "m.rs", "        _ => run(set).map(|v| Stream::Value(v, None)),\n", "        _ => run(set).map(|v| StreamBody::Value(v, None)),\n", "        _ => run(set).map(|v| Stream::value(v, None)),\n"},
		{"an object, and its member", "m.py", "f(alpha.beta)\n", "f(gamma.beta)\n", "f(alpha.delta)\n"},
		// Of two one would be chosen.
		{"an argument taken out, and replaced", "T.scala", "  val time = new Clock(0)\n", "  val time = new Clock()\n", "  val time = new Clock(100)\n"},
		{"an address, and its path alone", "a.md", "k\nz\n", "k\nsee https://example.org/parts\nz\n", "k\nsee /parts\nz\n"},
		// Declared twice.
		{"a name that one declares, and the other is given", "m.go", "package p\n\nfunc show(name string) {\n\ttext, err := embedded(name)\n\tuse(text, err)\n}\n", "package p\n\nfunc show(name string) {\n\troot, _ := find()\n\ttext, err := read(name, root)\n\tuse(text, err)\n}\n", "package p\n\nfunc show(name, root string) {\n\ttext, err := embedded(name)\n\tuse(text, err)\n}\n"},
	} {
		c.stays(t, Wide)
	}
}

// TestKin: which names belong to the family in which another was renamed.
func TestKin(t *testing.T) {
	for _, c := range []struct {
		name, old, now string
		want           bool
	}{
		{"buf_puts", "buf_oom", "str_oom", true},
		{"COPY_PROP", "TASK_PROP", "TASK_CONFIG", true},
		{"is_bounded", "bounded", "finite", true},
		{"bounded", "bounded", "finite", false},
		{"buf_oom", "buf_oom", "str_oom", false},
		{"str_puts", "buf_oom", "str_oom", false},
		{"oom_puts", "buf_oom", "str_oom", false},
		{"a_x", "a_y", "b_y", false},
		{"test_login", "test_logout", "test_signout", false},
	} {
		if got := kin(c.name, c.old, c.now); got != c.want {
			t.Errorf("%s where %s became %s: %v", c.name, c.old, c.now, got)
		}
	}
}
