package heal

import "testing"

// Names of a Go file: what neither side leaves undefined, unused or imported twice must not become so.
func TestMisnames(t *testing.T) {
	ours := "package p\n\nimport \"os\"\n\nfunc f() { os.Exit(1) }\n\nfunc g(n int) int { return n }\n"
	theirs := "package p\n\nimport \"fmt\"\n\nfunc f() { fmt.Println() }\n\nfunc g(count int) int { return count }\n"
	for result, want := range map[string]bool{
		ours: false, theirs: false,
		"package p\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc f() { fmt.Println(); os.Exit(1) }\n":          false,
		"package p\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc f() { os.Exit(1) }\n":                         true, // fmt is not used
		"package p\n\nimport \"fmt\"\n\nfunc f() { fmt.Println(); os.Exit(1) }\n":                            true, // os is not imported
		"package p\n\nimport \"os\"\nimport \"os\"\n\nfunc f() { os.Exit(1) }\n":                             true, // twice
		"package p\n\nfunc g(count int) int { return n }\n":                                                  true, // n was renamed
		"package p\n\nfunc g(n int) int { count := n; return n }\n":                                          true, // count is not used
		"package p\n\nfunc g(count int) int {\nn:\n\tfor count > 0 {\n\t\tbreak n\n\t}\n\treturn count\n}\n": false,
		"package p\n\nfunc (": false, // it does not parse, which is told elsewhere
	} {
		if got := misnames([]byte(ours), []byte(theirs), [][]byte{[]byte(result)}); got != want {
			t.Errorf("%v: %s", got, result)
		}
	}
}

// An import that one side dropped with its last use, and the other brought in again elsewhere.
func TestImportStays(t *testing.T) {
	base := "package p\n\nimport (\n\t\"a\"\n\t\"os\"\n)\n\nvar x = a.One(os.Args)\n\nvar y = 1\nvar z = 2\n"
	ours := "package p\n\nimport (\n\t\"a\"\n)\n\nvar x = a.One(nil)\n\nvar y = 11\nvar z = 2\n"
	theirs := "package p\n\nimport (\n\t\"a\"\n\t\"os\"\n)\n\nvar x = a.One(os.Args)\n\nvar y = 1\nvar z = len(os.Args)\n"
	for _, r := range (sides{"", "a.go", base, ours, theirs}).merge(Safe) {
		if r.Conflicts != 1 || r.Regions[0].Why != Names {
			t.Errorf("%+v\n%s", r.Regions, r.Text)
		}
	}
}

func TestWholePython(t *testing.T) {
	for _, src := range []string{
		"", "x = 1\n", "def f(a,\n      b):\n    return a\n\n\nf(1)\n", "if a:\n\tb()\nelse:\n\tc()\n",
		"x = \"\"\"a\n  ( b\n\"\"\"\n", "x = 'it\\'s' # (\n", "x = a + \\\n    b\n", "x = {\n  'a': [1],\n}\n",
		"class A:\n    x: int\n    # done\n\n    def f(self):\n        pass\ny = (\n)\n", "if a: b()\nc()\n",
	} {
		if !wholePython([]byte(src)) {
			t.Errorf("broken: %s", src)
		}
	}
	for _, src := range []string{
		"x = 1\n  y = 2\n", "def f():\nreturn 1\n", "if a:\n    b()\n  c()\n", "x = (1\n", "x = 1)\n", "x = (1]\n",
		"x = 'a\n", "raise E(\"a\")\n    \"b\"\n", "x = \"\"\"a\n",
	} {
		if wholePython([]byte(src)) {
			t.Errorf("whole: %s", src)
		}
	}
}

// A string in brackets that one side splits, and the other takes out of them.
func TestSplitStringStays(t *testing.T) {
	base, ours := "def f():\n    raise E((\"a b c d\"))\n", "def f():\n    raise E((\"a b\"\n        \"c d\"))\n"
	if !wholePython([]byte(base)) || !wholePython([]byte(ours)) || wholePython([]byte("def f():\n    raise \"a b\"\n        \"c d\"\n")) {
		t.Error("a string split without brackets is whole")
	}
}

// One side makes a string raw, the other changes what it escapes.
func TestRequoted(t *testing.T) {
	base, ours, theirs := "x = \"a\\\\d\"\ny\n", "x = r\"a\\d\"\ny\n", "x = \"a\\\\d\\\\w\"\ny\n"
	c := &conflict{base: base, ours: ours, theirs: theirs}
	if a, b := c.moves(); !c.requoted(a, b) || !c.swapped().requoted(b, a) {
		t.Error("not seen")
	}
	sides{"", "a.py", base, ours, theirs}.stays(t, Wide)
	sides{"", "a.js", "k\nx = \"\\d\"\nz\n", "k\ns = `\nx = \"\\d\"\n`\nz\n", "k\nx = \"\\d\\w\"\nz\n"}.stays(t, Wide)
	for _, r := range between("", "a.js", "k()\n", "s = `a`\n", "x = \"\\d\"\n", "z()\n").merge(Both) {
		if r.Conflicts != 0 {
			t.Errorf("a line with a string of its own stays: %+v", r.Regions)
		}
	}
}
