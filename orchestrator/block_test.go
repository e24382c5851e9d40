package orchestrator

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWriteProtocol: one block, kept up to date, and never a byte outside it.
func TestWriteProtocol(t *testing.T) {
	text, err := Protocol()
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
		{"older block", "CLAUDE.md", "a\r\n" + stale + "\nb", "a\r\n" + block + "b"},
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
				name, err := WriteProtocol(dir)
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

// TestWriteProtocolRefuses marks that somebody broke, and changes nothing.
func TestWriteProtocolRefuses(t *testing.T) {
	for _, content := range []string{"a\n" + blockBegin + "\nb\n", blockEnd + "\n", blockEnd + "\n" + blockBegin + "\n", strings.Repeat(blockBegin+"\n"+blockEnd+"\n", 2)} {
		dir := t.TempDir()
		path := filepath.Join(dir, "CLAUDE.md")
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := WriteProtocol(dir); err == nil {
			t.Errorf("%q was taken", content)
		}
		if got, _ := os.ReadFile(path); string(got) != content {
			t.Errorf("%q became %q", content, got)
		}
	}
}
