package install

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWriteProtocol: one block, kept up to date, and never a byte outside it.
func TestWriteProtocol(t *testing.T) {
	text, err := Protocol("main")
	if err != nil {
		t.Fatal(err)
	}
	block := blockBegin + "\n" + strings.TrimSpace(text) + "\n" + blockEnd + "\n"
	stale := blockBegin + "\nwhat an older version said\n" + blockEnd
	cases := []struct{ name, file, before, after string }{
		{"none", "CLAUDE.md", "", block},
		{"text before", "CLAUDE.md", "# Rules\n", "# Rules\n\n" + block},
		{"no end of line", "CLAUDE.md", "# Rules", "# Rules\n\n" + block},
		{"agents alone", "AGENTS.md", "# Agents\n", "# Agents\n\n" + block},
		{"older block", "CLAUDE.md", "a\n" + stale + "\nb", "a\n" + block + "b"},
		{"other line ends", "CLAUDE.md", "a\r\nb", "a\r\nb\r\n\r\n" + strings.ReplaceAll(block, "\n", "\r\n")},
		{"older block, other line ends", "CLAUDE.md", "a\r\n" + stale + "\r\nb", "a\r\n" + strings.ReplaceAll(block, "\n", "\r\n") + "b"},
		{"text behind the mark", "CLAUDE.md", "a\n" + stale + " b\n", "a\n" + strings.TrimSuffix(block, "\n") + " b\n"},
		{"up to date", "CLAUDE.md", "a\n" + block + "\nb\n", "a\n" + block + "\nb\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, c.file)
			if c.before != "" {
				if err := os.WriteFile(path, []byte(c.before), 0o640); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				name, err := WriteProtocol(dir, "main")
				if err != nil || name != c.file {
					t.Fatalf("%s, %v", name, err)
				}
				got, err := os.ReadFile(path)
				if err != nil || string(got) != c.after {
					t.Fatalf("%q, %v, want %q", got, err, c.after)
				}
			}
			if info, err := os.Stat(path); c.before != "" && (err != nil || info.Mode().Perm() != 0o640) {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
		})
	}
}

// TestWriteProtocolOnce: where the block stands in AGENTS.md, a CLAUDE.md that
// came later gets none; and a link stays one.
func TestWriteProtocolOnce(t *testing.T) {
	dir := t.TempDir()
	agents, claude := filepath.Join(dir, "AGENTS.md"), filepath.Join(dir, "CLAUDE.md")
	if err := os.WriteFile(agents, []byte("# Agents\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	write := func() {
		t.Helper()
		if name, err := WriteProtocol(dir, "main"); err != nil {
			t.Fatal(name, err)
		}
	}
	write()
	if err := os.WriteFile(claude, []byte("@AGENTS.md\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	write()
	if got, err := os.ReadFile(claude); err != nil || string(got) != "@AGENTS.md\n" {
		t.Errorf("CLAUDE.md is %q, %v", got, err)
	}
	if err := errors.Join(os.WriteFile(agents, []byte("# Agents\n"), 0o666), os.Remove(claude), os.Symlink("AGENTS.md", claude)); err != nil {
		t.Fatal(err)
	}
	write()
	write()
	got, err := os.ReadFile(agents)
	if to, _ := os.Readlink(claude); err != nil || to != "AGENTS.md" || strings.Count(string(got), blockBegin) != 1 {
		t.Errorf("CLAUDE.md is a link to %q, AGENTS.md is %q, %v", to, got, err)
	}
}

// TestWriteProtocolLinks: what a link leads to outside of the work tree, or in the
// git directory, is left alone, as is what is read-only, and a link to nothing.
func TestWriteProtocolLinks(t *testing.T) {
	dir := t.TempDir()
	tree, outside := filepath.Join(dir, "tree"), filepath.Join(dir, "outside")
	if err := errors.Join(os.MkdirAll(filepath.Join(tree, ".git"), 0o777), os.WriteFile(outside, []byte("theirs\n"), 0o666), os.WriteFile(filepath.Join(tree, ".git", "config"), []byte("theirs\n"), 0o666)); err != nil {
		t.Fatal(err)
	}
	claude := filepath.Join(tree, "CLAUDE.md")
	for _, to := range []string{"../outside", outside, ".git/config", "AGENTS.md"} {
		if err := os.Symlink(to, claude); err != nil {
			t.Fatal(err)
		}
		var refused *SettingsError
		if _, err := WriteProtocol(tree, "main"); !errors.As(err, &refused) {
			t.Errorf("%s: %v", to, err)
		}
		if is, err := os.Readlink(claude); is != to || os.Remove(claude) != nil {
			t.Errorf("%s: the link is %q, %v", to, is, err)
		}
	}
	for _, file := range []string{outside, filepath.Join(tree, ".git", "config")} {
		if got, err := os.ReadFile(file); err != nil || string(got) != "theirs\n" {
			t.Errorf("%s is %q, %v", file, got, err)
		}
	}
	if err := os.WriteFile(claude, []byte("mine\n"), 0o444); err != nil {
		t.Fatal(err)
	}
	if _, err := WriteProtocol(tree, "main"); !errors.Is(err, errReadOnly) {
		t.Errorf("read-only: %v", err)
	}
	// Through a folder that is a link itself it works as ever.
	link := filepath.Join(dir, "link")
	if err := errors.Join(os.Remove(claude), os.Symlink(tree, link)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := WriteProtocol(link, "main"); err != nil {
			t.Error(err)
		}
	}
}

// TestWriteProtocolRefuses marks that somebody broke, and changes nothing.
func TestWriteProtocolRefuses(t *testing.T) {
	for _, content := range []string{"a\n" + blockBegin + "\nb\n", blockEnd + "\n", blockEnd + "\n" + blockBegin + "\n", strings.Repeat(blockBegin+"\n"+blockEnd+"\n", 2)} {
		dir := t.TempDir()
		path := filepath.Join(dir, "CLAUDE.md")
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := WriteProtocol(dir, "main"); err == nil {
			t.Errorf("%q was taken", content)
		}
		if got, _ := os.ReadFile(path); string(got) != content {
			t.Errorf("%q became %q", content, got)
		}
	}
}

// TestRemoveProtocol: what stood there before stands there again.
func TestRemoveProtocol(t *testing.T) {
	for _, before := range []string{"", "# Agents\n", "a\r\nb\r\n", "a\n\n"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "AGENTS.md")
		if before != "" {
			if err := os.WriteFile(path, []byte(before), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(writeProtocolTo(dir, "AGENTS.md", "main"), removeProtocol(dir, "AGENTS.md")); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if string(got) != before || (before == "") != os.IsNotExist(err) {
			t.Errorf("%q became %q, %v", before, got, err)
		}
	}
}
