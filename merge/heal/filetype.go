package heal

import (
	"path"
	"strings"
)

// fileType is what the name of a file says of its content, as far as rules and checks care.
type fileType byte

const (
	plain      fileType = iota
	indented            // indentation has a meaning; no parser at hand
	python              // indentation has a meaning; python.go looks at it
	golang              // parsed by go/parser
	jsonFile            // by encoding/json
	tomlFile            // by go-toml
	yamlFile            // by go.yaml.in/yaml
	records             // a record a line, written by machines
	ignoreList          // a pattern a line
)

// indents reports whether indentation has a meaning.
func (k fileType) indents() bool { return k == indented || k == python || k == yamlFile }

func typeOf(name string) fileType {
	switch strings.ToLower(path.Ext(name)) {
	case ".go":
		return golang
	case ".json":
		return jsonFile
	case ".toml":
		return tomlFile
	case ".yml", ".yaml":
		return yamlFile
	case ".jsonl", ".ndjson", ".csv", ".tsv":
		return records
	case ".py", ".pyi":
		return python
	case ".mk", ".rst", ".md", ".adoc", ".pug", ".sass", ".haml", ".slim", ".nim", ".coffee", ".hs", ".fs", ".feature":
		return indented
	}
	switch {
	case isIgnoreList(name):
		return ignoreList
	case strings.HasSuffix(strings.ToLower(name), "makefile"):
		return indented
	}
	return plain
}
