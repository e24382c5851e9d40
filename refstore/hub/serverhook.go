package hub

import (
	_ "embed"
	"strings"
)

//go:embed pre-receive.sh
var preReceive string

// ServerHook is a pre-receive hook, in POSIX shell, for the repository that is a hub of
// refs below the prefix. Branches, by their full names, are those on which work lands;
// with none it is the branch that HEAD of that repository names.
func ServerHook(prefix string, branches []string) string {
	var b strings.Builder
	b.WriteString("#!/bin/sh\nprefix=" + quoted(prefix) + "\n")
	if len(branches) > 0 {
		b.WriteString("set --")
		for _, branch := range branches {
			b.WriteString(" " + quoted(branch))
		}
		b.WriteString("\n")
	}
	return b.String() + preReceive
}

// quoted is one word to a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
