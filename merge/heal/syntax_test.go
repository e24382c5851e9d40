package heal

import (
	"strings"
	"testing"
)

// What a YAML file must be to pass as whole. Each of those that are broken is what a merge can make
// of two that are not.
func TestWholeYAML(t *testing.T) {
	whole := map[string]string{
		"nothing":          "",
		"comments":         "# one\n",
		"maps and lists":   "a: 1\nb:\n- c\n- d: e\n  f: g\n",
		"flow style":       "a: {b: 1, c: [d, {e: f}]}\n",
		"anchors":          "a: &x {k: 1}\nb:\n  <<: *x\n  l: 2\n",
		"two documents":    "a: 1\n---\na: 2\n...\n",
		"block scalars":    "a: |\n  x\n   y\n  z: 1\nb: >-\n  q\n\n  r\n",
		"plain over lines": "a: one\n  two\nb: 1\n",
		"tabs at the end":  "a:\t1\t\nb: 2\n",
		"tags":             "a: !Ref b\nc: !!str 4\n",
		"expressions":      "if: ${{ a == 'b' }}\nrun: |\n  echo ${{ c }}\n",
		"line ends":        "a: 1\r\nb:\r\n  - c\r\n",
	}
	broken := map[string]string{
		"key twice":            "a: 1\nb: 2\na: 3\n",
		"key twice, nested":    "a:\n- b: 1\n  b: 2\n",
		"key twice, flow":      "{a: 1, a: 2}\n",
		"key twice, later":     "a: 1\n---\nb: 1\nb: 2\n",
		"anchor lost":          "a: *x\n",
		"key above a list":     "a: b\n  - c: d\n  - e: f\n", // a line "steps:" between is lost
		"indented too far":     "a: 1\n  b: 2\n",
		"indented too little":  "a:\n    b: 1\n  c: 2\n",
		"indented by a tab":    "a:\n\tb: 1\n",
		"list in a map":        "a: 1\n- b\n",
		"bracket open":         "a: [1, 2\nb: 3\n",
		"bracket twice":        "a: [1]]\n",
		"comma lost":           "a: {b: 1 c: 2}\n",
		"quote open":           "a: \"x\nb: 1\n",
		"block scalar too far": "a: |\n  x\n y\n",
		"second document":      "a: 1\n---\nb: [\n",
		"template":             "{{ if x }}\na: 1\n{{ end }}\n",
		"template as a value":  "a:\n  {{- toYaml .b | nindent 2 }}\nc: 1\n",
		"conflict markers":     "<<<<<<< ours\na: 1\n=======\na: 2\n>>>>>>> theirs\n",
		"invalid UTF-8":        "a: \xff\n",
		"a billion laughs":     laughs(7),
	}
	for name, text := range whole {
		if !wholeYAML([]byte(text)) {
			t.Errorf("%s: %q passes for broken", name, text)
		}
	}
	for name, text := range broken {
		if wholeYAML([]byte(text)) {
			t.Errorf("%s: %.80q passes for whole", name, text)
		}
	}
}

// laughs is a text of a few lines that is 9^n words long when its aliases are followed.
func laughs(n int) string {
	item, text := "x", ""
	for i := range n {
		name := string(rune('a' + i))
		text += name + ": &" + name + " [" + strings.TrimSuffix(strings.Repeat(item+", ", 9), ", ") + "]\n"
		item = "*" + name
	}
	return text
}
