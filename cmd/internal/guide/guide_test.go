package guide

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestGuidesAreFiles compares the list of guides with the files there are.
func TestGuidesAreFiles(t *testing.T) {
	found, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, g := range All() {
		listed = append(listed, g.Name+".md")
		text, err := os.ReadFile(g.Name + ".md")
		if err != nil || g.Text() != string(text) || !strings.HasPrefix(g.Text(), "# ") {
			t.Errorf("%s is not what is embedded, or has no title: %v", g.Name, err)
		}
		if again, ok := Find(g.Name); !ok || again != g {
			t.Errorf("Find(%q) is %v, %v", g.Name, again, ok)
		}
	}
	slices.Sort(listed)
	if !slices.Equal(listed, found) {
		t.Errorf("listed are %q, and files %q", listed, found)
	}
}

func TestParse(t *testing.T) {
	got := parse("# Title\n\nOne line,\n  and more.\n- an item\n  of two lines\n- and one more\n2. second\n\n```sh\n# no heading\n- no item\n```\n| a | b | c |\n|---|---|---|\n| `x\\|y` | 2 | |\n## End")
	want := []block{
		{kind: heading, level: 1, text: "Title"},
		{kind: paragraph, text: "One line,\nand more."},
		{kind: item, mark: "-", text: "an item\nof two lines"},
		{kind: item, mark: "-", text: "and one more"},
		{kind: item, mark: "2.", text: "second"},
		{kind: code, text: "# no heading\n- no item"},
		{kind: row, head: []string{"a", "b", "c"}, cells: []string{"`x|y`", "2", ""}},
		{kind: heading, level: 2, text: "End"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d blocks: %+v", len(got), got)
	}
	for i := range want {
		g, w := got[i], want[i]
		if g.kind != w.kind || g.level != w.level || g.text != w.text || g.mark != w.mark || !slices.Equal(g.head, w.head) || !slices.Equal(g.cells, w.cells) {
			t.Errorf("block %d is %+v, not %+v", i, g, w)
		}
	}
}

// TestInline holds what would be lost or obeyed in troff.
func TestInline(t *testing.T) {
	for text, want := range map[string]string{
		"`git swarm push --to X` **now**":                     `\fBgit swarm push \-\-to X\fR \fBnow\fR`,
		"see [Healing](healing.md), [x](https://example.org)": `see \fBgit\-swarm\-healing\fR(7), x (https://example.org)`,
		"[the format](../../../refstore/FORMAT.md)":           `the format`,
		`a\b`:            `a\eb`,
		".SH x\n'tis\n…": "\\&.SH x\n\\&'tis\n\\[u2026]",
	} {
		if got := newInline().troff(text); got != want {
			t.Errorf("%q is %q, not %q", text, got, want)
		}
	}
}
