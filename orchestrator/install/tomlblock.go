package install

import (
	"errors"
	"strconv"
	"strings"
)

// The marks of our block in a TOML file. What is between them is ours, everything
// else is not touched.
const (
	tomlBegin  = "# git swarm: begin"
	tomlJoined = "# git swarm: begin (above, there was no line feed)"
	tomlEnd    = "# git swarm: end"
)

// Why a file that would have to be ours is left alone.
var (
	errTheirs = errors.New("it is not git swarm's")
	errServer = errors.New("it names an MCP server git_swarm already")
)

// codexServer is the table of the MCP server in Codex's settings.
const codexServer = "mcp_servers.git_swarm"

// codexMCP puts the MCP server into Codex's settings, if there is one: commands run
// in a sandbox in which the git directory cannot be written, the server runs outside
// of it. What runs the repository's own code asks the user.
func codexMCP(text string, o Options) (string, error) {
	bare, err := withoutTOML(text)
	if err != nil || o.MCP == "" {
		return bare, err
	}
	if strings.Contains(bare, "["+codexServer) {
		return "", errServer
	}
	var b strings.Builder
	b.WriteString("[" + codexServer + "]\ncommand = " + strconv.Quote(o.MCP) + "\ndefault_tools_approval_mode = \"prompt\"\n")
	for _, tool := range UnaskedTools {
		b.WriteString("[" + codexServer + ".tools." + tool + "]\napproval_mode = \"approve\"\n")
	}
	return withTOML(bare, b.String()), nil
}

// UnaskedTools are the tools of git-swarm-mcp that an agent may use without asking
// its user: none runs the repository's code.
var UnaskedTools = []string{"sync", "message", "reply", "context", "claim", "unclaim", "status"}

// withTOML adds our block at the end: a table ends where the next one begins, and so
// no other is changed.
func withTOML(text, block string) string {
	begin := tomlBegin
	if text != "" && !strings.HasSuffix(text, "\n") {
		begin = "\n" + tomlJoined
	}
	return text + begin + "\n" + block + tomlEnd + "\n"
}

// withoutTOML takes our block out.
func withoutTOML(text string) (string, error) {
	var before, after strings.Builder
	kept, begins, ends, joined := &before, 0, 0, false
	for line := range strings.Lines(text) {
		switch mark := strings.TrimRight(line, "\r\n"); mark {
		case tomlBegin, tomlJoined:
			kept, joined = nil, mark == tomlJoined
			begins++
		case tomlEnd:
			kept = &after
			ends++
		default:
			if kept != nil {
				kept.WriteString(line)
			}
		}
	}
	if begins != ends || begins > 1 || begins == 1 && kept != &after {
		return "", ErrMarks
	}
	if joined && after.Len() == 0 {
		return strings.TrimSuffix(before.String(), "\n"), nil
	}
	return before.String() + after.String(), nil
}
