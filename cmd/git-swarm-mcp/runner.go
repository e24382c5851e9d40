package main

import (
	"cmp"
	"context"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// runner runs commands for the tools.
type runner struct {
	program string // git-swarm
	dir     string // where; "" for where the server was started
	silence string // what is said of a command that says nothing; "Done." if it is ""
}

// swarm runs a verb; its answer is what that says.
func (r runner) swarm(ctx context.Context, stdin string, args ...string) result {
	return r.run(ctx, stdin, r.program, args...)
}

func (r runner) run(ctx context.Context, stdin, program string, args ...string) result {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = r.dir
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // a push undoes what it has begun
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	text := strings.TrimRight(string(out), "\n")
	switch {
	case err == nil && text == "":
		return said(cmp.Or(r.silence, "Done."))
	case err == nil:
		return said(text)
	case text == "":
		text = "it failed: " + err.Error()
	}
	return fail(text)
}
