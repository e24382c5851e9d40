package merge

import (
	"bytes"
	"path"
	"strings"
)

// fileType is what the name of a file says of its content.
type fileType byte

const (
	plain    fileType = iota
	golang            // go/parser can tell whether it is whole
	jsonFile          // encoding/json
	tomlFile          // go-toml
	records           // a record a line, written by machines
)

func typeOf(name string) fileType {
	switch strings.ToLower(path.Ext(name)) {
	case ".go":
		return golang
	case ".json":
		return jsonFile
	case ".toml":
		return tomlFile
	case ".jsonl", ".ndjson", ".csv", ".tsv":
		return records
	}
	return plain
}

// regenerate says how to make a lock file anew, by its base name.
var regenerate = map[string]string{
	"go.sum":              "go mod tidy",
	"Cargo.lock":          "cargo update --workspace",
	"package-lock.json":   "npm install --package-lock-only",
	"npm-shrinkwrap.json": "npm install --package-lock-only",
	"yarn.lock":           "yarn install",
	"pnpm-lock.yaml":      "pnpm install --lockfile-only",
	"bun.lock":            "bun install --lockfile-only",
	"poetry.lock":         "poetry lock",
	"uv.lock":             "uv lock",
	"Pipfile.lock":        "pipenv lock",
	"pdm.lock":            "pdm lock",
	"composer.lock":       "composer update --lock",
	"Gemfile.lock":        "bundle lock",
	"flake.lock":          "nix flake lock",
	"mix.lock":            "mix deps.get",
	"pubspec.lock":        "dart pub get",
	"Podfile.lock":        "pod install",
	"gradle.lockfile":     "gradle dependencies --write-locks",
	"packages.lock.json":  "dotnet restore --force-evaluate",
	"Package.resolved":    "swift package resolve",
	".terraform.lock.hcl": "terraform init -upgrade",
	"go.work.sum":         "go work sync",
}

// generated reports whether a file was made by a program, and how to make it anew if that is known.
// Two versions of such a file are merged by running the program, not by their text.
func generated(name string, texts ...[]byte) (how string, yes bool) {
	base := path.Base(name)
	if how, ok := regenerate[base]; ok {
		return how, true
	}
	if strings.HasSuffix(base, ".lock") || strings.HasSuffix(base, ".lockfile") ||
		strings.HasSuffix(base, ".min.js") || strings.HasSuffix(base, ".min.css") {
		return "", true
	}
	for _, t := range texts {
		if saysGenerated(t) {
			return "", true
		}
	}
	return "", false
}

// saysGenerated looks for the customary notice near the head of a file.
func saysGenerated(t []byte) bool {
	head := bytes.ToLower(t[:min(len(t), 1024)])
	return bytes.Contains(head, []byte("code generated ")) && bytes.Contains(head, []byte("do not edit")) ||
		bytes.Contains(head, []byte("@"+"generated"))
}
