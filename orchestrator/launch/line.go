package launch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// Line is a shell command that does the same as Interactive, on one line: the
// prompt is written to the file at path, from which the command reads it.
func (c Client) Line(path string) (string, error) {
	m, _ := c.make()
	var program strings.Builder
	for _, variable := range c.identity() {
		name, value, _ := strings.Cut(variable, "=")
		program.WriteString(name + "=" + shellWord(value) + " ")
	}
	return c.line(path, program.String()+m.name, c.onTerminal())
}

// BackgroundLine is one that does the same as Background.
func (c Client) BackgroundLine(path string) (string, error) {
	args, err := c.inBackground()
	if err != nil {
		return "", err
	}
	return c.line(path, claudeCode, args)
}

func (c Client) line(path, program string, args []string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return "", err
	}
	if err := file.Replace(path, []byte(c.Prompt), 0o666); err != nil {
		return "", err
	}
	words := []string{program}
	for _, arg := range args {
		words = append(words, shellWord(arg))
	}
	return fmt.Sprintf(`cd %s && %s "$(cat %s)"`, shellQuote(c.Dir), strings.Join(words, " "), shellQuote(path)), nil
}

// PromptFile is where in the common git dir a session's prompt is kept for Line.
func PromptFile(commonDir, session string) string {
	return filepath.Join(commonDir, "swarm", "prompts", session+".md")
}

// shellQuote quotes a word for the shell, to the byte.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// shellWord quotes a word where that is needed.
func shellWord(s string) string {
	special := func(c rune) bool {
		return (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && !strings.ContainsRune("/._-=+,:@%", c)
	}
	if s == "" || strings.ContainsFunc(s, special) {
		return shellQuote(s)
	}
	return s
}
