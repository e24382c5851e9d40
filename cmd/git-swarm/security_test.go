package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestSecurityNames: every promise of the threat model names tests that hold it, and
// they are there.
func TestSecurityNames(t *testing.T) {
	there := map[string]bool{} // PACKAGE.TEST, and TestScript/NAME
	for _, file := range testFiles(t) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pkg := filepath.Base(filepath.Dir(file))
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllStringSubmatch(string(content), -1) {
			there[pkg+"."+m[1]] = true
		}
	}
	scripts, err := filepath.Glob("testdata/script/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range scripts {
		there["TestScript/"+strings.TrimSuffix(filepath.Base(path), ".txt")] = true
	}
	text := documents(t)[".github/SECURITY.md"]
	promises := regexp.MustCompile(`(?m)^\| (.*) \| (.*) \|$`).FindAllStringSubmatch(text, -1)
	parts := 0
	for _, m := range promises {
		if m[1] == "promise" {
			parts++
			continue
		}
		named := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(m[2], -1)
		if len(named) == 0 {
			t.Errorf("nothing holds %q", m[1])
		}
		for _, n := range named {
			test, kind, _ := strings.Cut(n[1], "/") // a part of the table of hostile states
			if !there[n[1]] && !(there[test] && slices.Contains(hostileKinds(t), kind)) {
				t.Errorf("%q names %s, which is not there", m[1], n[1])
			}
		}
	}
	if parts != 5 || len(promises) < 35 {
		t.Errorf("%d promises in %d parts", len(promises), parts)
	}
}

// testFiles are all files of tests, from here.
func testFiles(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// hostileKinds are the parts of the table of hostile states and inputs.
func hostileKinds(t *testing.T) (kinds []string) {
	t.Helper()
	content, err := os.ReadFile("../internal/app/hostile_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"(\w+)": +hostile\w+\(\)`).FindAllStringSubmatch(string(content), -1) {
		kinds = append(kinds, m[1])
	}
	return kinds
}
