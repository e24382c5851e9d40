package heal

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
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

// TestReading: each table of merge/heal/READING.md adds up, and the guide says of the
// disagreements of safe what its tables come to.
func TestReading(t *testing.T) {
	reading, err := os.ReadFile("READING.md")
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../../cmd/internal/guide/healing.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`^\| (\*\*)?([^|*]+?)(?:\*\*)? \|(?: (safe|both|wide)? ?\|)? (?:\*\*)?(\d+) of (\d+)(?:\*\*)? \| (?:\*\*)?(\d+)(?:\*\*)? \| (?:\*\*)?(\d+)(?:\*\*)? \| (?:\*\*)?(\d+)(?:\*\*)? \|$`)
	type counts [4]int // read, people's own, unclear, ours
	var sum, safe counts
	totals := 0
	for line := range strings.Lines(string(reading)) {
		line = strings.TrimSuffix(line, "\n")
		m := row.FindStringSubmatch(line)
		if m == nil {
			if strings.Contains(line, " of ") && strings.HasPrefix(line, "|") && regexp.MustCompile(`\d+ of \d+`).MatchString(line) {
				t.Errorf("what is this row? %s", line)
			}
			if !strings.HasPrefix(line, "|") {
				sum = counts{}
			}
			continue
		}
		var c counts
		for i, word := range []string{m[4], m[6], m[7], m[8]} {
			c[i], _ = strconv.Atoi(word)
		}
		switch {
		case m[4] != m[5] || c[0] != c[1]+c[2]+c[3]:
			t.Errorf("it does not add up: %s", line)
		case m[1] == "":
			for i := range c {
				sum[i] += c[i]
				if m[3] == "safe" {
					safe[i] += c[i]
				}
			}
		default:
			totals++
			if c != sum {
				t.Errorf("the rows above come to %v: %s", sum, line)
			}
			sum = counts{}
		}
	}
	if totals != 3 {
		t.Errorf("%d totals", totals)
	}
	m := regexp.MustCompile(`the files that differ were read, (\d+) in all: in (\d+) people had\n[^.;]*, (\d+) were unclear, and (\w+)\nwas ours`).FindStringSubmatch(string(guide))
	if m == nil {
		t.Fatal("the guide does not say what reading found")
	}
	if want := fmt.Sprintf("%d %d %d %s", safe[0], safe[1], safe[2], map[int]string{0: "none", 1: "one"}[safe[3]]); strings.Join(m[1:], " ") != want {
		t.Errorf("the guide says %q, and the tables %s", m[1:], want)
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
