package app

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

// page shows text as git does: on a terminal in the user's pager (GIT_PAGER,
// core.pager, PAGER, else less), elsewhere and within a pager as it is.
func (c *call) page(ctx context.Context, text string) error {
	pager := ""
	if c.terminalWidth() > 0 && c.Env.Get("GIT_PAGER_IN_USE") == "" {
		pager = c.pager(ctx)
	}
	if pager == "" || pager == "cat" {
		return c.printf("%s", text)
	}
	interrupt := make(chan os.Signal, 1) // it is the pager's to answer
	signal.Notify(interrupt, os.Interrupt)
	defer signal.Stop(interrupt)
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "/bin/sh", "-c", pager)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	for _, set := range []string{"LESS=FRX", "LV=-c"} { // as git does
		if name, _, _ := strings.Cut(set, "="); c.Env.Get(name) == "" {
			cmd.Env = append(cmd.Env[:len(cmd.Env):len(cmd.Env)], set)
		}
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), c.Stdout, c.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && (exit.ExitCode() == 126 || exit.ExitCode() == 127): // there is no such program
		return c.printf("%s", text)
	case errors.Is(err, syscall.EPIPE), errors.As(err, &exit): // the reader has seen enough
		return nil
	}
	return err
}

// pager is git's answer to which pager it is, "" if git gives none.
func (c *call) pager(ctx context.Context) string {
	cmd := exec.CommandContext(ctx, "git", "var", "GIT_PAGER")
	cmd.Dir, cmd.Env = c.Dir, c.Env
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
