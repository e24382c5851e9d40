package app

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// checkRegenerate looks at each command of swarm.regenerate: whether a file that is
// checked in matches its pattern, and its program is there. Without any it says nothing.
func (c *call) checkRegenerate(ctx context.Context, r *repo.Repo) []finding {
	s, err := c.Settings()
	if err != nil {
		return nil // checkKeys says so
	}
	made, err := s.Regenerate.Get()
	if err != nil || made == nil {
		return nil
	}
	files, err := repo.Fields(r.GitParsed(ctx, "ls-files", "--full-name", "-z", ":/"))
	if err != nil {
		return []finding{{"regenerate", "bad", text.Inert(err.Error()), ""}}
	}
	var found []finding
	for _, cmd := range made.Commands {
		if !slices.ContainsFunc(files, cmd.Matches) {
			found = append(found, finding{"regenerate", "note", fmt.Sprintf("swarm.regenerate: no file here matches '%s'", text.Inert(cmd.Pattern)), "git config --get-all swarm.regenerate"})
		}
		if program := program(cmd); !isThere(ctx, program) {
			found = append(found, finding{"regenerate", "bad", fmt.Sprintf("swarm.regenerate: '%s' for '%s' is not there", text.Inert(program), text.Inert(cmd.Pattern)), "install it, or put it on PATH"})
		}
	}
	if len(found) == 0 {
		return []finding{{"regenerate", "ok", text.Count(len(made.Commands), "command") + " of swarm.regenerate, and what each is for, are there", ""}}
	}
	return found
}

// program is the first word of the command that sets no variable, "" for none.
func program(c merge.RegenerateCommand) string {
	for _, word := range strings.Fields(c.Line) {
		if !strings.Contains(word, "=") {
			return word
		}
	}
	return ""
}

// isThere reports whether the shell knows the command. What begins with more than a name
// (a bracket, a quote) it is not asked.
func isThere(ctx context.Context, name string) bool {
	if name == "" || strings.ContainsAny(name, "'\"\\$`(){};&|<>*?[]!#~") || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") {
		return true
	}
	return exec.CommandContext(ctx, "/bin/sh", "-c", `command -v -- "$1" >/dev/null`, "sh", name).Run() == nil
}
