package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestHints: no text that is said to a person or an agent has a command with $(…) or
// backticks in it. Gemini CLI runs none that has, and an agent runs what a hint names.
// What an option's value is called stands between backticks for the help.
func TestHints(t *testing.T) {
	substitution := regexp.MustCompile("[$][(]|`[^`]+`")
	texts := 0
	check := func(place, text string) {
		texts++
		if substitution.MatchString(text) {
			t.Errorf("%s: %.200q", place, text)
		}
	}
	for _, dir := range []string{"app", "agenthook", "text", "swarm", "screen", "settings"} {
		files, err := filepath.Glob(filepath.Join("..", "internal", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			parsed, err := parser.ParseFile(set, file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.Field:
					n.Tag = nil
				case *ast.KeyValueExpr:
					name, _ := n.Key.(*ast.Ident)
					return name == nil || name.Name != "Usage"
				case *ast.BasicLit:
					if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
						check(set.Position(n.Pos()).String(), text)
					}
				}
				return true
			})
		}
	}
	for _, dir := range []string{"../../orchestrator/launch/prompts", "../../orchestrator/pool/prompts"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			check(path, strings.ReplaceAll(string(text), "`", "")) // of Markdown
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if texts < 1000 {
		t.Errorf("only %d texts were found", texts)
	}
}
