package heal

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestGuideExamples heals every example of the guide to healing: a conflict in diff3
// style, a line of dashes, and the result.
func TestGuideExamples(t *testing.T) {
	text, err := os.ReadFile("../../cmd/internal/guide/healing.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile("(?s)```heal (\\S+) (\\S+)\n(.*?)-------\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		path, rule, conflict, want := m[1], m[2], m[3], m[4]
		var sides [3]strings.Builder // ours, base, theirs
		at := -1
		for line := range strings.Lines(conflict) {
			switch {
			case strings.HasPrefix(line, "<<<<<<< "):
				at = 0
			case strings.HasPrefix(line, "||||||| "):
				at = 1
			case line == "=======\n":
				at = 2
			case strings.HasPrefix(line, ">>>>>>> "):
				at = -1
			case at < 0: // around the conflict
				for i := range sides {
					sides[i].WriteString(line)
				}
			default:
				sides[at].WriteString(line)
			}
		}
		level := Safe
		if i := ruleNamed(rule); i >= 0 {
			level = rules()[i].level
		}
		r := Merge([]byte(sides[1].String()), []byte(sides[0].String()), []byte(sides[2].String()), Options{Path: path, Level: level})
		if string(r.Text) != want || len(r.Regions) != 1 || r.Regions[0].Rule != rule {
			t.Errorf("%s: the guide says\n%sbut it is %+v\n%s", rule, want, r.Regions, r.Text)
		}
		seen[rule] = true
	}
	for _, r := range rules() {
		if !seen[r.name] {
			t.Errorf("the guide has no example of %s", r.name)
		}
	}
}

// TestGuideTable: the guide's table of the rules has the figures and words of the page's.
func TestGuideTable(t *testing.T) {
	rows := func(file, row string) (all [][]string) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("(?m)"+row).FindAllStringSubmatch(string(text), -1) {
			all = append(all, m[1:])
		}
		return all
	}
	page := rows("doc.go", `^//\t(\w+) +(safe|both|wide) +(\S+) +(\S+) +(\S+) +(\d+)  (.*)$`)
	guide := rows("../../cmd/internal/guide/healing.md", `^\| (\w+) \| (safe|both|wide) \|(?: (\S+) \((.*)\))? \|(?: (\S+))? \| (\d+) \| (.*) \|$`)
	for i := range guide {
		for j, figure := range guide[i] {
			if figure == "" {
				guide[i][j] = "-" // none could be measured
			}
		}
		guide[i][3] = strings.Replace(guide[i][3], " to ", "-", 1)
	}
	if len(page) == 0 || len(page) != len(guide) {
		t.Fatalf("the page has %d rows, and the guide %d", len(page), len(guide))
	}
	for i := range page {
		if !slices.Equal(page[i], guide[i]) {
			t.Errorf("the page has %q, and the guide %q", page[i], guide[i])
		}
	}
}

func ruleNamed(name string) int {
	for i, r := range rules() {
		if r.name == name {
			return i
		}
	}
	return -1
}
