package heal

import "testing"

// Sections, or what looks like some, that take in text of each other's or of what is below them, or have a place in an
// order. Each stays at both, with the sides swapped, too.
func TestSectionsStay(t *testing.T) {
	for _, c := range []struct{ name, path, above, ours, theirs, below string }{
		{"above a text", "a.md", "# All\n\n", "## Push\n\nAbout push:\n\n", "## Pull\n\nAbout pulling things:\n\n", "It lands work.\n"},
		{"above a text in a file of text", "README", "All\n===\n\n", "Push\n----\n\nAbout push:\n\n", "Landing\n-------\n\nHow landing goes:\n\n", "It lands work.\n"},
		{"above code", "a.rst", "All\n===\n\n", "Push\n----\n\nFor instance::\n\n", "Pull\n----\n\nGets what came.\n\n", "    code\n"},
		{"above a section of a lower level", "a.md", "# All\n\n## A\n\nx\n\n", "## Push\n\nLands it.\n\n", "## Pull\n\nGets what came.\n\n", "### Sub\n\ny\n"},
		{"above one of a lower level in rst", "a.rst", "All\n===\n\nOne\n---\n\nTwo\n~~~\n\nx\n\n", "Push\n----\n\nLands it.\n\n", "Pull\n----\n\nGets what came.\n\n", "Sub\n~~~\n\ny\n"},
		{"an underlined heading of a higher level", "a.md", "# All\n\n", "## Push\n\nText one.\n\nLate\n====\n\nMore here.\n\n", "## Pull\n\nOther words.\n\n", "# End\n"},
		{"a heading that is framed", "a.rst", "All\n===\n\n", "Push\n----\n\nLands it.\n\n----\nTop\n----\n\nx\n\n", "Pull\n----\n\nGets what came.\n\n", "End\n===\n"},
		{"one number", "a.md", "# All\n\n## 2. Two\n\nx\n\n", "## 3. Push\n\nText one.\n\n", "## 3. Pull\n\nOther words.\n\n", "# End\n"},
		{"a release, and what is not released", "CHANGES.md", "# Log\n\n", "## Unreleased\n\n- fix alpha\n\n", "## 1.3.0\n\n- new beta\n\n", "## 1.2.0\n\n- old\n"},
		{"two releases in a file of text", "CHANGES", "", "Release 1.2 (in development)\n============================\n\n", "Release 1.1.2 (Nov 1) and what it is\n====================================\n\n* fix alpha.\n\n", "Release 1.1.1\n=============\n"},
		{"one name in capitals", "a.md", "# All\n\n", "## FAQ\n\nText one.\n\n", "## Faq\n\nOther words.\n\n", "# End\n"},
		{"the label of what is below", "a.rst", "All\n===\n\n", "Push\n----\n\nLands it.\n\n.. _end:\n\n", "Pull\n----\n\nGets what came.\n\n", "End\n---\n\nx\n"},
		{"the anchor of what is below", "a.md", "# All\n\n", "## Push\n\nLands it.\n\n<a id=\"end\"></a>\n", "## Pull\n\nGets what came.\n\n", "## End\n\nx\n"},
		{"no blank line between", "a.rst", "All\n===\n\nx\n\n", "Push\n----\n\nLands it.\n", "Pull\n----\n\nGets what came.\n", ""},
		{"no blank line behind HTML", "a.md", "# All\n\n", "## Push\n\n<details>\nx\n</details>\n", "## Pull\n\nGets what came.\n", "\n# End\n"},
		{"an element left open", "a.md", "# All\n\n", "## Push\n\n<details>\n\n", "## Pull\n\nGets what came.\n\n", "# End\n"},
		{"an element closed and opened", "a.md", "# All\n\n<div>\n\n", "## Push\n\nLands it.\n\n</div>\n\n<div>\n\n", "## Pull\n\nGets what came.\n\n", "# End\n</div>\n"},
		{"comments in code", "a.md", "# All\n\n```sh\nrun\n", "# set it\nx=5\n", "# raise limit\nulimit 7\n", "# last\nz\n```\n"},
	} {
		between(c.name, c.path, c.above, c.ours, c.theirs, c.below).stays(t, Both)
	}
}

// TestSectionsHeal: a section is closed by a heading of its level or of a higher one, or by the end of the file.
func TestSectionsHeal(t *testing.T) {
	for _, c := range []struct{ name, path, above, ours, theirs, below string }{
		{"above one of the level", "a.md", "# All\n\n## A\n\nx\n\n", "## Push\n\nLands it.\n\n", "## Pull\n\nGets what came.\n\n", "## B\n\ny\n"},
		{"above one of a higher level", "a.md", "# All\n\n## A\n\n", "### Push\n\nLands it.\n\n", "### Pull\n\nGets what came.\n\n", "# End\n"},
		{"above a label and its heading", "a.rst", "All\n===\n\n", "Push\n----\n\nLands it.\n\n", "Pull\n----\n\nGets what came.\n\n", ".. _end:\n\nEnd\n===\n"},
		{"at the end", "a.rst", "All\n===\n\nx\n", "\nPush\n----\n\nLands it.\n", "\nPull\n----\n\nGets what came.\n", ""},
		{"in a file of text", "NEWS.txt", "News\n====\n\n", "Fixed\n-----\n\n- alpha thing\n\n", "Added\n-----\n\n- new beta\n\n", "Changed\n-------\n\n- old\n"},
	} {
		r := between(c.name, c.path, c.above, c.ours, c.theirs, c.below).merge(Both)
		if string(r[0].Text) != c.above+c.ours+c.theirs+c.below || string(r[1].Text) != c.above+c.theirs+c.ours+c.below {
			t.Errorf("%s: %+v\n%s", c.name, r[0].Regions, r[0].Text)
		}
	}
}

// TestEndsBlockLast: lines that go on in the block above stand before those that end it, whichever side they are of.
func TestEndsBlockLast(t *testing.T) {
	for _, c := range []struct{ name, path, above, in, end, below string }{
		{"a method, and a class", "a.py", "class A:\n    def a(self):\n        x = 1\n", "\n    def b(self):\n        y = 2\n", "\n\nclass B:\n    def c(self):\n        w = 3\n", ""},
		{"within and behind a condition", "a.py", "def f():\n    if a:\n        x()\n", "        more(1)\n", "    last(2)\n", ""},
		{"a table of TOML", "a.toml", "[a]\nfoo = 1\n", "goo = 1\n", "[b]\nbar = 2\n", ""},
		{"a section of settings", ".editorconfig", "[*]\nroot = true\n", "end_of_line = lf\n", "[*.py]\nindent = 4\n", ""},
		{"a stage of a Dockerfile", "Dockerfile", "FROM a\nRUN x\n", "RUN y\n", "FROM b AS c\nRUN w\n", ""},
		{"a rule of make", "Makefile.am", "a:\n\tcc a\n", "\tld q\n", "b: w\n\tar x\n", ""},
		{"who may see members", "a.h", "class A {\n  int x;\n", "  int y;\n", "private:\n  bool w;\n", "};\n"},
		{"a chain of calls", "a.js", "foo\n  .a()\n", "  .b(q)\n", "next(w)\n", "\nz()\n"},
	} {
		for _, r := range between(c.name, c.path, c.above, c.in, c.end, c.below).merge(Both) {
			if string(r.Text) != c.above+c.in+c.end+c.below {
				t.Errorf("%s: %+v\n%s", c.name, r.Regions, r.Text)
			}
		}
	}
	between("each ends the other's", "a.toml", "[p]\na = 1\n", "b = 2\n[q]\nc = 3\n", "d = 4\n[r]\ne = 5\n", "").stays(t, Both)
}
