package heal

import (
	"os"
	"regexp"
	"testing"
)

// The page lists the rules that there are, in the order in which they are tried.
func TestDocListsTheRules(t *testing.T) {
	page, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^//\t(\w+) +(safe|both|wide) `).FindAllStringSubmatch(string(page), -1)
	all := rules()
	if len(rows) != len(all) {
		t.Fatalf("%d rules on the page, %d in the code", len(rows), len(all))
	}
	for i, r := range all {
		level := map[Level]string{Safe: "safe", Both: "both", Wide: "wide"}[r.level]
		if rows[i][1] != r.name || rows[i][2] != level {
			t.Errorf("row %d is %s %s, rule %d is %s %s", i+1, rows[i][1], rows[i][2], i+1, r.name, level)
		}
	}
}
