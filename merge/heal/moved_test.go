package heal

import (
	"strings"
	"testing"
)

// move is a file of which one side moves a block, and what is replaced in it by the other, and on either side beside it.
type move struct {
	name, path             string
	above, between, below  string
	block                  string
	up                     bool   // the block stands below first
	edits                  string // old => new, in lines, within the block
	moverEdits, otherEdits string // of its file
	stays                  bool
}

func (m move) files() (base, mover, editor, want string) {
	replace := func(text, edits string) string {
		for e := range strings.SplitSeq(edits, " | ") {
			if old, now, ok := strings.Cut(e, " => "); ok {
				text = strings.ReplaceAll(text, old, strings.ReplaceAll(now, `\n`, "\n"))
			}
		}
		return text
	}
	file := func(block string, moved bool) string {
		if moved == m.up {
			return m.above + block + m.between + m.below
		}
		return m.above + m.between + block + m.below
	}
	edited := replace(m.block, m.edits)
	base = file(m.block, false)
	mover = replace(file(m.block, true), m.moverEdits)
	editor = replace(file(edited, false), m.otherEdits)
	want = replace(replace(file(edited, true), m.moverEdits), m.otherEdits)
	return base, mover, editor, want
}

const (
	goHead    = "package p\n\n"
	goFirst   = "func First(a int) int {\n\tb := a + 1\n\treturn b\n}\n\n"
	goSecond  = "func Second(a int) int {\n\tif a > 0 {\n\t\treturn a\n\t}\n\treturn 0\n}\n\n"
	goThird   = "func Third(s string) string {\n\tif s == \"\" {\n\t\tpanic(\"none\")\n\t}\n\tfor range s {\n\t\tprint(s)\n\t}\n\treturn s\n}\n\n"
	goLast    = "func Last() {\n\tx := 1\n\ty := x + 1\n\tprintln(x, y, \"last\")\n}\n"
	pyFirst   = "def first(a):\n    b = a + 1\n    c = b * a\n    return c\n\n\n"
	pySecond  = "def second(text):\n    if not text:\n        raise ValueError(text)\n    for t in text:\n        show(t)\n    return text\n\n\n"
	pyLast    = "def last():\n    print('last')\n"
	cssFirst  = ".menu {\n  color: red;\n  margin: 0;\n  padding: 4px;\n}\n\n"
	cssSecond = ".toc {\n  border: none;\n  float: left;\n  overflow: auto;\n  width: 100%;\n}\n\n"
	yamlFirst = "  lint:\n    runs-on: small\n    steps:\n      - run: make lint\n"
	yamlOther = "  build:\n    runs-on: large\n    needs: prepare\n    steps:\n      - run: make\n      - run: make install\n"
)

func goFile(edits string) move {
	return move{path: "a.go", above: goHead, block: goFirst, between: goSecond + goThird, below: goLast, edits: edits}
}

func (m move) with(name string, change func(*move)) move {
	m.name, m.stays = name, true
	change(&m)
	return m
}

// movedCases are blocks that one side moved and the other edited, and what looks like it and stays.
func movedCases() []move {
	plain := goFile("b := a + 1 => b := a + 2")
	return []move{
		{name: "down, in Go", path: "a.go", above: goHead, block: goFirst, between: goSecond + goThird, below: goLast, edits: "b := a + 1 => b := a + 2"},
		{name: "up, in Go", path: "a.go", above: goHead, block: goFirst, between: goSecond + goThird, below: goLast, up: true, edits: "b := a + 1 => b := a + 2"},
		{name: "its first line edited", path: "a.go", above: goHead, block: goFirst, between: goSecond + goThird, below: goLast, edits: "First(a int) int => First(a int64) int64"},
		{name: "its last line with words, and lines above it", path: "a.go", above: goHead, block: goFirst, between: goSecond + goThird, below: goLast, edits: "return b => b *= 3\\n\treturn b"},
		{name: "other edits of both sides, elsewhere", path: "a.go", above: goHead, block: goFirst, between: goSecond + goThird, below: goLast, edits: "b := a + 1 => b := a + 2", moverEdits: "print(s) => print(s, s)", otherEdits: "\"last\" => \"least\""},
		{name: "in Python", path: "a.py", above: "import os\n\n\n", block: pyFirst, between: pySecond, below: pyLast, edits: "b * a => b * (a + 1)"},
		{name: "in CSS", path: "a.css", above: "/* all */\n\n", block: cssFirst, between: cssSecond, below: ".end {\n  clear: both;\n}\n", edits: "margin: 0 => margin: 1px"},
		{name: "in YAML", path: "a.yml", above: "jobs:\n", block: yamlFirst, between: yamlOther, below: "  last:\n    runs-on: tiny\n", edits: "make lint => make vet"},
		{name: "line ends of CR LF", path: "a.css", above: "/* all */\r\n\r\n", block: strings.ReplaceAll(cssFirst, "\n", "\r\n"), between: strings.ReplaceAll(cssSecond, "\n", "\r\n"), below: ".end {\r\n  clear: both;\r\n}\r\n", edits: "margin: 0 => margin: 1px"},

		{
			name: "a step brought into a job of YAML", path: "a.yml",
			above: "jobs:\n", block: yamlFirst, between: yamlOther, below: "  last:\n    runs-on: tiny\n", edits: "- run: make lint => - run: make vet\\n      - run: make lint",
		},
		{
			name: "a method, out of one class into another", path: "A.java",
			above: "class Left {\n  int size;\n", block: "  void go() {\n    begin();\n    work();\n    end();\n  }\n", between: "  void stop() {\n    halt();\n    close();\n  }\n}\n\nclass Right {\n  int name;\n",
			below: "  void rest() {\n    wait();\n  }\n}\n", edits: "work() => work(7)",
		},
		{
			name: "entries of a list", path: "a.js",
			above: "const names = [\n", block: "  'one',\n  'two',\n  'three',\n", between: "  'four',\n  'five',\n  'six',\n  'seven',\n", below: "  'last',\n]\n", edits: "'two', => 'twice',",
		},
		plain.with("the block twice in the base", func(m *move) { m.below = goFirst + m.below; m.path = "a.txt" }),
		plain.with("the block twice on the side that moved it", func(m *move) {
			m.path, m.moverEdits = "a.js", "func Last => "+strings.ReplaceAll(goFirst, "\n", `\n`)+"func Last"
		}),
		plain.with("the side that moved it edits it, too", func(m *move) { m.moverEdits = "return b => return b + 1" }),
		plain.with("the same edit on the side that moved it", func(m *move) { m.moverEdits = "b := a + 1 => b := a + 2" }),
		plain.with("another conflict in the file", func(m *move) { m.moverEdits, m.otherEdits = "\"last\" => \"first\"", "\"last\" => \"least\"" }),
		plain.with("the other side edits beside the new place", func(m *move) { m.otherEdits = "func Last => func Least" }),
		plain.with("the other side brings in lines at the new place", func(m *move) { m.otherEdits = "func Last => var x = 1\\n\\nfunc Last" }),
		plain.with("rewritten", func(m *move) {
			m.edits = "b := a + 1 => panic(\"not any more\") | return b => panic(\"never\") | First(a int) int => Other(c []byte) error"
		}),
		plain.with("lines brought in above it", func(m *move) {
			m.edits = "b := a + 1 => b := a + 2 | func First => var x = map[string]string{}\\n\\nfunc First"
		}),
		plain.with("the edit uses a word that the side that moved it took out", func(m *move) {
			m.edits, m.moverEdits = "a + 1 => a + len(s)", "(s string) => (text string) | (s) => (text) | s == => text == | range s => range text | return s => return text"
			m.otherEdits = "println => print"
		}),
		plain.with("both sides bring in one word", func(m *move) { m.edits, m.moverEdits = "a + 1 => retry(a)", "print(s) => retry(s)" }),
		plain.with("into a comment", func(m *move) {
			m.moverEdits = "func First => /*\\nfunc First | func Last => */\\nfunc Last"
			m.path = "a.js"
		}),
		plain.with("into a string", func(m *move) {
			m.moverEdits = "func First => const old = `\\nfunc First | func Last => `\\n\\nfunc Last"
		}),
		plain.with("into a condition of a preprocessor", func(m *move) {
			m.moverEdits, m.path = "func First => #if 0\\nfunc First | func Last => #endif\\nfunc Last", "a.c"
		}),
		plain.with("taken out, not moved", func(m *move) { m.path, m.moverEdits = "a.js", goFirst+" => " }),
		plain.with("a line of the edit brought in by the side that moved it, too", func(m *move) {
			m.path, m.edits, m.moverEdits = "a.js", "return b => b = a\\n\treturn b", "return s => b = a\\n\treturn s"
		}),
		plain.with("half of a block", func(m *move) {
			m.path, m.above, m.block = "a.js", goHead+"func First(a int) int {\n\tif a > 0 {\n", "\t\tone(a)\n\t} else if two(a) {\n\t\tthree(a)\n"
			m.between, m.edits = "\t}\n\treturn b\n}\n\n"+goSecond+goThird, "two(a) => two(a, 2)"
		}),
		{
			name: "a word that the other side declares beside the old place", path: "A.java", stays: true,
			above: "class Left {\n  int size;\n", block: "  void go() {\n    begin();\n    work();\n    end();\n  }\n", between: "  void stop() {\n    halt();\n    close();\n  }\n}\n\nclass Right {\n  int name;\n",
			below: "  void rest() {\n    wait();\n  }\n}\n", edits: "work() => work(speed)", otherEdits: "close() => int speed",
		},
		{
			name: "out of one method into another that has no such word", path: "A.java", stays: true,
			above: "class Left {\n  void go(int speed) {\n    begin(speed);\n", block: "    one();\n    two();\n    three();\n", between: "    end();\n  }\n\n  void stop() {\n    halt();\n    close();\n    four();\n    five();\n",
			below: "    rest();\n  }\n}\n", edits: "two() => two(speed)",
		},
		{
			name: "an item brought into a list of YAML", path: "a.yml", stays: true,
			above: "tests:\n", block: "  - one\n  - two\n  - three\n", between: "  - last\n\nbuilds:\n  - four\n  - five\n  - six\n", below: "  - seven\n", edits: "- two => - two\\n  - more",
		},
		{
			name: "an element brought into one of two lists", path: "a.js", stays: true,
			above: "const names = [\n", block: "  'one',\n  'two',\n  'three',\n", between: "  'last',\n]\n\nconst others = [\n  'four',\n  'five',\n  'six',\n", below: "  'seven',\n]\n", edits: "'two', => 'two',\\n  'more',",
		},
		{
			name: "out of one class into another that has no such word", path: "A.java", stays: true,
			above: "class Left {\n  int size;\n  int speed;\n", block: "  void go() {\n    begin();\n    work();\n    end();\n  }\n", between: "  void stop() {\n    halt();\n  }\n}\n\nclass Right {\n  int name;\n", below: "  void rest() {\n    wait();\n  }\n}\n", edits: "work() => work(speed)",
		},
		{
			name: "out of one function into another of the same name", path: "a.py", stays: true,
			above: "class A:\n    def run(self):\n        start(self)\n", block: "        one(self)\n        two(self)\n        three(self)\n", between: "        stop(self)\n\n\nclass B:\n    def run(self):\n        start(self)\n", below: "        halt(self)\n", edits: "two(self) => two(self, 2)",
		},
		{
			name: "statements past one with a word of the edit", path: "a.js", stays: true,
			above: "function f() {\n", block: "  one();\n  two();\n  three();\n", between: "  let limit = find();\n  keep(limit);\n  four();\n  five();\n  six();\n", below: "  seven();\n}\n", up: true, edits: "two() => two(limit)",
		},
		{
			name: "brackets only", path: "a.js", stays: true,
			above: "f([\n", block: "{\n  [\n  ],\n  a\n},\n", between: "b,\nc,\nd,\ne,\ng,\nh,\n", below: "i\n])\n", edits: "  a => {}",
		},
		{
			name: "two lines", path: "a.js", stays: true,
			above: "begin();\n", block: "one(1);\ntwo(2);\n", between: "three(3);\nfour(4);\nfive(5);\nsix(6);\n", below: "end();\n", edits: "two(2) => two(22)",
		},
		{
			name: "an item brought into a list of a changelog", path: "CHANGES.md", stays: true,
			above: "# Changes\n\n## Next\n\n", block: "- one thing\n- two things\n- three things\n- four things\n", between: "\n## 1.0\n\n- older\n- oldest\n- first of all\n- the very first\n- before it\n", below: "- and so on\n", edits: "- two things => - two things\\n- more of them",
		},
		{
			name: "patterns of an ignore list", path: ".gitignore", stays: true,
			above: "# all\n", block: "one\ntwo\nthree\n", between: "four\nfive\nsix\nseven\n", below: "eight\n", edits: "two => two/*",
		},
	}
}

// With either side as ours.
func TestMoved(t *testing.T) {
	for _, m := range movedCases() {
		t.Run(m.name, func(t *testing.T) {
			base, mover, editor, want := m.files()
			for _, s := range [2][2]string{{mover, editor}, {editor, mover}} {
				opts := Options{Path: m.path, Level: Both, Format: format}
				invariant(t, []byte(base), []byte(s[0]), []byte(s[1]), opts)
				r := Merge([]byte(base), []byte(s[0]), []byte(s[1]), opts)
				if m.stays {
					if r.Conflicts == 0 || string(r.Text) != lineMerge(base, s[0], s[1], format) {
						t.Errorf("%+v\n%s", r.Regions, r.Text)
					}
					continue
				}
				if len(r.Regions) != 1 || r.Regions[0].Rule != "moved" || r.Conflicts > 0 || string(r.Text) != want {
					t.Errorf("%+v\n%s\nwant\n%s", r.Regions, r.Text, want)
				}
				opts.Level = Safe
				if r := Merge([]byte(base), []byte(s[0]), []byte(s[1]), opts); r.Conflicts != 1 {
					t.Errorf("at safe: %+v", r.Regions)
				}
			}
		})
	}
}
