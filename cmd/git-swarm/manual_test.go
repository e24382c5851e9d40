package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// update has tests write anew what they else compare: the manual pages, the
// pictures.
var update = flag.Bool("update", false, "write the manual pages and pictures anew")

// says runs git-swarm and returns what it says on standard output.
func says(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("git-swarm", args...).Output()
	if err != nil {
		t.Fatalf("git-swarm %q: %v", args, err)
	}
	return string(out)
}

// guides are the names that "help -g" lists.
func guides(t *testing.T) (names []string) {
	t.Helper()
	for line := range strings.Lines(says(t, "help", "-g")) {
		if rest, ok := strings.CutPrefix(line, "   "); ok {
			names = append(names, strings.Fields(rest)[0])
		}
	}
	return names
}

// TestManual compares the manual pages in man with those that the program makes.
func TestManual(t *testing.T) {
	pages := map[string]string{"man/man1/git-swarm.1": says(t, "help", "--man")}
	for _, g := range guides(t) {
		pages[fmt.Sprintf("man/man7/git-swarm-%s.7", g)] = says(t, "help", "--man", g)
	}
	found, err := filepath.Glob("man/*/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		if _, ok := pages[path]; ok {
			continue
		}
		if *update {
			_ = os.Remove(path)
		} else {
			t.Errorf("%s is the page of no guide", path)
		}
	}
	for path, want := range pages {
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s is not up to date (%v): go test ./cmd/git-swarm -run TestManual -update", path, err)
		}
	}
}

// TestManualRenders has groff look for mistakes in the pages.
func TestManualRenders(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed")
	}
	pages, err := filepath.Glob("man/*/*")
	if err != nil || len(pages) < 2 {
		t.Fatalf("%q, %v", pages, err)
	}
	for _, page := range pages {
		out, err := exec.Command(groff, "-man", "-Tutf8", "-ww", "-z", page).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("groff: %s: %v\n%s", page, err, out)
		}
	}
}

// TestHelp asks for the help of each command that the help lists, and looks for
// it in the manual page.
func TestHelp(t *testing.T) {
	page, err := os.ReadFile("man/man1/git-swarm.1")
	if err != nil {
		t.Fatal(err)
	}
	found, column := 0, 0
	for line := range strings.Lines(says(t, "help")) {
		rest, ok := strings.CutPrefix(line, "   ")
		if !ok {
			continue
		}
		name, short, _ := strings.Cut(rest, "  ")
		if help := says(t, append([]string{"help"}, strings.Fields(name)...)...); !strings.HasPrefix(help, "usage: git swarm "+name) {
			t.Errorf("help %s: %s", name, help)
		}
		if !strings.Contains(string(page), "\n.SS "+strings.ReplaceAll(name, "-", `\-`)) {
			t.Errorf("the manual page lacks %s", name)
		}
		if short = strings.TrimSpace(short); short == "" || strings.HasSuffix(short, ".") {
			t.Errorf("%s is described as %q", name, short)
		}
		if at := strings.Index(line, short); found > 0 && at != column {
			t.Errorf("the description of %s stands in column %d, not in %d", name, at, column)
		} else {
			column = at
		}
		found++
	}
	if found < 20 {
		t.Errorf("only %d commands listed", found)
	}
}

// TestHelpOfGroups asks for what stands for several commands, or is not meant to
// be typed.
func TestHelpOfGroups(t *testing.T) {
	for words, want := range map[string]string{
		"review": "   review withdraw ", "context": "   context show ", "orchestrate run": "usage: git swarm orchestrate ",
		"hook": "\nWhat git's and the agents' hooks call", "merge-driver": "usage: git swarm merge-driver ",
	} {
		if help := says(t, append([]string{"help"}, strings.Fields(words)...)...); !strings.Contains(help, want) || strings.Contains(help, "\n.\n") {
			t.Errorf("help %s lacks %q:\n%s", words, want, help)
		}
	}
}

// TestManualKeys looks for each key of the configuration in the manual page and
// in the README's table, which say the same of it.
func TestManualKeys(t *testing.T) {
	guide, err := os.ReadFile("../internal/guide/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, keys, _ := strings.Cut(says(t, "help", "--man"), "\n.SH CONFIGURATION\n")
	keys, _, _ = strings.Cut(keys, "\n.SH ")
	plain := strings.NewReplacer(`\-`, "-").Replace
	var rows []string
	for entry := range strings.SplitSeq(plain(keys), "\n.TP\n.B ") {
		name, means, ok := strings.Cut(strings.TrimSpace(entry), "\n")
		if !strings.HasPrefix(name, "swarm.") || !ok {
			continue
		}
		means, standard, _ := strings.Cut(strings.TrimSuffix(means, ")"), " (default: ")
		name, team, _ := strings.Cut(name, " ")
		if team != "" {
			team = " " + team
		}
		rows = append(rows, strings.TrimRight(fmt.Sprintf("| `%s`%s | %s | %s", name, team, means, standard), " ")+" |")
	}
	if len(rows) < 10 {
		t.Fatalf("only %d keys found", len(rows))
	}
	for _, row := range rows {
		if !slices.Contains(strings.Split(string(guide), "\n"), row) {
			t.Errorf("cmd/internal/guide/configuration.md lacks\n%s", row)
		}
	}
}
