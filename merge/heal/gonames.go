package heal

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path"
	"regexp"
	"strings"
	"sync"
)

// goNames is what a Go file says of names, without regard to scopes.
type goNames struct {
	undefined map[string]bool // used, and neither declared nor imported in the file
	unused    map[string]bool // imported or declared in a function, and not used
	imports   map[string]int  // by name and path
	twice     map[string]bool // declared by a := of a function that declares nothing new
}

// misnames reports whether in a result a name is undefined, unused or declared twice, or an import stands
// twice, that is so on neither side.
func misnames(ours, theirs []byte, results [][]byte) bool {
	o, t := readGoNames(ours), readGoNames(theirs)
	if o == nil || t == nil {
		return false
	}
	for _, r := range results {
		n := readGoNames(r)
		if n == nil {
			continue
		}
		for name, times := range n.imports {
			if times > 1 && times > max(o.imports[name], t.imports[name]) {
				return true
			}
		}
		if fresh(n.undefined, o.undefined, t.undefined) || fresh(n.unused, o.unused, t.unused) || fresh(n.twice, o.twice, t.twice) {
			return true
		}
	}
	return false
}

// fresh reports whether a has what neither b nor c has.
func fresh(a, b, c map[string]bool) bool {
	for name := range a {
		if !b[name] && !c[name] {
			return true
		}
	}
	return false
}

// readGoNames returns nil for a file that does not parse.
func readGoNames(src []byte) *goNames {
	f, err := parser.ParseFile(gotoken.NewFileSet(), "", src, parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	d := declarations{declared: map[string]bool{}, local: map[string]bool{}, times: map[string]int{}, fields: map[*ast.Ident]bool{}, twice: map[string]bool{}}
	n := &goNames{undefined: map[string]bool{}, unused: map[string]bool{}, imports: map[string]int{}, twice: d.twice}
	imported := map[string]bool{}
	for _, s := range f.Imports {
		name := importName(s)
		n.imports[name+" "+s.Path.Value]++
		imported[name] = true
	}
	for _, decl := range f.Decls {
		if g, ok := decl.(*ast.GenDecl); !ok || g.Tok != gotoken.IMPORT {
			ast.Walk(&d, decl)
		}
	}
	for name := range d.times {
		if !d.declared[name] && !imported[name] {
			n.undefined[name] = true
		}
	}
	for name := range imported {
		if d.times[name] == 0 && name != "_" && name != "." {
			n.unused[name] = true
		}
	}
	for name := range d.local {
		if d.times[name] == 0 && name != "_" {
			n.unused[name] = true
		}
	}
	return n
}

// importName is the name that an import gives to a package, or what the path suggests.
func importName(s *ast.ImportSpec) string {
	if s.Name != nil {
		return s.Name.Name
	}
	where := strings.Trim(s.Path.Value, "\"`")
	base := path.Base(where)
	if major().MatchString(base) {
		base = path.Base(path.Dir(where))
	}
	base, _, _ = strings.Cut(base, ".")
	return strings.TrimPrefix(base, "go-")
}

var major = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^v[0-9]+$`) })

// declarations collects the names that are declared anywhere, those of them that are declared by
// statements of functions, and how often each name is used.
type declarations struct {
	declared, local map[string]bool
	times           map[string]int
	fields          map[*ast.Ident]bool // identifiers that are no use of a name
	twice           map[string]bool     // as in goNames
}

func (d *declarations) Visit(node ast.Node) ast.Visitor {
	switch n := node.(type) {
	case *ast.FuncDecl:
		d.declare(n.Name)
		d.body(n.Type, n.Body)
	case *ast.FuncLit:
		d.body(n.Type, n.Body)
	case *ast.TypeSpec:
		d.declare(n.Name)
	case *ast.Field:
		d.declare(n.Names...)
	case *ast.ValueSpec:
		d.declare(n.Names...)
	case *ast.LabeledStmt:
		d.declare(n.Label)
	case *ast.BranchStmt:
		if n.Label != nil {
			d.fields[n.Label] = true
		}
	case *ast.AssignStmt:
		if n.Tok == gotoken.DEFINE {
			d.assign(n.Lhs...)
		}
	case *ast.RangeStmt:
		if n.Tok == gotoken.DEFINE {
			d.assign(n.Key, n.Value)
		}
	case *ast.SelectorExpr:
		d.fields[n.Sel] = true
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok {
			d.times[key.Name]++ // a field or a name; either way no declaration of ours is missing
			d.declared[key.Name] = true
			d.fields[key] = true
		}
	case *ast.Ident:
		if !d.fields[n] {
			d.times[n.Name]++
		}
	}
	return d
}

// body looks for statements of a function's own block that declare anew what it has already.
func (d *declarations) body(t *ast.FuncType, body *ast.BlockStmt) {
	if body == nil {
		return
	}
	has := map[string]bool{"_": true}
	for _, list := range []*ast.FieldList{t.Params, t.Results} {
		if list == nil {
			continue
		}
		for _, f := range list.List {
			for _, name := range f.Names {
				has[name.Name] = true
			}
		}
	}
	for _, s := range body.List {
		a, ok := s.(*ast.AssignStmt)
		if !ok || a.Tok != gotoken.DEFINE {
			continue
		}
		first, anew := "", false
		for _, e := range a.Lhs {
			if name, ok := e.(*ast.Ident); ok {
				if name.Name != "_" && first == "" {
					first = name.Name
				}
				anew = anew || !has[name.Name]
				has[name.Name] = true
			}
		}
		if !anew {
			d.twice[first] = true
		}
	}
}

func (d *declarations) declare(names ...*ast.Ident) {
	for _, n := range names {
		d.declared[n.Name], d.fields[n] = true, true
	}
}

func (d *declarations) assign(to ...ast.Expr) {
	for _, e := range to {
		if n, ok := e.(*ast.Ident); ok {
			d.declare(n)
			d.local[n.Name] = true
		}
	}
}
