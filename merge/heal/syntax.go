package heal

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"
)

// wholeness returns the check for a type of file. Where there is no parser at hand, brackets must
// match and quotes be even.
func wholeness(kind fileType) func([]byte) bool {
	switch kind {
	case golang:
		return wholeGo
	case jsonFile:
		return json.Valid
	case tomlFile:
		return func(b []byte) bool { return toml.Unmarshal(b, new(any)) == nil }
	case yamlFile:
		return wholeYAML
	case python:
		return wholePython
	case records:
		return func([]byte) bool { return true } // the rule looks at each line
	}
	return balanced
}

// wholeGo parses and looks for functions, methods and types declared twice.
func wholeGo(src []byte) bool {
	f, err := parser.ParseFile(gotoken.NewFileSet(), "", src, parser.SkipObjectResolution)
	if err != nil {
		return false
	}
	seen := map[string]bool{}
	for _, d := range f.Decls {
		name := declared(d)
		if seen[name] && name != "" {
			return false
		}
		seen[name] = true
	}
	return true
}

// declared is the name of a function, a method with its receiver's type, or a lone type; empty for
// what may stand several times.
func declared(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.Name == "init" || d.Name.Name == "_" {
			return ""
		}
		if d.Recv == nil || len(d.Recv.List) == 0 {
			return d.Name.Name
		}
		return receiver(d.Recv.List[0].Type) + "." + d.Name.Name
	case *ast.GenDecl:
		if s, ok := d.Specs, d.Tok == gotoken.TYPE; ok && len(s) == 1 {
			return s[0].(*ast.TypeSpec).Name.Name
		}
	}
	return ""
}

func receiver(t ast.Expr) string {
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func wholeYAML(b []byte) bool {
	for d := yaml.NewDecoder(bytes.NewReader(b)); ; {
		if err := d.Decode(new(any)); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// balanced reports whether brackets match, seen without regard to comments and strings, and double
// quotes and backquotes are even in number.
func balanced(b []byte) bool {
	var expected []byte // the brackets that are to close those that are open
	double, back := 0, 0
	for _, c := range b {
		switch c {
		case '(':
			expected = append(expected, ')')
		case '[', '{':
			expected = append(expected, c+2)
		case ')', ']', '}':
			last := len(expected) - 1
			if last < 0 || expected[last] != c {
				return false
			}
			expected = expected[:last]
		case '"':
			double++
		case '`':
			back++
		}
	}
	return len(expected) == 0 && double%2 == 0 && back%2 == 0
}
