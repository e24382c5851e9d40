// Command git-swarm-mcp offers git swarm's verbs to coding agents as tools of the Model
// Context Protocol, on standard input and output: "git swarm mcp" starts it.
//
// Some agents run commands in a sandbox that cannot write the git directory, and their
// tools outside of it. Each tool runs git-swarm in the folder in which the server was
// started, as a command of the session of that worktree: the rules are those of the
// verbs, and so is what they say.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func main() { os.Exit(serve()) }

func serve() int {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "usage: git swarm mcp (it takes no arguments, and speaks MCP on standard input and output)")
		return 129
	}
	program, err := gitSwarm()
	if err != nil {
		fmt.Fprintln(os.Stderr, "git-swarm-mcp: git-swarm is neither beside this program nor on PATH")
		return 1
	}
	_ = newServer(runner{program: program}).Run(context.Background(), &mcp.StdioTransport{}) // it ends when the client closes its end
	return 0
}

// gitSwarm is the git-swarm beside this program, else that on PATH.
func gitSwarm() (string, error) {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "git-swarm")
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, nil
		}
	}
	return exec.LookPath("git-swarm")
}

func newServer(r runner) *mcp.Server {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	s := mcp.NewServer(&mcp.Implementation{Name: "git-swarm", Version: version}, &mcp.ServerOptions{Instructions: instructions})
	addTools(s, r)
	return s
}

const instructions = "Several sessions work on this repository at once. These tools say what is new, keep files for you, and land your work. Where a shell's command git swarm cannot write the git directory, use them instead."
