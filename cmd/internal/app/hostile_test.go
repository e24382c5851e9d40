package app

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// hostile is a state that somebody else made, or an input, and what the verb that
// meets it must do: print that line, end with that exit code, and change nothing
// if that is not 0.
type hostile struct {
	name string
	do   func(w *town) // makes the state, nil if the input is all
	args []string      // the verb
	in   string        // its standard input
	env  []string      // more of its environment; without GIT_SWARM_SESSION it acts as B
	at   string        // the folder that it runs in, from the top

	code    int
	line    string // a regular expression for what follows "git swarm: " on stderr, of any if empty; a hook prints none
	out     string // one for something on stdout
	problem string // one for a line that a hook left for doctor
}

// hostileKinds are the parts of the table, beside the entries and the notes that
// have tests of their own.
func hostileKinds() map[string][]hostile {
	return map[string][]hostile{
		"cursor": hostileCursors(), "log": hostileLogs(), "record": hostileRecords(),
		"settings": hostileSettings(), "folder": hostileFolders(), "path": hostilePaths(),
		"hook": hostileHooks(), "environment": hostileEnvironments(),
	}
}

// TestHostileTable: each row differs from every other, and there are many.
func TestHostileTable(t *testing.T) {
	n := len(forgedEntries()) + len(forgedNotes(newTown(t, "files")))
	for kind, rows := range hostileKinds() {
		if len(rows) < 8 {
			t.Errorf("%d rows of %s", len(rows), kind)
		}
		names := map[string]bool{}
		for _, h := range rows {
			if names[h.name] {
				t.Errorf("%s: %q stands there twice", kind, h.name)
			}
			names[h.name] = true
			if h.line == "" && h.out == "" && h.problem == "" {
				t.Errorf("%s: %q holds nothing", kind, h.name)
			}
			n++
		}
	}
	if n < 300 {
		t.Errorf("%d rows", n)
	}
}

// TestHostile runs each row over both backends, through git only every fourth
// unless there is time.
func TestHostile(t *testing.T) {
	bin := t.TempDir() // an installed git-swarm, which hooks can name
	if err := os.WriteFile(filepath.Join(bin, "git-swarm"), []byte("#!/bin/sh\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	for kind, rows := range hostileKinds() {
		for _, through := range []string{"files", "git"} {
			for i, h := range rows {
				if sampled(through, i) {
					continue
				}
				t.Run(strings.Join([]string{kind, through, strings.ReplaceAll(h.name, " ", "_")}, "/"), func(t *testing.T) {
					t.Parallel()
					newTown(t, through).meets(h)
				})
			}
		}
	}
}

// meets runs a row.
func (w *town) meets(h hostile) {
	w.Helper()
	w.Must(os.MkdirAll(filepath.Join(w.Dir, "sub"), 0o777))
	outside := filepath.Dir(w.Dir) // of which the test owns all
	w.Must(os.Mkdir(filepath.Join(outside, "victim"), 0o777))
	w.Must(os.WriteFile(filepath.Join(outside, "victim", "file"), []byte("{}\n"), 0o666))
	if h.do != nil {
		h.do(w)
	}
	before, branches := w.standing(), w.branches()
	fill := strings.NewReplacer("TOP", w.Dir, "OUTSIDE", outside).Replace
	env := []string{"GIT_SWARM_SESSION=B"}
	for _, kv := range h.env {
		env = append(env, fill(kv))
	}
	var stdout, stderr bytes.Buffer
	a := w.app("", &stdout, &stderr)
	a.Env = append(slices.DeleteFunc(a.Env, func(kv string) bool { return strings.HasPrefix(kv, "GIT_SWARM_SESSION=") }), env...)
	a.Dir, a.Stdin = filepath.Join(w.Dir, h.at), strings.NewReader(fill(h.in))
	args := slices.Clone(h.args)
	for i, arg := range args {
		args[i] = fill(arg)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	code := a.Run(ctx, args)
	if code != h.code {
		w.Errorf("exit code %d, not %d", code, h.code)
	}
	if h.line != "" {
		h.line = "(?m)^git swarm: " + h.line + "$"
	}
	w.said("stderr", h.line, stderr.String())
	w.said("stdout", h.out, stdout.String())
	if args[0] == "hook" && stderr.Len() > 0 {
		w.Errorf("a hook prints %q", stderr.String())
	}
	if args[0] == "hook" {
		problems, _ := os.ReadFile(filepath.Join(w.Dir, ".git", "swarm", "problems"))
		w.said("the file of problems", h.problem, string(problems))
	}
	if now := w.branches(); now != branches {
		w.Errorf("the branches are\n%s\nnot\n%s", now, branches)
	}
	if after := w.standing(); code != 0 && after != before {
		w.Errorf("it changed\n%s\nto\n%s", before, after)
	}
	if entries, err := os.ReadDir(filepath.Join(outside, "victim")); err != nil || len(entries) != 1 {
		w.Errorf("outside there are %v, %v", entries, err)
	}
	if content, err := os.ReadFile(filepath.Join(outside, "victim", "file")); err != nil || string(content) != "{}\n" {
		w.Errorf("the file outside holds %q, %v", content, err)
	}
	if _, err := os.Lstat(filepath.Join(outside, "PWNED")); err == nil {
		w.Error("a command was run")
	}
}

// standing is all refs but those of who waits to land and who lands, which a push
// that fails has moved, and those that say when a session was heard of.
func (w *town) standing() string {
	w.Helper()
	out, err := w.TryGit("--git-dir="+filepath.Join(w.Dir, ".git"), "for-each-ref", "--format=%(objectname) %(refname)")
	if err != nil { // what git cannot read, nobody moves
		return ""
	}
	return regexp.MustCompile(`(?m)^.* refs/(swarm/(locks|queue|seen/.*)|swarm-pins/.*)(\n|$)`).ReplaceAllString(out, "")
}

// branches are the user's own refs, which no row may touch.
func (w *town) branches() string {
	w.Helper()
	out, _ := w.TryGit("--git-dir="+filepath.Join(w.Dir, ".git"), "for-each-ref", "refs/heads", "refs/tags")
	return out
}

// said holds text to the expression of a row, and to hold nothing that acts.
func (w *town) said(where, want, text string) {
	w.Helper()
	if want != "" && !regexp.MustCompile(want).MatchString(text) {
		w.Errorf("%s holds no %q:\n%s", where, want, text)
	}
	if strings.ContainsFunc(text, func(r rune) bool {
		return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar || r == 0x200b)
	}) {
		w.Errorf("%s acts: %q", where, text)
	}
}

// verbOf is the words of a command line.
func verbOf(line string) []string { return strings.Fields(line) }

// sampled reports whether a case is left out: through git, which takes minutes,
// only every fourth is tried unless there is time.
func sampled(through string, i int) bool {
	return through == "git" && i%4 != 0 && !refstoretest.Long()
}
