package heal

import (
	"bytes"
	"path"
	"strings"
)

// regenerate says how to make a lock file anew, by its base name.
var regenerate = map[string]string{
	".terraform.lock.hcl": "terraform init -upgrade",
	"Cargo.lock":          "cargo update --workspace",
	"Gemfile.lock":        "bundle lock",
	"Package.resolved":    "swift package resolve",
	"Pipfile.lock":        "pipenv lock",
	"Podfile.lock":        "pod install",
	"bun.lock":            "bun install --lockfile-only",
	"composer.lock":       "composer update --lock",
	"flake.lock":          "nix flake lock",
	"go.sum":              "go mod tidy",
	"go.work.sum":         "go work sync",
	"gradle.lockfile":     "gradle dependencies --write-locks",
	"mix.lock":            "mix deps.get",
	"npm-shrinkwrap.json": "npm install --package-lock-only",
	"package-lock.json":   "npm install --package-lock-only",
	"packages.lock.json":  "dotnet restore --force-evaluate",
	"pdm.lock":            "pdm lock",
	"pnpm-lock.yaml":      "pnpm install --lockfile-only",
	"poetry.lock":         "poetry lock",
	"pubspec.lock":        "dart pub get",
	"uv.lock":             "uv lock",
	"yarn.lock":           "yarn install",
}

// generated reports whether a file was made by a program, and how to make it anew if that is known.
// Versions of such a file are merged by running the program, not by their text.
func generated(name string, versions ...[]byte) (how string, yes bool) {
	base := path.Base(name)
	if how, ok := regenerate[base]; ok {
		return how, true
	}
	if strings.Contains("/"+name, "/generated/") {
		return "", true
	}
	for _, end := range []string{".lock", ".lockfile", "-lock.json", ".min.js", ".min.css", ".snap"} {
		if strings.HasSuffix(base, end) {
			return "", true
		}
	}
	for _, v := range versions {
		if saysGenerated(v) {
			return "", true
		}
	}
	return "", false
}

// saysGenerated looks for the customary notices near the head of a file.
func saysGenerated(text []byte) bool {
	head := bytes.ToLower(text[:min(len(text), 1024)])
	leave := bytes.Contains(head, []byte("do not edit")) || bytes.Contains(head, []byte("do not modify"))
	return bytes.Contains(head, []byte("generated")) && leave ||
		bytes.Contains(head, []byte("@"+"generated"))
}
